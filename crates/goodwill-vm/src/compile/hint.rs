//! Type hints.

use super::{Compiled, Context, constant::Symbols, module::Symbol};
use crate::{
    classes,
    types::{self, Type},
};
use ruff_python_ast::{Expr, Operator};
use ruff_text_size::Ranged;

const KINDS: &str = "use int, bool, str, bytes, Address, T | None, list[T], tuple[A, B], dict[K, V], a dataclass \
                     of this file, or (for storage) Map[K, V]";

/// Whether a class of the file is a dataclass.
pub(super) type IsRecord<'f> = &'f dyn Fn(u16) -> bool;

/// The kind that a hint names.
pub(super) fn kind(
    context: &Context<'_>,
    symbols: &Symbols<'_>,
    is_record: IsRecord<'_>,
    expr: &Expr,
) -> Compiled<Type> {
    let inner = |expr: &Expr| kind(context, symbols, is_record, expr);
    let unknown = || context.refuse(expr.range(), "not a type that values here can have", KINDS);
    match expr {
        Expr::NoneLiteral(_) => Ok(Type::None),
        Expr::Name(name) => match symbol(symbols, name) {
            Some(Symbol::Class(class)) if is_record(class) => Ok(Type::Record(class)),
            Some(Symbol::Class(class)) => types::of_class(class).ok_or_else(unknown),
            _ => Err(unknown()),
        },
        Expr::BinOp(union) if union.op == Operator::BitOr => match (&*union.left, &*union.right) {
            (Expr::NoneLiteral(_), other) | (other, Expr::NoneLiteral(_)) => {
                Ok(Type::Optional(Box::new(inner(other)?)))
            }
            _ => Err(unknown()),
        },
        Expr::Subscript(subscript) => {
            let Expr::Name(name) = &*subscript.value else { return Err(unknown()) };
            let Some(Symbol::Class(class)) = symbol(symbols, name) else { return Err(unknown()) };
            let arguments = match &*subscript.slice {
                Expr::Tuple(tuple) => &tuple.elts[..],
                single => std::slice::from_ref(single),
            };
            match (class, arguments) {
                (classes::LIST, [element]) => Ok(Type::List(Box::new(inner(element)?))),
                (classes::TUPLE, [element, Expr::EllipsisLiteral(_)]) => {
                    Ok(Type::Tuples(Box::new(inner(element)?)))
                }
                (classes::TUPLE, elements) => {
                    Ok(Type::Tuple(elements.iter().map(inner).collect::<Compiled<_>>()?))
                }
                (classes::DICT, [key, value]) => {
                    Ok(Type::Dict(Box::new(inner(key)?), Box::new(inner(value)?)))
                }
                (classes::MAP, [key, value]) => {
                    let kind = inner(key)?;
                    if !is_key(&kind) {
                        let hint = "a Map's keys are int, bool, str, bytes, Address, or tuples of these";
                        return Err(context.refuse(key.range(), "not a type for keys of a Map", hint));
                    }
                    Ok(Type::Map(Box::new(kind), Box::new(inner(value)?)))
                }
                _ => Err(unknown()),
            }
        }
        _ => Err(unknown()),
    }
}

fn symbol(symbols: &Symbols<'_>, name: &ruff_python_ast::ExprName) -> Option<Symbol> {
    symbols.get(name.id.as_str()).copied().or_else(|| super::module::builtin_symbol(name.id.as_str()))
}

fn is_key(kind: &Type) -> bool {
    match kind {
        Type::Int | Type::Bool | Type::Str | Type::Bytes | Type::Address => true,
        Type::Tuple(items) => items.iter().all(is_key),
        _ => false,
    }
}

/// Whether a Map is anywhere but at the top, or below another Map: it has no value to store there.
pub(super) fn has_inner_map(kind: &Type) -> bool {
    match kind {
        Type::Map(..) => true,
        Type::Optional(inner) | Type::List(inner) | Type::Tuples(inner) => has_inner_map(inner),
        Type::Tuple(inner) => inner.iter().any(has_inner_map),
        Type::Dict(key, value) => has_inner_map(key) || has_inner_map(value),
        _ => false,
    }
}
