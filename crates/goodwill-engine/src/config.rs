//! The settings of a node, and what all nodes of a chain must agree on.

use commonware_runtime::buffer::paged::{CacheRef, page_size};
use commonware_utils::NZUsize;
use goodwill_types::{Digest, PublicKey, SecretKey};
use std::num::{NonZeroU16, NonZeroU64, NonZeroUsize};

/// The largest gossip message, in bytes.
pub const GOSSIP_SIZE_MAX: usize = 128 * 1024;
/// How far ahead of a voter's clock a timestamp may be; the voter waits until it is not.
pub const AHEAD_MS: u64 = 500;
/// How far behind a voter's clock a timestamp may be, in block times. Only new blocks are judged
/// by it, and the clock never makes a block invalid for good.
pub const BEHIND_BLOCKS: u64 = 10;

/// The settings of a node.
#[derive(Clone, Debug)]
pub struct Config {
    /// The node's key: its identity in the mesh. Its seats' keys come from the machine.
    pub me: SecretKey,
    /// What all nodes of the chain agree on.
    pub chain: ChainConfig,
    /// Nodes that may connect while they have no seat, in this epoch or the next. Followers and
    /// committee must name each other to connect, so all nodes should name the same.
    pub followers: Vec<PublicKey>,
    /// First part of the names of everything that the node stores.
    pub prefix: String,
    /// How many blocks to keep below the newest final one; at least two epochs are kept. `None`:
    /// all of them.
    pub retain_blocks: Option<NonZeroU64>,
    /// How much of the state and of the blocks is kept in memory, in MiB: reserved at the start.
    pub cache_mb: NonZeroU16,
}

impl Config {
    /// A cache for pages of the disk.
    pub(crate) fn cache(&self) -> CacheRef {
        let pages = (usize::from(self.cache_mb.get()) << 20) / PAGE_SIZE_ON_DISK as usize;
        CacheRef::new(PAGE_SIZE, NonZeroUsize::new(pages).expect("a MiB has pages"))
    }
}

/// What all nodes of a chain must agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainConfig {
    /// The chain's id: part of everything that is signed.
    pub chain_id: Digest,
    /// The timestamp of genesis, in milliseconds since 1970.
    pub genesis_time_ms: u64,
    /// The least time between two blocks, in milliseconds.
    pub block_time_ms: NonZeroU64,
    /// The length of an epoch, in blocks: the committee changes after each. Epoch 0 holds genesis,
    /// and so has one block less to make. At least 2.
    pub blocks_per_epoch: NonZeroU64,
    /// The largest body of a block, in bytes.
    pub body_size_max: u32,
}

/// What is read or written at once, in bytes.
pub(crate) const STORAGE_BUFFER: NonZeroUsize = NZUsize!(64 * 1024);
/// What the page cache holds at once, in bytes: a page of the disk with its checksum.
pub(crate) const PAGE_SIZE: NonZeroU16 = page_size(PAGE_SIZE_ON_DISK);
const PAGE_SIZE_ON_DISK: u32 = 4096;
/// What is written at once of a journal that is synced after each entry: the least there is.
pub(crate) const JOURNAL_BUFFER: NonZeroUsize = NZUsize!(2 * PAGE_SIZE.get() as usize);
/// Messages that may wait for one of the engine's tasks.
pub(crate) const MAILBOX: NonZeroUsize = NZUsize!(256);
