//! From a passphrase to sealed bytes: Argon2id for the key, XChaCha20-Poly1305 for the content.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305,
    aead::{Aead as _, Payload},
};
use goodwill_types::codec::record;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Bytes of salt.
pub const SALT_SIZE: usize = 16;
/// Bytes of nonce.
pub const NONCE_SIZE: usize = 24;
/// By how many bytes sealing lengthens.
pub const TAG_SIZE: usize = 16;

/// What Argon2id spends on one guess of the passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes that could be filled at the same time.
    pub lanes: u32,
}

record!(Cost { memory_kib, passes, lanes });

/// Why a cost is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CostError {
    /// The passphrase could be guessed too fast.
    #[error(
        "its passphrase is protected with only {} KiB and {} passes, and at least {} KiB and {} passes are safe: restore the wallet from its words",
        .0.memory_kib, .0.passes, Cost::FLOOR.memory_kib, Cost::FLOOR.passes
    )]
    TooLow(Cost),
    /// Opening would exhaust this machine.
    #[error(
        "opening it would take {} KiB, {} passes and {} lanes, and at most {} KiB, {} passes and {} lanes are allowed: no wallet of this program asks for so much",
        .0.memory_kib, .0.passes, .0.lanes, Cost::CEILING.memory_kib, Cost::CEILING.passes, Cost::CEILING.lanes
    )]
    TooHigh(Cost),
}

impl Cost {
    /// What new wallets use: 64 MiB, 3 passes.
    pub const DEFAULT: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };
    /// The least that is accepted: 19 MiB, 2 passes (OWASP's minimum for Argon2id).
    pub const FLOOR: Self = Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 };
    /// The most that is accepted: 1 GiB.
    pub const CEILING: Self = Self { memory_kib: 1024 * 1024, passes: 16, lanes: 16 };

    /// Whether each number is between floor and ceiling. Nothing is allocated before that.
    ///
    /// # Errors
    /// Says which bound does not hold.
    pub fn check(self) -> Result<Self, CostError> {
        let within = |low: Self, high: Self| {
            low.memory_kib <= high.memory_kib && low.passes <= high.passes && low.lanes <= high.lanes
        };
        match (within(Self::FLOOR, self), within(self, Self::CEILING)) {
            (true, true) => Ok(self),
            (_, false) => Err(CostError::TooHigh(self)),
            (false, true) => Err(CostError::TooLow(self)),
        }
    }
}

/// How a content is sealed: with what cost, salt and nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// What a guess costs.
    pub cost: Cost,
    /// Makes equal passphrases into different keys.
    pub salt: [u8; SALT_SIZE],
    /// Never used twice with one key.
    pub nonce: [u8; NONCE_SIZE],
}

record!(Method { cost, salt, nonce });

impl Method {
    /// A fresh salt and nonce.
    ///
    /// # Errors
    /// When the cost is out of bounds.
    ///
    /// # Panics
    /// When the operating system has no randomness to give.
    pub fn random(cost: Cost) -> Result<Self, CostError> {
        let (mut salt, mut nonce) = ([0; SALT_SIZE], [0; NONCE_SIZE]);
        for bytes in [&mut salt[..], &mut nonce[..]] {
            getrandom::fill(bytes).expect("the operating system gives randomness");
        }
        Ok(Self { cost: cost.check()?, salt, nonce })
    }

    /// Seals `content`, and binds it to `header`, which stays readable.
    pub(crate) fn seal(&self, passphrase: &str, header: &[u8], content: &[u8]) -> Vec<u8> {
        let payload = Payload { msg: content, aad: header };
        self.cipher(passphrase).encrypt(&self.nonce.into(), payload).expect("a short content is sealed")
    }

    /// Opens what was sealed; `None` when passphrase, header or content are not the same any more.
    pub(crate) fn open(&self, passphrase: &str, header: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let payload = Payload { msg: sealed, aad: header };
        self.cipher(passphrase).decrypt(&self.nonce.into(), payload).ok().map(Zeroizing::new)
    }

    fn cipher(&self, passphrase: &str) -> XChaCha20Poly1305 {
        let Cost { memory_kib, passes, lanes } = self.cost;
        let params = Params::new(memory_kib, passes, lanes, Some(32)).expect("the cost was checked");
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), &self.salt, &mut *key)
            .expect("salt and key have the right lengths, and memory is there");
        XChaCha20Poly1305::new((&*key).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_out_of_bounds_are_refused() {
        let default = Cost::DEFAULT;
        assert!([Cost::FLOOR, default, Cost::CEILING].iter().all(|cost| cost.check().is_ok()));
        for low in
            [Cost { memory_kib: 8, ..default }, Cost { passes: 1, ..default }, Cost { lanes: 0, ..default }]
        {
            assert_eq!(low.check(), Err(CostError::TooLow(low)));
        }
        for field in [1 << 20 | 1, u32::MAX] {
            let high = Cost { memory_kib: field, ..default };
            assert_eq!(high.check(), Err(CostError::TooHigh(high)));
            assert!(Method::random(high).is_err());
        }
        for high in [Cost { passes: 17, ..default }, Cost { lanes: 17, ..default }] {
            assert_eq!(high.check(), Err(CostError::TooHigh(high)));
        }
    }

    #[test]
    fn only_the_same_passphrase_header_and_content_open() {
        let method = Method::random(Cost::FLOOR).unwrap();
        let sealed = method.seal("passphrase", b"header", b"content");
        let open = |passphrase, header: &[u8], sealed: &[u8]| method.open(passphrase, header, sealed);
        assert_eq!(**open("passphrase", b"header", &sealed).unwrap(), *b"content");
        assert_eq!(sealed.len(), b"content".len() + TAG_SIZE);
        assert!(open("Passphrase", b"header", &sealed).is_none());
        assert!(open("passphrase", b"Header", &sealed).is_none());
        assert!(open("passphrase", b"header", &sealed[1..]).is_none());
    }
}
