//! Gas and memory of a call: two counters that only fall.

use crate::{fault::Fault, limits};

/// What is left to a call. Both counters are exact: equal on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meter {
    /// Gas left.
    pub(crate) gas: u64,
    /// Bytes left, counted by formula, never given back.
    pub(crate) memory: u64,
}

impl Meter {
    /// A meter with this much gas, and the memory of a call.
    pub(crate) fn new(gas: u64) -> Self {
        Self { gas, memory: limits::MEMORY_BYTES_MAX }
    }

    /// Takes gas, before the work that it pays for.
    ///
    /// # Errors
    /// When there is less, the call ends; nothing in the contract can catch it.
    #[inline(always)]
    pub(crate) fn charge(&mut self, gas: u64) -> Result<(), Fault> {
        match self.gas.checked_sub(gas) {
            Some(left) => {
                self.gas = left;
                Ok(())
            }
            None => self.exhausted(),
        }
    }

    #[cold]
    fn exhausted(&mut self) -> Result<(), Fault> {
        self.gas = 0;
        Err(Fault::OutOfGas)
    }

    /// Takes memory, before it is allocated.
    ///
    /// # Errors
    /// When there is less, the call ends; nothing in the contract can catch it.
    #[inline(always)]
    pub(crate) fn allocate(&mut self, bytes: u64) -> Result<(), Fault> {
        match self.memory.checked_sub(bytes) {
            Some(left) => {
                self.memory = left;
                Ok(())
            }
            None => Err(Fault::OutOfMemory),
        }
    }
}
