//! What the calls of a block will read, found out by running them ahead, each on its own, on what is
//! known. Nothing of it is kept: a block that is executed afterwards only seldom has to wait.

use super::running::Running;
use crate::state::{Paused, State};
use goodwill_types::{Address, Changes, Key, Known, Progress, Transaction};
use goodwill_vm::ChainFacts;
use std::collections::BTreeSet;

/// Gas with which a call is run ahead.
const AHEAD_GAS_MAX: u64 = 30_000_000;
/// Gas with which all calls of a block are run ahead, together.
const AHEAD_GAS_OF_BLOCK: u64 = 1_000_000_000;

/// Calls that are run ahead.
pub(crate) struct Prefetch {
    calls: Vec<(Running, Paused)>,
}

impl Prefetch {
    /// Of all these transactions, as far as they call contracts and the gas goes.
    pub(crate) fn new<'a>(
        transactions: impl Iterator<Item = (Address, &'a Transaction)>,
        facts: ChainFacts,
    ) -> Self {
        let mut left = AHEAD_GAS_OF_BLOCK;
        let call = |(sender, transaction): (Address, &Transaction)| {
            if transaction.action.deploys() {
                return None;
            }
            let gas = transaction.gas_limit.min(AHEAD_GAS_MAX).min(left);
            let running = Running::new(sender, transaction, gas, facts)?;
            left -= gas;
            (gas > 0).then(|| (running, Paused::default()))
        };
        Self { calls: transactions.filter_map(call).collect() }
    }

    /// What they lack now. Nothing once all have ended.
    pub(crate) fn missing(&mut self, known: &Known, changes: &mut Changes) -> Vec<Key> {
        let mut missing = BTreeSet::new();
        let calls = std::mem::take(&mut self.calls);
        self.calls = calls
            .into_iter()
            .filter_map(|(mut running, paused)| {
                let mut state = State::resume(known, changes, paused);
                // A damaged record is found again when the block is executed.
                let Ok(Progress::Need(keys)) = running.run(&mut state) else { return None };
                missing.extend(keys);
                Some((running, state.pause()))
            })
            .collect();
        missing.into_iter().collect()
    }
}
