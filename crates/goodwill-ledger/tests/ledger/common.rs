//! A development chain with known keys.

use goodwill_ledger::{
    Manifest, Sandbox,
    manifest::{Member, development_manifest},
};
use goodwill_types::{Address, Amount, SecretKey};

/// The n-th person's key.
pub(crate) fn key(n: u8) -> SecretKey {
    SecretKey::from_seed([n; 32])
}

/// The n-th person's address.
pub(crate) fn address(n: u8) -> Address {
    Address::of(&key(n).public_key())
}

/// The manifest's text: founders 200 and 201, and persons 1 to 3 with 1,000 coins each.
pub(crate) fn manifest_text() -> String {
    let member =
        |n: u8| Member { name: format!("miner-{n}"), node_key: key(n).public_key(), account: address(n) };
    let accounts = [address(1), address(2), address(3)];
    development_manifest(
        &[member(200), member(201)],
        &accounts,
        Amount::from_coins(1_000),
        1_750_000_000_000,
        &[("block_time_ms", 500)],
    )
}

/// The chain after its first block.
pub(crate) fn sandbox() -> Sandbox {
    Sandbox::new(Manifest::parse(&manifest_text()).expect("a valid manifest"))
}
