//! Why an instruction did not finish.

use crate::value::Handle;

/// Why an instruction did not finish. Only `Raised` is seen by the contract's own handlers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A Python exception: its instance.
    Raised(Handle),
    /// The gas is used up.
    OutOfGas,
    /// The memory is used up.
    OutOfMemory,
    /// The host lacks data: the machine says which, and repeats the instruction, at no charge, when it is there.
    Need,
    /// A call of another contract: the instruction ends with its result.
    Call,
    /// A broken invariant of the machine or the host: the call fails, and it is a bug of ours.
    Broken(Bug),
}

/// Invariants of the machine or the host that can be found broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    NoActivation,
    WaitingRun,
    NoCall,
    DamagedBytes,
    MapWithoutKind,
    BuiltinTwice,
    RaisedNoException,
    KeysWithoutList,
    NoDataclass,
    StarWithoutList,
    CaptureWithoutCell,
    SlicedNoSequence,
    LoopWithoutPosition,
    NoFrame,
    NoBuiltin,
}

impl Bug {
    /// What was found.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::NoActivation => "no activation",
            Self::WaitingRun => "a waiting activation was run",
            Self::NoCall => "no call to make",
            Self::DamagedBytes => "encoded bytes are damaged",
            Self::MapWithoutKind => "a Map without its kind",
            Self::BuiltinTwice => "a builtin was called twice",
            Self::RaisedNoException => "raised what is no exception",
            Self::KeysWithoutList => "keys without a list",
            Self::NoDataclass => "not a dataclass",
            Self::StarWithoutList => "a star without its list",
            Self::CaptureWithoutCell => "a captured variable without a cell",
            Self::SlicedNoSequence => "sliced what has no length",
            Self::LoopWithoutPosition => "a loop without a position",
            Self::NoFrame => "no frame",
            Self::NoBuiltin => "no such builtin",
        }
    }
}

// It is returned in a register.
const _: () = assert!(size_of::<Run<()>>() == 8);

/// What every operation of the machine returns.
pub(crate) type Run<T> = Result<T, Fault>;
