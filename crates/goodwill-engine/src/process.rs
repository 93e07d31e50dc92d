//! A node as a process: real network, real disk, and what goes wrong with them.

pub use crate::failure::Failure;

use crate::{
    Config, Engine, StateMachine, handle,
    network::{Channels, Network, message_size_max},
    node, state,
    timing::Timing,
};
use commonware_cryptography::{
    ChaCha20Poly1305,
    ed25519::{PrivateKey, PublicKey as Point},
};
use commonware_macros::select;
use commonware_p2p::{Ingress, authenticated::discovery};
use commonware_runtime::{Clock as _, Handle, Runner as _, Spawner as _, Supervisor as _, tokio as runtime};
use commonware_stream::{
    cups::{self, Cups},
    sake::{self, Sake},
};
use commonware_utils::{NZUsize, hostname};
use futures::future::BoxFuture;
use goodwill_types::{Domain, PublicKey};
use std::{
    fs::{File, TryLockError},
    net::{SocketAddr, TcpListener},
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;
use tracing::warn;

/// How long the part beside the engine may take to stop.
const STOP_TIMEOUT: Duration = Duration::from_millis(1_500);
/// Where the engine stores what it needs, in the node's folder.
const ENGINE_DIR: &str = "engine";
/// Peer sets that are remembered: this epoch's at its start and after its draw, and the one of the epoch before after
/// that one's draw, which holds all its nodes. The memory that the network reserves grows with them.
pub(crate) const PEER_SETS: NonZeroUsize = NZUsize!(3);
/// Messages that may wait inside the network's parts.
const NETWORK_MAILBOX: NonZeroUsize = NZUsize!(256);
/// How far the clocks of two nodes may differ.
const CLOCKS_APART: Duration = Duration::from_secs(5);
/// How long a handshake may be on its way.
const HANDSHAKE_AGE: Duration = Duration::from_secs(10);

/// The settings of a node's process.
#[derive(Clone, Debug)]
pub struct ProcessConfig {
    /// The node's settings.
    pub node: Config,
    /// The folder that holds everything that the node stores; created if missing. One process only.
    pub storage_dir: PathBuf,
    /// Where the node listens for other nodes.
    pub listen: SocketAddr,
    /// The address under which others reach it; `None` where they cannot, as behind most home lines:
    /// the node then only dials out.
    pub advertised: Option<SocketAddr>,
    /// Nodes to ask for the addresses of others.
    pub bootstrappers: Vec<(PublicKey, SocketAddr)>,
    /// Whether other nodes may have private addresses: for development and private networks, which
    /// also look for each other more often.
    pub allow_private_ips: bool,
    /// The most nodes of the mesh: those with seats in this epoch or the next, followers, and this
    /// one. The memory reserved for messages grows with it. A committee of more nodes than this stops
    /// the node.
    pub peers_max: NonZeroUsize,
    /// Threads of the asynchronous runtime.
    pub worker_threads: NonZeroUsize,
}

/// Stops a node when any clone of it says so.
#[derive(Clone, Debug)]
pub struct Stop(watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Stop {
    /// Asks the node to stop.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Whether the node was asked to stop.
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the node was asked to stop.
    pub async fn stopped(&self) {
        let _ = self.0.subscribe().wait_for(|stopped| *stopped).await;
    }
}

/// Runs a node until `stop` says so, or it fails. `app` runs beside it, in the same runtime (it may
/// use `tokio::spawn`); when it ends, so does the node.
///
/// A node may end at any moment: whatever was final is on disk.
///
/// # Errors
/// Says what happened, whether the data on disk is safe, and what to do.
pub fn run(
    config: ProcessConfig,
    machine: Arc<dyn StateMachine>,
    stop: Stop,
    app: impl FnOnce(Engine, Stop) -> BoxFuture<'static, Result<(), String>> + Send + 'static,
) -> Result<(), Failure> {
    start(config, machine, stop, Box::new(app))
}

/// The part of a node beside the engine.
type App = Box<dyn FnOnce(Engine, Stop) -> BoxFuture<'static, Result<(), String>> + Send>;

/// Not generic, so that the engine is compiled here and not in each crate that runs it.
fn start(config: ProcessConfig, machine: Arc<dyn StateMachine>, stop: Stop, app: App) -> Result<(), Failure> {
    let _lock = lock(&config.storage_dir)?;
    check(&config)?;
    let settings = runtime::Config::new()
        .with_worker_threads(config.worker_threads.get())
        .with_storage_directory(config.storage_dir.join(ENGINE_DIR));
    let (stopping, folder) = (stop.clone(), config.storage_dir.clone());
    let running = AssertUnwindSafe(|| {
        runtime::Runner::new(settings).start(|context| serve(context, config, machine, stop, app))
    });
    match catch_unwind(running) {
        Ok(ended) => ended,
        // Parts that still wait for each other may panic while the node is taken down.
        Err(panic) if stopping.is_stopped() => {
            warn!(panic = crate::failure::message(&*panic), "a part of the node failed while it stopped");
            Ok(())
        }
        Err(panic) => Err(Failure::of_panic(&*panic).or_folder(&folder)),
    }
}

/// How much the state takes on disk, in bytes, in the folder of a node that does not run.
pub fn state_size(storage_dir: &Path, prefix: &str) -> u64 {
    let entries = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let partitions = entries(&storage_dir.join(ENGINE_DIR))
        .filter(|partition| partition.file_name().to_string_lossy().starts_with(&state::prefix(prefix)));
    let blobs = partitions.flat_map(|partition| entries(&partition.path()));
    blobs.filter_map(|blob| blob.metadata().ok()).map(|metadata| metadata.len()).sum()
}

fn check(config: &ProcessConfig) -> Result<(), Failure> {
    if config.node.chain.blocks_per_epoch.get() < 2 {
        return Err(Failure::Start("an epoch has at least two blocks".into()));
    }
    if config.node.followers.len() >= config.peers_max.get() {
        return Err(Failure::Start(format!("more than {} followers", config.peers_max.get() - 1)));
    }
    // Tried here, since the network stops the node with a panic when it cannot listen.
    let listening = TcpListener::bind(config.listen).map(drop);
    listening.map_err(|error| Failure::Start(format!("cannot listen on {}: {error}", config.listen)))
}

/// Makes the folder, and makes sure that no other process uses it. Held until it is dropped.
fn lock(folder: &Path) -> Result<File, Failure> {
    let failed = |error: std::io::Error| Failure::Start(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let file = File::create(folder.join("lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::Locked(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Connects the node, and runs it with what runs beside it.
async fn serve(
    context: runtime::Context,
    config: ProcessConfig,
    machine: Arc<dyn StateMachine>,
    stop: Stop,
    app: App,
) -> Result<(), Failure> {
    let (mut mesh, oracle) = discovery::Network::new(context.child("network"), network(&config)?);
    let channels = Channels::open(|number, rate| mesh.register(number, rate));
    mesh.start();
    let peers_max = config.peers_max.get();
    let network = Network { channels, manager: oracle.clone(), blocker: oracle, peers_max };
    let (engine, requests) = handle::channel();
    let node =
        context.child("node").spawn(|context| node::run(context, config.node, machine, network, requests));
    let app = app(engine, stop.clone());
    supervise(&context, node, app, stop).await
}

/// Waits for whatever ends first: the stop signal, the part beside the engine, or the engine.
async fn supervise(
    context: &runtime::Context,
    node: Handle<()>,
    mut app: BoxFuture<'static, Result<(), String>>,
    stop: Stop,
) -> Result<(), Failure> {
    let ended = select! {
        _ = stop.stopped() => None,
        result = &mut app => Some(result.map_err(Failure::App)),
        result = node => Some(Err(Failure::Broken(format!("the engine ended: {result:?}")))),
    };
    match ended {
        Some(result) => result,
        None => select! {
            result = app => result.map_err(Failure::App),
            _ = context.sleep(STOP_TIMEOUT) => Ok(()),
        },
    }
}

type Handshake = Cups<Sake<PrivateKey>, ChaCha20Poly1305>;

fn network(config: &ProcessConfig) -> Result<discovery::Config<Handshake>, Failure> {
    let chain = &config.node.chain;
    let handshake = Cups::new(
        Sake {
            signer: config.node.me.expose().clone(),
            synchrony_bound: CLOCKS_APART,
            max_handshake_age: HANDSHAKE_AGE,
            version: sake::Version::V1,
        },
        cups::Version::V1,
    );
    let settings = discovery::Config::recommended(
        handshake,
        &[Domain::Mesh.tag(), chain.chain_id.as_ref()].concat(),
        config.listen,
        config.advertised.map_or_else(nowhere, Ingress::from),
        bootstrappers(config)?,
        config.peers_max,
        message_size_max(chain),
        NETWORK_MAILBOX,
    );
    let settings = discovery::Config { tracked_peer_sets: PEER_SETS, allow_dns: false, ..settings };
    let timing = Timing::new(chain.block_time_ms.get());
    Ok(if config.allow_private_ips { nearby(settings, timing) } else { settings })
}

/// What a node says that cannot be reached: a name, since names are never dialled. Who dials in vain does not let
/// the other in meanwhile.
fn nowhere() -> Ingress {
    Ingress::Dns { host: hostname!("unreachable.invalid"), port: 0 }
}

/// Nodes nearby find each other at once, and come back from the same address. Who is known and not
/// connected is dialled at once, one after the other; then, and while all are connected, the node
/// looks again once a block, or a second: that is the cooldown, and the whole cost of idling.
fn nearby(settings: discovery::Config<Handshake>, timing: Timing) -> discovery::Config<Handshake> {
    let often = commonware_runtime::Quota::per_second(commonware_utils::NZU32!(128));
    discovery::Config {
        allow_private_ips: true,
        peer_connection_cooldown: timing.dial(),
        allowed_handshake_rate_per_ip: often,
        allowed_handshake_rate_per_subnet: often,
        dial_frequency: Duration::from_millis(100),
        gossip_bit_vec_frequency: timing.acquaint(),
        ..settings
    }
}

fn bootstrappers(config: &ProcessConfig) -> Result<Vec<(Point, Ingress)>, Failure> {
    let others = config.bootstrappers.iter().filter(|(key, _)| *key != config.node.me.public_key());
    others
        .map(|(key, address)| Ok((Point::try_from(key)?, Ingress::from(*address))))
        .collect::<Result<_, goodwill_types::InvalidKey>>()
        .map_err(|error| Failure::Start(format!("a bootstrapper's key: {error}")))
}
