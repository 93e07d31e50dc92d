//! The channel of votes: bundles between nodes, single votes of seats for the engine.

use super::{Cosigner, Vote, bundle::Bundle, engine_seats, signature, signed_by};
use crate::{committees::Seated, evidence::Evidence};
use commonware_actor::{Feedback, Unreliable};
use commonware_codec::{DecodeExt as _, Encode as _};
use commonware_cryptography::ed25519::PublicKey as Point;
use commonware_macros::select;
use commonware_p2p::{Blocker, CheckedSender, LimitedSender, Message, Receiver, Recipients};
use commonware_runtime::{IoBuf, IoBufs};
use std::{collections::VecDeque, fmt, num::NonZeroUsize, sync::Arc, time::SystemTime};
use tokio::sync::mpsc;
use tracing::{debug, warn};

/// Votes of its engine that a node may be behind with.
const OWN_VOTES_MAX: usize = 16;

/// How a node's seats vote together.
pub(crate) struct Cosigning {
    pub(crate) seats: Arc<Seated>,
    /// The seats beside the engine's.
    pub(crate) others: Vec<Cosigner>,
    pub(crate) evidence: Arc<Evidence>,
    /// The committee's other nodes.
    pub(crate) nodes: Vec<Point>,
}

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
pub(crate) struct VoteReceiver<R, B> {
    cosigning: Arc<Cosigning>,
    blocker: B,
    /// Votes of a bundle that arrived.
    ready: VecDeque<Message<Point>>,
    local: mpsc::Receiver<Message<Point>>,
    inner: R,
}

impl Cosigning {
    /// Puts the node's seats between the engine and a channel. `blocker` blocks nodes.
    pub(crate) fn open<S, R, B>(
        self,
        (sender, receiver): (S, R),
        blocker: B,
    ) -> (VoteSender<S>, VoteReceiver<R, B>) {
        let (local, looped) = mpsc::channel(OWN_VOTES_MAX * self.others.len().max(1));
        let cosigning = Arc::new(self);
        let sender = VoteSender { cosigning: cosigning.clone(), local, inner: sender };
        let ready = VecDeque::new();
        (sender, VoteReceiver { cosigning, blocker, ready, local: looped, inner: receiver })
    }

    /// The vote with the signatures of all seats.
    fn bundle(&self, vote: Vote) -> Bundle {
        let others = self.others.iter().map(|cosigner| cosigner.sign(&vote)).collect();
        Bundle { vote, others }
    }

    fn message(&self, vote: &Vote) -> Message<Point> {
        let seat = usize::from(signature(vote).signer);
        (self.seats.points[seat].clone(), IoBuf::from(vote.encode()))
    }

    /// The votes in a message of `node`; `None` if it must not say that.
    fn heard(&self, node: &Point, message: IoBuf) -> Option<Vec<Message<Point>>> {
        let bundle = Bundle::decode(message, self.seats.hosted(node).count()).ok()?;
        if bundle.signers().any(|seat| self.seats.host(seat) != Some(node)) {
            bundle.votes().for_each(|vote| self.evidence.own.check_claimed(&vote));
            return None;
        }
        let votes = bundle.votes().inspect(|vote| self.evidence.voted(vote));
        Some(votes.map(|vote| self.message(&vote)).collect())
    }
}

impl<S: LimitedSender<PublicKey = Point>> LimitedSender for VoteSender<S> {
    type PublicKey = Point;
    type Checked<'a> = CheckedVote<'a, S>;

    /// Votes are for the whole committee. A rate limit on the connections must not silence the
    /// node's own seats.
    fn check(&mut self, _: Recipients<Point>) -> Result<CheckedVote<'_, S>, SystemTime> {
        let nodes = self.cosigning.nodes.clone();
        let inner = if nodes.is_empty() { None } else { self.inner.check(Recipients::Some(nodes)).ok() };
        Ok(CheckedVote { cosigning: &self.cosigning, local: &self.local, inner })
    }
}

/// A vote on its way out.
pub(crate) struct CheckedVote<'a, S: LimitedSender + 'a> {
    cosigning: &'a Arc<Cosigning>,
    local: &'a mpsc::Sender<Message<Point>>,
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
        let sent = self.inner.map(|inner| inner.send(IoBuf::from(bundle.encode()), priority));
        sent.unwrap_or(Unreliable::new(Feedback::Ok))
    }
}

impl<R, B> fmt::Debug for VoteReceiver<R, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VoteReceiver")
    }
}

impl<R: Receiver<PublicKey = Point>, B: Blocker<PublicKey = Point>> VoteReceiver<R, B> {
    /// The next bundle, or `None` for one that was nobody's to send.
    fn unpack(&mut self, node: Point, message: IoBuf) {
        match self.cosigning.heard(&node, message) {
            Some(votes) => self.ready.extend(votes),
            None => {
                warn!(%node, "blocked a node: it sent no votes of its own seats");
                let _ = self.blocker.block(node);
            }
        }
    }
}

impl<R: Receiver<PublicKey = Point>, B: Blocker<PublicKey = Point>> Receiver for VoteReceiver<R, B> {
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
