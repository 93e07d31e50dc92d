//! From a wallet's seed to its keys: SLIP-0010 for ed25519, where every step is hardened.
//!
//! The path is `m/44'/COIN'/account'/branch'/index'`. Of the branches, 0' spends, and 3' names a
//! node in the mesh. Two are left free for good: 1' (seats), since a seat's keys are fresh secrets
//! of its epoch and never derived, so that a leaked wallet cannot sign the past again; and 2'
//! (votes), since an association is voted for by the account that ordered the slots.

use crate::mnemonic::Seed;
use goodwill_types::SecretKey;
use std::fmt;
use zeroize::Zeroizing;

/// The coin type in the path: "good" in ASCII. Not registered in SLIP-0044. All chains share it:
/// every signature names its chain, so one key on two chains cannot be replayed.
pub const COIN_TYPE: u32 = u32::from_be_bytes(*b"good");

/// Accounts and indexes are below this: the upper half of the numbers marks the hardened ones.
pub const INDEX_LIMIT: u32 = 1 << 31;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branch {
    /// Holds and spends coins, orders slots, votes.
    Spending,
    /// Is a node's name in the mesh. Holds nothing.
    Node,
}

impl Branch {
    const fn number(self) -> u32 {
        match self {
            Self::Spending => 0,
            Self::Node => 3,
        }
    }
}

/// Which key of a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    account: u32,
    branch: Branch,
    index: u32,
}

impl Path {
    /// The key that everybody uses: the first of the first account.
    pub const FIRST: Self = Self { account: 0, branch: Branch::Spending, index: 0 };

    /// `None` unless both numbers are below [`INDEX_LIMIT`].
    pub const fn new(account: u32, branch: Branch, index: u32) -> Option<Self> {
        if account < INDEX_LIMIT && index < INDEX_LIMIT {
            Some(Self { account, branch, index })
        } else {
            None
        }
    }

    const fn steps(self) -> [u32; 5] {
        [44, COIN_TYPE, self.account, self.branch.number(), self.index]
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("m")?;
        self.steps().iter().try_for_each(|step| write!(f, "/{step}'"))
    }
}

/// The key of `seed` at `path`.
pub fn derive(seed: &Seed, path: Path) -> SecretKey {
    SecretKey::from_seed(*slip10(seed.expose(), &path.steps()))
}

fn slip10(seed: &[u8], steps: &[u32]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(slip10_ed25519::derive_ed25519_private_key(seed, steps))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::vectors;

    #[test]
    fn the_official_vectors_hold() {
        for vector in &vectors().slip10 {
            let seed = hex::decode(&vector.seed).unwrap();
            for (steps, key) in &vector.keys {
                assert_eq!(hex::encode(slip10(&seed, steps)), *key, "{steps:?}");
            }
        }
    }

    #[test]
    fn paths_are_written_as_usual_and_never_wrap() {
        assert_eq!(Path::FIRST.to_string(), "m/44'/1735356260'/0'/0'/0'");
        let node = Path::new(7, Branch::Node, 2).unwrap();
        assert_eq!(node.to_string(), "m/44'/1735356260'/7'/3'/2'");
        assert_eq!(Path::new(INDEX_LIMIT, Branch::Spending, 0), None);
        assert_eq!(Path::new(0, Branch::Spending, u32::MAX), None);
        const { assert!(COIN_TYPE < INDEX_LIMIT) };
    }
}
