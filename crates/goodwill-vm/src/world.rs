//! What an instruction reaches beyond the machine.

use crate::{host::Host, program::Program};

/// The host, and the program that runs: borrowed once for a run, so that no instruction counts
/// references.
pub(crate) struct World<'w> {
    pub(crate) host: &'w mut dyn Host,
    pub(crate) program: &'w Program,
}
