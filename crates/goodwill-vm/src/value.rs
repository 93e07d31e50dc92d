//! Values: 16 bytes, copied freely; what does not fit lives in the heap.

use crate::builtins::Builtin;

/// An index into one of the heap's arenas.
pub(crate) type Handle = u32;
/// An index into the program's classes; builtin classes come first.
pub(crate) type ClassId = u16;
/// An index into the names: those that the machine knows come first.
pub(crate) type NameId = u16;

/// A Python value. An integer is `Big` only if it does not fit `Int`, so that equal integers have
/// equal shapes. The derived order is for the compiler's tables, it is not Python's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Value {
    /// A local variable without a value; never seen by a contract.
    Unbound,
    None,
    Bool(bool),
    Int(i64),
    Big(Handle),
    Str(Handle),
    Bytes(Handle),
    Address(Handle),
    List(Handle),
    Tuple(Handle),
    Dict(Handle),
    Set(Handle),
    Range(Handle),
    /// The keys, values or items of a dict.
    View(Handle),
    Iterator(Handle),
    Instance(Handle),
    Map(Handle),
    /// A variable that an inner function shares.
    Cell(Handle),
    Closure(Handle),
    /// A method with the object that it was taken from.
    Method(Handle),
    Class(ClassId),
    Function(u16),
    Builtin(Builtin),
    /// The contract itself: `self`.
    Contract,
    /// `msg`.
    Message,
    /// `chain`.
    Chain,
}

const _: () = assert!(size_of::<Value>() == 16);

impl Value {
    /// Its class, if that needs no look into the heap.
    pub(crate) fn builtin_class(self) -> Option<ClassId> {
        use crate::classes as c;
        Some(match self {
            Self::None => c::NONE_TYPE,
            Self::Bool(_) => c::BOOL,
            Self::Int(_) | Self::Big(_) => c::INT,
            Self::Str(_) => c::STR,
            Self::Bytes(_) => c::BYTES,
            Self::Address(_) => c::ADDRESS,
            Self::List(_) => c::LIST,
            Self::Tuple(_) => c::TUPLE,
            Self::Dict(_) => c::DICT,
            Self::Set(_) => c::SET,
            Self::Range(_) => c::RANGE,
            Self::Map(_) => c::MAP,
            _ => return None,
        })
    }
}
