//! What the outside saw of the nodes, to hold it against what they say later: a crash excuses nothing.

use super::byzantine::read_vote;
use crate::{Execution, FinalizedBlock, StateMachine};
use bytes::Bytes;
use commonware_consensus::{Epochable as _, Viewable as _, simplex::types::Vote};
use commonware_utils::sync::Mutex;
use futures::future::BoxFuture;
use goodwill_types::{BlockContext, Committee, Digest, Known, Progress, PublicKey};
use std::{collections::BTreeMap, sync::Arc};

/// What honest nodes said. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Witness(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    /// The blocks that were said to be final: digest and state root.
    finals: BTreeMap<u64, (Digest, Digest)>,
    /// What each node voted for, by epoch and view.
    votes: BTreeMap<(usize, u64, u64), Voted>,
    /// The first contradiction.
    broken: Option<String>,
}

/// What a node voted for in a view.
#[derive(Clone, Copy, Debug, Default)]
struct Voted {
    notarized: Option<Digest>,
    nullified: bool,
    finalized: Option<Digest>,
}

impl Witness {
    /// The first contradiction that was seen.
    pub(super) fn broken(&self) -> Option<String> {
        self.0.lock().broken.clone()
    }

    fn applied(&self, node: usize, block: &FinalizedBlock) {
        let said = (block.header.digest(), block.header.state_root);
        let mut seen = self.0.lock();
        let before = *seen.finals.entry(block.header.height).or_insert(said);
        if before != said {
            let height = block.header.height;
            seen.note(format!("node {node} says that another block {height} is final than was seen before"));
        }
    }

    /// A message on the channel of votes.
    pub(super) fn voted(&self, node: usize, message: &Bytes) {
        let Some((_, vote)) = read_vote(message) else { return };
        let (epoch, view) = (vote.epoch().get(), vote.view().get());
        let mut seen = self.0.lock();
        let voted = seen.votes.entry((node, epoch, view)).or_default();
        let before = *voted;
        match &vote {
            Vote::Notarize(vote) => voted.notarized = Some(vote.proposal.payload),
            Vote::Nullify(_) => voted.nullified = true,
            Vote::Finalize(vote) => voted.finalized = Some(vote.proposal.payload),
        }
        let now = *voted;
        if now.contradicts(&before) {
            seen.note(format!("node {node} voted {now:?} after {before:?} in view {view} of epoch {epoch}"));
        }
    }
}

impl Seen {
    fn note(&mut self, what: String) {
        self.broken.get_or_insert(what);
    }
}

impl Voted {
    fn contradicts(&self, before: &Self) -> bool {
        let differ = |a: Option<Digest>, b: Option<Digest>| a.is_some() && b.is_some() && a != b;
        differ(self.notarized, before.notarized)
            || differ(self.finalized, before.finalized)
            || differ(self.notarized, self.finalized)
            || (self.nullified && self.finalized.is_some())
    }
}

/// A state machine, and the witness of what it tells its clients.
pub(super) struct Witnessed {
    pub(super) node: usize,
    pub(super) machine: Arc<dyn StateMachine>,
    pub(super) witness: Witness,
}

impl StateMachine for Witnessed {
    fn committee(&self, epoch: u64, known: &mut Known) -> Progress<Committee> {
        self.machine.committee(epoch, known)
    }

    fn propose(&self, context: &BlockContext) -> Box<dyn Execution> {
        self.machine.propose(context)
    }

    fn verify(&self, context: &BlockContext, body: Bytes, finalized: bool) -> Box<dyn Execution> {
        self.machine.verify(context, body, finalized)
    }

    fn commit<'a>(&'a self, block: &'a FinalizedBlock) -> BoxFuture<'a, Result<(), String>> {
        self.machine.commit(block)
    }

    fn applied(&self, block: &FinalizedBlock) {
        self.witness.applied(self.node, block);
        self.machine.applied(block);
    }

    fn heard(&self, from: &PublicKey, message: Bytes) {
        self.machine.heard(from, message);
    }
}
