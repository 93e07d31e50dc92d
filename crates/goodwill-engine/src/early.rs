//! What other nodes say in an epoch before this one has entered it. Who enters first votes at once;
//! those votes would be lost on the others, and with them the first leader's turn.

use commonware_cryptography::ed25519::PublicKey as Point;
use commonware_macros::select;
use commonware_p2p::{Message, Receiver};
use commonware_runtime::IoBuf;
use std::{collections::BTreeMap, num::NonZeroUsize};
use tokio::sync::mpsc;

/// Messages that are kept of each node: as many as it sends in an attempt or two.
const KEPT_OF_NODE: usize = 8;
/// Bytes of them: more than honest nodes send with the largest committee.
const BYTES_OF_NODE: usize = 128 * 1024;

/// Messages of one epoch, each node's first.
#[derive(Default)]
pub(crate) struct Early {
    epoch: u64,
    kept: BTreeMap<Point, Vec<IoBuf>>,
}

impl Early {
    /// Keeps a message of `epoch`, and nothing of those before. Only nodes of the mesh get here.
    pub(crate) fn keep(&mut self, epoch: u64, from: Point, message: IoBuf) {
        if epoch != self.epoch {
            *self = Self { epoch, kept: BTreeMap::new() };
        }
        let kept = self.kept.entry(from).or_default();
        let bytes: usize = kept.iter().map(IoBuf::len).sum();
        if kept.len() < KEPT_OF_NODE && bytes + message.len() <= BYTES_OF_NODE {
            kept.push(message);
        }
    }

    /// What was kept of `epoch`.
    pub(crate) fn take(&mut self, epoch: u64) -> impl Iterator<Item = Message<Point>> {
        let Self { epoch: of, kept } = std::mem::take(self);
        let kept = if of == epoch { kept } else { BTreeMap::new() };
        kept.into_iter().flat_map(|(from, messages)| messages.into_iter().map(move |m| (from.clone(), m)))
    }
}

/// A channel of an epoch, with what came before it was open.
#[derive(Debug)]
pub(crate) struct Rejoined<R> {
    early: mpsc::Receiver<Message<Point>>,
    inner: R,
}

/// Joins what was said before to `inner`; the sender takes up to `nodes` nodes' messages.
pub(crate) fn rejoin<R>(inner: R, nodes: usize) -> (mpsc::Sender<Message<Point>>, Rejoined<R>) {
    let (sender, early) = mpsc::channel(KEPT_OF_NODE * nodes.max(1));
    (sender, Rejoined { early, inner })
}

impl<R: Receiver<PublicKey = Point>> Receiver for Rejoined<R> {
    type Error = R::Error;
    type PublicKey = Point;

    async fn recv(&mut self) -> Result<Message<Point>, R::Error> {
        select! {
            message = next(&mut self.early) => Ok(message),
            message = self.inner.recv() => message,
        }
    }

    fn capacity(&self) -> NonZeroUsize {
        self.inner.capacity()
    }
}

/// The next early message. There is none any more once the epoch is left.
async fn next(early: &mut mpsc::Receiver<Message<Point>>) -> Message<Point> {
    match early.recv().await {
        Some(message) => message,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use goodwill_types::SecretKey;

    fn node(n: u8) -> Point {
        Point::try_from(&SecretKey::from_seed([n; 32]).public_key()).expect("on the curve")
    }

    #[test]
    fn keeps_the_first_messages_of_each_node_for_one_epoch() {
        let mut early = Early::default();
        early.keep(3, node(1), IoBuf::from(vec![0]));
        for n in 0..20 {
            early.keep(4, node(1), IoBuf::from(vec![n]));
        }
        early.keep(4, node(2), IoBuf::from(vec![99]));
        let taken: Vec<_> = early.take(4).collect();
        assert_eq!(taken.len(), KEPT_OF_NODE + 1);
        assert!(taken.iter().any(|(from, message)| *from == node(2) && message.as_ref() == [99]));
        early.keep(5, node(1), IoBuf::from(vec![1]));
        assert_eq!(early.take(6).count(), 0, "of another epoch");
        for _ in 0..KEPT_OF_NODE {
            early.keep(7, node(1), IoBuf::from(vec![0; BYTES_OF_NODE / 2]));
        }
        assert_eq!(early.take(7).count(), 2, "as many bytes as are kept");
    }
}
