//! Typed access to the state while a block is executed. Changes stay in memory, in two layers: a
//! transaction's are kept or dropped as a whole.

use crate::{
    StoreError,
    supply::{Cell, Income, Source, Supply},
};
use goodwill_types::{
    Account, Address, Amount, Changes, Digest, Key, Known, Value,
    codec::{Array, Encode, Read, decode, record},
};

/// What the chain remembers of itself: one record, written by every block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainState {
    /// The height of the last block; 0 before the first.
    pub height: u64,
    /// The last block's timestamp, in milliseconds since 1970.
    pub timestamp_ms: u64,
    /// What a unit of gas costs in the next block, in base units.
    pub base_fee_per_gas: u64,
    /// Gas used by the last block.
    pub gas_used: u64,
    /// What the seats have revealed so far, folded.
    pub luck: Digest,
    /// What the pots of this epoch and the two that follow hold, in the order of epoch modulo 3.
    pub pots: Array<Amount, 3>,
    /// Gas used in this epoch so far.
    pub epoch_gas: u64,
    /// Turns of this epoch that earned the reward so far.
    pub paid_turns: u64,
    /// Where the money is.
    pub supply: Supply,
}

record!(ChainState {
    height,
    timestamp_ms,
    base_fee_per_gas: varint,
    gas_used: varint,
    luck,
    pots,
    epoch_gas: varint,
    paid_turns: varint,
    supply,
});

impl ChainState {
    /// The pot of `epoch`: the present one, or one of the two that follow.
    pub fn pot(&self, epoch: u64) -> Amount {
        self.pots.0[(epoch % 3) as usize]
    }

    pub(crate) fn pot_mut(&mut self, epoch: u64) -> &mut Amount {
        &mut self.pots.0[(epoch % 3) as usize]
    }
}

const TAG_CHAIN: u8 = 0;

/// Where the state holds [`ChainState`].
pub fn chain_key() -> Key {
    Key::new(TAG_CHAIN, &[])
}

/// Decodes a record of the state.
pub(crate) fn decode_record<T: Read<Cfg = ()>>(key: &Key, value: &Value) -> Result<T, StoreError> {
    decode(value).map_err(|error| StoreError { key: *key, reason: error.to_string() })
}

/// What a transaction has changed so far, while it waits for a part of the state.
#[derive(Debug, Default)]
pub(crate) struct Paused {
    transaction: Changes,
    supply: Supply,
    kept: Supply,
}

/// The state under execution.
pub(crate) struct State<'a> {
    known: &'a Known,
    block: &'a mut Changes,
    transaction: Changes,
    supply: Supply,
    /// The supply at the last call of [`State::keep`].
    kept: Supply,
}

impl<'a> State<'a> {
    /// On what is `known`, with the `block`'s changes so far.
    pub(crate) fn new(known: &'a Known, block: &'a mut Changes, supply: Supply) -> Self {
        Self { known, block, transaction: Changes::new(), supply, kept: supply }
    }

    /// On what is `known` now, as it was when it was [paused](State::pause).
    pub(crate) fn resume(known: &'a Known, block: &'a mut Changes, paused: Paused) -> Self {
        let Paused { transaction, supply, kept } = paused;
        Self { known, block, transaction, supply, kept }
    }

    /// What is not in the block's changes yet.
    pub(crate) fn pause(self) -> Paused {
        Paused { transaction: self.transaction, supply: self.supply, kept: self.kept }
    }

    /// Sets a key, and gives what [`State::unset`] needs to undo it.
    pub(crate) fn set(&mut self, key: Key, value: Option<Value>) -> Option<Option<Value>> {
        self.transaction.insert(key, value)
    }

    /// Undoes a [`State::set`].
    pub(crate) fn unset(&mut self, key: Key, before: Option<Option<Value>>) {
        match before {
            Some(value) => self.transaction.insert(key, value),
            None => self.transaction.take(&key),
        };
    }

    /// Keeps what changed since the last call.
    pub(crate) fn keep(&mut self) {
        self.block.absorb(std::mem::take(&mut self.transaction));
        self.kept = self.supply;
    }

    /// Forgets what changed since the last call of [`State::keep`].
    pub(crate) fn discard(&mut self) {
        self.transaction.clear();
        self.supply = self.kept;
    }

    /// Where the money is.
    pub(crate) const fn supply(&self) -> &Supply {
        &self.supply
    }

    /// Books `amount` from one cell to another. The records that the cells are the sums of are the
    /// caller's to change.
    pub(crate) fn book(&mut self, from: Cell, to: Cell, amount: Amount) {
        self.supply.take(from, amount);
        self.supply.add(to, amount);
    }

    /// Books a donation: it enters the pool from where its source is.
    pub(crate) fn donate(&mut self, source: Source, amount: Amount) {
        self.supply.donate(source, amount);
    }

    /// Takes what is in the pool to divide it. The caller books where it goes.
    pub(crate) fn open_pool(&mut self) -> Income {
        std::mem::take(&mut self.supply.income)
    }

    /// Books newly issued coins.
    pub(crate) fn mint(&mut self, to: Cell, amount: Amount) {
        self.supply.minted = [self.supply.minted, amount].into_iter().sum();
        self.supply.add(to, amount);
    }

    /// `None` where the state has no such record.
    pub(crate) fn read<T: Read<Cfg = ()>>(&self, key: Key) -> Result<Option<T>, StoreError> {
        let value = self.value(&key).expect("the executor fetched all keys of its plan");
        value.map(|value| decode_record(&key, value)).transpose()
    }

    /// A record that the rules wrote before.
    pub(crate) fn must<T: Read<Cfg = ()>>(&self, key: Key) -> Result<T, StoreError> {
        self.read(key)?.ok_or_else(|| StoreError { key, reason: "it is missing".into() })
    }

    /// `None` while the key is not fetched.
    pub(crate) fn value(&self, key: &Key) -> Option<Option<&Value>> {
        let changed = self.transaction.get(key).or_else(|| self.block.get(key));
        changed.or_else(|| self.known.get(key))
    }

    pub(crate) fn write(&mut self, key: Key, record: &impl Encode) {
        self.transaction.insert(key, Some(record.encode()));
    }

    pub(crate) fn remove(&mut self, key: Key) {
        self.transaction.insert(key, None);
    }

    pub(crate) fn account(&self, address: &Address) -> Result<Account, StoreError> {
        Ok(self.read(Account::key(address))?.unwrap_or_default())
    }

    pub(crate) fn set_account(&mut self, address: &Address, account: &Account) {
        self.write(Account::key(address), account);
    }

    /// Gives `amount` to an account. It comes from a cell that the caller books.
    pub(crate) fn give(&mut self, address: &Address, amount: Amount) -> Result<(), StoreError> {
        let mut account = self.account(address)?;
        account.balance = [account.balance, amount].into_iter().sum();
        self.set_account(address, &account);
        Ok(())
    }
}
