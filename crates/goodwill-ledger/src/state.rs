//! Typed access to the state while a block is executed. Changes stay in memory, in two layers: a
//! transaction's are kept or dropped as a whole.

use crate::{StoreError, supply::Supply};
use goodwill_types::{
    Account, Address, Changes, Key, Known, Value,
    codec::{Encode, Read, decode, record},
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
    /// Where the money is.
    pub supply: Supply,
}

record!(ChainState { height, timestamp_ms, base_fee_per_gas: varint, gas_used: varint, supply });

const TAG_CHAIN: u8 = 0;

/// Where the state holds [`ChainState`].
pub fn chain_key() -> Key {
    Key::new(TAG_CHAIN, &[])
}

/// Decodes a record of the state.
pub(crate) fn decode_record<T: Read<Cfg = ()>>(key: &Key, value: &Value) -> Result<T, StoreError> {
    decode(value).map_err(|error| StoreError { key: *key, reason: error.to_string() })
}

/// The state under execution.
pub(crate) struct State<'a> {
    known: &'a Known,
    block: &'a mut Changes,
    transaction: Changes,
}

impl<'a> State<'a> {
    /// On what is `known`, with the `block`'s changes so far.
    pub(crate) fn new(known: &'a Known, block: &'a mut Changes) -> Self {
        Self { known, block, transaction: Changes::new() }
    }

    /// Keeps what changed since the last call.
    pub(crate) fn keep(&mut self) {
        // Not `append`, which rebuilds the whole of the block's map each time.
        self.block.extend(std::mem::take(&mut self.transaction));
    }

    /// Forgets what changed since the last call of [`State::keep`].
    pub(crate) fn discard(&mut self) {
        self.transaction.clear();
    }

    pub(crate) fn read<T: Read<Cfg = ()>>(&self, key: Key) -> Result<Option<T>, StoreError> {
        let changed = self.transaction.get(&key).or_else(|| self.block.get(&key));
        let value = match changed {
            Some(value) => value.as_ref(),
            None => self.known.get(&key).expect("the executor fetched all declared keys"),
        };
        value.map(|value| decode_record(&key, value)).transpose()
    }

    pub(crate) fn write(&mut self, key: Key, record: &impl Encode) {
        self.transaction.insert(key, Some(record.encode()));
    }

    pub(crate) fn account(&self, address: &Address) -> Result<Account, StoreError> {
        Ok(self.read(Account::key(address))?.unwrap_or_default())
    }

    pub(crate) fn set_account(&mut self, address: &Address, account: &Account) {
        self.write(Account::key(address), account);
    }
}
