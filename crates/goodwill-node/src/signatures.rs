//! Which signatures were found to hold, so that none is verified twice: what the mempool admitted
//! need not be verified again in a block, nor what came in a block when it is gossiped.

use goodwill_types::{Digest, SignedTransaction, TransactionId, transaction::verify_signatures};
use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How many ids are remembered: more than a full mempool and a few full blocks.
const REMEMBERED_MAX: usize = 200_000;

/// The signatures of one chain.
#[derive(Debug)]
pub struct Signatures {
    chain_id: Digest,
    held: Mutex<Recent>,
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
        Self { chain_id, held: Mutex::default() }
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
        let verdicts = verify_signatures(&self.chain_id, unknown.iter().map(|i| transactions[*i].1));
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
    fn a_signature_for_another_chain_does_not_hold() {
        let (id, signed) = named(1);
        assert_eq!(Signatures::new(hash(Domain::Chain, b"elsewhere")).verify([(id, &signed)]), [false]);
    }
}
