//! Follows the chain: goes from epoch to epoch as blocks become final, and keeps up with what
//! other nodes say that they have. Nodes without a seat hear no votes and live from this alone.

use crate::{
    block::Block,
    early::Early,
    epochs::{Active, Epochs, Foreknown, Part},
    expected::Forecast,
    node::Runtime,
    rules::now_ms,
};
use commonware_actor::Feedback;
use commonware_consensus::{Heightable as _, Reporter, marshal::Update, types::Height};
use commonware_cryptography::ed25519::PublicKey as Point;
use commonware_macros::select_loop;
use commonware_p2p::{Blocker, Manager, Message, Receiver, Recipients, Sender};
use commonware_runtime::{Buf as _, IoBuf};
use commonware_utils::{Acknowledgement as _, acknowledgement::Exact, vec::NonEmptyVec};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};
use tokio::sync::{mpsc, watch};

/// Voters learn of blocks by their votes; only this far behind do they ask for them.
const LAG_MAX: u64 = 8;
/// The size of a message on the tip channel: a height.
const TIP_SIZE: usize = 8;

/// A final block, to be acknowledged when the node has entered the epoch of its child.
pub(crate) type Delivery = (Height, Exact);

/// Hands final blocks to [`Follower`]. At most as many as may be unacknowledged are on their way.
#[derive(Clone)]
pub(crate) struct Deliveries {
    pub(crate) blocks: mpsc::UnboundedSender<Delivery>,
    pub(crate) tip: Arc<watch::Sender<u64>>,
}

impl Reporter for Deliveries {
    type Activity = Update<Block>;
    fn report(&mut self, update: Update<Block>) -> Feedback {
        match update {
            Update::Tip(_, height, _) => {
                self.tip.send_replace(height.get());
                Feedback::Ok
            }
            Update::Block(block, acknowledgement) => {
                let sent = self.blocks.send((block.height(), acknowledgement));
                sent.map_or(Feedback::Closed, |()| Feedback::Ok)
            }
        }
    }
}

/// What the follower hears.
pub(crate) struct Heard<R> {
    /// Final blocks, in order.
    pub(crate) blocks: mpsc::UnboundedReceiver<Delivery>,
    /// The newest final height.
    pub(crate) tip: watch::Receiver<u64>,
    /// Votes and certificates of epochs that the node is not in.
    pub(crate) strays: [mpsc::Receiver<(u64, (Point, IoBuf))>; 2],
    /// What other nodes say that they have.
    pub(crate) tips: R,
    /// The nodes of the next epoch.
    pub(crate) forecast: watch::Receiver<Option<Forecast>>,
}

/// Keeps the node in the chain's epoch.
pub(crate) struct Follower<E: Runtime, S: Sender, M, B> {
    pub(crate) epochs: Epochs<E, S, M, B>,
    pub(crate) say: S,
    pub(crate) peers: Arc<AtomicUsize>,
    /// How far each node says that it is. Only nodes of the mesh get here.
    pub(crate) claims: BTreeMap<Point, u64>,
    /// When each node was last heard.
    pub(crate) heard: BTreeMap<Point, SystemTime>,
    /// Votes and certificates of the next epoch.
    pub(crate) early: [Early; 2],
}

impl<E, S, M, B> Follower<E, S, M, B>
where
    E: Runtime,
    S: Sender<PublicKey = Point>,
    M: Manager<PublicKey = Point>,
    B: Blocker<PublicKey = Point> + Sync,
{
    /// Follows until the node stops.
    pub(crate) async fn run(mut self, mut heard: Heard<impl Receiver<PublicKey = Point>>) {
        let processed = self.epochs.marshal.get_processed().await.map_or(0, |at| at.height().get());
        let mut tip = processed;
        let epoch = self.epochs.rules.epoch(processed + 1);
        self.epochs.committees.check_kept(epoch);
        let mut active = self.enter(epoch, BTreeSet::new()).await;
        let context = self.epochs.runtime.child("follow");
        let mut beat = context.current();
        let [mut votes, mut certificates] = heard.strays;
        select_loop! {
            context,
            on_stopped => {},
            Some((epoch, message)) = votes.recv() else break => self.stray(&active, epoch, (0, message)),
            Some((epoch, message)) = certificates.recv() else break => self.stray(&active, epoch, (1, message)),
            message = heard.tips.recv() => {
                let Ok((from, message)) = message else { break };
                self.claimed(&active, tip, from, message);
            },
            _ = context.sleep_until(beat) => {
                beat = context.current() + self.epochs.rules.timing().heartbeat();
                self.beat(tip);
            },
            Ok(()) = heard.tip.changed() else break => {
                tip = tip.max(*heard.tip.borrow_and_update());
                self.push(&active, tip);
            },
            Ok(()) = heard.forecast.changed() else break => {
                let forecast = heard.forecast.borrow_and_update().clone();
                forecast.iter().for_each(|forecast| self.epochs.expect(&active, forecast));
            },
            Some((height, acknowledgement)) = heard.blocks.recv() else break => {
                active = self.pass(active, height.get()).await;
                acknowledgement.acknowledge();
            },
            () = ended(&mut active) => panic!("the vote on the blocks of epoch {} ended", active.epoch),
        }
    }

    /// The block at `height` is final. After the last of an epoch, the next epoch begins.
    async fn pass(&mut self, active: Active, height: u64) -> Active {
        assert!(height <= active.last, "the last block of epoch {} was skipped", active.epoch);
        if height < active.last {
            return active;
        }
        let next = self.enter(active.epoch + 1, active.silent(&self.epochs.reach)).await;
        self.hand_over(&active, &next);
        active.leave().await;
        self.catch_up(&next, height);
        next
    }

    async fn enter(&mut self, epoch: u64, silent: BTreeSet<Point>) -> Active {
        let known = Foreknown { claims: &self.claims, silent, early: &mut self.early };
        self.epochs.enter(epoch, known).await
    }

    /// Tells the nodes of the new committee that were not in the old one that its epoch is over: they hear no
    /// votes, and the new epoch waits for them.
    fn hand_over(&mut self, before: &Active, next: &Active) {
        let new = next.seated.others(&self.epochs.me);
        let new: Vec<_> =
            new.into_iter().filter(|node| before.seated.nodes.position(node).is_none()).collect();
        if before.part.is_some() && !new.is_empty() {
            let _ = self.say.send(Recipients::Some(new), encode(before.last), true);
        }
    }

    /// In a new epoch, asks at once those that are further: more of the chain can be verified now.
    fn catch_up(&self, active: &Active, tip: u64) {
        let further = self.claims.iter().filter(|(_, height)| **height > tip + LAG_MAX);
        further.for_each(|(node, height)| self.fetch(active, *height, node.clone()));
    }

    /// Somebody votes in an epoch that the node is not in: if a later one, ours is over, and it has
    /// the last block of the epoch before. `place`: of the channel, among the strays.
    fn stray(&mut self, active: &Active, epoch: u64, (place, message): (usize, Message<Point>)) {
        if epoch == active.epoch {
            return active.late(place, message);
        }
        let (from, message) = message;
        if epoch == active.epoch + 1 {
            self.early[place].keep(epoch, from.clone(), message);
        }
        let newest = self.epochs.rules.epoch(self.height_max());
        if (active.epoch + 1..=newest).contains(&epoch) {
            self.note(from.clone(), self.epochs.rules.last(epoch - 1));
            self.fetch(active, active.last, from);
        }
    }

    /// However far a node says that it is, there has not been time for more blocks than this.
    fn height_max(&self) -> u64 {
        self.epochs.rules.height_max(now_ms(&self.epochs.runtime))
    }

    /// A node shows that it is there, and how far it is.
    fn note(&mut self, from: Point, height: u64) {
        self.heard.insert(from.clone(), self.epochs.runtime.current());
        self.count();
        let claim = self.claims.entry(from).or_default();
        *claim = height.max(*claim);
    }

    /// A node says how far it is.
    fn claimed(&mut self, active: &Active, tip: u64, from: Point, message: IoBuf) {
        let Some(claim) = decode(message) else { return };
        let height = claim.min(self.height_max());
        self.note(from.clone(), height);
        // Who has the epoch's last block votes in it no more: its blocks must be asked for.
        let slack = if active.part.is_some() { LAG_MAX } else { 0 };
        if height > tip && (height >= active.last || height > tip + slack) {
            self.fetch(active, height, from);
        }
    }

    /// Asks `from` for a certificate: of `height`, but never beyond the epoch whose committee is
    /// known. Whoever is connected may be asked, since the committee of an epoch long over may be
    /// gone; what is asked in vain is bounded by the length of an epoch.
    fn fetch(&self, active: &Active, height: u64, from: Point) {
        if from != self.epochs.me {
            let height = Height::new(height.min(active.last));
            self.epochs.marshal.hint_finalized(height, NonEmptyVec::new(from));
        }
    }

    /// Tells all nodes how far this one is, and counts those that are connected.
    fn beat(&mut self, tip: u64) {
        let _ = self.say.send(Recipients::All, encode(tip), false);
        let now = self.epochs.runtime.current();
        let within = self.epochs.rules.timing().heard_within();
        self.heard.retain(|_, at| now.duration_since(*at).is_ok_and(|since| since < within));
        self.claims.retain(|node, _| self.heard.contains_key(node));
        self.count();
    }

    /// Tells how many nodes are connected, and which.
    fn count(&self) {
        self.peers.store(self.heard.len(), Ordering::Relaxed);
        self.epochs.reach.hears(self.heard.keys().cloned());
    }

    /// Tells those without a seat at once.
    fn push(&mut self, active: &Active, tip: u64) {
        let nodes = &active.seated.nodes;
        let followers: Vec<_> =
            self.heard.keys().filter(|node| nodes.position(node).is_none()).cloned().collect();
        if active.part.is_some() && !followers.is_empty() {
            let _ = self.say.send(Recipients::Some(followers), encode(tip), false);
        }
    }
}

pub(crate) fn encode(tip: u64) -> IoBuf {
    IoBuf::from(tip.to_be_bytes().to_vec())
}

/// What [`encode`] wrote; nothing else says how far a node is.
pub(crate) fn decode(mut message: IoBuf) -> Option<u64> {
    (message.len() == TIP_SIZE).then(|| message.get_u64())
}

/// Resolves when the vote of the active epoch ends, which it never does by itself.
async fn ended(active: &mut Active) {
    match &mut active.part {
        Some(Part { engine, .. }) => drop(engine.await),
        None => std::future::pending().await,
    }
}
