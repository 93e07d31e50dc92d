//! Questions to contracts, which nobody signs or pays for: what they change is forgotten.

use super::running::{Ended, Running};
use crate::{
    Manifest, StoreError,
    state::{Paused, State},
};
use goodwill_types::{Address, BlockContext, Changes, Event, Failure, Known, Prefix, Progress};
use goodwill_vm::{Call, ChainFacts, Data, Program};

/// The gas that a query may use.
pub const QUERY_GAS_MAX: u64 = 400_000_000;

/// A question to a contract.
pub struct Query {
    running: Running,
    layer: Paused,
    changes: Changes,
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What the method returned, encoded, and what it emitted; or why it failed.
    pub result: Result<(Vec<u8>, Vec<Event>), Failure>,
    /// Gas that it used.
    pub gas_used: u64,
    /// What it printed.
    pub log: String,
}

impl Answer {
    /// What the method of `program` returned as Python's `repr` shows it.
    pub fn repr(&self, program: &Program, prefix: &Prefix) -> Option<String> {
        let (bytes, _) = self.result.as_ref().ok()?;
        Some(Data::decode(bytes)?.repr(prefix, &|class| program.record_fields(class)))
    }
}

/// What contracts know of the block `context`.
pub(crate) fn facts(manifest: &Manifest, context: &BlockContext) -> ChainFacts {
    ChainFacts {
        height: context.height,
        timestamp_ms: context.timestamp_ms,
        epoch: context.epoch,
        prefix: manifest.address_prefix,
    }
}

impl Query {
    /// Asks `contract` in the block `context`, as `sender`.
    pub fn new(
        manifest: &Manifest,
        context: &BlockContext,
        sender: Address,
        contract: Address,
        method: &str,
        arguments: Vec<Data>,
    ) -> Self {
        let call = Call {
            contract,
            sender,
            value: 0,
            method: method.into(),
            arguments,
            keywords: Vec::new(),
            deploys: false,
        };
        let running = Running::asked(call, QUERY_GAS_MAX, facts(manifest, context));
        Self { running, layer: Paused::default(), changes: Changes::new() }
    }

    /// Goes on until the end, or until something of the state is not known.
    ///
    /// # Errors
    /// When the state is damaged.
    pub fn run(&mut self, known: &Known) -> Result<Progress<Answer>, StoreError> {
        let mut state = State::resume(known, &mut self.changes, std::mem::take(&mut self.layer));
        let progress = self.running.run(&mut state)?;
        self.layer = state.pause();
        Ok(match progress {
            Progress::Need(keys) => Progress::Need(keys),
            Progress::Done(Ended { gas_used, outcome, returned }) => Progress::Done(Answer {
                result: outcome.map(|events| (returned, events)),
                gas_used,
                log: self.running.log(),
            }),
        })
    }
}
