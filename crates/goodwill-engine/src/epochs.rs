//! Enters each epoch with its own committee, and leaves the one before.

use crate::{
    StateMachine,
    application::Chain,
    block::Block,
    committees::{Committees, Seated, Turns},
    config::{Config, MAILBOX, STORAGE_BUFFER},
    evidence::{Evidence, Watch},
    expected::Forecast,
    node::Runtime,
    pacing::{Marshal, Paced},
    rules::Rules,
    seats::{
        self, Cosigner, Cosigning, Couriers, Forward, NodeRelay, OwnVotes, Reach, RouteReceiver, RouteSender,
        SeatBlocker, VoteReceiver, VoteSender,
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
use commonware_utils::{NZDuration, NZUsize, ordered::Set, sync::Mutex};
use goodwill_proof::scheme::Scheme;
use goodwill_types::Digest;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
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
    /// The vote on its blocks, if the node takes part.
    pub(crate) engine: Option<Handle<()>>,
}

impl Active {
    /// Ends the part that the node takes in the epoch.
    pub(crate) async fn leave(self) {
        if let Some(engine) = self.engine {
            engine.abort();
            let _ = engine.await;
        }
    }
}

/// What a node signs with in an epoch.
struct Signers {
    /// For the seat that runs the engine.
    engine: Scheme,
    seat: usize,
    others: Vec<Cosigner>,
}

type Voting<E> = Deferred<E, Scheme, stateful::Mailbox<E, Chain<E>>, Block, FixedEpocher>;
type SubChannel<S> = (SubSender<S>, SubReceiver<Point>);
type Sending = mpsc::Sender<Message<Point>>;
type Local = (Sending, mpsc::Receiver<Message<Point>>);
type Votes<S, B> = (VoteSender<SubSender<S>>, VoteReceiver<SubSender<S>, SubReceiver<Point>, B>);
type Route<S> = (RouteSender<SubSender<S>>, RouteReceiver<SubReceiver<Point>>);
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
    /// Enters `epoch`, whose parent is the block at its boundary. `claims`: how far other nodes say
    /// that they are.
    pub(crate) async fn enter(&mut self, epoch: u64, claims: &BTreeMap<Point, u64>) -> Active {
        let seated = self.committees.wait(epoch).await;
        let last = self.rules.last(epoch);
        self.track(epoch, 0, &seated, &Set::default());
        self.forget_journal(epoch).await;
        let over = is_over(&seated, last, claims);
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
        let engine = match signers {
            Some(signers) => Some(self.vote(epoch, signers, seated.clone()).await),
            None => None,
        };
        Active { epoch, last, seated, engine }
    }

    /// Connects the nodes that the next epoch will have, as far as that is known.
    pub(crate) fn expect(&mut self, active: &Active, forecast: &Forecast) {
        let first = self.rules.first(active.epoch);
        if (first..active.last).contains(&forecast.height) {
            self.track(active.epoch, 1 + forecast.height - first, &active.seated, &forecast.nodes);
        }
    }

    /// Connects the nodes of the committee first, then those that will be in the next and those that
    /// follow. A set that was tracked already is left as it is, so each gets a number of its own:
    /// by its epoch, and where in the epoch it became known. All sets of an epoch have the same
    /// committee, which nodes that gossip about a set must agree on.
    fn track(&mut self, epoch: u64, offset: u64, seated: &Seated, expected: &Set<Point>) {
        let followers = self.config.followers.iter().filter_map(|key| Point::try_from(key).ok());
        let others = expected.iter().cloned().chain(followers);
        let others = others.filter(|node| *node != self.me && seated.nodes.position(node).is_none());
        let ours = usize::from(seated.nodes.position(&self.me).is_none());
        let room = self.peers_max.saturating_sub(seated.nodes.len() + ours);
        let peers = TrackedPeers::new(seated.nodes.clone(), Set::from_iter_dedup(others.take(room)));
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
    async fn vote(&mut self, epoch: u64, signers: Signers, seats: Arc<Seated>) -> Handle<()> {
        let boundary = epoch.checked_sub(1).map_or(0, |before| self.rules.last(before));
        let boundary = self.marshal.get_block(Height::new(boundary)).await.expect("boundaries are kept");
        let floor = Floor::Genesis(commonware_cryptography::Digestible::digest(&boundary));
        let runtime = self.runtime.child("epoch").with_attribute("epoch", epoch);
        let own = OwnVotes::new(seats.clone(), &self.me, signers.seat);
        let (echo, local) = seats::local(&seats);
        let evidence = self.evidence(seats.clone(), own, echo.clone());
        let config = self.simplex(epoch, floor, (signers.engine, &evidence), seats.clone(), &runtime);
        let cosigning = self.cosigning(&seats, signers.others, evidence);
        let votes = self.votes(epoch, cosigning, (echo, local), forward(config.relay.clone())).await;
        let [certificates, resolver] = self.routes(epoch, seats).await;
        simplex::Engine::new(runtime, config).start(votes, certificates, resolver)
    }

    fn cosigning(&self, seats: &Arc<Seated>, others: Vec<Cosigner>, evidence: Arc<Evidence>) -> Cosigning {
        let (me, reach) = (self.me.clone(), self.reach.clone());
        Cosigning { seats: seats.clone(), others, evidence, nodes: seats.others(&me), me, reach }
    }

    async fn votes(
        &mut self,
        epoch: u64,
        cosigning: Cosigning,
        local: Local,
        forward: Forward,
    ) -> Votes<S, B> {
        let channel = self.votes.register(epoch).await.expect(ONCE);
        cosigning.open(channel, local, self.blocker.clone(), forward)
    }

    async fn routes(&mut self, epoch: u64, seats: Arc<Seated>) -> [Route<S>; 2] {
        let couriers = Arc::new(Couriers::new(self.me.clone(), seats.nodes.clone()));
        let route = |(sender, receiver): SubChannel<S>| {
            let sender = RouteSender { seats: seats.clone(), couriers: couriers.clone(), inner: sender };
            let receiver =
                RouteReceiver { seats: seats.clone(), couriers: couriers.clone(), inner: receiver };
            (sender, receiver)
        };
        [
            route(self.certificates.register(epoch).await.expect(ONCE)),
            route(self.resolver.register(epoch).await.expect(ONCE)),
        ]
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
        let leader_timeout = self.leader_timeout();
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
            write_buffer: NZUsize!(4096),
            page_cache: self.cache.clone(),
            leader_timeout,
            certification_timeout: leader_timeout + Duration::from_secs(1),
            timeout_retry: Duration::from_secs(2),
            view_retention: VIEWS_KEPT,
            skip: SkipPolicy::Enabled {
                timeout: leader_timeout * 2 + Duration::from_secs(3),
                budget: SkipBudget::Participants,
            },
            fetch_timeout: NZDuration!(Duration::from_secs(2)),
            fetch_retry_delay: Duration::from_millis(500),
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
        let reach = self.reach.clone();
        Arc::new(Evidence { chain_id, seats, machine, own, reach, echo, heard: Mutex::default() })
    }

    /// How long a leader is waited for: the block time, and as much again, and a second for the way.
    fn leader_timeout(&self) -> Duration {
        Duration::from_millis(self.config.chain.block_time_ms.get()) * 2 + Duration::from_secs(1)
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
