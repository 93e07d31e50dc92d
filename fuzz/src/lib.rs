//! The bodies of the fuzz targets. Each takes any bytes, panics where a promise is broken, and says
//! whether the bytes meant something, so that a corpus can be seen to get past the refusals.
//!
//! `tools/fuzz` runs them under libFuzzer; goodwill-node's test `corpus` runs them on stable, over
//! the committed corpus and its mutations. `node.rs` needs the engine and is not part of this
//! library, so that the other targets build fast.

mod answer;
mod block;
mod keystore;
mod known;
mod ledger;
mod manifest;
mod model;
mod proof;
mod seeds;
mod text;
mod transaction;

pub use answer::answer;
pub use block::block;
pub use keystore::keystore;
pub use known::known;
pub use ledger::ledger;
pub use manifest::manifest;
pub use proof::{certificate, proof};
pub use seeds::seeds;
pub use text::address;
pub use transaction::transaction;

use goodwill_types::codec::{Encode, EncodeSize, Read, decode};

/// Decodes `bytes`. What decodes has no other encoding, and says its own size.
pub fn canonical<T: Encode + EncodeSize + Read<Cfg = ()>>(bytes: &[u8]) -> Option<T> {
    let value = decode::<T>(bytes).ok()?;
    assert_eq!(value.encode_size(), bytes.len(), "it does not know its size");
    assert_eq!(value.encode(), bytes, "two encodings of one value");
    Some(value)
}

/// Which of several kinds an input is about, by its first byte, and the rest of it.
pub fn kind(data: &[u8]) -> Option<(u8, &[u8])> {
    data.split_first().map(|(kind, rest)| (*kind, rest))
}
