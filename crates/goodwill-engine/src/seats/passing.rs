//! Votes that are passed on. Two nodes behind home lines cannot connect; what one of them proposes the
//! other would never see, and leaders lose their turns. So a leader that does not hear all nodes of the
//! committee asks two that it hears to pass its block, and its vote for it, on to the rest. All other
//! votes need not be: whoever hears both makes the certificate, and couriers bring it.

use super::{Bundle, Vote};
use crate::committees::Seated;
use bytes::Bytes;
use commonware_codec::{Encode as _, Error, ReadExt as _, varint::UInt};
use commonware_consensus::types::Round;
use commonware_cryptography::ed25519::PublicKey as Point;
use commonware_runtime::IoBuf;
use commonware_utils::sync::Mutex;
use goodwill_types::Digest;
use std::{collections::BTreeSet, sync::Arc};

/// How many nodes a leader asks to pass its block on.
const PASSING: usize = 2;

/// How a message on the channel of votes begins.
const OWN: u8 = 0;
const PASS: u8 = 1;
const PASSED: u8 = 2;

/// A message on the channel of votes.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    /// What the sending node votes.
    Own(Bundle),
    /// The same, to be passed on to these nodes, named by their index.
    Pass(Vec<usize>, Bundle),
    /// What another node votes.
    Passed(Bundle),
}

impl Message {
    pub(crate) fn encode(&self) -> Bytes {
        match self {
            Self::Own(bundle) => [&[OWN], &bundle.encode()[..]].concat().into(),
            Self::Passed(bundle) => [&[PASSED], &bundle.encode()[..]].concat().into(),
            Self::Pass(nodes, bundle) => {
                let mut bytes = vec![PASS];
                for number in std::iter::once(nodes.len()).chain(nodes.iter().copied()) {
                    bytes.extend_from_slice(&UInt(number as u32).encode());
                }
                bytes.extend_from_slice(&bundle.encode());
                bytes.into()
            }
        }
    }

    /// Reads what a node sent, in a committee of `nodes` nodes none of which hosts more seats than
    /// `seats`.
    ///
    /// # Errors
    /// Bytes that are no message, or counts above those bounds.
    pub(crate) fn decode(mut bytes: IoBuf, nodes: usize, seats: usize) -> Result<Self, Error> {
        match u8::read(&mut bytes)? {
            OWN => Bundle::decode(bytes, seats).map(Self::Own),
            PASSED => Bundle::decode(bytes, seats).map(Self::Passed),
            PASS => {
                let mut number = || Ok::<_, Error>(u32::from(UInt::<u32>::read(&mut bytes)?) as usize);
                let count = number()?;
                if count > nodes {
                    return Err(Error::Invalid("vote", "more recipients than nodes"));
                }
                let to = (0..count).map(|_| number()).collect::<Result<_, _>>()?;
                Ok(Self::Pass(to, Bundle::decode(bytes, seats)?))
            }
            kind => Err(Error::InvalidEnum(kind)),
        }
    }

    /// The largest message of a committee of `seats` seats, in bytes.
    pub(crate) const fn size_max(seats: usize) -> usize {
        use commonware_codec::varint::MAX_U32_VARINT_SIZE;
        1 + (1 + seats) * MAX_U32_VARINT_SIZE + Bundle::size_max(seats)
    }
}

/// The nodes that were heard of late. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Reach(Arc<Mutex<BTreeSet<Point>>>);

impl Reach {
    pub(crate) fn hears(&self, nodes: impl IntoIterator<Item = Point>) {
        *self.0.lock() = nodes.into_iter().collect();
    }

    pub(crate) fn contains(&self, node: &Point) -> bool {
        self.0.lock().contains(node)
    }

    /// For a vote of `me`: whom to ask to pass it on, and to which nodes. `None` unless it is the
    /// leader's vote for its own block, and some nodes are not heard.
    pub(crate) fn passing(
        &self,
        seats: &Seated,
        me: &Point,
        vote: &Vote,
    ) -> Option<(Vec<Point>, Vec<usize>)> {
        let (round, _) = proposal(vote)?;
        let view = round.view().get();
        if seats.node(seats.leader(view)) != Some(me) {
            return None;
        }
        let reach = self.0.lock();
        let (heard, unheard): (Vec<_>, Vec<_>) = (0..seats.nodes.len())
            .filter(|node| seats.nodes[*node] != *me)
            .partition(|node| reach.contains(&seats.nodes[*node]));
        if heard.is_empty() || unheard.is_empty() {
            return None;
        }
        let first = (view % heard.len() as u64) as usize;
        let asked = heard.iter().cycle().skip(first).take(PASSING.min(heard.len()));
        Some((asked.map(|node| seats.nodes[*node].clone()).collect(), unheard))
    }
}

/// What a vote to notarize is about.
pub(super) fn proposal(vote: &Vote) -> Option<(Round, Digest)> {
    match vote {
        Vote::Notarize(vote) => Some((vote.proposal.round, vote.proposal.payload)),
        Vote::Nullify(_) | Vote::Finalize(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seats::bundle::tests::bundle;

    fn read(bytes: Bytes, nodes: usize) -> Result<Message, Error> {
        Message::decode(IoBuf::from(bytes), nodes, 4)
    }

    #[test]
    fn reads_what_it_wrote() {
        for message in
            [Message::Own(bundle(3)), Message::Passed(bundle(0)), Message::Pass(vec![7, 300], bundle(1))]
        {
            let bytes = message.encode();
            assert!(bytes.len() <= Message::size_max(4));
            assert_eq!(read(bytes.clone(), 2).expect("a message").encode(), bytes);
            assert!(read(bytes.slice(..bytes.len() - 1), 2).is_err(), "cut off");
        }
    }

    #[test]
    fn bounds_what_it_reads() {
        assert!(
            read(Message::Pass(vec![0, 1, 2], bundle(0)).encode(), 2).is_err(),
            "more nodes than there are"
        );
        assert!(read(Message::Own(bundle(4)).encode(), 2).is_err(), "more seats than there are");
        assert!(
            read(Bytes::from_static(&[PASS, 0xff, 0xff, 0xff, 0xff, 0x0f]), 2).is_err(),
            "a count of nothing"
        );
        assert!(read(Bytes::from_static(&[3]), 2).is_err() && read(Bytes::new(), 2).is_err());
    }
}
