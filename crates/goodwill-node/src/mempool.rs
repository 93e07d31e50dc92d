//! Transactions that wait for a block. Bounded in number, bytes, and per sender; sorted by what they
//! offer, but each sender's in the order of their nonces.

use goodwill_ledger::{ChainState, InvalidTransaction, check_sender};
use goodwill_types::{Account, Address, SignedTransaction, TransactionId, codec::EncodeSize};
use std::{
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, VecDeque},
    ops::Deref,
    sync::Arc,
};

/// How much may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Transactions in all.
    pub transactions: usize,
    /// Bytes in all.
    pub bytes: usize,
    /// Transactions of one sender, and how far a nonce may be ahead.
    pub per_sender: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { transactions: 100_000, bytes: 64 << 20, per_sender: 256 }
    }
}

/// The part of the mempool that may wait for earlier nonces: one in so many.
const AHEAD_SHARE: usize = 4;
/// How many ids of expired transactions are remembered.
const EXPIRED_MAX: usize = 10_000;

/// Why a transaction may not wait here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPooled {
    /// The rules would never include it as things stand.
    #[error(transparent)]
    Invalid(#[from] InvalidTransaction),
    /// Another one of the sender with this nonce waits and pays as well.
    #[error(
        "a transaction with this nonce waits already: to replace it, offer at least {fee_per_gas_max} units per gas and a tip of {tip_per_gas}"
    )]
    Underpriced {
        /// The least `fee_per_gas_max` that replaces it.
        fee_per_gas_max: u64,
        /// The least `tip_per_gas` that replaces it.
        tip_per_gas: u64,
    },
    /// Too many of the sender wait.
    #[error("{max} transactions of this account wait already: wait until some are final")]
    SenderFull {
        /// The most of one sender.
        max: usize,
    },
    /// Too many wait for earlier ones of their senders. They leave room for those that can be included.
    #[error(
        "too many transactions wait for earlier ones of their senders: submit the one with the nonce {expected} first, or try again later"
    )]
    Ahead {
        /// The sender's next nonce here.
        expected: u64,
    },
    /// Everything that waits offers at least as much.
    #[error("the mempool is full: offer a tip above {tip_per_gas} units per gas, or try again later")]
    Full {
        /// The least tip that waits.
        tip_per_gas: u64,
    },
}

/// A transaction that asks to wait, with what is asked of it again and again.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its id.
    pub id: TransactionId,
    /// Its sender's address.
    pub sender: Address,
    /// The transaction.
    pub signed: SignedTransaction,
    /// Its encoded size in bytes.
    pub size: usize,
    /// Submitted here: this node offers it to others until it is final.
    pub local: bool,
}

impl Candidate {
    /// Hashes it.
    pub fn new(signed: SignedTransaction, local: bool) -> Self {
        let (id, sender) = (signed.id(), signed.transaction.sender_address());
        Self { id, sender, size: signed.encode_size(), signed, local }
    }
}

#[derive(Debug)]
struct Pooled {
    candidate: Candidate,
    arrival: u64,
}

impl Deref for Pooled {
    type Target = Candidate;
    fn deref(&self) -> &Candidate {
        &self.candidate
    }
}

impl Pooled {
    /// What eviction looks at first: the least tip, and of these the newest.
    fn rank(&self) -> (u64, std::cmp::Reverse<u64>, TransactionId) {
        (self.signed.transaction.tip_per_gas, std::cmp::Reverse(self.arrival), self.id)
    }
}

#[derive(Debug, Default)]
struct Queue {
    next_nonce: u64,
    waiting: BTreeMap<u64, Arc<Pooled>>,
    /// How many wait from the next nonce on without a gap: these can be included.
    ready: u64,
}

impl Queue {
    /// The first nonce from the next one on with which none waits.
    fn gap(&self) -> u64 {
        self.next_nonce + self.ready
    }

    fn advance(&mut self, next_nonce: u64) {
        if next_nonce > self.next_nonce {
            self.ready = self.gap().saturating_sub(next_nonce);
            self.next_nonce = next_nonce;
            self.close_gap();
        }
    }

    fn insert(&mut self, pooled: Arc<Pooled>) {
        self.waiting.insert(pooled.signed.transaction.nonce, pooled);
        self.close_gap();
    }

    fn remove(&mut self, nonce: u64) {
        self.waiting.remove(&nonce);
        if (self.next_nonce..self.gap()).contains(&nonce) {
            self.ready = nonce - self.next_nonce;
        }
    }

    fn close_gap(&mut self) {
        let gap = self.gap();
        let run =
            self.waiting.range(gap..).zip(gap..).take_while(|((nonce, _), expected)| *nonce == expected);
        self.ready += run.count() as u64;
    }
}

/// The transactions that wait.
#[derive(Debug)]
pub struct Mempool {
    limits: Limits,
    by_id: HashMap<TransactionId, Arc<Pooled>>,
    senders: HashMap<Address, Queue>,
    /// How many can be included.
    ready: u64,
    by_rank: BTreeSet<(u64, std::cmp::Reverse<u64>, TransactionId)>,
    by_expiry: BTreeSet<(u64, TransactionId)>,
    bytes: usize,
    arrivals: u64,
    expired: VecDeque<Arc<Pooled>>,
    height: u64,
}

impl Mempool {
    /// Empty.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            by_id: HashMap::new(),
            senders: HashMap::new(),
            ready: 0,
            by_rank: BTreeSet::new(),
            by_expiry: BTreeSet::new(),
            bytes: 0,
            arrivals: 0,
            expired: VecDeque::new(),
            height: 0,
        }
    }

    /// The height of the newest final block that it has heard of. An account of an older state may
    /// name a nonce that is used, and is of no use to [`Mempool::add`].
    pub fn height(&self) -> u64 {
        self.height
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Bytes of all that wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How much may wait.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// A transaction that waits.
    pub fn get(&self, id: &TransactionId) -> Option<&SignedTransaction> {
        self.by_id.get(id).map(|pooled| &pooled.signed)
    }

    /// A transaction that waited here until it expired, as far as remembered.
    pub fn expired(&self, id: &TransactionId) -> Option<&SignedTransaction> {
        self.expired.iter().find(|pooled| pooled.id == *id).map(|pooled| &pooled.signed)
    }

    /// The nonce for the sender's next transaction, `nonce` being the one in the state.
    pub fn next_nonce(&self, sender: &Address, nonce: u64) -> u64 {
        self.senders.get(sender).map_or(nonce, |queue| queue.gap().max(nonce))
    }

    /// Whether there is room for one more that offers this tip.
    ///
    /// # Errors
    /// [`NotPooled::Full`]
    pub fn check_room(&self, tip_per_gas: u64) -> Result<(), NotPooled> {
        let full = self.len() >= self.limits.transactions || self.bytes >= self.limits.bytes;
        match self.by_rank.first().filter(|(least, ..)| full && tip_per_gas <= *least) {
            Some((least, ..)) => Err(NotPooled::Full { tip_per_gas: *least }),
            None => Ok(()),
        }
    }

    /// Whether a transaction that passed `check_shape` may wait here, if its signatures hold;
    /// `account` and `chain` are of the newest final state.
    ///
    /// # Errors
    /// [`NotPooled`]
    pub fn check(&self, new: &Candidate, account: &Account, chain: &ChainState) -> Result<(), NotPooled> {
        self.check_place(new, account, chain).map(drop)
    }

    /// Adds a transaction whose signature holds and that passed `check_transaction`; `account` and
    /// `chain` are of the newest final state. Gives whether it is new here.
    ///
    /// # Errors
    /// [`NotPooled`]; the mempool is as before.
    pub fn add(&mut self, new: Candidate, account: &Account, chain: &ChainState) -> Result<bool, NotPooled> {
        if self.by_id.contains_key(&new.id) {
            return Ok(false);
        }
        let replaced = self.check_place(&new, account, chain)?;
        self.make_room(&new, replaced.as_deref())?;
        if let Some(replaced) = replaced {
            self.remove(&replaced.id);
        }
        self.insert(Pooled { candidate: new, arrival: self.arrivals }, account.nonce);
        Ok(true)
    }

    /// Gives the transaction that this one would replace.
    fn check_place(
        &self,
        new: &Candidate,
        account: &Account,
        chain: &ChainState,
    ) -> Result<Option<Arc<Pooled>>, NotPooled> {
        let queue = self.senders.get(&new.sender);
        let nonce = account.nonce.max(queue.map_or(0, |queue| queue.next_nonce));
        let transaction = &new.signed.transaction;
        let per_sender = self.limits.per_sender as u64;
        match check_sender(transaction, &Account { nonce, ..*account }, chain) {
            Err(InvalidTransaction::NonceAhead { nonce, expected }) if nonce - expected < per_sender => {}
            other => other?,
        }
        if let Some(old) = queue.and_then(|queue| queue.waiting.get(&transaction.nonce)) {
            return check_replacement(old, new).map(|()| Some(old.clone()));
        }
        if queue.is_some_and(|queue| queue.waiting.len() >= self.limits.per_sender) {
            return Err(NotPooled::SenderFull { max: self.limits.per_sender });
        }
        let expected = nonce.max(queue.map_or(0, Queue::gap));
        match transaction.nonce > expected && self.ahead() >= self.limits.transactions / AHEAD_SHARE {
            true => Err(NotPooled::Ahead { expected }),
            false => Ok(None),
        }
    }

    /// How many wait for earlier ones of their senders.
    fn ahead(&self) -> usize {
        self.len() - self.ready as usize
    }

    /// Evicts the last transactions of the senders that offer least, until `new` fits.
    fn make_room(&mut self, new: &Candidate, replaced: Option<&Pooled>) -> Result<(), NotPooled> {
        let freed = replaced.map_or((0, 0), |old| (1, old.size));
        while self.len() - freed.0 >= self.limits.transactions
            || self.bytes - freed.1 + new.size > self.limits.bytes
        {
            let least = self.by_rank.first().map(|(tip, _, id)| (*tip, *id));
            let (tip_per_gas, id) = least.ok_or(NotPooled::Full { tip_per_gas: 0 })?;
            let sender = self.by_id[&id].sender;
            if new.signed.transaction.tip_per_gas <= tip_per_gas || sender == new.sender {
                return Err(NotPooled::Full { tip_per_gas });
            }
            let last = self.senders[&sender].waiting.last_key_value().map(|(_, pooled)| pooled.id);
            self.remove(&last.expect("a sender in the map has transactions"));
        }
        Ok(())
    }

    fn insert(&mut self, pooled: Pooled, account_nonce: u64) {
        let pooled = Arc::new(pooled);
        self.arrivals += 1;
        self.bytes += pooled.size;
        self.by_rank.insert(pooled.rank());
        self.by_expiry.insert((pooled.signed.transaction.last_height, pooled.id));
        let queue = self.senders.entry(pooled.sender).or_default();
        self.ready -= queue.ready;
        queue.advance(account_nonce);
        queue.insert(pooled.clone());
        self.ready += queue.ready;
        self.by_id.insert(pooled.id, pooled);
    }

    /// Removes a transaction. Those of the same sender that come after it stay.
    pub fn remove(&mut self, id: &TransactionId) {
        self.take(id);
    }

    fn take(&mut self, id: &TransactionId) -> Option<Arc<Pooled>> {
        let pooled = self.by_id.remove(id)?;
        self.bytes -= pooled.size;
        self.by_rank.remove(&pooled.rank());
        self.by_expiry.remove(&(pooled.signed.transaction.last_height, *id));
        if let Some(queue) = self.senders.get_mut(&pooled.sender) {
            self.ready -= queue.ready;
            queue.remove(pooled.signed.transaction.nonce);
            self.ready += queue.ready;
            if queue.waiting.is_empty() {
                self.senders.remove(&pooled.sender);
            }
        }
        Some(pooled)
    }

    /// A block at `height` with these transactions is final: forgets them, those that they outdate,
    /// and those that can no longer be included.
    pub fn finalized<'a>(&mut self, height: u64, included: impl IntoIterator<Item = &'a SignedTransaction>) {
        self.height = height;
        for signed in included {
            let (sender, next) = (signed.transaction.sender_address(), signed.transaction.nonce + 1);
            let Some(queue) = self.senders.get_mut(&sender) else { continue };
            self.ready -= queue.ready;
            queue.advance(next);
            self.ready += queue.ready;
            let outdated: Vec<_> = queue.waiting.range(..next).map(|(_, pooled)| pooled.id).collect();
            outdated.iter().for_each(|id| self.remove(id));
        }
        while let Some((last_height, id)) =
            self.by_expiry.first().copied().filter(|(last, _)| *last <= height)
        {
            debug_assert!(last_height <= height);
            if self.expired.len() == EXPIRED_MAX {
                self.expired.pop_front();
            }
            let expired = self.take(&id);
            self.expired.extend(expired);
        }
    }

    /// The best transactions that fit into `gas` and `bytes` together: by tip, each sender's in the
    /// order of their nonces without a gap.
    pub fn select(&self, base_fee: u64, gas: u64, bytes: usize) -> Vec<(TransactionId, SignedTransaction)> {
        let mut heads: BinaryHeap<Head<'_>> =
            self.senders.values().filter_map(|queue| Head::at(queue, queue.next_nonce, base_fee)).collect();
        let (mut gas_left, mut bytes_left) = (gas, bytes);
        let mut selected = Vec::new();
        while let Some(head) = heads.pop() {
            let needed = goodwill_ledger::gas::gas_bound(&head.pooled.signed);
            if needed > gas_left || head.pooled.size > bytes_left {
                continue;
            }
            gas_left -= needed;
            bytes_left -= head.pooled.size;
            selected.push((head.pooled.id, head.pooled.signed.clone()));
            heads.extend(Head::at(head.queue, head.pooled.signed.transaction.nonce + 1, base_fee));
        }
        selected
    }

    /// Transactions that were submitted here and wait still, at most `max`.
    pub fn local(&self, max: usize) -> Vec<SignedTransaction> {
        self.by_id
            .values()
            .filter(|pooled| pooled.local)
            .take(max)
            .map(|pooled| pooled.signed.clone())
            .collect()
    }
}

fn check_replacement(old: &Pooled, new: &Candidate) -> Result<(), NotPooled> {
    let raised = |price: u64| price.saturating_add(price.div_ceil(10)).max(1);
    let (old, new) = (&old.signed.transaction, &new.signed.transaction);
    let (fee_per_gas_max, tip_per_gas) = (raised(old.fee_per_gas_max), raised(old.tip_per_gas));
    match new.fee_per_gas_max >= fee_per_gas_max && new.tip_per_gas >= tip_per_gas {
        true => Ok(()),
        false => Err(NotPooled::Underpriced { fee_per_gas_max, tip_per_gas }),
    }
}

/// A sender's next transaction, by what its tip will be: the earlier arrival first among equals.
struct Head<'a> {
    tip: u64,
    pooled: &'a Pooled,
    queue: &'a Queue,
}

impl<'a> Head<'a> {
    fn at(queue: &'a Queue, nonce: u64, base_fee: u64) -> Option<Self> {
        let pooled = queue.waiting.get(&nonce)?;
        let transaction = &pooled.signed.transaction;
        let room = transaction.fee_per_gas_max.checked_sub(base_fee)?;
        Some(Self { tip: transaction.tip_per_gas.min(room), pooled, queue })
    }

    fn order(&self) -> (u64, std::cmp::Reverse<u64>) {
        (self.tip, std::cmp::Reverse(self.pooled.arrival))
    }
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Head<'_> {}

impl PartialOrd for Head<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

#[cfg(test)]
mod tests;
