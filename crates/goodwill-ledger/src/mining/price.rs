//! What a slot costs and what a turn earns.

use super::records::Epoch;
use crate::Parameters;
use goodwill_types::Amount;

/// rho: the part of a slot's full earnings that it costs, as a fraction.
pub const RHO: (u64, u64) = (4, 5);

/// What is minted for a paid turn of `epoch`.
///
/// spec: rewards 1. Halves, rounding down, and never falls below the tail.
pub fn subsidy(parameters: &Parameters, epoch: u64) -> Amount {
    let halvings = u32::try_from(epoch / parameters.halving_epochs).unwrap_or(u32::MAX);
    let halved = parameters.subsidy.units.checked_shr(halvings).unwrap_or(0);
    Amount::from_units(halved.max(parameters.subsidy_tail.units))
}

/// The record of `epoch`, whose pot holds `pot`: its price and reward are fixed.
///
/// spec: rewards 2, orders 2. A turn's share of the pot rounds down; what is left stays in the pot.
pub(crate) fn open(parameters: &Parameters, epoch: u64, pot: Amount) -> Epoch {
    let subsidy = subsidy(parameters, epoch);
    let share = Amount::from_units(pot.units / parameters.blocks_per_epoch);
    let reward = [subsidy, share].into_iter().sum();
    Epoch { price: price(parameters, reward), reward, subsidy, ..Epoch::default() }
}

/// What a slot costs of an epoch in which a turn earns `reward`.
///
/// spec: orders 2. Rounds up: the remainder is donated.
pub fn price(parameters: &Parameters, reward: Amount) -> Amount {
    let full = u128::from(parameters.paid_turns()) * u128::from(reward.units);
    let price = (full * u128::from(RHO.0)).div_ceil(u128::from(RHO.1));
    Amount::from_units(u64::try_from(price).expect("the manifest bounds the subsidy, the supply the pot"))
}

/// What a part of `seats` cost at a `price` each, the part rounded up to whole seats.
pub fn cost_of(price: Amount, seats: u32, (numerator, denominator): (u64, u64)) -> Amount {
    let part = (u64::from(seats) * numerator).div_ceil(denominator);
    Amount::from_units(price.units.saturating_mul(part))
}

/// What ordering one slot costs, besides its price.
///
/// spec: orders 3. Rounds up.
pub fn order_fee(price: Amount) -> Amount {
    Amount::from_units(price.units.div_ceil(100))
}
