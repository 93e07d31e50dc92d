//! Questions go to nodes that are there. The mesh takes messages for every node that it knows, connected or
//! not, and drops the rest in silence; whoever asks would wait for an answer until its time is up.

use super::Reach;
use commonware_actor::{Feedback, Unreliable};
use commonware_cryptography::ed25519::PublicKey as Point;
use commonware_p2p::{CheckedSender, LimitedSender, Recipients};
use commonware_runtime::IoBufs;
use std::time::SystemTime;

/// Refuses to send urgent messages to a single node that is not heard. Questions are urgent, answers are not:
/// who asks is there.
#[derive(Clone)]
pub(crate) struct Reachable<S> {
    pub(crate) reach: Reach,
    pub(crate) inner: S,
}

impl<S: LimitedSender<PublicKey = Point>> LimitedSender for Reachable<S> {
    type PublicKey = Point;
    type Checked<'a> = CheckedReachable<S::Checked<'a>>;

    fn check(&mut self, recipients: Recipients<Point>) -> Result<Self::Checked<'_>, SystemTime> {
        let heard = match &recipients {
            Recipients::One(node) => self.reach.contains(node),
            Recipients::Some(_) | Recipients::All => true,
        };
        self.inner.check(recipients).map(|inner| CheckedReachable { heard, inner })
    }
}

/// A message on its way out.
pub(crate) struct CheckedReachable<C> {
    heard: bool,
    inner: C,
}

impl<C: CheckedSender<PublicKey = Point>> CheckedSender for CheckedReachable<C> {
    type PublicKey = Point;

    fn recipients(&self) -> Vec<Point> {
        self.inner.recipients()
    }

    fn send(self, message: impl Into<IoBufs> + Send, urgent: bool) -> Unreliable<Feedback> {
        if urgent && !self.heard {
            return Unreliable::Rejected;
        }
        self.inner.send(message, urgent)
    }
}
