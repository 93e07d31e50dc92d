//! Blocks that are passed on to seats that lack them travel between nodes, once to each.

use crate::committees::Seated;
use commonware_actor::Feedback;
use commonware_consensus::{Relay, simplex::Plan};
use commonware_cryptography::ed25519::PublicKey as Point;
use commonware_p2p::Recipients;
use std::{collections::BTreeSet, sync::Arc};

/// Names nodes where consensus names seats.
#[derive(Clone)]
pub(crate) struct NodeRelay<R> {
    pub(crate) seats: Arc<Seated>,
    pub(crate) me: Point,
    pub(crate) inner: R,
}

impl<R> NodeRelay<R> {
    /// The other nodes that host these seats.
    fn nodes(&self, seats: Recipients<Point>) -> Vec<Point> {
        let seats = match seats {
            Recipients::All => return self.seats.others(&self.me),
            Recipients::One(seat) => vec![seat],
            Recipients::Some(seats) => seats,
        };
        let nodes = seats.iter().filter_map(|seat| self.seats.node(seat)).filter(|node| **node != self.me);
        nodes.cloned().collect::<BTreeSet<_>>().into_iter().collect()
    }
}

impl<R: Relay<PublicKey = Point, Plan = Plan<Point>>> Relay for NodeRelay<R> {
    type Digest = R::Digest;
    type PublicKey = Point;
    type Plan = Plan<Point>;

    fn broadcast(&mut self, payload: R::Digest, plan: Plan<Point>) -> Feedback {
        match plan {
            Plan::Forward { round, recipients } => match self.nodes(recipients) {
                nodes if nodes.is_empty() => Feedback::Ok,
                nodes => {
                    let recipients = Recipients::Some(nodes);
                    self.inner.broadcast(payload, Plan::Forward { round, recipients })
                }
            },
            plan @ (Plan::Prepare { .. } | Plan::Propose { .. }) => self.inner.broadcast(payload, plan),
        }
    }
}
