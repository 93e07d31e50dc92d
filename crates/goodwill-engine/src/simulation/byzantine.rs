//! Nodes that do not follow the protocol: honest nodes whose words are twisted on the way out.

use super::witness::Witness;
use crate::{
    ChainConfig,
    block::{Block, BlockBounds},
};
use bytes::Bytes;
use commonware_actor::{Feedback, Unreliable};
use commonware_codec::{Decode as _, DecodeExt as _, Encode as _, varint::UInt};
use commonware_consensus::simplex::types::{Finalize, Notarize, Proposal, Vote};
use commonware_cryptography::{certificate::Attestation, ed25519::PublicKey as Point};
use commonware_p2p::{CheckedSender, LimitedSender, Recipients, Sender, utils::mux};
use commonware_runtime::{IoBuf, IoBufs};
use commonware_utils::{ordered::Set, sync::Mutex};
use goodwill_proof::scheme::{Scheme, namespace};
use goodwill_types::{Digest, Domain, SecretKey, hash};
use rand::{RngExt as _, rngs::StdRng};
use std::{collections::BTreeMap, sync::Arc, time::SystemTime};

/// How a Byzantine miner misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Byzantine {
    /// Votes for a second block, that nobody has, whenever it votes.
    Conflicting,
    /// Makes two blocks at its turn, shows each half of the nodes another one, and votes for both.
    Equivocating,
    /// Says nothing.
    Silent,
}

impl Byzantine {
    pub(super) fn random(random: &mut StdRng) -> Self {
        match random.random_range(0..3) {
            0 => Self::Conflicting,
            1 => Self::Equivocating,
            _ => Self::Silent,
        }
    }
}

/// The channels whose messages are twisted, by number.
const VOTES: u64 = 0;
const BLOCKS: u64 = 4;

/// How a node's words are twisted, shared by its channels.
#[derive(Clone)]
pub(super) struct Tampering {
    how: Option<Byzantine>,
    forger: Arc<Forger>,
    node: usize,
    witness: Witness,
}

/// Makes what an honest node never says.
pub(super) struct Forger {
    bounds: BlockBounds,
    /// Signs as the only member of a committee: the seat's index is put right afterwards.
    alone: Scheme,
    /// The second block for each that the node made itself.
    twins: Mutex<BTreeMap<Digest, Digest>>,
}

/// What to do with the messages of a channel.
#[derive(Clone)]
pub(super) enum Twist {
    /// Nothing.
    Pass,
    /// Nothing, but to write down the node's votes.
    Watch(usize, Witness),
    /// Drop them.
    Drop,
    /// Twist votes.
    Votes(Byzantine, Arc<Forger>),
    /// Make a second block.
    Blocks(Arc<Forger>),
}

/// A message, and who gets it.
type Sending = (Vec<Point>, Bytes);

impl Tampering {
    pub(super) fn new(
        how: Option<Byzantine>,
        key: SecretKey,
        chain: ChainConfig,
        (node, witness): (usize, Witness),
    ) -> Self {
        let me = Point::try_from(&key.public_key()).expect("a derived key is on the curve");
        let alone = Scheme::signer(
            &namespace(&chain.chain_id),
            Set::try_from([me]).expect("one key"),
            key.expose().clone(),
        );
        let bounds = BlockBounds { body_size_max: chain.body_size_max };
        let forger = Forger { bounds, alone: alone.expect("the only member"), twins: Mutex::default() };
        Self { how, forger: Arc::new(forger), node, witness }
    }

    pub(super) fn is_honest(&self) -> bool {
        self.how.is_none()
    }

    /// What to do on the channel `number`.
    pub(super) fn on(&self, number: u64) -> Twist {
        match (self.how, number) {
            (None, VOTES) => Twist::Watch(self.node, self.witness.clone()),
            (None, _) => Twist::Pass,
            (Some(Byzantine::Silent), _) => Twist::Drop,
            (Some(how), VOTES) => Twist::Votes(how, self.forger.clone()),
            (Some(Byzantine::Equivocating), BLOCKS) => Twist::Blocks(self.forger.clone()),
            _ => Twist::Pass,
        }
    }
}

impl Twist {
    fn apply(&self, recipients: Vec<Point>, message: Bytes) -> Vec<Sending> {
        let twisted = match self {
            Self::Pass | Self::Watch(..) => None,
            Self::Drop => return Vec::new(),
            Self::Votes(Byzantine::Equivocating, forger) => forger.split_vote(&recipients, &message),
            Self::Votes(_, forger) => forger.double_vote(&recipients, &message),
            Self::Blocks(forger) => forger.split_block(&recipients, &message),
        };
        twisted.unwrap_or_else(|| vec![(recipients, message)])
    }
}

impl Forger {
    /// The vote, and one for a block that does not exist.
    fn double_vote(&self, recipients: &[Point], message: &Bytes) -> Option<Vec<Sending>> {
        let (epoch, vote) = read_vote(message)?;
        let payload = hash(Domain::Block, proposal(&vote)?.payload.as_ref());
        let second = self.resign(&vote, payload)?;
        let second = write_vote(epoch, &second);
        Some(vec![(recipients.to_vec(), message.clone()), (recipients.to_vec(), second)])
    }

    /// A vote for each half: for the block that it was shown.
    fn split_vote(&self, recipients: &[Point], message: &Bytes) -> Option<Vec<Sending>> {
        let (epoch, vote) = read_vote(message)?;
        let twin = *self.twins.lock().get(&proposal(&vote)?.payload)?;
        let second = write_vote(epoch, &self.resign(&vote, twin)?);
        Some(halves(recipients, message.clone(), second))
    }

    /// A block for each half: the second is a millisecond later.
    fn split_block(&self, recipients: &[Point], message: &Bytes) -> Option<Vec<Sending>> {
        let block = Block::decode_cfg(message.clone(), &self.bounds).ok()?;
        let mut header = block.header.clone();
        header.timestamp_ms += 1;
        self.twins.lock().insert(block.header.digest(), header.digest());
        let twin = Block::new(header, block.body).ok()?.encode();
        Some(halves(recipients, message.clone(), twin))
    }

    fn resign(&self, vote: &Vote<Scheme, Digest>, payload: Digest) -> Option<Vote<Scheme, Digest>> {
        let seat = |attestation: &mut Attestation<Scheme>, of: &Attestation<Scheme>| {
            attestation.signer = of.signer;
        };
        match vote {
            Vote::Notarize(vote) => {
                let proposal = Proposal { payload, ..vote.proposal.clone() };
                let mut forged = Notarize::sign(&self.alone, proposal)?;
                seat(&mut forged.attestation, &vote.attestation);
                Some(Vote::Notarize(forged))
            }
            Vote::Finalize(vote) => {
                let proposal = Proposal { payload, ..vote.proposal.clone() };
                let mut forged = Finalize::sign(&self.alone, proposal)?;
                seat(&mut forged.attestation, &vote.attestation);
                Some(Vote::Finalize(forged))
            }
            Vote::Nullify(_) => None,
        }
    }
}

fn proposal(vote: &Vote<Scheme, Digest>) -> Option<&Proposal<Digest>> {
    match vote {
        Vote::Notarize(vote) => Some(&vote.proposal),
        Vote::Finalize(vote) => Some(&vote.proposal),
        Vote::Nullify(_) => None,
    }
}

pub(super) fn read_vote(message: &Bytes) -> Option<(u64, Vote<Scheme, Digest>)> {
    let (epoch, vote) = mux::parse(IoBuf::from(message.clone())).ok()?;
    Some((epoch, Vote::decode(Bytes::from(vote)).ok()?))
}

fn write_vote(epoch: u64, vote: &Vote<Scheme, Digest>) -> Bytes {
    [UInt(epoch).encode(), vote.encode()].concat().into()
}

fn halves(recipients: &[Point], first: Bytes, second: Bytes) -> Vec<Sending> {
    let mut recipients = recipients.to_vec();
    recipients.sort();
    let others = recipients.split_off(recipients.len() / 2);
    vec![(recipients, first), (others, second)]
}

/// A sender whose messages are twisted.
#[derive(Clone)]
pub(super) struct Tampered<S> {
    inner: S,
    twist: Twist,
}

impl<S> Tampered<S> {
    pub(super) fn new(inner: S, twist: Twist) -> Self {
        Self { inner, twist }
    }
}

impl<S: Sender<PublicKey = Point>> LimitedSender for Tampered<S> {
    type PublicKey = Point;
    type Checked<'a> = Checked<'a, S>;

    fn check(&mut self, recipients: Recipients<Point>) -> Result<Checked<'_, S>, SystemTime> {
        match self.twist {
            Twist::Pass | Twist::Watch(..) => {
                Ok(Checked::Passing(self.inner.check(recipients)?, &self.twist))
            }
            _ => {
                let recipients = self.inner.check(recipients)?.recipients();
                Ok(Checked::Twisting { sender: self.inner.clone(), twist: &self.twist, recipients })
            }
        }
    }
}

/// A message on its way out.
pub(super) enum Checked<'a, S: LimitedSender + 'a> {
    Passing(S::Checked<'a>, &'a Twist),
    Twisting { sender: S, twist: &'a Twist, recipients: Vec<Point> },
}

impl<'a, S: Sender<PublicKey = Point>> CheckedSender for Checked<'a, S> {
    type PublicKey = Point;

    fn recipients(&self) -> Vec<Point> {
        match self {
            Self::Passing(inner, _) => inner.recipients(),
            Self::Twisting { recipients, .. } => recipients.clone(),
        }
    }

    fn send(self, message: impl Into<IoBufs> + Send, priority: bool) -> Unreliable<Feedback> {
        match self {
            Self::Passing(inner, Twist::Watch(node, witness)) => {
                let message = message.into();
                witness.voted(*node, &Bytes::from(message.clone().coalesce()));
                inner.send(message, priority)
            }
            Self::Passing(inner, _) => inner.send(message, priority),
            Self::Twisting { mut sender, twist, recipients } => {
                let message = Bytes::from(message.into().coalesce());
                for (recipients, message) in twist.apply(recipients, message) {
                    let _ = sender.send(Recipients::Some(recipients), IoBuf::from(message), priority);
                }
                Unreliable::new(Feedback::Ok)
            }
        }
    }
}
