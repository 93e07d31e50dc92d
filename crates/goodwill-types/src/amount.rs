//! Amounts of money: whole base units, never a float.

use crate::codec::record;
use std::{fmt, iter::Sum, str::FromStr};

/// Base units in a coin.
pub const UNITS_PER_COIN: u64 = 1_000_000_000;
const DECIMALS: usize = 9;

/// A number of base units, 10^9 to the coin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount {
    /// The base units.
    pub units: u64,
}

record!(Amount { units: varint });

/// Why a text is not an amount of coins.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Something else than digits and one point.
    #[error("{0:?} is not an amount: write coins as digits with at most one point, such as 12.5")]
    NotANumber(String),
    /// More than nine digits behind the point.
    #[error("{0:?} has more than 9 digits behind the point: the smallest amount is 0.000000001")]
    TooFine(String),
    /// More than 2^64 - 1 base units.
    #[error("{0:?} is more than any chain can hold (18446744073.709551615)")]
    TooLarge(String),
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self { units: 0 };

    /// An amount of whole base units.
    pub const fn from_units(units: u64) -> Self {
        Self { units }
    }

    /// An amount of whole coins.
    ///
    /// # Panics
    /// Above 18,446,744,073 coins.
    pub const fn from_coins(coins: u64) -> Self {
        Self { units: coins * UNITS_PER_COIN }
    }

    /// The sum, or `None` on overflow.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.units.checked_add(other.units).map(Self::from_units)
    }

    /// The difference, or `None` where `other` is more.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.units.checked_sub(other.units).map(Self::from_units)
    }

    /// The sum of all, or `None` on overflow.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }
}

impl Sum for Amount {
    /// Panics on overflow.
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self::checked_sum(amounts).expect("amounts of one chain never overflow")
    }
}

/// Writes coins: `12.5`, without trailing zeros.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (coins, rest) = (self.units / UNITS_PER_COIN, self.units % UNITS_PER_COIN);
        let text = match rest {
            0 => coins.to_string(),
            _ => format!("{coins}.{}", format!("{rest:0DECIMALS$}").trim_end_matches('0')),
        };
        f.pad(&text)
    }
}

/// Reads coins: `12`, `12.5`, `0.000000001`.
impl FromStr for Amount {
    type Err = AmountError;
    fn from_str(text: &str) -> Result<Self, AmountError> {
        let (coins, rest) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(coins) || !digits(rest) {
            return Err(AmountError::NotANumber(text.into()));
        }
        if rest.len() > DECIMALS {
            return Err(AmountError::TooFine(text.into()));
        }
        let fraction: u64 = format!("{rest:0<DECIMALS$}").parse().expect("nine digits");
        coins
            .parse::<u64>()
            .ok()
            .and_then(|coins| coins.checked_mul(UNITS_PER_COIN)?.checked_add(fraction))
            .map(Self::from_units)
            .ok_or_else(|| AmountError::TooLarge(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn coins_read_and_write() {
        for (text, units) in [("0", 0), ("1", 1_000_000_000), ("12.5", 12_500_000_000), ("0.000000001", 1)] {
            assert_eq!(text.parse(), Ok(Amount::from_units(units)));
            assert_eq!(Amount::from_units(units).to_string(), text);
        }
        assert_eq!("1.50".parse(), Ok(Amount::from_units(1_500_000_000)));
    }

    #[test]
    fn refusals_name_the_remedy() {
        for bad in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "1.2.3", "０"] {
            assert!(matches!(bad.parse::<Amount>(), Err(AmountError::NotANumber(_))), "{bad:?}");
        }
        assert!(matches!("1.0000000001".parse::<Amount>(), Err(AmountError::TooFine(_))));
        for bad in ["18446744073.709551616", "99999999999999999999999"] {
            assert!(matches!(bad.parse::<Amount>(), Err(AmountError::TooLarge(_))), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn text_round_trips(units: u64) {
            let amount = Amount::from_units(units);
            prop_assert_eq!(amount.to_string().parse(), Ok(amount));
        }
    }
}
