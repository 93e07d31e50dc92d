//! The keys of development chains: published, so that everybody has them.
//!
//! Whoever holds coins of value under these keys gives them away. A command that takes a name of
//! [`NAMES`] for a key must first see that the chain calls itself a development chain.

use crate::{
    derive::{Branch, Path, derive},
    mnemonic::{Seed, Words},
};
use goodwill_types::SecretKey;
use std::sync::LazyLock;

/// The words of all development keys: the ones that other chains' test tools use, too.
pub const WORDS: &str = "test test test test test test test test test test test junk";

/// The accounts that hold coins on a fresh development chain, in the order of their account
/// numbers.
pub const NAMES: [&str; 10] =
    ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy"];

static SEED: LazyLock<Seed> =
    LazyLock::new(|| Words::parse(WORDS).expect("the published words are valid").seed());

/// How founders are called, before their number.
const FOUNDER: &str = "miner-";
/// Numbers of founders that have names.
const FOUNDERS_NAMED: u32 = 512;

/// The key of the named account: one of [`NAMES`], or a founder's, such as `miner-0`.
pub fn account(name: &str) -> Option<SecretKey> {
    if let Some(number) = name.strip_prefix(FOUNDER) {
        let number: u32 = number.parse().ok()?;
        return (number < FOUNDERS_NAMED).then(|| miner(number));
    }
    let number = NAMES.iter().position(|known| *known == name)?;
    Some(key(number as u32, Branch::Spending))
}

/// The node key of the founder with this number, from 0.
///
/// # Panics
/// For numbers of 2^31 and more.
pub fn miner(number: u32) -> SecretKey {
    key(number, Branch::Node)
}

fn key(account: u32, branch: Branch) -> SecretKey {
    derive(&SEED, Path::new(account, branch, 0).expect("there are fewer than 2^31 accounts"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{Account, Development, vectors};
    use goodwill_types::{Address, Prefix};

    fn described(name: &str, path: Path, key: &SecretKey) -> Account {
        let prefix: Prefix = "dev".parse().unwrap();
        let public_key = key.public_key();
        Account {
            name: name.into(),
            path: path.to_string(),
            public_key: public_key.to_string(),
            address: Address::of(&public_key).display(&prefix),
        }
    }

    fn development() -> Development {
        let path = |number, branch| Path::new(number, branch, 0).unwrap();
        Development {
            words: WORDS.into(),
            seed: hex::encode(SEED.expose()),
            prefix: "dev".into(),
            accounts: (0..)
                .zip(NAMES)
                .map(|(i, name)| described(name, path(i, Branch::Spending), &account(name).unwrap()))
                .collect(),
            miners: (0..4)
                .map(|i| described(&format!("miner {i}"), path(i, Branch::Node), &miner(i)))
                .collect(),
        }
    }

    #[test]
    fn the_keys_are_those_of_the_vectors() {
        let now = development();
        let text = serde_json::to_string_pretty(&now).unwrap();
        assert_eq!(vectors().development, now, "if this change is meant, the vectors become:\n{text}");
    }

    #[test]
    fn only_known_names_have_keys() {
        assert!(account("alice").is_some());
        assert!(account("Alice").is_none());
        assert!(account("mallory").is_none());
        assert_eq!(account("miner-3").unwrap().public_key(), miner(3).public_key());
        assert!(account("miner-").is_none() && account("miner-512").is_none());
    }
}
