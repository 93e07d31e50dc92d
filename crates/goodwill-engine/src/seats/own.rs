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

    /// Whether a seat is this node's.
    pub(crate) fn is_ours(&self, seat: usize) -> bool {
        self.0.hosted.contains(&seat)
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

    /// Whether the seat signed the vote.
    pub(crate) fn verifies(&self, vote: &Vote) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seats::{Cosigner, signed_by};
    use commonware_consensus::{
        simplex::types::{Notarize, Proposal},
        types::{Epoch, Round, View},
    };
    use commonware_utils::Participant;
    use goodwill_types::{Committee, Digest, Domain, Seat, SecretKey, hash};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    fn chain_id() -> Digest {
        hash(Domain::Chain, b"test")
    }

    fn secret(n: u8) -> SecretKey {
        SecretKey::from_seed([n; 32])
    }

    fn node(n: u8) -> Point {
        Point::try_from(&secret(n).public_key()).expect("on the curve")
    }

    /// Four seats: keys 1 and 2 on node 10, 3 and 4 on node 11.
    fn seats() -> Arc<Seated> {
        let seat = |n: u8| Seat { key: secret(n).public_key(), node: secret(10 + (n - 1) / 2).public_key() };
        let mut seats: Vec<_> = (1..=4).map(seat).collect();
        seats.sort_by_key(|seat| seat.key);
        let committee = Committee::new(seats, vec![0, 1, 2, 3]).expect("ascending");
        Arc::new(Seated::new(&chain_id(), committee).expect("on the curve"))
    }

    fn own(seats: &Arc<Seated>) -> OwnVotes {
        OwnVotes::new(seats.clone(), &node(10), seats.engine(&node(10)).expect("it has seats"))
    }

    /// A vote of `seat`, signed with the key `n`.
    fn notarize(seat: usize, n: u8, view: u64, block: &[u8]) -> Vote {
        let round = Round::new(Epoch::new(0), View::new(view));
        let proposal = Proposal::new(round, View::new(view - 1), hash(Domain::Block, block));
        let cosigner = Cosigner::new(&chain_id(), seat, &secret(n)).expect("a signer");
        let unsigned = commonware_consensus::simplex::types::Vote::Notarize(Notarize {
            attestation: Notarize::sign(&alone(), proposal.clone()).expect("signed").attestation,
            proposal,
        });
        let signed = cosigner.sign(&unsigned);
        signed_by(&unsigned, signed)
    }

    fn alone() -> goodwill_proof::scheme::Scheme {
        let points = commonware_utils::ordered::Set::from_iter_dedup([node(1)]);
        let namespace = goodwill_proof::scheme::namespace(&chain_id());
        let scheme = goodwill_proof::scheme::Scheme::signer(&namespace, points, secret(1).expose().clone());
        scheme.expect("the only member")
    }

    fn stops(check: impl FnOnce()) -> bool {
        catch_unwind(AssertUnwindSafe(check)).is_err()
    }

    /// The seat of a key, and the other seat of its node.
    fn seat_of(seats: &Seated, n: u8) -> usize {
        seats.committee.position(&secret(n).public_key()).expect("a seat")
    }

    #[test]
    fn certificates_hold_only_our_own_votes() {
        let seats = seats();
        let (own, engine) = (own(&seats), seats.engine(&node(10)).expect("seats"));
        let key = if engine == seat_of(&seats, 1) { 1 } else { 2 };
        let certified = |vote: &Vote, signer: usize| {
            let signers = Signers::new(4, [Participant::from_usize(signer)]).expect("a seat");
            stops(|| own.check_certified(&evidence::said(vote), &signers))
        };
        let [cast, other] = [b"a", b"b"].map(|block| notarize(engine, key, 10, block));
        assert!(!certified(&other, engine), "nothing is certain before the first vote");
        own.cast(&cast);
        assert!(!certified(&cast, engine));
        assert!(certified(&other, engine), "another block in the same view");
        assert!(certified(&notarize(engine, key, 11, b"a"), engine), "a view in which it did not vote");
        assert!(!certified(&notarize(engine, key, 9, b"a"), engine), "older than what is remembered");
        assert!(!certified(&other, seat_of(&seats, 3)), "a seat of another node");
    }

    #[test]
    fn stolen_keys_are_noticed_and_echoes_are_not() {
        let seats = seats();
        let (own, engine) = (own(&seats), seats.engine(&node(10)).expect("seats"));
        let (key, thief) = if engine == seat_of(&seats, 1) { (1, 2) } else { (2, 1) };
        let cast = notarize(engine, key, 10, b"a");
        own.cast(&cast);
        let claimed = |vote: &Vote| stops(|| own.check_claimed(vote));
        assert!(!claimed(&cast), "somebody sent our own vote back");
        assert!(!claimed(&notarize(engine, thief, 10, b"b")), "the signature is not the seat's");
        assert!(claimed(&notarize(engine, key, 10, b"b")));
    }
}
