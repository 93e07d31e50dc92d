//! The channel of votes: bundles between nodes, single votes of seats for the engine.

use super::{Bundle, Cosigner, Reach, Vote, VoteMessage, engine_seats, message, passing, signed_by};
use crate::{committees::Seated, evidence::Evidence};
use commonware_actor::{Feedback, Unreliable};
use commonware_codec::DecodeExt as _;
use commonware_consensus::types::Round;
use commonware_cryptography::ed25519::PublicKey as Point;
use commonware_macros::select;
use commonware_p2p::{Blocker, CheckedSender, LimitedSender, Message, Receiver, Recipients, Sender};
use commonware_runtime::{IoBuf, IoBufs};
use goodwill_types::Digest;
use std::{collections::VecDeque, fmt, num::NonZeroUsize, sync::Arc, time::SystemTime};
use tokio::sync::mpsc;
use tracing::{debug, warn};

/// Votes that may wait for the engine beside those that arrive: for each seat this many.
const LOCAL_VOTES_MAX: usize = 16;

/// How a node's seats vote together.
pub(crate) struct Cosigning {
    pub(crate) seats: Arc<Seated>,
    /// The seats beside the engine's.
    pub(crate) others: Vec<Cosigner>,
    pub(crate) evidence: Arc<Evidence>,
    /// The committee's other nodes.
    pub(crate) nodes: Vec<Point>,
    pub(crate) me: Point,
    pub(crate) reach: Reach,
}

/// Sends a block that this node has to other nodes.
pub(crate) type Forward = Box<dyn Fn(Digest, Round, Vec<Point>) + Send + Sync>;

/// Sends what the engine votes, signed by all of the node's seats.
pub(crate) struct VoteSender<S> {
    cosigning: Arc<Cosigning>,
    local: mpsc::Sender<Message<Point>>,
    inner: S,
}

impl<S: Clone> Clone for VoteSender<S> {
    fn clone(&self) -> Self {
        Self { cosigning: self.cosigning.clone(), local: self.local.clone(), inner: self.inner.clone() }
    }
}

/// Gives the engine the votes of all seats but its own.
pub(crate) struct VoteReceiver<S, R, B> {
    cosigning: Arc<Cosigning>,
    blocker: B,
    sender: S,
    forward: Forward,
    /// The newest views of which a vote was passed on from here, and to here.
    passed: [u64; 2],
    /// Votes of a bundle that arrived.
    ready: VecDeque<Message<Point>>,
    local: mpsc::Receiver<Message<Point>>,
    inner: R,
}

/// Where the engine gets votes beside those that arrive: those of its own node's other seats, and what
/// certificates show.
pub(crate) fn local(seats: &Seated) -> (mpsc::Sender<Message<Point>>, mpsc::Receiver<Message<Point>>) {
    mpsc::channel(LOCAL_VOTES_MAX * seats.points.len())
}

impl Cosigning {
    /// Puts the node's seats between the engine and a channel. `blocker` blocks nodes.
    pub(crate) fn open<S: Clone, R, B>(
        self,
        (sender, receiver): (S, R),
        (local, looped): (mpsc::Sender<Message<Point>>, mpsc::Receiver<Message<Point>>),
        blocker: B,
        forward: Forward,
    ) -> (VoteSender<S>, VoteReceiver<S, R, B>) {
        let cosigning = Arc::new(self);
        let votes = VoteSender { cosigning: cosigning.clone(), local, inner: sender.clone() };
        let (ready, passed) = (VecDeque::new(), [0; 2]);
        let receiver = VoteReceiver {
            cosigning,
            blocker,
            sender,
            forward,
            passed,
            ready,
            local: looped,
            inner: receiver,
        };
        (votes, receiver)
    }

    /// The vote with the signatures of all seats.
    fn bundle(&self, vote: Vote) -> Bundle {
        let others = self.others.iter().map(|cosigner| cosigner.sign(&vote)).collect();
        Bundle { vote, others }
    }

    fn message(&self, vote: &Vote) -> Message<Point> {
        message(&self.seats, vote)
    }

    /// The votes in a bundle of `node`; `None` if it must not say that.
    fn heard(&self, node: &Point, bundle: Bundle) -> Option<Vec<Message<Point>>> {
        if bundle.signers().any(|seat| self.seats.host(seat) != Some(node)) {
            bundle.votes().for_each(|vote| self.evidence.own.check_claimed(&vote));
            return None;
        }
        let votes = bundle.votes().inspect(|vote| self.evidence.voted(vote));
        Some(votes.map(|vote| self.message(&vote)).collect())
    }

    /// The view and the node whose turn it is, if the vote is for a new block.
    fn turn(&self, vote: &Vote) -> Option<(u64, &Point)> {
        let (round, _) = passing::proposal(vote)?;
        let view = round.view().get();
        Some((view, self.seats.node(self.seats.leader(view))?))
    }
}

impl<S: LimitedSender<PublicKey = Point>> LimitedSender for VoteSender<S> {
    type PublicKey = Point;
    type Checked<'a> = CheckedVote<'a, S>;

    /// Votes are for the whole committee. A rate limit on the connections must not silence the
    /// node's own seats.
    fn check(&mut self, _: Recipients<Point>) -> Result<CheckedVote<'_, S>, SystemTime> {
        let (nodes, sender) = (self.cosigning.nodes.clone(), self.inner.clone());
        let inner = if nodes.is_empty() { None } else { self.inner.check(Recipients::Some(nodes)).ok() };
        Ok(CheckedVote { cosigning: &self.cosigning, local: &self.local, sender, inner })
    }
}

/// A vote on its way out.
pub(crate) struct CheckedVote<'a, S: LimitedSender + 'a> {
    cosigning: &'a Arc<Cosigning>,
    local: &'a mpsc::Sender<Message<Point>>,
    sender: S,
    inner: Option<S::Checked<'a>>,
}

impl<'a, S: LimitedSender<PublicKey = Point>> CheckedSender for CheckedVote<'a, S> {
    type PublicKey = Point;

    fn recipients(&self) -> Vec<Point> {
        self.inner.as_ref().map(|inner| engine_seats(&self.cosigning.seats, inner)).unwrap_or_default()
    }

    fn send(self, message: impl Into<IoBufs> + Send, priority: bool) -> Unreliable<Feedback> {
        let vote = Vote::decode(message.into().coalesce()).expect("the engine's own vote");
        self.cosigning.evidence.own.cast(&vote);
        let bundle = self.cosigning.bundle(vote);
        for signed in &bundle.others {
            let vote = signed_by(&bundle.vote, signed.clone());
            if self.local.try_send(self.cosigning.message(&vote)).is_err() {
                debug!("the engine is behind with its own node's votes");
            }
        }
        let Cosigning { seats, me, reach, .. } = &**self.cosigning;
        if let Some((asked, unheard)) = reach.passing(seats, me, &bundle.vote) {
            let pass = VoteMessage::Pass(unheard, bundle.clone()).encode();
            let mut sender = self.sender;
            let _ = sender.send(Recipients::Some(asked), IoBuf::from(pass), priority);
        }
        let message = IoBuf::from(VoteMessage::Own(bundle).encode());
        let sent = self.inner.map(|inner| inner.send(message, priority));
        sent.unwrap_or(Unreliable::new(Feedback::Ok))
    }
}

impl<S, R, B> fmt::Debug for VoteReceiver<S, R, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VoteReceiver")
    }
}

impl<S, R, B> VoteReceiver<S, R, B>
where
    S: Sender<PublicKey = Point>,
    R: Receiver<PublicKey = Point>,
    B: Blocker<PublicKey = Point>,
{
    /// Takes a message apart; blocks a node that must not say that.
    fn unpack(&mut self, node: Point, message: IoBuf) {
        let seats = &self.cosigning.seats;
        let votes = match VoteMessage::decode(message, seats.nodes.len(), seats.points.len()) {
            Ok(VoteMessage::Own(bundle)) => self.cosigning.heard(&node, bundle),
            Ok(VoteMessage::Pass(to, bundle)) => {
                self.pass(&node, &to, &bundle);
                self.cosigning.heard(&node, bundle)
            }
            Ok(VoteMessage::Passed(bundle)) => self.passed(bundle),
            Err(_) => None,
        };
        match votes {
            Some(votes) => self.ready.extend(votes),
            None => {
                warn!(%node, "blocked a node: it sent no votes of its own seats");
                let _ = self.blocker.block(node);
            }
        }
    }

    /// A leader asks to pass its block on, and its vote for it: once in a view.
    fn pass(&mut self, leader: &Point, to: &[usize], bundle: &Bundle) {
        let Some((view, turn)) = self.cosigning.turn(&bundle.vote) else { return };
        if turn != leader || view <= self.passed[0] {
            return;
        }
        self.passed[0] = view;
        let nodes = to.iter().filter_map(|node| self.cosigning.seats.nodes.get(*node));
        let nodes: Vec<_> = nodes.filter(|node| **node != self.cosigning.me).cloned().collect();
        if let Some((round, block)) = passing::proposal(&bundle.vote).filter(|_| !nodes.is_empty()) {
            (self.forward)(block, round, nodes.clone());
            let message = VoteMessage::Passed(bundle.clone()).encode();
            let _ = self.sender.send(Recipients::Some(nodes), IoBuf::from(message), true);
        }
    }

    /// The vote of a leader that this node cannot hear. Its signatures are looked at here, since the
    /// engine would cut the leader off where whoever passed it on is to blame; `None` then.
    fn passed(&mut self, bundle: Bundle) -> Option<Vec<Message<Point>>> {
        let (view, leader) = self.cosigning.turn(&bundle.vote)?;
        let leader = leader.clone();
        if view <= self.passed[1] {
            return Some(Vec::new());
        }
        let own = &self.cosigning.evidence.own;
        if leader == self.cosigning.me {
            bundle.votes().for_each(|vote| own.check_claimed(&vote));
            return Some(Vec::new());
        }
        if !bundle.clone().votes().all(|vote| own.verifies(&vote)) {
            return None;
        }
        self.passed[1] = view;
        self.cosigning.heard(&leader, bundle)
    }
}

impl<S, R, B> Receiver for VoteReceiver<S, R, B>
where
    S: Sender<PublicKey = Point>,
    R: Receiver<PublicKey = Point>,
    B: Blocker<PublicKey = Point>,
{
    type Error = R::Error;
    type PublicKey = Point;

    async fn recv(&mut self) -> Result<Message<Point>, R::Error> {
        loop {
            if let Some(vote) = self.ready.pop_front() {
                return Ok(vote);
            }
            select! {
                vote = own(&mut self.local) => return Ok(vote),
                message = self.inner.recv() => {
                    let (node, message) = message?;
                    self.unpack(node, message);
                },
            }
        }
    }

    fn capacity(&self) -> NonZeroUsize {
        self.inner.capacity()
    }
}

/// The next vote of the node's other seats. There is none any more once the engine has ended.
async fn own(votes: &mut mpsc::Receiver<Message<Point>>) -> Message<Point> {
    match votes.recv().await {
        Some(vote) => vote,
        None => std::future::pending().await,
    }
}
