//! A block as consensus and storage see it.

use bytes::{BufMut, Bytes};
use commonware_codec::{Buf, EncodeSize, Error, RangeCfg, Read, ReadExt, Write, varint::MAX_U32_VARINT_SIZE};
use commonware_consensus::{
    Block as ConsensusBlock, BoundedBlock, CertifiableBlock, Heightable,
    simplex::types,
    types::{Epoch, Height, Round, View},
};
use commonware_cryptography::{Digestible, ed25519::PublicKey as Point};
use goodwill_types::{Digest, Header};

/// The most operations that the state's log can hold.
const OPERATIONS_MAX: u64 = 1 << 62;

/// Under which circumstances a block is proposed.
pub(crate) type Context = types::Context<Digest, Point>;

/// A header with its body. The two belong together, and the leader's key is on the curve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) header: Header,
    pub(crate) body: Bytes,
    leader: Point,
}

/// How a block is read: the largest body accepted, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockBounds {
    pub(crate) body_size_max: u32,
}

impl Block {
    /// # Errors
    /// Refuses a body that is not the header's, a leader whose key is no point of the curve, and
    /// what no log of operations can hold.
    pub(crate) fn new(header: Header, body: Bytes) -> Result<Self, Error> {
        let leader = Point::try_from(&header.leader).map_err(|e| Error::Wrapped("leader", e.into()))?;
        if Header::hash_body(&body) != header.body_hash {
            return Err(Error::Invalid("block", "the body is not the one that the header names"));
        }
        if header.operations_start >= header.operations_end || header.operations_end > OPERATIONS_MAX {
            return Err(Error::Invalid("block", "the range of operations is empty or out of bounds"));
        }
        Ok(Self { header, body, leader })
    }
}

impl Write for Block {
    fn write(&self, buf: &mut impl BufMut) {
        self.header.write(buf);
        self.body.write(buf);
    }
}

impl EncodeSize for Block {
    fn encode_size(&self) -> usize {
        self.header.encode_size() + self.body.encode_size()
    }
}

impl Read for Block {
    type Cfg = BlockBounds;
    fn read_cfg(buf: &mut impl Buf, bounds: &BlockBounds) -> Result<Self, Error> {
        let header = Header::read(buf)?;
        Self::new(header, Bytes::read_cfg(buf, &RangeCfg::new(0..=bounds.body_size_max as usize))?)
    }
}

impl BoundedBlock for Block {
    fn max_encode_size(bounds: &BlockBounds) -> usize {
        Header::SIZE + MAX_U32_VARINT_SIZE + bounds.body_size_max as usize
    }
}

impl Digestible for Block {
    type Digest = Digest;
    fn digest(&self) -> Digest {
        self.header.digest()
    }
}

impl Heightable for Block {
    fn height(&self) -> Height {
        Height::new(self.header.height)
    }
}

impl ConsensusBlock for Block {
    fn parent(&self) -> Digest {
        self.header.parent
    }
}

impl CertifiableBlock for Block {
    type Context = Context;
    fn context(&self) -> Context {
        Context {
            round: Round::new(Epoch::new(self.header.epoch), View::new(self.header.view)),
            leader: self.leader.clone(),
            parent: (View::new(self.header.parent_view), self.header.parent),
        }
    }
}
