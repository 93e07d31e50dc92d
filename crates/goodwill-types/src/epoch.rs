//! What the state knows of an epoch, for as long as the chain lives.

use crate::{Amount, Key, codec::record};

/// What is known of an epoch. Made two epochs before orders for it begin; never removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Epoch {
    /// What a slot costs.
    pub price: Amount,
    /// What a paid turn earns.
    pub reward: Amount,
    /// The part of the reward that is minted; the rest comes from the epoch's pot.
    pub subsidy: Amount,
    /// Slots that were ordered.
    pub ordered: u64,
    /// Accounts that ordered.
    pub accounts: u32,
    /// Slots that the draw filled.
    pub filled: u32,
    /// Filled slots that were taken up: paid seats.
    pub taken_up: u32,
    /// Seats of its committee, caretakers included; 0 until it is formed.
    pub seats: u32,
    /// The declared power of the nodes that host them, in milliwatts; 0 until then.
    pub power_mw: u64,
    /// Gas that its blocks used; 0 until it is over.
    pub gas: u64,
    /// Turns that earned the reward; 0 until it is over.
    pub paid_turns: u64,
}

record!(Epoch {
    price,
    reward,
    subsidy,
    ordered: varint,
    accounts: varint,
    filled: varint,
    taken_up: varint,
    seats: varint,
    power_mw: varint,
    gas: varint,
    paid_turns: varint,
});

/// The state key's tag for epochs.
const TAG: u8 = 3;

impl Epoch {
    /// Where the state holds it.
    pub fn key(epoch: u64) -> Key {
        Key::new(TAG, &epoch.to_be_bytes())
    }

    /// What its slots brought the pool: never given back.
    pub fn donated(&self) -> u128 {
        u128::from(self.price.units) * u128::from(self.filled)
    }

    /// What its paid turns earned.
    pub fn earned(&self) -> u128 {
        u128::from(self.reward.units) * u128::from(self.paid_turns)
    }
}
