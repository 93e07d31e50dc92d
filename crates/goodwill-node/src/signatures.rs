//! Which signatures were found to hold, so that none is verified twice: what the mempool admitted
//! need not be verified again in a block, nor what came in a block when it is gossiped.

use goodwill_types::{
    Digest, PublicKey, SignedTransaction, TransactionId, keys::Point, transaction::verify_signatures_at,
};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How many ids are remembered: more than a full mempool and a few full blocks.
const REMEMBERED_MAX: usize = 200_000;

/// How many keys' points are remembered at least: 4 MiB of them, once as many have sent something.
const POINTS_MAX: usize = 16_384;

/// The signatures of one chain.
#[derive(Debug)]
pub struct Signatures {
    chain_id: Digest,
    held: Mutex<Recent>,
    points: Mutex<Points>,
}

/// Points of the keys of those who sent lately, in two generations: when the younger one is full, the
/// older one is forgotten.
#[derive(Default)]
struct Points {
    young: HashMap<PublicKey, Point>,
    old: HashMap<PublicKey, Point>,
}

impl Points {
    fn get(&self, key: &PublicKey) -> Option<Point> {
        self.young.get(key).or_else(|| self.old.get(key)).cloned()
    }

    fn remember(&mut self, key: PublicKey, point: Point) {
        if self.young.len() == POINTS_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, point);
    }
}

impl fmt::Debug for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} and {} keys", self.young.len(), self.old.len())
    }
}

#[derive(Debug, Default)]
struct Recent {
    ids: HashSet<TransactionId>,
    order: VecDeque<TransactionId>,
    verified: u64,
}

impl Signatures {
    /// Nothing verified yet.
    pub fn new(chain_id: Digest) -> Self {
        Self { chain_id, held: Mutex::default(), points: Mutex::default() }
    }

    /// Which of `transactions` were signed by their senders, in their order. Uses the processor.
    pub fn verify<'a>(
        &self,
        transactions: impl IntoIterator<Item = (TransactionId, &'a SignedTransaction)>,
    ) -> Vec<bool> {
        let transactions: Vec<_> = transactions.into_iter().collect();
        let mut holds: Vec<bool> = {
            let held = self.lock();
            transactions.iter().map(|(id, _)| held.ids.contains(id)).collect()
        };
        let unknown: Vec<usize> = (0..transactions.len()).filter(|i| !holds[*i]).collect();
        let signed = unknown.iter().map(|i| transactions[*i].1);
        let verdicts = verify_signatures_at(&self.chain_id, signed, |key| self.point(key));
        let mut held = self.lock();
        held.verified += unknown.len() as u64;
        for (i, verdict) in unknown.into_iter().zip(verdicts) {
            holds[i] = verdict;
            if verdict {
                held.remember(transactions[i].0);
            }
        }
        holds
    }

    /// How many signatures were verified in all.
    pub fn verified(&self) -> u64 {
        self.lock().verified
    }

    /// Found outside of the lock: that takes some microseconds.
    fn point(&self, key: &PublicKey) -> Option<Point> {
        let points = || self.points.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(point) = points().get(key) {
            return Some(point);
        }
        let point = key.point()?;
        points().remember(*key, point.clone());
        Some(point)
    }

    fn lock(&self) -> MutexGuard<'_, Recent> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    fn remember(&mut self, id: TransactionId) {
        if self.ids.insert(id) {
            self.order.push_back(id);
        }
        if self.order.len() > REMEMBERED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use goodwill_types::{Action, Address, Amount, Domain, SecretKey, Transaction, hash};

    fn named(nonce: u64) -> (TransactionId, SignedTransaction) {
        let key = SecretKey::from_seed([1; 32]);
        let signed = Transaction {
            sender: key.public_key(),
            nonce,
            last_height: 1,
            gas_limit: 1,
            fee_per_gas_max: 1,
            tip_per_gas: 0,
            action: Action::transfer(Address::of(&key.public_key()), Amount::from_units(1)),
        }
        .sign(&key, &hash(Domain::Chain, b"here"));
        (signed.id(), signed)
    }

    #[test]
    fn what_holds_is_verified_once_and_what_does_not_each_time() {
        let signatures = Signatures::new(hash(Domain::Chain, b"here"));
        let mut forged = named(3);
        forged.1.transaction.nonce = 4;
        forged.0 = forged.1.id();
        let all = [named(1), forged, named(2)];
        let verify = || signatures.verify(all.iter().map(|(id, signed)| (*id, signed)));
        assert_eq!(verify(), [true, false, true]);
        assert_eq!(signatures.verified(), 3);
        assert_eq!(verify(), [true, false, true]);
        assert_eq!(signatures.verified(), 4, "only the forged one was looked at again");
    }

    #[test]
    fn the_points_of_those_who_sent_last_are_remembered_and_no_more() {
        let point = SecretKey::from_seed([1; 32]).public_key().point().unwrap();
        let key = |number: usize| {
            let mut bytes = [7; 32];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            PublicKey::new(bytes).unwrap()
        };
        let mut points = Points::default();
        (0..3 * POINTS_MAX).for_each(|number| points.remember(key(number), point.clone()));
        assert_eq!(points.young.len() + points.old.len(), 2 * POINTS_MAX);
        assert!(points.get(&key(0)).is_none() && points.get(&key(2 * POINTS_MAX)).is_some());
    }

    #[test]
    fn a_signature_for_another_chain_does_not_hold() {
        let (id, signed) = named(1);
        assert_eq!(Signatures::new(hash(Domain::Chain, b"elsewhere")).verify([(id, &signed)]), [false]);
    }
}
