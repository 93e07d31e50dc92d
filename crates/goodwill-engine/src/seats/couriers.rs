//! Who passes certificates on. Everybody hears all votes and makes the certificates from them, so a
//! certificate that reaches a node is a help, not a need: it is enough that some send it.

use commonware_codec::ReadExt as _;
use commonware_consensus::types::Round;
use commonware_cryptography::ed25519::PublicKey as Point;
use commonware_runtime::IoBuf;
use commonware_utils::{ordered::Set, sync::Mutex};
use std::collections::{BTreeMap, BTreeSet};

/// How many nodes pass the certificates of an attempt on. They change with each attempt.
const COURIERS: u64 = 4;
/// Certificates that are remembered: three for each attempt.
const CERTIFICATES_KEPT: usize = 3 * 64;

/// What a certificate is about: its view and kind.
type Subject = (u64, u8);

/// Decides to whom a node passes a certificate on.
pub(crate) struct Couriers {
    me: Point,
    nodes: Set<Point>,
    known: Mutex<BTreeMap<Subject, Known>>,
}

#[derive(Default)]
struct Known {
    /// The nodes that have it: they sent it.
    with: BTreeSet<Point>,
    /// Whether this node had it to send already.
    sent: bool,
}

impl Couriers {
    pub(crate) fn new(me: Point, nodes: Set<Point>) -> Self {
        Self { me, nodes, known: Mutex::default() }
    }

    /// `node` sent the certificate: it need not be told.
    pub(crate) fn heard(&self, node: &Point, message: &IoBuf) {
        if let Some(subject) = subject(message) {
            self.with(subject, |known| known.with.insert(node.clone()));
        }
    }

    /// Who gets the certificate. The first time it is sent by the couriers of its attempt; again only
    /// where an attempt failed and somebody may lack it: then by everybody, to everybody.
    pub(crate) fn recipients(&self, message: &IoBuf) -> Vec<Point> {
        let others = self.nodes.iter().filter(|node| **node != self.me);
        let Some(subject) = subject(message) else { return others.cloned().collect() };
        let courier = self.is_courier(subject.0);
        self.with(subject, |known| {
            let again = std::mem::replace(&mut known.sent, true);
            let lacking = |node: &&Point| again || (courier && !known.with.contains(*node));
            others.filter(lacking).cloned().collect()
        })
    }

    fn is_courier(&self, view: u64) -> bool {
        let count = self.nodes.len() as u64;
        let mine = self.nodes.position(&self.me).expect("a member") as u64;
        (mine + count - view % count) % count < COURIERS
    }

    fn with<T>(&self, subject: Subject, change: impl FnOnce(&mut Known) -> T) -> T {
        let mut known = self.known.lock();
        let changed = change(known.entry(subject).or_default());
        if known.len() > CERTIFICATES_KEPT {
            known.pop_first();
        }
        changed
    }
}

/// What the certificate in `message` is about, by its first bytes.
fn subject(message: &IoBuf) -> Option<Subject> {
    let mut bytes = message.clone();
    let kind = u8::read(&mut bytes).ok()?;
    let round = Round::read(&mut bytes).ok()?;
    Some((round.view().get(), kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use commonware_codec::Encode as _;
    use commonware_consensus::types::{Epoch, View};
    use goodwill_types::SecretKey;

    fn nodes(count: u8) -> Set<Point> {
        let key = |n: u8| SecretKey::from_seed([n + 1; 32]).public_key();
        Set::from_iter_dedup((0..count).map(|n| Point::try_from(&key(n)).expect("on the curve")))
    }

    /// How a certificate begins.
    fn message(kind: u8, view: u64) -> IoBuf {
        let round = Round::new(Epoch::new(3), View::new(view));
        IoBuf::from(Bytes::from([vec![kind], round.encode().to_vec()].concat()))
    }

    #[test]
    fn four_nodes_pass_each_certificate_on() {
        let nodes = nodes(10);
        let all: Vec<_> = nodes.iter().map(|me| Couriers::new(me.clone(), nodes.clone())).collect();
        for view in 0..30 {
            let sent: Vec<_> = all.iter().map(|of| of.recipients(&message(0, view)).len()).collect();
            assert_eq!(sent.iter().filter(|count| **count == 9).count(), 4, "{sent:?}");
            assert_eq!(sent.iter().sum::<usize>(), 36);
        }
    }

    #[test]
    fn who_has_it_is_not_told_unless_an_attempt_failed() {
        let nodes = nodes(4);
        let couriers = Couriers::new(nodes[0].clone(), nodes.clone());
        couriers.heard(&nodes[2], &message(2, 7));
        assert_eq!(couriers.recipients(&message(2, 7)), [nodes[1].clone(), nodes[3].clone()]);
        assert_eq!(couriers.recipients(&message(2, 7)).len(), 3, "asked again, so somebody lacks it");
        assert_eq!(couriers.recipients(&message(1, 7)).len(), 3, "another certificate");
        assert_eq!(couriers.recipients(&IoBuf::from(vec![9])).len(), 3, "unreadable: no excuse");
    }
}
