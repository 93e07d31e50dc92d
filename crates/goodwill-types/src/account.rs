//! An account as the state holds it: what a proof of an account proves.

use crate::{Address, Amount, Key, codec::record};

/// An account. One that was never paid is not in the state: it holds nothing, and its nonce is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// What it can spend.
    pub balance: Amount,
    /// How many of its transactions were included.
    pub nonce: u64,
}

record!(Account { balance, nonce: varint });

impl Account {
    /// The state key's tag for accounts.
    pub const TAG: u8 = 1;

    /// Where the state holds the account.
    pub fn key(address: &Address) -> Key {
        Key::new(Self::TAG, &address.to_bytes())
    }
}
