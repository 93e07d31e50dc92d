//! What this node's seats voted, to notice when somebody else votes with their keys.

use super::{Vote, signature};
use crate::{committees::Seated, evidence, failure::ELSEWHERE};
use commonware_cryptography::{certificate::Signers, ed25519::PublicKey as Point};
use commonware_parallel::Sequential;
use commonware_utils::sync::Mutex;
use goodwill_types::vote;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Attempts whose votes are remembered: more than consensus still hears of.
const VIEWS_KEPT: usize = 256;

/// The votes of this node's seats in an epoch. Clones share them.
#[derive(Clone)]
pub(crate) struct OwnVotes(Arc<Inner>);

struct Inner {
    seats: Arc<Seated>,
    /// This node's seats.
    hosted: BTreeSet<usize>,
    /// The one that runs the engine.
    engine: usize,
    /// By view. All seats of a node vote the same.
    votes: Mutex<BTreeMap<u64, Vec<vote::Vote>>>,
}

impl OwnVotes {
    pub(crate) fn new(seats: Arc<Seated>, me: &Point, engine: usize) -> Self {
        let hosted = seats.hosted(me).collect();
        Self(Arc::new(Inner { seats, hosted, engine, votes: Mutex::default() }))
    }

    /// Notes a vote of the engine's: new, or from its journal.
    pub(crate) fn cast(&self, vote: &Vote) {
        if usize::from(signature(vote).signer) != self.0.engine {
            return;
        }
        let said = evidence::said(vote);
        let mut votes = self.0.votes.lock();
        let of_view = votes.entry(said.round().view).or_default();
        if !of_view.contains(&said) {
            of_view.push(said);
        }
        if votes.len() > VIEWS_KEPT {
            votes.pop_first();
        }
    }

    /// The newest attempt in which the node voted; 0 before it did.
    pub(crate) fn latest(&self) -> u64 {
        self.0.votes.lock().last_key_value().map_or(0, |(view, _)| *view)
    }

    /// Whether the node's seats certainly did not vote that. Of attempts before the oldest that is
    /// remembered, nothing is certain.
    fn denies(&self, said: &vote::Vote) -> bool {
        let votes = self.0.votes.lock();
        let remembered = votes.first_key_value().is_some_and(|(oldest, _)| *oldest <= said.round().view);
        remembered && !votes.get(&said.round().view).is_some_and(|cast| cast.contains(said))
    }

    /// A certificate that was verified carries a signature of each of `signers`.
    ///
    /// # Panics
    /// When one is of a seat of this node that did not vote so: its key is in use elsewhere, and to
    /// go on would be to contradict it.
    pub(crate) fn check_certified(&self, said: &vote::Vote, signers: &Signers) {
        let ours = signers.iter().map(usize::from).find(|seat| self.0.hosted.contains(seat));
        if let Some(seat) = ours.filter(|_| self.denies(said)) {
            self.stop(seat, said);
        }
    }

    /// A vote arrived from a node that does not host its seat. Its signature decides whose it is.
    ///
    /// # Panics
    /// As [`Self::check_certified`].
    pub(crate) fn check_claimed(&self, vote: &Vote) {
        let seat = usize::from(signature(vote).signer);
        let said = evidence::said(vote);
        if self.0.hosted.contains(&seat) && self.denies(&said) && self.verifies(vote) {
            self.stop(seat, &said);
        }
    }

    fn verifies(&self, vote: &Vote) -> bool {
        let (mut random, scheme) = (rand::rng(), self.0.seats.verifier());
        match vote {
            Vote::Notarize(vote) => vote.verify(&mut random, scheme, &Sequential),
            Vote::Nullify(vote) => vote.verify::<_, goodwill_types::Digest>(&mut random, scheme, &Sequential),
            Vote::Finalize(vote) => vote.verify(&mut random, scheme, &Sequential),
        }
    }

    fn stop(&self, seat: usize, said: &vote::Vote) -> ! {
        let vote::Round { epoch, view } = said.round();
        let key = &self.0.seats.committee.seats[seat].key;
        panic!("{ELSEWHERE}seat {key} voted in view {view} of epoch {epoch}, but not from here");
    }
}
