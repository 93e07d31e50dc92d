//! One miner: its machine, which is up or down, and how much it orders.

use super::scenario::{Group, PARTS};
use goodwill_node::ledger::{
    Parameters, Sandbox,
    mining::{Epoch, RHO, order_fee},
};
use goodwill_types::{Address, Domain, SecretKey, hash};
use rand::{RngExt as _, rngs::StdRng};

/// The mean length of an outage, as a part of an epoch.
pub(super) const OUTAGE_PARTS: u64 = 4;
/// The most that one order asks for, as a multiple of the slots of an epoch.
const ORDER_MAX: u64 = 32;
/// The most that a miner begins with, in base units: a chain can issue it for all of them.
const FIRST_COINS_MAX: u64 = u64::MAX / 1_000;
/// What an account keeps for the fees of its own transactions, in slot prices: 1 in this many.
const FEES_KEPT: u64 = 4;

/// How a miner decides what to order. Numbers are sixteenths of the slots of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strategy {
    /// Always the same.
    Steady(u32),
    /// All that its money buys.
    AllIn,
    /// What was left over in the last epoch, up to this many.
    Opportunist(u32),
    /// An eighth more as long as a slot would have brought a gain, an eighth less when not.
    Careful,
}

impl Strategy {
    pub(super) fn describe(self) -> String {
        match self {
            Self::Steady(parts) => format!("steady {parts}"),
            Self::AllIn => "all in".into(),
            Self::Opportunist(parts) => format!("left-overs {parts}"),
            Self::Careful => "while it gains".into(),
        }
    }
}

/// What a miner has got so far; exact.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) slots: u64,
    pub(super) taken_up: u64,
    pub(super) paid_turns: u64,
    /// Block times at which its machine was up.
    pub(super) up: u64,
}

/// A miner and its machine.
pub(super) struct Miner {
    pub(super) group: &'static str,
    pub(super) key: SecretKey,
    pub(super) address: Address,
    pub(super) strategy: Strategy,
    pub(super) uptime_percent: u8,
    pub(super) first_coins: u64,
    pub(super) up: bool,
    pub(super) tally: Tally,
    /// What it ordered last, for those that adjust it.
    wanted: u64,
}

/// A key that follows from the seed.
pub(super) fn key_of(seed: u64, name: &str, number: u64) -> SecretKey {
    let secret = [&seed.to_be_bytes()[..], &number.to_be_bytes(), name.as_bytes()].concat();
    let digest = hash(Domain::Seat, &secret);
    SecretKey::from_seed(digest.as_ref().try_into().expect("32 bytes"))
}

/// So many sixteenths of the slots of an epoch, at least 1.
fn slots_of(parts: u32, parameters: &Parameters) -> u64 {
    u64::from((parts * parameters.slots_per_epoch / PARTS).max(1))
}

impl Miner {
    pub(super) fn new(group: &Group, number: u64, seed: u64, price: u64, parameters: &Parameters) -> Self {
        let key = key_of(seed, "miner", number);
        // Money for a slot of every epoch is locked in orders and in rewards that have not matured.
        let rounds = parameters.maturity_epochs + 4;
        let slot_coins = rounds.saturating_mul(price.saturating_add(price / 4));
        let first_coins = slots_of(group.purse, parameters).saturating_mul(slot_coins).min(FIRST_COINS_MAX);
        Self {
            group: group.name,
            address: Address::of(&key.public_key()),
            key,
            strategy: group.strategy,
            uptime_percent: group.uptime_percent,
            first_coins,
            up: true,
            tally: Tally::default(),
            wanted: 1,
        }
    }

    /// One block time passes: the machine may fail, or come back. Whether it did.
    pub(super) fn pass(&mut self, chance: &mut StdRng, parameters: &Parameters) -> bool {
        let outage = (parameters.blocks_per_epoch / OUTAGE_PARTS) as f64;
        let uptime = f64::from(self.uptime_percent) / 100.0;
        let switches = match self.up {
            true => chance.random_bool(((1.0 - uptime) / (uptime * outage)).min(1.0)),
            false => chance.random_bool(1.0 / outage),
        };
        self.up ^= switches;
        self.tally.up += u64::from(self.up);
        switches
    }

    /// How many slots to order at the price of `open`, when the last epoch that was drawn is `last`.
    pub(super) fn order(&mut self, sandbox: &Sandbox, open: &Epoch, last: &Epoch) -> u32 {
        let parameters = &sandbox.manifest().parameters;
        let slots = u64::from(parameters.slots_per_epoch);
        let (price, fee) = (open.price.units, order_fee(open.price).units);
        let balance = sandbox.account(&self.address).balance.units;
        let affordable = balance.saturating_sub(price / FEES_KEPT) / (price + fee);
        let wanted = match self.strategy {
            Strategy::Steady(parts) => slots_of(parts, parameters),
            Strategy::AllIn => affordable,
            Strategy::Opportunist(parts) => {
                slots_of(parts, parameters).min(slots.saturating_sub(last.ordered))
            }
            Strategy::Careful => self.adjusted(last, slots, parameters.paid_turns()),
        };
        wanted.min(affordable).min(ORDER_MAX * slots) as u32
    }

    fn adjusted(&mut self, last: &Epoch, slots: u64, full_turns: u64) -> u64 {
        let (gains, step) = (self.would_gain(last, slots, full_turns), (self.wanted / 8).max(1));
        self.wanted = match gains {
            true => (self.wanted + step).min(ORDER_MAX * slots),
            false => self.wanted.saturating_sub(step).max(1),
        };
        self.wanted
    }

    /// Whether a filled slot brings more than its price and the order fees of those drawn in vain,
    /// when the demand is as in `last` and the miner makes as many of its paid turns as so far.
    fn would_gain(&self, last: &Epoch, slots: u64, full_turns: u64) -> bool {
        let orders_per_slot = last.ordered.max(slots) as f64 / slots as f64;
        let cost = RHO.0 as f64 / RHO.1 as f64 * (1.0 + orders_per_slot / 100.0);
        let possible = self.tally.slots * full_turns;
        let made = if possible == 0 { 1.0 } else { self.tally.paid_turns as f64 / possible as f64 };
        made > cost
    }
}
