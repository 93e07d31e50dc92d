//! Enters each epoch with its own committee, and leaves the one before.

use crate::{
    StateMachine,
    application::Chain,
    block::Block,
    committees::{Committees, Seated, Turns},
    config::{Config, JOURNAL_BUFFER, MAILBOX, STORAGE_BUFFER},
    early::{Early, Rejoined, rejoin},
    evidence::{Evidence, Watch},
    expected::Forecast,
    node::Runtime,
    pacing::{Marshal, Paced},
    rules::Rules,
    seats::{
        self, Cosigner, Cosigning, Couriers, Forward, NodeRelay, OwnVotes, Presence, Reach, Reachable,
        RouteReceiver, RouteSender, SeatBlocker, VoteReceiver, VoteSender,
    },
};
use commonware_consensus::{
    Relay,
    marshal::standard::Deferred,
    simplex::{
        self, Floor, Plan, SkipBudget,
        config::{ForwardPolicy, SkipPolicy},
    },
    types::{Epoch, FixedEpocher, Height, ViewDelta},
};
use commonware_cryptography::ed25519::PublicKey as Point;
use commonware_glue::stateful;
use commonware_p2p::{
    Blocker, Manager, Message, Recipients, Sender, TrackedPeers,
    utils::mux::{MuxHandle, SubReceiver, SubSender},
};
use commonware_parallel::Sequential;
use commonware_runtime::{Handle, buffer::paged::CacheRef};
use commonware_utils::{NZDuration, ordered::Set, sync::Mutex};
use goodwill_proof::scheme::Scheme;
use goodwill_types::Digest;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tokio::sync::mpsc;
use tracing::info;

/// Views behind the final one whose votes are kept.
const VIEWS_KEPT: ViewDelta = ViewDelta::new(20);

/// Why a channel of an epoch is free.
const ONCE: &str = "each epoch is entered once";

/// Everything that outlives an epoch and is needed to enter the next.
pub(crate) struct Epochs<E: Runtime, S: Sender, M, B> {
    pub(crate) runtime: E,
    pub(crate) config: Config,
    pub(crate) machine: Arc<dyn StateMachine>,
    /// This node's key in the mesh.
    pub(crate) me: Point,
    /// The nodes that this one hears.
    pub(crate) reach: Reach,
    /// The most nodes that may be tracked at once, this one included.
    pub(crate) peers_max: usize,
    pub(crate) rules: Rules,
    pub(crate) committees: Committees<E>,
    pub(crate) marshal: Marshal,
    pub(crate) application: stateful::Mailbox<E, Chain<E>>,
    pub(crate) manager: M,
    pub(crate) blocker: B,
    pub(crate) cache: CacheRef,
    pub(crate) votes: MuxHandle<S>,
    pub(crate) certificates: MuxHandle<S>,
    pub(crate) resolver: MuxHandle<S>,
}

/// The epoch that the node is in.
pub(crate) struct Active {
    pub(crate) epoch: u64,
    /// The height of its last block.
    pub(crate) last: u64,
    pub(crate) seated: Arc<Seated>,
    /// What the node does in it, if it takes part.
    pub(crate) part: Option<Part>,
}

/// The part that a node takes in an epoch.
pub(crate) struct Part {
    /// The vote on its blocks.
    pub(crate) engine: Handle<()>,
    evidence: Arc<Evidence>,
    /// Takes votes and certificates that came before the node had entered the epoch.
    early: [Sending; 2],
}

impl Active {
    /// Ends the part that the node takes in the epoch.
    pub(crate) async fn leave(self) {
        if let Some(part) = self.part {
            part.engine.abort();
            let _ = part.engine.await;
        }
    }

    /// The nodes that are there and do not vote, as far as is known.
    pub(crate) fn silent(&self, reach: &Reach) -> BTreeSet<Point> {
        self.part.as_ref().map_or_else(BTreeSet::new, |part| part.evidence.presence.silent(reach))
    }

    /// A vote or a certificate of this epoch, by its place among both, that was on its way when it began.
    pub(crate) fn late(&self, place: usize, message: Message<Point>) {
        if let Some(part) = &self.part {
            let _ = part.early[place].try_send(message);
        }
    }
}

/// What a node knows of an epoch when it enters.
pub(crate) struct Foreknown<'a> {
    /// How far other nodes say that they are.
    pub(crate) claims: &'a BTreeMap<Point, u64>,
    /// Nodes that did not vote in the epoch before.
    pub(crate) silent: BTreeSet<Point>,
    /// Votes and certificates of the epoch that came before the node was in it.
    pub(crate) early: &'a mut [Early; 2],
}

/// What a node signs with in an epoch.
struct Signers {
    /// For the seat that runs the engine.
    engine: Scheme,
    seat: usize,
    others: Vec<Cosigner>,
}

type Voting<E> = Deferred<E, Scheme, stateful::Mailbox<E, Chain<E>>, Block, FixedEpocher>;
type Hearing = Rejoined<SubReceiver<Point>>;
type SubChannel<S> = (SubSender<S>, Hearing);
type Sending = mpsc::Sender<Message<Point>>;
type Votes<S, B> = (VoteSender<SubSender<S>>, VoteReceiver<SubSender<S>, Hearing, B>);
type Route<S> = (RouteSender<Reachable<SubSender<S>>>, RouteReceiver<Hearing>);
type SimplexConfig<E, B> = simplex::Config<
    Scheme,
    Turns,
    SeatBlocker<E, B>,
    Digest,
    Paced<E, Voting<E>>,
    NodeRelay<Voting<E>>,
    Watch<Voting<E>>,
    Sequential,
>;

impl<E, S, M, B> Epochs<E, S, M, B>
where
    E: Runtime,
    S: Sender<PublicKey = Point>,
    M: Manager<PublicKey = Point>,
    B: Blocker<PublicKey = Point> + Sync,
{
    /// Enters `epoch`, whose parent is the block at its boundary.
    pub(crate) async fn enter(&mut self, epoch: u64, known: Foreknown<'_>) -> Active {
        let seated = self.committees.wait(epoch).await;
        let last = self.rules.last(epoch);
        self.track(epoch, 0, &seated, &Set::default());
        let over = is_over(&seated, last, known.claims);
        let signers = if over { None } else { self.signers(epoch, &seated) };
        let voting = signers.as_ref().map_or(0, |signers| 1 + signers.others.len());
        info!(
            epoch,
            seats = seated.points.len(),
            nodes = seated.nodes.len(),
            voting,
            over,
            "entered an epoch"
        );
        let part = match signers {
            Some(signers) => Some(self.vote(epoch, signers, seated.clone(), known).await),
            None => None,
        };
        self.forget_journal(epoch).await;
        Active { epoch, last, seated, part }
    }

    /// Connects the nodes that the next epoch will have, as far as that is known.
    pub(crate) fn expect(&mut self, active: &Active, forecast: &Forecast) {
        let first = self.rules.first(active.epoch);
        if (first..active.last).contains(&forecast.height) {
            self.track(active.epoch, 1 + forecast.height - first, &active.seated, &forecast.nodes);
        }
    }

    /// Connects the nodes of the committee, those that will be in the next, and those that follow. A set that was
    /// tracked already is left as it is, so each gets a number of its own: by its epoch, and where in the
    /// epoch it became known. Nodes that gossip about a set must agree on it, and tell each other only where
    /// those of this epoch and the next are: the state says who they are, to everybody the same.
    fn track(&mut self, epoch: u64, offset: u64, seated: &Seated, expected: &Set<Point>) {
        let followers = self.config.followers.iter().filter_map(|key| Point::try_from(key).ok());
        let new = expected.iter().filter(|node| seated.nodes.position(node).is_none());
        let room = self.peers_max.saturating_sub(seated.nodes.len() + self.config.followers.len() + 1);
        let nodes = Set::from_iter_dedup(seated.nodes.iter().chain(new.take(room)).cloned());
        let followers = followers.filter(|node| *node != self.me && nodes.position(node).is_none());
        let followers = Set::from_iter_dedup(followers.collect::<Vec<_>>());
        let peers = TrackedPeers::new(nodes, followers);
        let number = epoch * (self.config.chain.blocks_per_epoch.get() + 1) + offset + 1;
        let _ = self.manager.track(number, peers);
    }

    /// What the node signs with for its seats. Without the key of its engine's seat it does not vote,
    /// since nobody would hear it lead; a seat whose key is missing is silent.
    fn signers(&self, epoch: u64, seated: &Arc<Seated>) -> Option<Signers> {
        let chain_id = &self.config.chain.chain_id;
        let seat = seated.engine(&self.me)?;
        let secrets = self.machine.secrets(epoch, &seated.committee);
        let engine = secrets.iter().find_map(|key| seated.signer(chain_id, seat, key))?;
        let hosted = seated.hosted(&self.me).filter(|other| *other != seat);
        let others = hosted.filter_map(|other| {
            let key = seated.committee.seats[other].key;
            let secret = secrets.iter().find(|secret| secret.public_key() == key)?;
            Cosigner::new(chain_id, other, secret)
        });
        Some(Signers { engine, seat, others: others.collect() })
    }

    /// Takes part in the vote on the blocks of `epoch`.
    async fn vote(&mut self, epoch: u64, signers: Signers, seats: Arc<Seated>, known: Foreknown<'_>) -> Part {
        let boundary = epoch.checked_sub(1).map_or(0, |before| self.rules.last(before));
        let boundary = self.marshal.get_block(Height::new(boundary)).await.expect("boundaries are kept");
        let floor = Floor::Genesis(commonware_cryptography::Digestible::digest(&boundary));
        let runtime = self.runtime.child("epoch").with_attribute("epoch", epoch);
        let own = OwnVotes::new(seats.clone(), &self.me, signers.seat);
        let (echo, local) = seats::local(&seats);
        seats::presume(&echo, &seats, (epoch, &signers.engine), &known.silent);
        let evidence = self.evidence(seats.clone(), own, echo.clone());
        let config = self.simplex(epoch, floor, (signers.engine, &evidence), seats.clone(), &runtime);
        let cosigning = self.cosigning(&seats, signers.others, evidence.clone());
        let channels = [&mut self.votes, &mut self.certificates, &mut self.resolver];
        let [(early_votes, votes), (early_certificates, certificates), (_, resolver)] =
            register(channels, epoch, self.peers_max).await;
        let early = [early_votes, early_certificates];
        for (early, sender) in known.early.iter_mut().zip(&early) {
            early.take(epoch).for_each(|message| drop(sender.try_send(message)));
        }
        let forward = forward(config.relay.clone());
        let votes: Votes<S, B> = cosigning.open(votes, (echo, local), self.blocker.clone(), forward);
        let [certificates, resolver] = self.routes([certificates, resolver], seats);
        let engine = simplex::Engine::new(runtime, config).start(votes, certificates, resolver);
        Part { engine, evidence, early }
    }

    fn cosigning(&self, seats: &Arc<Seated>, others: Vec<Cosigner>, evidence: Arc<Evidence>) -> Cosigning {
        let (me, reach) = (self.me.clone(), self.reach.clone());
        Cosigning { seats: seats.clone(), others, evidence, nodes: seats.others(&me), me, reach }
    }

    fn routes(&self, channels: [SubChannel<S>; 2], seats: Arc<Seated>) -> [Route<S>; 2] {
        let couriers = Arc::new(Couriers::new(self.me.clone(), seats.nodes.clone()));
        channels.map(|(sender, inner)| {
            let (seats, couriers) = (seats.clone(), couriers.clone());
            let inner_sender = Reachable { reach: self.reach.clone(), inner: sender };
            let sender =
                RouteSender { seats: seats.clone(), couriers: couriers.clone(), inner: inner_sender };
            (sender, RouteReceiver { seats, couriers, inner })
        })
    }

    fn simplex(
        &self,
        epoch: u64,
        floor: Floor<Scheme, Digest>,
        (scheme, evidence): (Scheme, &Arc<Evidence>),
        seats: Arc<Seated>,
        runtime: &E,
    ) -> SimplexConfig<E, B> {
        let deferred = Deferred::new(
            runtime.child("deferred"),
            self.application.clone(),
            self.marshal.clone(),
            self.rules.epocher.clone(),
        );
        let timing = self.rules.timing();
        simplex::Config {
            scheme,
            elector: Turns(seats.clone()),
            blocker: self.seat_blocker(&seats, runtime),
            automaton: self.paced(&seats, &deferred, runtime),
            relay: NodeRelay { seats: seats.clone(), me: self.me.clone(), inner: deferred.clone() },
            reporter: Watch { evidence: evidence.clone(), inner: deferred },
            strategy: Sequential,
            partition: self.journal(epoch),
            mailbox_size: MAILBOX,
            epoch: Epoch::new(epoch),
            floor,
            replay_buffer: STORAGE_BUFFER,
            write_buffer: JOURNAL_BUFFER,
            page_cache: self.cache.clone(),
            leader_timeout: timing.leader(),
            certification_timeout: timing.certification(),
            timeout_retry: timing.retry(),
            view_retention: VIEWS_KEPT,
            skip: SkipPolicy::Enabled { timeout: timing.silence(), budget: SkipBudget::Participants },
            fetch_timeout: NZDuration!(timing.answer()),
            fetch_retry_delay: timing.ask_again(),
            forward: ForwardPolicy::SilentVoters,
            track_historical_votes: false,
        }
    }

    fn seat_blocker(&self, seats: &Arc<Seated>, runtime: &E) -> SeatBlocker<E, B> {
        SeatBlocker {
            runtime: Arc::new(runtime.child("blocker")),
            seats: seats.clone(),
            me: self.me.clone(),
            inner: self.blocker.clone(),
        }
    }

    fn paced(&self, seats: &Arc<Seated>, inner: &Voting<E>, runtime: &E) -> Paced<E, Voting<E>> {
        Paced {
            runtime: Arc::new(runtime.child("pace")),
            rules: self.rules.clone(),
            seats: seats.clone(),
            marshal: self.marshal.clone(),
            inner: inner.clone(),
        }
    }

    fn evidence(&self, seats: Arc<Seated>, own: OwnVotes, echo: Sending) -> Arc<Evidence> {
        let (chain_id, machine) = (self.config.chain.chain_id, self.machine.clone());
        let (reach, presence) = (self.reach.clone(), Presence::new(seats.clone()));
        Arc::new(Evidence { chain_id, seats, machine, own, reach, echo, heard: Mutex::default(), presence })
    }

    fn journal(&self, epoch: u64) -> String {
        format!("{}-votes-{epoch}", self.config.prefix)
    }

    /// Once an epoch is over, the votes of the one before are of no use to anybody.
    async fn forget_journal(&self, entered: u64) {
        if let Some(forgotten) = entered.checked_sub(2) {
            // There is none where the node had no seat.
            let _ = self.runtime.remove(&self.journal(forgotten), None).await;
        }
    }
}

/// Opens channels of `epoch`, each with a sender for what was said in it before. Up to `nodes` nodes talk.
async fn register<S: Sender<PublicKey = Point>>(
    channels: [&mut MuxHandle<S>; 3],
    epoch: u64,
    nodes: usize,
) -> [(Sending, SubChannel<S>); 3] {
    let [votes, certificates, resolver] = channels;
    let open = async |channel: &mut MuxHandle<S>| {
        let (sender, receiver) = channel.register(epoch).await.expect(ONCE);
        let (early, receiver) = rejoin(receiver, nodes);
        (early, (sender, receiver))
    };
    [open(votes).await, open(certificates).await, open(resolver).await]
}

/// Sends blocks that this node has to nodes that their leader cannot reach.
fn forward<R>(relay: NodeRelay<R>) -> Forward
where
    R: Relay<Digest = Digest, PublicKey = Point, Plan = Plan<Point>> + Sync,
{
    Box::new(move |block, round, nodes| {
        let plan = Plan::Forward { round, recipients: Recipients::Some(nodes) };
        let _ = relay.inner.clone().broadcast(block, plan);
    })
}

/// Whether nodes with more seats than may be faulty have the last block of the epoch. Then there is nothing left
/// to vote on, only to catch up with.
fn is_over(seated: &Seated, last: u64, claims: &BTreeMap<Point, u64>) -> bool {
    let past = claims.iter().filter(|(_, height)| **height >= last);
    past.map(|(node, _)| seated.hosted(node).count()).sum::<usize>() > seated.faults_max()
}
