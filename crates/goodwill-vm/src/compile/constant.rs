//! Expressions whose value is known while compiling: module constants, defaults, literals.

use super::{Compiled, Context, Pool, module::Symbol};
use crate::{integer, program::Global, value::Value};
use ethnum::I256;
use ruff_python_ast::{Expr, ExprNumberLiteral, Number, Operator, UnaryOp};
use ruff_text_size::Ranged;
use std::collections::BTreeMap;

/// Names that constants may refer to.
pub(super) type Symbols<'a> = BTreeMap<&'a str, Symbol>;

/// The value of an immutable constant expression, or `None` if it is not one.
pub(super) fn fold(
    context: &Context<'_>,
    pool: &mut Pool,
    symbols: &Symbols<'_>,
    expr: &Expr,
) -> Compiled<Option<Value>> {
    Ok(Some(match expr {
        Expr::NoneLiteral(_) => Value::None,
        Expr::BooleanLiteral(literal) => Value::Bool(literal.value),
        Expr::NumberLiteral(literal) => number(context, pool, literal)?,
        Expr::StringLiteral(literal) => pool.str(literal.value.to_str()),
        Expr::BytesLiteral(literal) => pool.bytes(&literal.value.bytes().collect::<Vec<u8>>()),
        Expr::Tuple(tuple) => {
            let mut items = Vec::with_capacity(tuple.elts.len());
            for element in &tuple.elts {
                let Some(value) = fold(context, pool, symbols, element)? else { return Ok(None) };
                items.push(value);
            }
            pool.tuple(items)
        }
        Expr::Name(name) => match symbols.get(name.id.as_str()) {
            Some(Symbol::Constant(value)) => *value,
            _ => return Ok(None),
        },
        Expr::Attribute(attribute) => match (&*attribute.value, attribute.attr.as_str()) {
            (Expr::Name(name), "ZERO")
                if matches!(symbols.get(name.id.as_str()), Some(Symbol::Class(crate::classes::ADDRESS))) =>
            {
                pool.address(crate::address::zero())
            }
            _ => return Ok(None),
        },
        Expr::UnaryOp(unary) => {
            let Some(operand) = fold(context, pool, symbols, &unary.operand)? else { return Ok(None) };
            let Some(int) = small_or_wide(pool, operand) else { return Ok(None) };
            let result = match unary.op {
                UnaryOp::USub => int.checked_neg(),
                UnaryOp::UAdd => Some(int),
                UnaryOp::Invert => Some(!int),
                UnaryOp::Not => None,
            };
            let Some(result) = result else { return Ok(None) };
            pool.int(result)
        }
        Expr::BinOp(binary) => {
            if binary.op == Operator::Div {
                return Ok(None);
            }
            let Some(left) = fold(context, pool, symbols, &binary.left)? else { return Ok(None) };
            let Some(right) = fold(context, pool, symbols, &binary.right)? else { return Ok(None) };
            match arithmetic(pool, binary.op, left, right) {
                Some(value) => value,
                None => return Ok(None),
            }
        }
        _ => return Ok(None),
    }))
}

/// Arithmetic of integer constants, if it succeeds.
fn arithmetic(pool: &mut Pool, op: Operator, left: Value, right: Value) -> Option<Value> {
    let kind = super::expression::binary(op)?;
    let (left, right) = (small_or_wide(pool, left)?, small_or_wide(pool, right)?);
    Some(pool.int(integer::binary(kind, left, right).ok()?))
}

fn small_or_wide(pool: &Pool, value: Value) -> Option<I256> {
    match value {
        Value::Int(int) => Some(I256::from(int)),
        Value::Big(handle) => Some(pool.wides[handle as usize]),
        _ => None,
    }
}

/// An integer literal.
pub(super) fn number(context: &Context<'_>, pool: &mut Pool, literal: &ExprNumberLiteral) -> Compiled<Value> {
    let Number::Int(int) = &literal.value else {
        return Err(context.refuse(
            literal.range(),
            "numbers with a fraction are not supported",
            "count in the smallest unit with int: 150 cents for 1.50, and // to divide",
        ));
    };
    if let Some(small) = int.as_i64() {
        return Ok(Value::Int(small));
    }
    let text = context.source.get(usize::from(literal.start())..usize::from(literal.end())).unwrap_or("");
    match integer::parse(text, 0) {
        Ok(wide) => Ok(pool.int(wide)),
        Err(_) => Err(context.refuse(literal.range(), "an integer has at most 256 bits", "")),
    }
}

/// A module's constant: immutable, or a list, dict or set of constants.
pub(super) fn global(
    context: &Context<'_>,
    pool: &mut Pool,
    symbols: &Symbols<'_>,
    expr: &Expr,
) -> Compiled<Option<Global>> {
    if let Some(value) = fold(context, pool, symbols, expr)? {
        return Ok(Some(Global::Value(value)));
    }
    let all = |pool: &mut Pool, exprs: &mut dyn Iterator<Item = &Expr>| -> Compiled<Option<Vec<Global>>> {
        let mut items = Vec::new();
        for element in exprs {
            let Some(item) = global(context, pool, symbols, element)? else { return Ok(None) };
            items.push(item);
        }
        Ok(Some(items))
    };
    Ok(match expr {
        Expr::List(list) => all(pool, &mut list.elts.iter())?.map(Global::List),
        Expr::Tuple(tuple) => all(pool, &mut tuple.elts.iter())?.map(Global::Tuple),
        Expr::Set(set) => all(pool, &mut set.elts.iter())?.map(Global::Set),
        Expr::Dict(dict) => {
            let mut items = Vec::with_capacity(dict.items.len());
            for item in &dict.items {
                let Some(key) = &item.key else { return Ok(None) };
                let Some(key) = fold(context, pool, symbols, key)? else { return Ok(None) };
                let Some(value) = global(context, pool, symbols, &item.value)? else { return Ok(None) };
                items.push((Global::Value(key), value));
            }
            Some(Global::Dict(items))
        }
        _ => None,
    })
}
