//! The kinds of values that storage, arguments and results have, from the type hints.

use crate::{classes, program::Program, value::ClassId};
use std::fmt;

/// A kind, as a type hint spells it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `int`
    Int,
    /// `bool`
    Bool,
    /// `str`
    Str,
    /// `bytes`
    Bytes,
    /// `Address`
    Address,
    /// `None`
    None,
    /// `T | None`
    Optional(Box<Type>),
    /// `list[T]`
    List(Box<Type>),
    /// `tuple[A, B]`
    Tuple(Vec<Type>),
    /// `tuple[T, ...]`
    Tuples(Box<Type>),
    /// `dict[K, V]`
    Dict(Box<Type>, Box<Type>),
    /// A dataclass of the file.
    Record(ClassId),
    /// `Map[K, V]`
    Map(Box<Type>, Box<Type>),
    /// `list`, `dict` and the like without what they hold, or no hint at all.
    Any,
}

impl Type {
    /// How a type hint spells it, with the names of the program's classes.
    pub(crate) fn display<'a>(&'a self, program: &'a Program) -> Display<'a> {
        Display { kind: self, program }
    }

    /// Whether a value of this kind can be changed in place.
    pub(crate) fn is_mutable(&self) -> bool {
        match self {
            Self::List(_) | Self::Dict(..) | Self::Record(_) | Self::Any => true,
            Self::Optional(inner) | Self::Tuples(inner) => inner.is_mutable(),
            Self::Tuple(inner) => inner.iter().any(Self::is_mutable),
            Self::Int | Self::Bool | Self::Str | Self::Bytes | Self::Address | Self::None | Self::Map(..) => {
                false
            }
        }
    }
}

/// A kind as text.
pub(crate) struct Display<'a> {
    kind: &'a Type,
    program: &'a Program,
}

impl fmt::Display for Display<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |kind: &Type| kind.display(self.program).to_string();
        match self.kind {
            Type::Int => f.write_str("int"),
            Type::Bool => f.write_str("bool"),
            Type::Str => f.write_str("str"),
            Type::Bytes => f.write_str("bytes"),
            Type::Address => f.write_str("Address"),
            Type::None => f.write_str("None"),
            Type::Any => f.write_str("Any"),
            Type::List(inner) if **inner == Type::Any => f.write_str("list"),
            Type::Tuples(inner) if **inner == Type::Any => f.write_str("tuple"),
            Type::Dict(key, value) if **key == Type::Any && **value == Type::Any => f.write_str("dict"),
            Type::Optional(inner) => write!(f, "{} | None", show(inner)),
            Type::List(inner) => write!(f, "list[{}]", show(inner)),
            Type::Tuples(inner) => write!(f, "tuple[{}, ...]", show(inner)),
            Type::Tuple(inner) => {
                write!(f, "tuple[{}]", inner.iter().map(show).collect::<Vec<_>>().join(", "))
            }
            Type::Dict(key, value) => write!(f, "dict[{}, {}]", show(key), show(value)),
            Type::Map(key, value) => write!(f, "Map[{}, {}]", show(key), show(value)),
            Type::Record(class) => f.write_str(self.program.class_name(*class)),
        }
    }
}

/// The kind that a builtin class stands for in a hint.
pub(crate) fn of_class(class: ClassId) -> Option<Type> {
    Some(match class {
        classes::INT => Type::Int,
        classes::BOOL => Type::Bool,
        classes::STR => Type::Str,
        classes::BYTES => Type::Bytes,
        classes::ADDRESS => Type::Address,
        classes::LIST => Type::List(Box::new(Type::Any)),
        classes::DICT => Type::Dict(Box::new(Type::Any), Box::new(Type::Any)),
        classes::TUPLE => Type::Tuples(Box::new(Type::Any)),
        _ => return None,
    })
}
