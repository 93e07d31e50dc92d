//! Seats over nodes. Consensus knows only seats, each with one vote; the mesh knows only nodes.
//!
//! A node runs one consensus engine in an epoch, for its lowest seat. What that seat votes, the
//! node's other seats vote too: the vote is signed again with each of their keys and sent as one
//! bundle. Certificates, and what is asked about them, go between engine seats alone, so traffic
//! grows with the nodes and not with the seats. A node is then the unit of failure: its seats are
//! there, or miss, together.
//!
//! Safety rests on two things. The engine writes its vote to disk before it sends it, and the other
//! seats never vote on their own, so no seat can contradict its engine's journal. And signatures are
//! deterministic, so a vote that is signed again after a crash is the same vote.

mod blocker;
mod bundle;
mod couriers;
mod own;
mod passing;
mod presence;
mod reachable;
mod relay;
mod routes;
mod votes;

pub(crate) use blocker::SeatBlocker;
pub(crate) use bundle::Bundle;
pub(crate) use couriers::Couriers;
pub(crate) use own::OwnVotes;
pub(crate) use passing::{Message as VoteMessage, Reach};
pub(crate) use presence::{Presence, presume};
pub(crate) use reachable::Reachable;
pub(crate) use relay::NodeRelay;
pub(crate) use routes::{RouteReceiver, RouteSender};
pub(crate) use votes::{Cosigning, Forward, VoteReceiver, VoteSender, local};

use crate::committees::Seated;
use commonware_codec::Encode as _;
use commonware_consensus::simplex::types;
use commonware_cryptography::{certificate::Attestation, ed25519::PublicKey as Point};
use commonware_p2p::CheckedSender;
use commonware_runtime::IoBuf;
use commonware_utils::{Participant, ordered::Set};
use goodwill_proof::scheme::{Scheme, namespace};
use goodwill_types::{Digest, SecretKey};
use std::sync::Arc;

/// A seat's vote as consensus sends it.
pub(crate) type Vote = types::Vote<Scheme, Digest>;
/// A seat's signature on a vote.
pub(crate) type Signed = Attestation<Scheme>;

/// Signs for a seat that runs no engine.
#[derive(Clone)]
pub(crate) struct Cosigner {
    seat: usize,
    /// Signs as the only member of a committee: the seat's index is put right afterwards, so that no
    /// seat needs a copy of the whole committee.
    alone: Scheme,
}

impl Cosigner {
    /// `None` if the key is not that of the seat.
    pub(crate) fn new(chain_id: &Digest, seat: usize, key: &SecretKey) -> Option<Self> {
        let point = Point::try_from(&key.public_key()).ok()?;
        let alone = Scheme::signer(&namespace(chain_id), Set::from_iter_dedup([point]), key.expose().clone());
        Some(Self { seat, alone: alone? })
    }

    /// The seat's signature on what `vote` says.
    pub(crate) fn sign(&self, vote: &Vote) -> Signed {
        const SIGNER: &str = "it can sign";
        let signed = match vote {
            Vote::Notarize(vote) => {
                types::Notarize::sign(&self.alone, vote.proposal.clone()).expect(SIGNER).attestation
            }
            Vote::Nullify(vote) => {
                types::Nullify::sign::<Digest>(&self.alone, vote.round).expect(SIGNER).attestation
            }
            Vote::Finalize(vote) => {
                types::Finalize::sign(&self.alone, vote.proposal.clone()).expect(SIGNER).attestation
            }
        };
        Signed { signer: Participant::from_usize(self.seat), ..signed }
    }
}

/// Who signed a vote.
pub(crate) fn signature(vote: &Vote) -> &Signed {
    match vote {
        Vote::Notarize(vote) => &vote.attestation,
        Vote::Nullify(vote) => &vote.attestation,
        Vote::Finalize(vote) => &vote.attestation,
    }
}

/// A vote as its seat would send it.
pub(crate) fn message(seats: &Seated, vote: &Vote) -> commonware_p2p::Message<Point> {
    let seat = usize::from(signature(vote).signer);
    (seats.points[seat].clone(), IoBuf::from(vote.encode()))
}

/// The same vote, signed by another seat.
pub(crate) fn signed_by(vote: &Vote, attestation: Signed) -> Vote {
    match vote {
        Vote::Notarize(vote) => {
            Vote::Notarize(types::Notarize { proposal: vote.proposal.clone(), attestation })
        }
        Vote::Nullify(vote) => Vote::Nullify(types::Nullify { round: vote.round, attestation }),
        Vote::Finalize(vote) => {
            Vote::Finalize(types::Finalize { proposal: vote.proposal.clone(), attestation })
        }
    }
}

/// The engine seats of the nodes that `sender` reaches.
fn engine_seats(seats: &Arc<Seated>, sender: &impl CheckedSender<PublicKey = Point>) -> Vec<Point> {
    let nodes = sender.recipients();
    nodes.iter().filter_map(|node| Some(seats.points[seats.engine(node)?].clone())).collect()
}
