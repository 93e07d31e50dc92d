//! Fees: what gas costs, and where the money goes. Nothing is burned.

use crate::manifest::Parameters;
use goodwill_types::Amount;

/// How an included transaction's fee is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fee {
    /// Base fee, donated part included.
    pub(crate) base: Amount,
    /// The pollution tax: the part of the base fee that enters the donation pool.
    pub(crate) donated: Amount,
    /// To the leader.
    pub(crate) tip: Amount,
}

impl Fee {
    /// All that the sender pays.
    pub(crate) fn total(&self) -> Amount {
        [self.base, self.tip].into_iter().sum()
    }
}

/// The fee of `gas_used` gas at `base_fee` and `tip` units per gas.
///
/// spec: fees 2. The pollution tax rounds up: the remainder is donated.
pub(crate) fn divide(gas_used: u64, base_fee: u64, tip: u64, parameters: &Parameters) -> Option<Fee> {
    let base = gas_used.checked_mul(base_fee)?;
    let tip = gas_used.checked_mul(tip)?;
    let donated = (u128::from(base) * u128::from(parameters.pollution_tax_bp)).div_ceil(10_000);
    let donated = u64::try_from(donated).ok()?;
    Some(Fee {
        base: Amount::from_units(base),
        donated: Amount::from_units(donated),
        tip: Amount::from_units(tip),
    })
}

/// The base fee of the next block: EIP-1559 with a target of half the limit and steps of at most
/// one eighth, never below the minimum.
///
/// spec: fees 3. Rounds toward zero, but a block above the target raises the fee by at least 1.
pub(crate) fn next_base_fee(base_fee: u64, gas_used: u64, parameters: &Parameters) -> u64 {
    let target = parameters.gas_target();
    let step = |distance: u64| {
        let step = u128::from(base_fee) * u128::from(distance) / u128::from(target) / 8;
        u64::try_from(step).unwrap_or(u64::MAX)
    };
    let next = match gas_used.checked_sub(target) {
        Some(0) => base_fee,
        Some(above) => base_fee.saturating_add(step(above).max(1)),
        None => base_fee - step(target - gas_used),
    };
    next.max(parameters.base_fee_min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_base_fee_follows_fullness() {
        let p = Parameters::development();
        let (target, limit) = (p.gas_target(), p.gas_per_block_max);
        assert_eq!(next_base_fee(1_000, target, &p), 1_000);
        assert_eq!(next_base_fee(1_000, limit, &p), 1_125);
        assert_eq!(next_base_fee(1_000, 0, &p), 875);
        assert_eq!(next_base_fee(p.base_fee_min, 0, &p), p.base_fee_min);
        assert_eq!(next_base_fee(1, target + 1, &p), p.base_fee_min.max(2));
    }

    #[test]
    fn the_remainder_of_the_tax_is_donated() {
        let p = Parameters::development();
        let fee = divide(3, 1, 2, &p).unwrap();
        assert_eq!((fee.base.units, fee.donated.units, fee.tip.units), (3, 2, 6));
        assert_eq!(divide(u64::MAX, 2, 0, &p), None);
    }

    proptest! {
        #[test]
        fn a_step_is_at_most_an_eighth(base_fee in 1u64.., gas in 0u64..=1_000_000_000) {
            let p = Parameters { base_fee_min: 1, ..Parameters::development() };
            let next = next_base_fee(base_fee, gas.min(p.gas_per_block_max), &p);
            prop_assert!(next.abs_diff(base_fee) <= (base_fee / 8).max(1));
        }
    }
}
