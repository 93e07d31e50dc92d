//! Headers, bodies, certificates, and the committee that makes them.

use crate::{
    Digest, Domain, Key, PublicKey, SignedTransaction,
    codec::{List, record},
    hash,
};
use bytes::{BufMut, Bytes};
use commonware_codec::{Buf, Encode, EncodeSize, Error, RangeCfg, Read, Write};

/// The most transactions in a block.
pub const TRANSACTIONS_PER_BLOCK_MAX: usize = 65_536;
/// The most seats in a committee.
pub const SEATS_MAX: usize = 512;
/// The largest certificate, in bytes: room for one signature of each seat.
pub const CERTIFICATE_SIZE_MAX: usize = 72 * SEATS_MAX;

/// What a block commits to. Its hash is what the committee votes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Position in the chain; genesis is 0.
    pub height: u64,
    /// The epoch whose committee made the block.
    pub epoch: u64,
    /// The attempt in which it was proposed.
    pub view: u64,
    /// The attempt in which its parent was proposed; 0 where the parent is the epoch's first.
    pub parent_view: u64,
    /// The seat whose turn it was.
    pub leader: PublicKey,
    /// Digest of the parent's header; genesis has the chain's id here.
    pub parent: Digest,
    /// Milliseconds since 1970, at least the parent's plus the block time.
    pub timestamp_ms: u64,
    /// Hash of the body.
    pub body_hash: Digest,
    /// Root of the Merkle tree over the receipts.
    pub receipts_root: Digest,
    /// Root of the state after the block.
    pub state_root: Digest,
    /// Root of the state's operation log, for synchronizing the state.
    pub operations_root: Digest,
    /// First operation of the log that still matters.
    pub operations_start: u64,
    /// Number of operations in the log.
    pub operations_end: u64,
}

record!(Header {
    height,
    epoch,
    view,
    parent_view,
    leader,
    parent,
    timestamp_ms,
    body_hash,
    receipts_root,
    state_root,
    operations_root,
    operations_start,
    operations_end,
});

impl Header {
    /// The encoded size in bytes.
    pub const SIZE: usize = 7 * 8 + 6 * 32;

    /// The block's digest.
    pub fn digest(&self) -> Digest {
        hash(Domain::Block, &self.encode())
    }

    /// What [`Header::body_hash`] must be for `body`.
    pub fn hash_body(body: &[u8]) -> Digest {
        hash(Domain::Body, body)
    }
}

/// Where a block stands: all that a rule may know besides the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockContext {
    /// The block's height, at least 1.
    pub height: u64,
    /// The block's epoch.
    pub epoch: u64,
    /// The attempt in which it is proposed: names the leader by the schedule.
    pub view: u64,
    /// The attempt in which its parent was proposed; 0 where the block is the epoch's first. The
    /// attempts between the two failed.
    pub parent_view: u64,
    /// Milliseconds since 1970.
    pub timestamp_ms: u64,
}

/// What a block carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// What the leader's seat reveals of its luck; nothing once all of it is revealed.
    pub luck: Option<Digest>,
    /// The transactions, in the order in which they are executed.
    pub transactions: List<SignedTransaction, 0, TRANSACTIONS_PER_BLOCK_MAX>,
}

record!(Body { luck, transactions });

/// A finalization certificate, as the engine encodes it: `goodwill-proof` verifies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate(pub Bytes);

impl Write for Certificate {
    fn write(&self, buf: &mut impl BufMut) {
        self.0.write(buf);
    }
}

impl EncodeSize for Certificate {
    fn encode_size(&self) -> usize {
        self.0.encode_size()
    }
}

impl Read for Certificate {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, (): &()) -> Result<Self, Error> {
        Bytes::read_cfg(buf, &RangeCfg::new(1..=CERTIFICATE_SIZE_MAX)).map(Self)
    }
}

/// One vote, and one share of the turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// What the seat signs with.
    pub key: PublicKey,
    /// The node that hosts it: its name in the mesh.
    pub node: PublicKey,
}

record!(Seat { key, node });

/// Who makes the blocks of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committee {
    /// The seats, strictly ascending by key. One key, one vote.
    pub seats: List<Seat, 1, SEATS_MAX>,
    /// Whose turn it is: the leader of view v is the seat `schedule[v mod schedule.len()]`.
    pub schedule: List<u16, 1, SEATS_MAX>,
}

impl Committee {
    /// The state key's tag for committees.
    pub const TAG: u8 = 2;

    /// Where the state holds the committee of `epoch`, from the last block of the epoch before.
    pub fn key(epoch: u64) -> Key {
        Key::new(Self::TAG, &epoch.to_be_bytes())
    }

    /// `None` unless the seats are strictly ascending and the schedule names only them.
    pub fn new(seats: Vec<Seat>, schedule: Vec<u16>) -> Option<Self> {
        let ascending = seats.is_sorted_by(|a, b| a.key < b.key);
        let named = schedule.iter().all(|seat| usize::from(*seat) < seats.len());
        (ascending && named).then_some(())?;
        Some(Self { seats: List::new(seats)?, schedule: List::new(schedule)? })
    }

    /// The index of the seat whose turn `view` is.
    pub fn turn(&self, view: u64) -> usize {
        let turns = self.schedule.len() as u64;
        usize::from(self.schedule[(view % turns) as usize])
    }

    /// The seat whose turn `view` is.
    pub fn leader(&self, view: u64) -> &Seat {
        &self.seats[self.turn(view)]
    }

    /// The index of the seat that signs with `key`.
    pub fn position(&self, key: &PublicKey) -> Option<usize> {
        self.seats.binary_search_by_key(key, |seat| seat.key).ok()
    }
}

impl Write for Committee {
    fn write(&self, buf: &mut impl BufMut) {
        self.seats.write(buf);
        self.schedule.write(buf);
    }
}

impl EncodeSize for Committee {
    fn encode_size(&self) -> usize {
        self.seats.encode_size() + self.schedule.encode_size()
    }
}

impl Read for Committee {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, (): &()) -> Result<Self, Error> {
        let seats = List::<Seat, 1, SEATS_MAX>::read_cfg(buf, &())?;
        let schedule = List::<u16, 1, SEATS_MAX>::read_cfg(buf, &())?;
        Self::new(seats.into_vec(), schedule.into_vec())
            .ok_or(Error::Invalid("committee", "seats not ascending, or a turn without a seat"))
    }
}
