//! Addresses: who holds coins. On the wire 21 bytes, for people bech32m with the chain's prefix.

use crate::{Digest, Domain, PublicKey, hash};
use bech32::{Bech32m, Hrp, primitives::decode::CheckedHrpstring};
use bytes::BufMut;
use commonware_codec::{Buf, Error, FixedSize, Read, ReadExt, Write};
use std::{fmt, str::FromStr};

/// An account's address: a version byte and a 20-byte hash. Version 0 is the hash of a public key, or of
/// who deployed a contract; others are not in use yet, and refused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    hash: [u8; 20],
}

const VERSION_KEY: u8 = 0;

/// The prefix of a chain's addresses: 1 to 16 lower-case ASCII letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix(Hrp);

/// Why a text is not an address of this chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// A prefix must be 1 to 16 lower-case letters.
    #[error("{0:?} cannot be an address prefix: take 1 to 16 lower-case letters a-z")]
    Prefix(String),
    /// Not bech32m at all, or mistyped.
    #[error("{text:?} is not an address ({reason}): check for a typing error")]
    Malformed {
        /// The text given.
        text: String,
        /// What the decoder said.
        reason: String,
    },
    /// An address of another chain.
    #[error("the address {text:?} is for another chain: addresses of this one begin with {expected:?}")]
    OtherChain {
        /// The text given.
        text: String,
        /// How addresses of this chain begin.
        expected: String,
    },
    /// A version that this release does not know.
    #[error("the address {0:?} is of a kind that this release does not know")]
    Version(String),
}

impl Address {
    /// The address of the account that `key` controls.
    pub fn of(key: &PublicKey) -> Self {
        Self::cut(&hash(Domain::Address, key.as_bytes()))
    }

    /// The address of the contract that `deployer` deploys with the transaction of this `nonce`.
    pub fn of_contract(deployer: &Self, nonce: u64) -> Self {
        let name = [&deployer.to_bytes()[..], &nonce.to_be_bytes()].concat();
        Self::cut(&hash(Domain::Contract, &name))
    }

    fn cut(digest: &Digest) -> Self {
        Self { hash: digest.as_ref()[..20].try_into().expect("a digest has 32 bytes") }
    }

    /// Its 21 bytes, version first.
    pub fn to_bytes(self) -> [u8; Self::SIZE] {
        let mut bytes = [VERSION_KEY; Self::SIZE];
        bytes[1..].copy_from_slice(&self.hash);
        bytes
    }

    /// Its text on the chain with this prefix.
    pub fn display(self, prefix: &Prefix) -> String {
        bech32::encode::<Bech32m>(prefix.0, &self.to_bytes()).expect("21 bytes are short enough")
    }

    /// Reads an address of the chain with this prefix.
    ///
    /// # Errors
    /// Says whether the text is mistyped or of another chain.
    pub fn parse(text: &str, prefix: &Prefix) -> Result<Self, AddressError> {
        let malformed = |reason: String| AddressError::Malformed { text: text.into(), reason };
        let checked = CheckedHrpstring::new::<Bech32m>(text).map_err(|e| malformed(e.to_string()))?;
        if checked.hrp() != prefix.0 {
            let expected = format!("{}1", prefix.0);
            return Err(AddressError::OtherChain { text: text.into(), expected });
        }
        checked.validate_segwit_padding().map_err(|e| malformed(e.to_string()))?;
        let bytes: Vec<u8> = checked.byte_iter().collect();
        match bytes.split_first() {
            Some((&VERSION_KEY, hash)) => {
                let hash = hash.try_into().map_err(|_| malformed("wrong length".into()))?;
                Ok(Self { hash })
            }
            _ => Err(AddressError::Version(text.into())),
        }
    }
}

impl FixedSize for Address {
    const SIZE: usize = 21;
}

impl Write for Address {
    fn write(&self, buf: &mut impl BufMut) {
        self.to_bytes().write(buf);
    }
}

impl Read for Address {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, (): &()) -> Result<Self, Error> {
        match u8::read(buf)? {
            VERSION_KEY => Ok(Self { hash: ReadExt::read(buf)? }),
            version => Err(Error::InvalidEnum(version)),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", hex::encode(self.to_bytes()))
    }
}

impl FromStr for Prefix {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let letters = !text.is_empty() && text.len() <= 16 && text.bytes().all(|b| b.is_ascii_lowercase());
        letters
            .then(|| Hrp::parse(text).ok())
            .flatten()
            .map(Self)
            .ok_or_else(|| AddressError::Prefix(text.into()))
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SecretKey;
    use proptest::prelude::*;

    fn address(seed: u8) -> Address {
        Address::of(&SecretKey::from_seed([seed; 32]).public_key())
    }

    #[test]
    fn mistyped_and_foreign_addresses_are_told_apart() {
        let (dev, other): (Prefix, Prefix) = ("dev".parse().unwrap(), "other".parse().unwrap());
        let text = address(1).display(&dev);
        assert_eq!(Address::parse(&text, &dev), Ok(address(1)));
        assert_eq!(Address::parse(&text.to_uppercase(), &dev), Ok(address(1)));
        assert!(matches!(Address::parse(&text, &other), Err(AddressError::OtherChain { .. })));
        let mut typo = text.clone();
        let last = typo.pop().unwrap();
        typo.push(if last == 'q' { 'p' } else { 'q' });
        assert!(matches!(Address::parse(&typo, &dev), Err(AddressError::Malformed { .. })));
        assert!(matches!(Address::parse("alice", &dev), Err(AddressError::Malformed { .. })));
        let contract = bech32::encode::<Bech32m>(dev.0, &[1; 21]).unwrap();
        assert!(matches!(Address::parse(&contract, &dev), Err(AddressError::Version(_))));
        let short = bech32::encode::<Bech32m>(dev.0, &[0; 20]).unwrap();
        assert!(matches!(Address::parse(&short, &dev), Err(AddressError::Malformed { .. })));
        let bitcoin = bech32::encode::<bech32::Bech32>(dev.0, &[0; 21]).unwrap();
        assert!(matches!(Address::parse(&bitcoin, &dev), Err(AddressError::Malformed { .. })));
    }

    #[test]
    fn prefixes() {
        for bad in ["", "Dev", "d1", "a b", "aaaaaaaaaaaaaaaaa", "é"] {
            assert_eq!(bad.parse::<Prefix>(), Err(AddressError::Prefix(bad.into())));
        }
    }

    proptest! {
        #[test]
        fn text_round_trips(seed: u8, prefix in "[a-z]{1,16}") {
            let prefix: Prefix = prefix.parse().unwrap();
            prop_assert_eq!(Address::parse(&address(seed).display(&prefix), &prefix), Ok(address(seed)));
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,80}") {
            let _ = Address::parse(&text, &"dev".parse().unwrap());
        }
    }
}
