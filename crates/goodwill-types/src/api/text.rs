//! How single values look in JSON.

use crate::{
    Amount, Digest, PublicKey, SignedTransaction, Transaction, TransactionId,
    codec::{Encode, Read, decode},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{borrow::Cow, fmt, str::FromStr};

/// An amount as a decimal string of base units: `"12500000000"`.
///
/// A string, since JSON's numbers are floats in many languages; in base units, so that programs
/// need not parse fractions. One text for each amount: no sign, no leading zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Units(pub Amount);

impl From<Amount> for Units {
    fn from(amount: Amount) -> Self {
        Self(amount)
    }
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.units, f)
    }
}

impl FromStr for Units {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let units: Option<u64> = text.parse().ok();
        units
            .filter(|units| units.to_string() == text)
            .map(|units| Self(Amount::from_units(units)))
            .ok_or_else(|| {
                format!("{text:?} is not a number of base units: write digits only, such as \"1000\"")
            })
    }
}

impl Serialize for Units {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Units {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// A value as the hexadecimal of its canonical encoding, in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hex<T>(pub T);

/// A digest: 64 digits.
pub type HexDigest = Hex<Digest>;
/// A transaction's id: 64 digits.
pub type HexId = Hex<TransactionId>;
/// A public key: 64 digits.
pub type HexKey = Hex<PublicKey>;
/// The bytes that a wallet signed, and the signature.
pub type HexTransaction = Hex<SignedTransaction>;
/// The bytes that a wallet would sign.
pub type HexUnsigned = Hex<Transaction>;

impl<T> From<T> for Hex<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Encode> fmt::Display for Hex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0.encode()))
    }
}

impl<T: Read<Cfg = ()>> FromStr for Hex<T> {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = HexBytes::from_str(text)?;
        decode(&bytes.0).map(Self).map_err(|e| e.to_string())
    }
}

impl<T: Encode> Serialize for Hex<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de, T: Read<Cfg = ()>> Deserialize<'de> for Hex<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// Bytes as hexadecimal in lower case, whatever they mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HexBytes(pub Vec<u8>);

impl From<Vec<u8>> for HexBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for HexBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl FromStr for HexBytes {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        hex::decode(text).map(Self).map_err(|e| format!("not hexadecimal: {e}"))
    }
}

impl Serialize for HexBytes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HexBytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Domain, hash};
    use proptest::prelude::*;

    #[test]
    fn units_have_one_text() {
        for bad in
            ["\"\"", "\"01\"", "\"+1\"", "\"-1\"", "\"1.5\"", "\" 1\"", "1", "\"18446744073709551616\""]
        {
            assert!(serde_json::from_str::<Units>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hexadecimal_of_the_wrong_length_is_refused() {
        let digest = Hex(hash(Domain::Block, b"x"));
        let text = serde_json::to_string(&digest).unwrap();
        assert_eq!(text, format!("\"{}\"", hex::encode(digest.0)));
        assert_eq!(serde_json::from_str::<Hex<Digest>>(&text).unwrap(), digest);
        for bad in ["\"\"", "\"00\"", "\"zz\"", &text.replacen('"', "\"00", 1)] {
            assert!(serde_json::from_str::<Hex<Digest>>(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn text_round_trips(units: u64, bytes: Vec<u8>) {
            let amount = Units(Amount::from_units(units));
            prop_assert_eq!(amount.to_string().parse(), Ok(amount));
            let bytes = HexBytes(bytes);
            prop_assert_eq!(bytes.to_string().parse(), Ok(bytes));
        }
    }
}
