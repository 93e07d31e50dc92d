//! Enters each epoch with its own committee, and leaves the one before.

use crate::{
    application::Chain,
    block::Block,
    committees::{Committees, Seated, Turns},
    config::{Config, MAILBOX, STORAGE_BUFFER},
    node::Runtime,
    pacing::{Marshal, Paced},
    rules::Rules,
};
use commonware_consensus::{
    marshal::standard::Deferred,
    simplex::{
        self, Floor, SkipBudget,
        config::{ForwardPolicy, SkipPolicy},
    },
    types::{Epoch, FixedEpocher, Height, ViewDelta},
};
use commonware_cryptography::ed25519::PublicKey as Point;
use commonware_glue::stateful;
use commonware_p2p::{
    Blocker, Manager, Sender, TrackedPeers,
    utils::mux::{MuxHandle, SubReceiver, SubSender},
};
use commonware_parallel::Sequential;
use commonware_runtime::{Handle, buffer::paged::CacheRef};
use commonware_utils::{NZDuration, NZUsize, ordered::Set};
use goodwill_proof::scheme::Scheme;
use goodwill_types::Digest;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tracing::info;

/// Views behind the final one whose votes are kept.
const VIEWS_KEPT: ViewDelta = ViewDelta::new(20);

/// Everything that outlives an epoch and is needed to enter the next.
pub(crate) struct Epochs<E: Runtime, S: Sender, M, B> {
    pub(crate) runtime: E,
    pub(crate) config: Config,
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

type Voting<E> = Deferred<E, Scheme, stateful::Mailbox<E, Chain<E>>, Block, FixedEpocher>;
type SubChannel<S> = (SubSender<S>, SubReceiver<Point>);

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
        self.track(epoch, &seated);
        self.forget_journal(epoch).await;
        let over = is_over(&seated, last, claims);
        let engine = match seated.signer(&self.config.chain.chain_id, &self.config.me) {
            Some(signer) if !over => Some(self.vote(epoch, signer, seated.clone()).await),
            _ => None,
        };
        info!(epoch, seats = seated.points.len(), votes = engine.is_some(), over, "entered an epoch");
        Active { epoch, last, seated, engine }
    }

    /// Connects the nodes of the committee first, then those that follow.
    fn track(&mut self, epoch: u64, seated: &Seated) {
        let followers = self.config.followers.iter().filter_map(|key| Point::try_from(key).ok());
        let peers = TrackedPeers::new(seated.points.clone(), Set::from_iter_dedup(followers));
        // A peer set that was tracked already is left as it is.
        let _ = self.manager.track(epoch + 1, peers);
    }

    /// Takes part in the vote on the blocks of `epoch`.
    async fn vote(&mut self, epoch: u64, signer: Scheme, seated: Arc<Seated>) -> Handle<()> {
        let boundary = epoch.checked_sub(1).map_or(0, |before| self.rules.last(before));
        let boundary = self.marshal.get_block(Height::new(boundary)).await.expect("boundaries are kept");
        let floor = Floor::Genesis(commonware_cryptography::Digestible::digest(&boundary));
        let runtime = self.runtime.child("epoch").with_attribute("epoch", epoch);
        let deferred = Deferred::new(
            runtime.child("deferred"),
            self.application.clone(),
            self.marshal.clone(),
            self.rules.epocher.clone(),
        );
        let config = self.simplex(epoch, floor, signer, Turns(seated), deferred, &runtime);
        let [votes, certificates, resolver] = self.channels(epoch).await;
        simplex::Engine::new(runtime, config).start(votes, certificates, resolver)
    }

    async fn channels(&mut self, epoch: u64) -> [SubChannel<S>; 3] {
        const ONCE: &str = "each epoch is entered once";
        [
            self.votes.register(epoch).await.expect(ONCE),
            self.certificates.register(epoch).await.expect(ONCE),
            self.resolver.register(epoch).await.expect(ONCE),
        ]
    }

    #[allow(clippy::type_complexity, reason = "the settings name every part of the engine")]
    fn simplex(
        &self,
        epoch: u64,
        floor: Floor<Scheme, Digest>,
        scheme: Scheme,
        elector: Turns,
        deferred: Voting<E>,
        runtime: &E,
    ) -> simplex::Config<Scheme, Turns, B, Digest, Paced<E, Voting<E>>, Voting<E>, Voting<E>, Sequential>
    {
        let automaton = Paced {
            runtime: Arc::new(runtime.child("pace")),
            rules: self.rules.clone(),
            marshal: self.marshal.clone(),
            inner: deferred.clone(),
        };
        let leader_timeout = self.leader_timeout();
        simplex::Config {
            scheme,
            elector,
            blocker: self.blocker.clone(),
            automaton,
            relay: deferred.clone(),
            reporter: deferred,
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

/// Whether more members of the committee than may be faulty are past the epoch. Then there is
/// nothing left to vote on, only to catch up with.
fn is_over(seated: &Seated, last: u64, claims: &BTreeMap<Point, u64>) -> bool {
    let past = seated.points.iter().filter(|point| claims.get(point).is_some_and(|height| *height > last));
    past.count() > seated.faults_max()
}
