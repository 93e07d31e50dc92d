//! Which nodes vote. A new epoch's engine has heard nobody yet, and as soon as a quorum has spoken it gives up the
//! turns of leaders that have not: those of all whom this node cannot hear, and of those who were a moment late.
//! So it begins with what is known of them.

use super::{Reach, Signed, Vote, message};
use crate::committees::Seated;
use commonware_consensus::{
    simplex::types::Nullify,
    types::{Epoch, Participant, Round, View},
};
use commonware_cryptography::ed25519::PublicKey as Point;
use commonware_p2p::Message;
use commonware_utils::sync::Mutex;
use goodwill_proof::scheme::Scheme;
use goodwill_types::Digest;
use std::{collections::BTreeSet, sync::Arc};
use tokio::sync::mpsc;

/// Attempts without a vote after which a node counts as silent.
const SILENT_AFTER: u64 = 16;

/// In which attempt of an epoch each node voted last, as far as it was heard.
pub(crate) struct Presence {
    seats: Arc<Seated>,
    /// Of each node; 0 before its first.
    latest: Mutex<Vec<u64>>,
}

impl Presence {
    pub(crate) fn new(seats: Arc<Seated>) -> Self {
        let latest = Mutex::new(vec![0; seats.nodes.len()]);
        Self { seats, latest }
    }

    /// `node` voted in an attempt near the newest.
    pub(crate) fn voted(&self, node: &Point, view: u64) {
        if let Some(node) = self.seats.nodes.position(node) {
            let latest = &mut self.latest.lock()[node];
            *latest = view.max(*latest);
        }
    }

    /// The nodes that stopped to vote, and those that are there and never began. Of nodes that are not heard
    /// nothing is known.
    pub(crate) fn silent(&self, reach: &Reach) -> BTreeSet<Point> {
        let latest = self.latest.lock();
        let newest = latest.iter().max().copied().unwrap_or_default();
        let silent = |(node, view): &(&Point, &u64)| match **view {
            0 => newest > SILENT_AFTER && reach.contains(node),
            view => view + SILENT_AFTER < newest,
        };
        let silent = self.seats.nodes.iter().zip(latest.iter()).filter(silent);
        silent.map(|(node, _)| node.clone()).collect()
    }
}

/// Tells a new engine of all nodes but the `absent`: as if they had voted on nothing, which it notes and drops.
/// These votes never leave this node; `scheme` signs them, whosever they are.
pub(crate) fn presume(
    engine: &mpsc::Sender<Message<Point>>,
    seats: &Seated,
    (epoch, scheme): (u64, &Scheme),
    absent: &BTreeSet<Point>,
) {
    let round = Round::new(Epoch::new(epoch), View::zero());
    let signed = Nullify::sign::<Digest>(scheme, round).expect("it can sign").attestation;
    let present = |seat: &usize| seats.host(*seat).is_some_and(|node| !absent.contains(node));
    for seat in (0..seats.points.len()).filter(present) {
        let attestation = Signed { signer: Participant::from_usize(seat), ..signed.clone() };
        let _ = engine.try_send(message(seats, &Vote::Nullify(Nullify { round, attestation })));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use goodwill_types::{Committee, Domain, Seat, SecretKey, hash};

    fn node(n: u8) -> Point {
        Point::try_from(&SecretKey::from_seed([n; 32]).public_key()).expect("on the curve")
    }

    fn seats(count: u8) -> Arc<Seated> {
        let key = |n: u8| SecretKey::from_seed([n; 32]).public_key();
        let mut seats: Vec<_> = (0..count).map(|n| Seat { key: key(100 + n), node: key(n) }).collect();
        seats.sort_by_key(|seat| seat.key);
        let committee = Committee::new(seats, vec![0]).expect("ascending");
        Arc::new(Seated::new(&hash(Domain::Chain, b"test"), committee).expect("on the curve"))
    }

    #[test]
    fn silent_is_who_stopped_and_who_is_there_and_never_began() {
        let (presence, reach) = (Presence::new(seats(4)), Reach::default());
        assert!(presence.silent(&reach).is_empty());
        presence.voted(&node(0), 100);
        presence.voted(&node(1), 100 - SILENT_AFTER);
        presence.voted(&node(2), 99 - SILENT_AFTER);
        assert_eq!(presence.silent(&reach), BTreeSet::from([node(2)]), "nothing is known of 3");
        reach.hears([node(3)]);
        assert_eq!(presence.silent(&reach), BTreeSet::from([node(2), node(3)]));
        presence.voted(&node(2), 100);
        assert_eq!(presence.silent(&reach), BTreeSet::from([node(3)]));
    }
}
