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
    Broken(&'static str),
}

/// What every operation of the machine returns.
pub(crate) type Run<T> = Result<T, Fault>;
