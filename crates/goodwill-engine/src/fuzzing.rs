//! How the engine reads what other nodes send, and an engine for a gateway to stand on: for the
//! targets in `fuzz/`.

use crate::{
    Engine,
    block::{Block, BlockBounds},
    follow, handle,
};
use bytes::Bytes;
use commonware_codec::{Decode as _, Encode as _};
use commonware_consensus::{BoundedBlock as _, CertifiableBlock as _};
use commonware_cryptography::Digestible as _;
use goodwill_types::Header;

/// A block that was read.
#[derive(Clone, Debug)]
pub struct ReadBlock {
    /// Its header.
    pub header: Header,
    /// Its body.
    pub body: Bytes,
    /// Its encoding.
    pub encoded: Bytes,
}

/// Reads a block whose body may have `body_size_max` bytes.
///
/// # Panics
/// When the block contradicts its header or the bounds.
pub fn read_block(bytes: Bytes, body_size_max: u32) -> Option<ReadBlock> {
    let bounds = BlockBounds { body_size_max };
    let block = Block::decode_cfg(bytes, &bounds).ok()?;
    let encoded = block.encode();
    assert!(encoded.len() <= Block::max_encode_size(&bounds), "a block above its bound");
    assert_eq!(block.digest(), block.header.digest());
    let context = block.context();
    assert_eq!((context.round.view().get(), context.parent.1), (block.header.view, block.header.parent));
    Some(ReadBlock { header: block.header, body: block.body, encoded })
}

/// Reads a message in which a node says how far it is, and writes it again.
pub fn read_tip(bytes: Bytes) -> Option<(u64, Bytes)> {
    let tip = follow::decode(bytes.into())?;
    Some((tip, follow::encode(tip).into()))
}

/// An engine that never began: it has no block, and answers nothing.
pub fn idle() -> Engine {
    handle::channel().0
}
