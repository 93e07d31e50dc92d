//! The parts of a node and their settings.

use crate::{
    Config, StateMachine,
    application::{self, Chain},
    block::{Block, BlockBounds},
    committees::Committees,
    config::{MAILBOX, STORAGE_BUFFER},
    expected::Expected,
    follow::Deliveries,
    machine::Refused,
    node::Runtime,
    origin::Replay,
    pacing::Marshal,
    receipts::Receipts,
    rules::Rules,
    state::{self, Source},
};
use commonware_broadcast::buffered;
use commonware_consensus::{
    Reporters,
    marshal::{
        self, Start,
        core::Actor as MarshalActor,
        resolver::{handler, p2p as backfill},
        standard::Standard,
    },
    types::{FixedEpocher, ViewDelta},
};
use commonware_cryptography::{Digested, certificate::Verifier as _, ed25519::PublicKey as Point};
use commonware_glue::stateful::{
    Config as StatefulConfig, Mailbox, PruneConfig, Stateful, SyncPlan, db::SyncEngineConfig,
};
use commonware_p2p::{Blocker, Manager, Receiver, Sender};
use commonware_parallel::Sequential;
use commonware_runtime::buffer::paged::CacheRef;
use commonware_storage::{archive::prunable, translator::TwoCap};
use commonware_utils::{NZDuration, NZU64, NZUsize, acknowledgement::Exact};
use goodwill_proof::scheme::Scheme;
use goodwill_types::{Digest, Header};
use std::{
    num::{NonZeroU64, NonZeroUsize},
    sync::Arc,
};
use tokio::sync::watch;

/// Final blocks that may wait for the application.
const PENDING_BLOCKS_MAX: NonZeroUsize = NZUsize!(16);
/// Views behind the final one whose blocks are kept, whether or not they became final.
const VIEWS_KEPT: ViewDelta = ViewDelta::new(20);
/// Final blocks behind the newest whose operations are kept in the state's log.
const OPERATIONS_KEPT: usize = 64;
/// Final blocks between two prunings.
const PRUNE_EVERY: NonZeroUsize = NZUsize!(64);
/// Blocks and certificates in a file of the archives.
const ARCHIVE_SECTION: NonZeroU64 = NZU64!(4_096);
/// Blocks of each node that are kept until somebody asks for them.
const BLOCKS_HEARD_MAX: usize = 10;

/// What the parts of a node share.
pub(crate) struct Parts<E: Runtime, M, B> {
    pub(crate) runtime: E,
    pub(crate) config: Config,
    pub(crate) rules: Rules,
    pub(crate) me: Point,
    pub(crate) cache: CacheRef,
    pub(crate) genesis: Digested<Block>,
    pub(crate) committees: Committees<E>,
    pub(crate) manager: M,
    pub(crate) blocker: B,
}

/// Where the application is asked for blocks, and told which are final.
pub(crate) type Application<E> = Mailbox<E, Chain<E>>;
type MarshalConfig<E> =
    marshal::Config<Committees<E>, FixedEpocher, Sequential, Block, Digested<Block>, Digest>;

impl<E, M, B> Parts<E, M, B>
where
    E: Runtime,
    M: Manager<PublicKey = Point>,
    B: Blocker<PublicKey = Point> + Sync,
{
    pub(crate) async fn prepare(
        runtime: E,
        config: Config,
        machine: &dyn StateMachine,
        manager: M,
        blocker: B,
    ) -> Self {
        let id = config.chain.chain_id;
        let committees = Committees::open(runtime.child("committees"), id, &config.prefix).await;
        let founders = state::answer(Source::<E>::Empty, |known| machine.committee(0, known)).await;
        let founders = founders.unwrap_or_else(|Refused(why)| panic!("no first committee: {why}"));
        let leader = founders.seats[0].key;
        if committees.newest().is_none() {
            committees.install(0, founders).await;
        }
        Self {
            me: Point::try_from(&config.me.public_key()).expect("a derived key is on the curve"),
            genesis: application::genesis::<E>(&config.chain, leader),
            rules: Rules::new(config.chain.clone()),
            cache: config.cache(),
            runtime,
            config,
            committees,
            manager,
            blocker,
        }
    }

    /// Starts what keeps blocks and state.
    pub(crate) async fn start<S, R>(
        &self,
        expected: Expected,
        tip: Arc<watch::Sender<Option<Header>>>,
        deliveries: Deliveries,
        (blocks, backfill): ((S, R), (impl Sender<PublicKey = Point>, R)),
    ) -> (Marshal, Application<E>)
    where
        S: Sender<PublicKey = Point>,
        R: Receiver<PublicKey = Point>,
    {
        let plan = SyncPlan::init(self.runtime.child("plan"), self.config.prefix.clone()).await;
        let certificates = self.archive("certificates", Scheme::certificate_codec_config_unbounded());
        let (actor, marshal, floor) = MarshalActor::<_, Standard<Block>, _, _, _, _, _, Exact>::init(
            self.runtime.child("marshal"),
            prunable::Archive::init(self.runtime.child("certificates"), certificates)
                .await
                .expect("the certificates can be read"),
            prunable::Archive::init(self.runtime.child("blocks"), self.archive("blocks", self.bounds()))
                .await
                .expect("the blocks can be read"),
            self.marshal(plan.marshal_start(self.genesis.clone())),
        )
        .await;
        let config = StatefulConfig {
            application: self.chain(expected, tip),
            db_config: state::config::<E>(&self.config.prefix, self.cache.clone()),
            provider: (),
            marshal: (marshal.clone(), floor),
            mailbox_size: MAILBOX,
            plan,
            resolvers: Replay,
            sync_config: SyncEngineConfig {
                fetch_batch_size: NZU64!(1),
                apply_batch_size: NZU64!(1),
                max_outstanding_requests: NZUsize!(1),
            },
            prune_config: self.pruning(),
            strategy: Sequential,
        };
        let (stateful, application) = Stateful::new(self.runtime.child("stateful"), config);
        let reporters = Reporters::from((application.clone(), deliveries));
        actor.start(reporters, self.broadcast(blocks), self.backfill(backfill));
        stateful.start();
        (marshal, application)
    }

    fn chain(&self, expected: Expected, tip: Arc<watch::Sender<Option<Header>>>) -> Chain<E> {
        Chain {
            genesis: self.genesis.inner().clone(),
            rules: self.rules.clone(),
            machine: expected.machine.clone(),
            committees: self.committees.clone(),
            expected,
            receipts: Receipts::default(),
            tip,
        }
    }

    fn bounds(&self) -> BlockBounds {
        BlockBounds { body_size_max: self.config.chain.body_size_max }
    }

    fn archive<C>(&self, name: &str, codec_config: C) -> prunable::Config<TwoCap, C> {
        let prefix = &self.config.prefix;
        prunable::Config {
            translator: TwoCap,
            metadata_partition: format!("{prefix}-{name}-metadata"),
            key_partition: format!("{prefix}-{name}-key"),
            key_page_cache: self.cache.clone(),
            value_partition: format!("{prefix}-{name}-value"),
            compression: Some(1),
            codec_config,
            items_per_section: ARCHIVE_SECTION,
            key_write_buffer: STORAGE_BUFFER,
            value_write_buffer: STORAGE_BUFFER,
            replay_buffer: STORAGE_BUFFER,
        }
    }

    fn marshal(&self, start: Start<Scheme, Digest, Digested<Block>>) -> MarshalConfig<E> {
        marshal::Config {
            provider: self.committees.clone(),
            epocher: self.rules.epocher.clone(),
            start,
            partition_prefix: self.config.prefix.clone(),
            mailbox_size: MAILBOX,
            view_retention: VIEWS_KEPT,
            prunable_items_per_section: ARCHIVE_SECTION,
            page_cache: self.cache.clone(),
            replay_buffer: STORAGE_BUFFER,
            key_write_buffer: STORAGE_BUFFER,
            value_write_buffer: STORAGE_BUFFER,
            block_codec_config: self.bounds(),
            max_repair: NZUsize!(64),
            max_pending_acks: PENDING_BLOCKS_MAX,
            strategy: Sequential,
        }
    }

    /// Keeps the blocks of two epochs at least: a node enters an epoch from the one before.
    fn pruning(&self) -> Option<PruneConfig> {
        let two_epochs = self.config.chain.blocks_per_epoch.get().saturating_mul(2);
        self.config.retain_blocks.map(|blocks| PruneConfig {
            maintenance_interval: PRUNE_EVERY,
            retained_marshal_blocks: blocks.get().max(two_epochs).max(OPERATIONS_KEPT as u64) as usize,
            retained_qmdb_blocks: OPERATIONS_KEPT,
        })
    }

    fn broadcast<S, R>(&self, channel: (S, R)) -> buffered::Mailbox<Point, Block>
    where
        S: Sender<PublicKey = Point>,
        R: Receiver<PublicKey = Point>,
    {
        let config = buffered::Config {
            public_key: self.me.clone(),
            mailbox_size: MAILBOX,
            deque_size: BLOCKS_HEARD_MAX,
            priority: true,
            codec_config: self.bounds(),
            peer_provider: self.manager.clone(),
            strategy: Sequential,
        };
        let (engine, buffer) = buffered::Engine::new(self.runtime.child("broadcast"), config);
        engine.start(channel);
        buffer
    }

    /// Questions are urgent and answers are not: see [`crate::seats::Reachable`].
    fn backfill<S, R>(&self, channel: (S, R)) -> (handler::Receiver<Digest>, backfill::Mailbox<Digest, Point>)
    where
        S: Sender<PublicKey = Point>,
        R: Receiver<PublicKey = Point>,
    {
        let config = backfill::Config {
            public_key: self.me.clone(),
            peer_provider: self.manager.clone(),
            blocker: self.blocker.clone(),
            mailbox_size: MAILBOX,
            fetch_timeout: NZDuration!(self.rules.timing().answer()),
            fetch_retry_delay: self.rules.timing().ask_again(),
            priority_requests: true,
            priority_responses: false,
        };
        backfill::init(self.runtime.child("backfill"), config, channel)
    }
}
