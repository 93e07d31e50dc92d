//! Python literals as arguments: what the command line, the API and the differential run give.

use crate::{data::Data, integer, limits};
use goodwill_types::{Address, Prefix};
use ruff_python_ast::{Expr, Mod, Number, UnaryOp};
use ruff_python_parser::{Mode, ParseOptions};
use ruff_text_size::Ranged;

/// Nesting of a literal.
const DEPTH_MAX: u16 = 60;

/// What names in a literal are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// No literals.
    Refused,
    /// Texts without quotes, but for JSON's `true`, `false` and `null`: what people type.
    Words,
}

/// The value of a literal, or of `Address('...')`.
///
/// # Errors
/// Says what is wrong with the text.
pub fn parse(text: &str, prefix: &Prefix) -> Result<Data, String> {
    parse_with(text, prefix, Names::Refused)
}

/// The same, where names may be something.
///
/// # Errors
/// Says what is wrong with the text.
pub(crate) fn parse_with(text: &str, prefix: &Prefix, names: Names) -> Result<Data, String> {
    if text.len() > limits::VALUE_BYTES_MAX {
        return Err(format!("an argument has at most {} bytes", limits::VALUE_BYTES_MAX));
    }
    let options = ParseOptions::from(Mode::Expression).with_max_recursion_depth(DEPTH_MAX);
    let parsed =
        ruff_python_parser::parse(text, options).map_err(|error| format!("{text}: {}", error.error))?;
    match parsed.syntax() {
        Mod::Expression(expression) => Literal { text, prefix, names }.value(&expression.body),
        Mod::Module(_) => Err(format!("{text} is not an expression")),
    }
}

/// A literal and what it means.
#[derive(Clone, Copy)]
struct Literal<'a> {
    text: &'a str,
    prefix: &'a Prefix,
    names: Names,
}

impl Literal<'_> {
    fn value(self, expr: &Expr) -> Result<Data, String> {
        let Self { text, prefix, names } = self;
        let unknown =
            || format!("{text} is not a Python literal: quote texts, and write addresses as Address('...')");
        let all = |items: &[Expr]| items.iter().map(|item| self.value(item)).collect::<Result<Vec<_>, _>>();
        Ok(match expr {
            Expr::NoneLiteral(_) => Data::None,
            Expr::BooleanLiteral(literal) => Data::Bool(literal.value),
            Expr::StringLiteral(literal) => Data::Str(literal.value.to_str().into()),
            Expr::BytesLiteral(literal) => Data::Bytes(literal.value.bytes().collect()),
            Expr::NumberLiteral(literal) => match &literal.value {
                Number::Int(_) => {
                    let range = usize::from(literal.start())..usize::from(literal.end());
                    let digits = text.get(range).unwrap_or("");
                    Data::Int(
                        integer::parse(digits, 0).map_err(|_| format!("{digits} has more than 256 bits"))?,
                    )
                }
                _ => return Err(unknown()),
            },
            Expr::UnaryOp(unary) if unary.op == UnaryOp::USub => match self.value(&unary.operand)? {
                Data::Int(int) => Data::Int(int.checked_neg().ok_or_else(unknown)?),
                _ => return Err(unknown()),
            },
            Expr::Name(name) if names == Names::Words => word(name.id.as_str()),
            Expr::List(list) => Data::List(all(&list.elts)?),
            Expr::Tuple(tuple) => Data::Tuple(all(&tuple.elts)?),
            Expr::Dict(dict) => {
                let entry = |item: &ruff_python_ast::DictItem| {
                    let key = item.key.as_ref().ok_or_else(unknown)?;
                    Ok((self.value(key)?, self.value(&item.value)?))
                };
                Data::Dict(dict.items.iter().map(entry).collect::<Result<_, String>>()?)
            }
            Expr::Call(call) => match (&*call.func, &call.arguments.args[..]) {
                (Expr::Name(name), [Expr::StringLiteral(literal)]) if name.id.as_str() == "Address" => {
                    Data::Address(
                        Address::parse(literal.value.to_str(), prefix).map_err(|error| error.to_string())?,
                    )
                }
                (Expr::Name(name), fields) => Data::Record(name.id.as_str().into(), all(fields)?),
                _ => return Err(unknown()),
            },
            _ => return Err(unknown()),
        })
    }
}

fn word(name: &str) -> Data {
    match name {
        "true" => Data::Bool(true),
        "false" => Data::Bool(false),
        "null" => Data::None,
        name => Data::Str(name.into()),
    }
}
