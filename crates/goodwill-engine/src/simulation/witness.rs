//! What the outside saw of the nodes, to hold it against what they say later: a crash excuses nothing.

use super::{
    BoundaryCrash, Moment,
    byzantine::{Forger, read_votes},
    host::Life,
};
use crate::{Execution, FinalizedBlock, StateMachine, seats::Vote};
use bytes::Bytes;
use commonware_consensus::{Epochable as _, Viewable as _};
use commonware_utils::sync::Mutex;
use futures::future::BoxFuture;
use goodwill_proof::Entry;
use goodwill_types::{
    BlockContext, Committee, Digest, Equivocation, Header, Known, Progress, PublicKey, SecretKey,
};
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
    /// What each node found out about seats.
    evidence: Vec<(usize, Equivocation)>,
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

    /// What honest nodes found out about seats, in that order.
    pub(super) fn evidence(&self) -> Vec<(usize, Equivocation)> {
        self.0.lock().evidence.clone()
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

    /// A message on the channel of votes. All seats of a node vote the same.
    pub(super) fn voted(&self, node: usize, message: &Bytes) {
        let Some((_, bundle)) = read_votes(message) else { return };
        let (epoch, view) = (bundle.vote.epoch().get(), bundle.vote.view().get());
        let mut seen = self.0.lock();
        let voted = seen.votes.entry((node, epoch, view)).or_default();
        let before = *voted;
        match &bundle.vote {
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

/// A node's state machine, with a witness of what it tells its clients, and the faults that strike it
/// at a point of the chain.
pub(super) struct Witnessed {
    pub(super) node: usize,
    pub(super) honest: bool,
    pub(super) machine: Arc<dyn StateMachine>,
    pub(super) witness: Witness,
    pub(super) forger: Arc<Forger>,
    pub(super) life: Life,
    /// Those that have not come yet.
    pub(super) crashes: Arc<Mutex<Vec<BoundaryCrash>>>,
    /// The height of the last block of an epoch.
    pub(super) last: Arc<dyn Fn(u64) -> u64 + Send + Sync>,
}

impl Witnessed {
    /// Ends the node's life if it is to crash here.
    fn strike(&self, moment: Moment, height: u64) -> bool {
        let mut crashes = self.crashes.lock();
        let here = |crash: &BoundaryCrash| {
            crash.node == self.node && crash.moment == moment && (self.last)(crash.epoch) == height
        };
        let Some(index) = crashes.iter().position(here) else { return false };
        crashes.swap_remove(index);
        self.life.cut();
        true
    }
}

impl StateMachine for Witnessed {
    fn committee(&self, epoch: u64, known: &mut Known) -> Progress<Committee> {
        if let Some(before) = epoch.checked_sub(1) {
            self.strike(Moment::Committee, (self.last)(before));
        }
        self.machine.committee(epoch, known)
    }

    fn expected(&self, epoch: u64, known: &mut Known) -> Progress<Vec<PublicKey>> {
        self.machine.expected(epoch, known)
    }

    fn secrets(&self, epoch: u64, committee: &Committee) -> Vec<SecretKey> {
        let secrets = self.machine.secrets(epoch, committee);
        self.forger.learn(epoch, committee, &secrets);
        secrets
    }

    fn equivocated(&self, evidence: Equivocation) {
        if self.honest {
            self.witness.0.lock().evidence.push((self.node, evidence.clone()));
        }
        self.machine.equivocated(evidence);
    }

    fn propose(&self, context: &BlockContext) -> Box<dyn Execution> {
        self.machine.propose(context)
    }

    fn verify(&self, context: &BlockContext, body: Bytes, finalized: bool) -> Box<dyn Execution> {
        self.machine.verify(context, body, finalized)
    }

    fn commit<'a>(&'a self, block: &'a FinalizedBlock) -> BoxFuture<'a, Result<(), String>> {
        if self.strike(Moment::Commit, block.header.height) {
            return Box::pin(std::future::pending());
        }
        self.machine.commit(block)
    }

    fn applied(&self, block: &FinalizedBlock) {
        if self.honest {
            self.witness.applied(self.node, block);
        }
        self.machine.applied(block);
        self.strike(Moment::Applied, block.header.height);
    }

    fn handed_over(&self, last: &Header, next: Entry) {
        self.machine.handed_over(last, next);
    }

    fn heard(&self, from: &PublicKey, message: Bytes) {
        self.machine.heard(from, message);
    }
}
