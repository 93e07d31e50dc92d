//! What the calls of a block will read, found out by running them ahead, each on its own, on what is
//! known. Nothing of it is kept: a block that is executed afterwards only seldom has to wait.

use super::running::Running;
use crate::state::{Paused, State};
use goodwill_types::{Address, Changes, Key, Known, Progress, Transaction};
use goodwill_vm::ChainFacts;
use std::collections::BTreeSet;

/// Gas with which a call is run ahead.
const AHEAD_GAS_MAX: u64 = 30_000_000;
/// Gas that all calls of a block may use ahead, together.
const AHEAD_GAS_OF_BLOCK: u64 = 1_000_000_000;
/// Calls that are ahead at once: each holds a machine.
const AHEAD_CALLS_MAX: usize = 512;

/// Calls that are run ahead.
pub(crate) struct Prefetch {
    /// Those that come, in reverse.
    waiting: Vec<Running>,
    begun: Vec<Ahead>,
    gas_left: u64,
}

/// A call that lacks something.
struct Ahead {
    running: Running,
    paused: Paused,
    /// Gas that it has used so far.
    spent: u64,
}

impl Prefetch {
    /// Of all these transactions, as far as they call contracts and the gas goes.
    pub(crate) fn new<'a>(
        transactions: impl DoubleEndedIterator<Item = (Address, &'a Transaction)>,
        facts: ChainFacts,
    ) -> Self {
        let call = |(sender, transaction): (Address, &Transaction)| {
            let calls = !transaction.action.deploys();
            calls
                .then(|| Running::new(sender, transaction, transaction.gas_limit.min(AHEAD_GAS_MAX), facts))?
        };
        let waiting = transactions.rev().filter_map(call).collect();
        Self { waiting, begun: Vec::new(), gas_left: AHEAD_GAS_OF_BLOCK }
    }

    /// What they lack now. Nothing once all have ended, or no gas is left.
    pub(crate) fn missing(&mut self, known: &Known, changes: &mut Changes) -> Vec<Key> {
        let mut missing = BTreeSet::new();
        while missing.is_empty() && self.gas_left > 0 {
            let more = self.waiting.len().saturating_sub(AHEAD_CALLS_MAX - self.begun.len());
            let begins = self.waiting.drain(more..).rev();
            self.begun.extend(begins.map(|running| Ahead { running, paused: Paused::default(), spent: 0 }));
            if self.begun.is_empty() {
                break;
            }
            for ahead in std::mem::take(&mut self.begun) {
                let goes_on = self.go_on(ahead, known, changes, &mut missing);
                self.begun.extend(goes_on);
            }
        }
        missing.into_iter().collect()
    }

    /// Goes on with one of them: `None` once it has ended.
    fn go_on(
        &mut self,
        Ahead { mut running, paused, spent }: Ahead,
        known: &Known,
        changes: &mut Changes,
        missing: &mut BTreeSet<Key>,
    ) -> Option<Ahead> {
        if self.gas_left == 0 {
            return None;
        }
        let mut state = State::resume(known, changes, paused);
        // A damaged record is found again when the block is executed.
        let progress = running.run(&mut state).ok()?;
        let now = running.spent(&progress);
        self.gas_left = self.gas_left.saturating_sub(now - spent);
        match progress {
            Progress::Need(keys) => {
                missing.extend(keys);
                Some(Ahead { running, paused: state.pause(), spent: now })
            }
            Progress::Done(_) => None,
        }
    }
}
