//! A development chain with known keys.

use goodwill_ledger::{
    Manifest, Sandbox,
    manifest::{Member, development_manifest},
};
use goodwill_types::{Address, Amount, SecretKey};
use std::sync::OnceLock;

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
    manifest_text_with(&[], None)
}

/// The same with other `parameters`, and an `anchor` for the domains of associations.
pub(crate) fn manifest_text_with(parameters: &[(&str, u64)], anchor: Option<&str>) -> String {
    let member = |n: u8| Member::new(format!("miner-{n}"), &key(n), address(n));
    let accounts = [address(1), address(2), address(3)];
    development_manifest(
        &[member(200), member(201)],
        &accounts,
        Amount::from_coins(1_000),
        1_750_000_000_000,
        &[&[("block_time_ms", 500)], parameters].concat(),
        anchor,
    )
}

/// The chain of a manifest's `text` after its first block.
pub(crate) fn sandbox_of(text: &str) -> Sandbox {
    Sandbox::new(Manifest::parse(text).expect("a valid manifest"), &[key(200), key(201)])
}

/// The chain after its first block. Made once: its founders' luck takes a while.
pub(crate) fn sandbox() -> Sandbox {
    static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
    SANDBOX.get_or_init(|| sandbox_of(&manifest_text())).clone()
}
