//! What a node votes, as it crosses a connection: one vote, and the signatures of all its seats.

use super::{Signed, Vote, signature, signed_by};
use bytes::Bytes;
use commonware_codec::{Encode as _, Error, ReadExt as _, varint::UInt};
use commonware_runtime::{Buf, IoBuf};

/// A vote of the node's engine seat, which its other seats signed too.
#[derive(Clone, Debug)]
pub(crate) struct Bundle {
    /// The engine seat's vote.
    pub(crate) vote: Vote,
    /// The other seats' signatures on the same.
    pub(crate) others: Vec<Signed>,
}

impl Bundle {
    /// The largest encoding for a node with `seats` seats, in bytes.
    pub(crate) const fn size_max(seats: usize) -> usize {
        use commonware_codec::{MaxEncodeSize, varint::MAX_U32_VARINT_SIZE};
        Vote::MAX_ENCODE_SIZE + MAX_U32_VARINT_SIZE + seats * Signed::MAX_ENCODE_SIZE
    }

    pub(crate) fn encode(&self) -> Bytes {
        let mut bytes = self.vote.encode().to_vec();
        bytes.extend_from_slice(&UInt(self.others.len() as u32).encode());
        for signed in &self.others {
            bytes.extend_from_slice(&signed.encode());
        }
        bytes.into()
    }

    /// Reads what a node sent that hosts `seats` seats.
    ///
    /// # Errors
    /// Bytes that are no bundle, or more signatures than the node has seats.
    pub(crate) fn decode(mut bytes: IoBuf, seats: usize) -> Result<Self, Error> {
        let vote = Vote::read(&mut bytes)?;
        let count: u32 = UInt::read(&mut bytes)?.into();
        if count as usize >= seats {
            return Err(Error::Invalid("bundle", "more signatures than seats"));
        }
        let others = (0..count).map(|_| Signed::read(&mut bytes)).collect::<Result<_, _>>()?;
        match bytes.remaining() {
            0 => Ok(Self { vote, others }),
            left => Err(Error::ExtraData(left)),
        }
    }

    /// Who signed, as indices of seats.
    pub(crate) fn signers(&self) -> impl Iterator<Item = usize> + '_ {
        let all = std::iter::once(signature(&self.vote)).chain(&self.others);
        all.map(|signed| usize::from(signed.signer))
    }

    /// Each seat's vote.
    pub(crate) fn votes(self) -> impl Iterator<Item = Vote> {
        let Self { vote, others } = self;
        let rest: Vec<_> = others.into_iter().map(|signed| signed_by(&vote, signed)).collect();
        std::iter::once(vote).chain(rest)
    }
}
