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

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::seats::Cosigner;
    use commonware_consensus::{
        simplex::types::Nullify,
        types::{Epoch, Round, View},
    };
    use commonware_cryptography::ed25519::PublicKey as Point;
    use commonware_utils::ordered::Set;
    use goodwill_proof::scheme::{Scheme, namespace};
    use goodwill_types::{Digest, Domain, SecretKey, hash};

    pub(in crate::seats) fn bundle(others: usize) -> Bundle {
        let (chain_id, key) = (hash(Domain::Chain, b"test"), SecretKey::from_seed([1; 32]));
        let point = Point::try_from(&key.public_key()).expect("on the curve");
        let scheme =
            Scheme::signer(&namespace(&chain_id), Set::from_iter_dedup([point]), key.expose().clone());
        let round = Round::new(Epoch::new(u64::MAX), View::new(u64::MAX));
        let vote = Nullify::sign::<Digest>(&scheme.expect("a member"), round).expect("signed");
        let vote = Vote::Nullify(vote);
        let signed = |seat| Cosigner::new(&chain_id, seat, &key).expect("a signer").sign(&vote);
        let others = (1..=others).map(signed).collect();
        Bundle { vote, others }
    }

    #[test]
    fn reads_what_it_wrote_and_no_more_than_the_seats() {
        let bytes = bundle(3).encode();
        assert!(bytes.len() <= Bundle::size_max(4));
        let read = |bytes: Bytes, seats| Bundle::decode(IoBuf::from(bytes), seats);
        let votes: Vec<_> = read(bytes.clone(), 4).expect("four seats").votes().collect();
        let signers: Vec<_> = votes.iter().map(|vote| usize::from(signature(vote).signer)).collect();
        assert_eq!(signers, [0, 1, 2, 3]);
        assert!(read(bytes.clone(), 3).is_err(), "more signatures than seats");
        assert!(read(bytes.clone(), 0).is_err(), "a node without a seat");
        assert!(read(bytes.slice(..bytes.len() - 1), 4).is_err(), "cut off");
        assert!(read([&bytes[..], &[0]].concat().into(), 4).is_err(), "something left over");
    }

    #[test]
    fn a_count_reserves_nothing() {
        let mut bytes = bundle(0).encode().to_vec();
        bytes.pop();
        bytes.extend_from_slice(&UInt(u32::MAX).encode());
        assert!(Bundle::decode(IoBuf::from(bytes), 512).is_err());
    }
}
