//! What Python would take and the machine would refuse when it gets there, where the source shows it already.

use super::{Compiled, Emitter, module::Symbol};
use crate::{builtins::Builtin, classes, methods::METHODS, types::Type, value::NameId};
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

const NO_KEYS: &str = "a Map has no keys to list: keep a list of keys, or a counter with a Map[int, ...]";

impl<'a> Emitter<'_, 'a> {
    /// Refuses a Map where all its entries would be needed.
    pub(super) fn refuse_map(&self, expr: &'a Expr) -> Compiled<()> {
        match self.storage_kind(expr) {
            Some(Type::Map(..)) => {
                self.refuse(expr.range(), "a Map has no length and cannot be iterated", NO_KEYS)
            }
            _ => Ok(()),
        }
    }

    /// Refuses a Map as an argument of what takes all its entries.
    pub(super) fn check_taken(&self, symbol: Symbol, arguments: &'a [Expr]) -> Compiled<()> {
        let takes_all = match symbol {
            Symbol::Builtin(builtin) => {
                !matches!(builtin, Builtin::Isinstance | Builtin::Print | Builtin::Repr | Builtin::Super)
            }
            Symbol::Class(class) => {
                [classes::LIST, classes::TUPLE, classes::SET, classes::DICT].contains(&class)
            }
            _ => false,
        };
        match takes_all {
            true => arguments.iter().try_for_each(|argument| self.refuse_map(argument)),
            false => Ok(()),
        }
    }

    /// Refuses methods that a text or a Map has in Python only.
    pub(super) fn check_method(&self, attribute: &'a ast::ExprAttribute) -> Compiled<()> {
        let (range, name) = (attribute.attr.range, attribute.attr.as_str());
        let is_text = matches!(&*attribute.value, Expr::StringLiteral(_) | Expr::FString(_));
        if is_text && name == "format" {
            return self.refuse(range, "format is not supported", "write an f-string: f\"{value}\"");
        }
        if !matches!(self.storage_kind(&attribute.value), Some(Type::Map(..))) || map_has(name) {
            return Ok(());
        }
        let hint = match name {
            "setdefault" => "read the entry, which is zero if it was never set, and write it",
            "pop" => "read the entry, then delete it: del self.entries[key]",
            _ => NO_KEYS,
        };
        self.refuse(range, format!("a Map has no method {name}"), hint)
    }

    /// Refuses `%` after a text.
    pub(super) fn check_operator(&self, operation: &'a ast::ExprBinOp) -> Compiled<()> {
        let is_text = matches!(&*operation.left, Expr::StringLiteral(_) | Expr::FString(_));
        match is_text && operation.op == ast::Operator::Mod {
            true => {
                self.refuse(operation.range, "% does not format texts", "write an f-string: f\"{value}\"")
            }
            false => Ok(()),
        }
    }

    /// Refuses formats of numbers with a fraction.
    pub(super) fn check_format(&self, spec: &'a ast::InterpolatedStringLiteralElement) -> Compiled<()> {
        match spec.value.ends_with(['e', 'E', 'f', 'F', 'g', 'G', '%']) {
            true => self.refuse(
                spec.range,
                format!("the format {} is for numbers with a fraction", spec.value),
                "show the parts: f\"{cents // 100}.{cents % 100:02}\"",
            ),
            false => Ok(()),
        }
    }

    /// The kind of `self.field`, or of an entry of a Map there.
    fn storage_kind(&self, expr: &'a Expr) -> Option<&Type> {
        match expr {
            Expr::Attribute(attribute) if is_self(&attribute.value) => {
                self.field_kind(self.module.pool.find(attribute.attr.as_str())?)
            }
            Expr::Subscript(entry) => match self.storage_kind(&entry.value)? {
                Type::Map(_, value) => Some(value),
                _ => None,
            },
            _ => None,
        }
    }

    /// The kind of a field of the contract whose method this is.
    pub(super) fn field_kind(&self, name: NameId) -> Option<&Type> {
        let own = usize::from(self.contract()?) - classes::BUILTIN.len();
        self.module.line_of(own).into_iter().find_map(|class| {
            let fields = &self.module.classes[class].fields;
            fields.iter().find(|(field, _)| *field == name).map(|(_, kind)| kind)
        })
    }
}

pub(super) fn is_self(expr: &Expr) -> bool {
    matches!(expr, Expr::Name(name) if name.id.as_str() == "self")
}

fn map_has(method: &str) -> bool {
    let maps = METHODS.iter().filter(|(kind, _)| *kind == "Map");
    maps.flat_map(|(_, methods)| *methods).any(|known| known.text() == method)
}
