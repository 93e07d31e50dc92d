//! Blocking seats: who misbehaves is a seat, who is cut off is its node.

use crate::committees::Seated;
use commonware_actor::Feedback;
use commonware_cryptography::ed25519::PublicKey as Point;
use commonware_p2p::{BlockedSubscription, Blocker};
use commonware_runtime::Spawner;
use commonware_utils::{channel::ring, ordered::Set};
use futures::StreamExt as _;
use std::{num::NonZeroUsize, sync::Arc};
use tracing::warn;

/// Blocks the node of a seat, but never this one.
pub(crate) struct SeatBlocker<E, B> {
    pub(crate) runtime: Arc<E>,
    pub(crate) seats: Arc<Seated>,
    pub(crate) me: Point,
    pub(crate) inner: B,
}

impl<E, B: Clone> Clone for SeatBlocker<E, B> {
    fn clone(&self) -> Self {
        Self {
            runtime: self.runtime.clone(),
            seats: self.seats.clone(),
            me: self.me.clone(),
            inner: self.inner.clone(),
        }
    }
}

impl<E: Spawner, B: Blocker<PublicKey = Point>> Blocker for SeatBlocker<E, B> {
    type PublicKey = Point;

    fn block(&mut self, seat: Point) -> Feedback {
        match self.seats.node(&seat) {
            Some(node) if *node != self.me => self.inner.block(node.clone()),
            _ => {
                warn!(%seat, "not blocked: a seat of this node, or of nobody");
                Feedback::Ok
            }
        }
    }

    /// The seats of the nodes that are blocked.
    fn blocked(&mut self) -> BlockedSubscription<Point> {
        let (mut nodes, seats) = (self.inner.blocked(), self.seats.clone());
        let (sender, blocked) = ring::channel(NonZeroUsize::MIN);
        self.runtime.child("blocked").spawn(move |_| async move {
            while let Some(nodes) = nodes.next().await {
                let hosted = nodes.iter().flat_map(|node| seats.hosted(node));
                let points = hosted.map(|seat| seats.points[seat].clone());
                if !sender.send_lossy(Set::from_iter_dedup(points)) {
                    break;
                }
            }
        });
        blocked
    }
}
