//! Nodes that do not follow the protocol: honest nodes whose words are twisted on the way out.

use super::{mesh::Mesh, witness::Witness};
use crate::{
    ChainConfig,
    block::{Block, BlockBounds},
    seats::{Bundle, Cosigner, Signed, Vote, VoteMessage, signature, signed_by},
};
use bytes::Bytes;
use commonware_actor::{Feedback, Unreliable};
use commonware_codec::{Decode as _, Encode as _, varint::UInt};
use commonware_consensus::simplex::types::Proposal;
use commonware_cryptography::ed25519::PublicKey as Point;
use commonware_p2p::{CheckedSender, LimitedSender, Recipients, Sender, utils::mux};
use commonware_runtime::{IoBuf, IoBufs};
use commonware_utils::{Participant, sync::Mutex};
use goodwill_types::{Committee, Digest, Domain, PublicKey, Seat, SecretKey, block::SEATS_MAX, hash};
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
    /// Votes for a seat of another node.
    Forging,
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
    chain_id: Digest,
    /// By epoch.
    seats: Mutex<BTreeMap<u64, Seats>>,
    me: PublicKey,
    /// The second block for each that the node made itself.
    twins: Mutex<BTreeMap<Digest, Digest>>,
}

/// What a forger has to vote with in an epoch.
struct Seats {
    ours: Vec<Cosigner>,
    /// A seat of another node.
    stolen: Option<usize>,
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
        let bounds = BlockBounds { body_size_max: chain.body_size_max };
        let forger = Forger {
            bounds,
            chain_id: chain.chain_id,
            seats: Mutex::default(),
            me: key.public_key(),
            twins: Mutex::default(),
        };
        Self { how, forger: Arc::new(forger), node, witness }
    }

    pub(super) fn is_honest(&self) -> bool {
        self.how.is_none()
    }

    pub(super) fn forger(&self) -> Arc<Forger> {
        self.forger.clone()
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
            Self::Votes(Byzantine::Forging, forger) => forger.stolen_vote(&recipients, &message),
            Self::Votes(_, forger) => forger.double_vote(&recipients, &message),
            Self::Blocks(forger) => forger.split_block(&recipients, &message),
        };
        twisted.unwrap_or_else(|| vec![(recipients, message)])
    }
}

impl Forger {
    /// What the node signs with in an epoch.
    pub(super) fn learn(&self, epoch: u64, committee: &Committee, secrets: &[SecretKey]) {
        let of_seat = |(seat, of): (usize, &Seat)| {
            let secret = secrets.iter().find(|secret| secret.public_key() == of.key)?;
            Cosigner::new(&self.chain_id, seat, secret)
        };
        let ours = committee.seats.iter().enumerate().filter_map(of_seat).collect();
        let stolen = committee.seats.iter().position(|seat| seat.node != self.me);
        self.seats.lock().insert(epoch, Seats { ours, stolen });
    }

    /// The vote, and one for a block that does not exist.
    fn double_vote(&self, recipients: &[Point], message: &Bytes) -> Option<Vec<Sending>> {
        let (epoch, bundle) = read_votes(message)?;
        let payload = hash(Domain::Block, proposal(&bundle.vote)?.payload.as_ref());
        let second = write_votes(epoch, &self.resign(epoch, &bundle, payload)?);
        Some(vec![(recipients.to_vec(), message.clone()), (recipients.to_vec(), second)])
    }

    /// A vote for each half: for the block that it was shown.
    fn split_vote(&self, recipients: &[Point], message: &Bytes) -> Option<Vec<Sending>> {
        let (epoch, bundle) = read_votes(message)?;
        let twin = *self.twins.lock().get(&proposal(&bundle.vote)?.payload)?;
        let second = write_votes(epoch, &self.resign(epoch, &bundle, twin)?);
        Some(halves(recipients, message.clone(), second))
    }

    /// The vote in the name of a seat of another node.
    fn stolen_vote(&self, recipients: &[Point], message: &Bytes) -> Option<Vec<Sending>> {
        let (epoch, bundle) = read_votes(message)?;
        let stolen = self.seats.lock().get(&epoch)?.stolen?;
        let signer = Participant::from_usize(stolen);
        let signed = Signed { signer, ..signature(&bundle.vote).clone() };
        let forged = Bundle { vote: signed_by(&bundle.vote, signed), others: Vec::new() };
        Some(vec![(recipients.to_vec(), write_votes(epoch, &forged))])
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

    /// The same votes for another block.
    fn resign(&self, epoch: u64, bundle: &Bundle, payload: Digest) -> Option<Bundle> {
        let mut vote = bundle.vote.clone();
        match &mut vote {
            Vote::Notarize(vote) => vote.proposal.payload = payload,
            Vote::Finalize(vote) => vote.proposal.payload = payload,
            Vote::Nullify(_) => return None,
        }
        let seats = self.seats.lock();
        let mut signed = seats.get(&epoch)?.ours.iter().map(|seat| seat.sign(&vote));
        Some(Bundle { vote: signed_by(&vote, signed.next()?), others: signed.collect() })
    }
}

fn proposal(vote: &Vote) -> Option<&Proposal<Digest>> {
    match vote {
        Vote::Notarize(vote) => Some(&vote.proposal),
        Vote::Finalize(vote) => Some(&vote.proposal),
        Vote::Nullify(_) => None,
    }
}

pub(super) fn read_votes(message: &Bytes) -> Option<(u64, Bundle)> {
    let (epoch, bundle) = mux::parse(IoBuf::from(message.clone())).ok()?;
    match VoteMessage::decode(bundle, SEATS_MAX, SEATS_MAX).ok()? {
        VoteMessage::Own(bundle) | VoteMessage::Pass(_, bundle) => Some((epoch, bundle)),
        VoteMessage::Passed(_) => None,
    }
}

fn write_votes(epoch: u64, bundle: &Bundle) -> Bytes {
    [UInt(epoch).encode(), VoteMessage::Own(bundle.clone()).encode()].concat().into()
}

fn halves(recipients: &[Point], first: Bytes, second: Bytes) -> Vec<Sending> {
    let mut recipients = recipients.to_vec();
    recipients.sort();
    let others = recipients.split_off(recipients.len() / 2);
    vec![(recipients, first), (others, second)]
}

/// A sender whose messages are twisted, and reach only those to whom the node is connected.
#[derive(Clone)]
pub(super) struct Tampered<S> {
    me: Point,
    mesh: Mesh,
    inner: S,
    twist: Twist,
}

impl<S> Tampered<S> {
    pub(super) fn new(me: Point, mesh: Mesh, inner: S, twist: Twist) -> Self {
        Self { me, mesh, inner, twist }
    }

    fn connected(&self, recipients: Recipients<Point>) -> Vec<Point> {
        let asked = match recipients {
            Recipients::All => self.mesh.everybody(),
            Recipients::One(node) => vec![node],
            Recipients::Some(nodes) => nodes,
        };
        self.mesh.connected(&self.me, asked)
    }
}

impl<S: Sender<PublicKey = Point>> LimitedSender for Tampered<S> {
    type PublicKey = Point;
    type Checked<'a> = Checked<'a, S>;

    fn check(&mut self, recipients: Recipients<Point>) -> Result<Checked<'_, S>, SystemTime> {
        let recipients = self.connected(recipients);
        if recipients.is_empty() {
            return Ok(Checked::Nobody);
        }
        let recipients = Recipients::Some(recipients);
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
    Nobody,
    Passing(S::Checked<'a>, &'a Twist),
    Twisting { sender: S, twist: &'a Twist, recipients: Vec<Point> },
}

impl<'a, S: Sender<PublicKey = Point>> CheckedSender for Checked<'a, S> {
    type PublicKey = Point;

    fn recipients(&self) -> Vec<Point> {
        match self {
            Self::Nobody => Vec::new(),
            Self::Passing(inner, _) => inner.recipients(),
            Self::Twisting { recipients, .. } => recipients.clone(),
        }
    }

    fn send(self, message: impl Into<IoBufs> + Send, priority: bool) -> Unreliable<Feedback> {
        match self {
            Self::Nobody => Unreliable::new(Feedback::Ok),
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
