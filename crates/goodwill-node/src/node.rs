//! A whole node: engine, ledger, mempool, gateway.

use crate::{
    admission::Admission,
    chain::{Chain, Handover},
    config::{ConfigError, KeyFile, NodeConfig, load_key, load_or_create_key, read},
    gateway::{Gateway, Metrics, Rates, Streams, router},
    index::Index,
    journal::Journal,
    mempool::Limits,
    meter::{Meter, READ_EVERY},
    miner::Miner,
    secrets::Secrets,
};
use futures::FutureExt;
use goodwill_engine::{
    ChainConfig, Config, Engine,
    process::{self, Failure, ProcessConfig, Stop},
};
use goodwill_ledger::{Manifest, ManifestError};
use goodwill_proof::StateProof;
use goodwill_types::{SecretKey, codec::List};
use goodwill_wallet::Client;
use std::{
    fs,
    net::SocketAddr,
    num::{NonZeroU16, NonZeroU64, NonZeroUsize},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{net::TcpListener, sync::mpsc};
use tracing::warn;

/// What a node draws that declares nothing, in milliwatts.
const DECLARED_POWER_MW: u32 = 5_000;
/// How the names of everything that the engine stores begin.
const PREFIX: &str = "goodwill";
/// The least and the most memory for the state and the blocks that a node takes by itself, in MiB.
const CACHE_MB_MIN: u64 = 4;
const CACHE_MB_MAX: u64 = 128;
/// How long to wait before asking again for the certificate of an epoch's last block.
const CERTIFICATE_WAIT: Duration = Duration::from_millis(100);

/// Why a node did not start, or ended other than by being asked to.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// A file of its settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The chain's manifest.
    #[error("{path}: {source}")]
    Manifest {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        source: ManifestError,
    },
    /// The folder holds another chain.
    #[error(
        "{data} holds the chain {found}, and the manifest makes the chain {expected}: use another data folder, or the manifest that it was made with"
    )]
    OtherChain {
        /// The data folder.
        data: PathBuf,
        /// The chain in it.
        found: String,
        /// The chain of the manifest.
        expected: String,
    },
    /// The engine.
    #[error(transparent)]
    Engine(#[from] Failure),
}

/// A node that can be reached.
#[derive(Clone, Debug)]
pub struct Running {
    /// Where its gateway listens.
    pub http: SocketAddr,
    /// The engine, to ask for blocks.
    pub engine: Engine,
}

/// Runs a node until `stop` says so, or it fails. Tells `ready` once its gateway listens and its state
/// is open.
///
/// # Errors
/// [`NodeError`]: what happened, why, and what to do.
pub fn run(
    config: NodeConfig,
    stop: Stop,
    ready: impl FnOnce(Running) + Send + 'static,
) -> Result<(), NodeError> {
    let manifest_text = read(&config.manifest)?;
    let manifest = Manifest::parse(&manifest_text)
        .map_err(|source| NodeError::Manifest { path: config.manifest.clone(), source })?;
    let key = load_or_create_key(&config.data, KeyFile::Node)?;
    let miner = match config.mine {
        Some(_) => Some(load_or_create_key(&config.data, KeyFile::Miner)?),
        None => load_key(&config.data, KeyFile::Miner)?,
    };
    let other = config.mine.as_ref().and_then(|mine| mine.gateway.as_deref()).map(Client::new).transpose();
    let other =
        other.map_err(|e| ConfigError::Malformed { path: "node.toml".into(), reason: e.to_string() })?;
    claim_folder(&config.data, &manifest)?;
    let process = process_config(&config, &manifest, key.clone())?;
    let index = Index::open(&config.data.join("index.redb")).map_err(|e| Failure::Start(e.to_string()))?;
    let secrets = open_secrets(&config, &manifest, &key)?;
    let (chain, mut outbox) =
        Chain::new(manifest, Arc::new(index), Arc::new(secrets), Limits::default(), config.retain_blocks);
    let seats = config.data.join("seats");
    let path = config.data.join("journal");
    let journal = Journal::open(&path).map_err(|source| ConfigError::File { path, source })?;
    let machine = chain.clone();
    let meter = Arc::new(Meter::start(declared_power_mw(&config, &chain.manifest, &key)));
    let equivocations = take(&mut outbox.equivocations);
    let handovers = take(&mut outbox.handovers);
    process::run(process, chain.clone(), stop, move |engine, stop| {
        async move {
            tokio::spawn(keep_handovers(chain.clone(), engine.clone(), handovers));
            let admission = Admission::start(chain.clone(), engine.clone(), outbox, journal);
            let gateway = Gateway {
                chain,
                engine: engine.clone(),
                admission,
                manifest_text,
                hosts: config.http_hosts,
                rates: Rates::new(config.requests_per_second).into(),
                streams: Streams::default(),
                metrics: Metrics::default(),
                meter: meter.clone(),
            };
            tokio::spawn(keep_reading(meter));
            let listener = TcpListener::bind(config.http).await.map_err(|e| {
                format!("cannot listen on {} for the API: {e}; choose another address with http", config.http)
            })?;
            let http = listener.local_addr().map_err(|e| e.to_string())?;
            if let Some(miner) = miner {
                let (config, own) = (config.mine, Client::new(&own_url(http)).map_err(|e| e.to_string())?);
                let miner = Miner {
                    chain: machine,
                    node: key,
                    key: miner,
                    config,
                    own,
                    other,
                    equivocations,
                    folder: seats,
                };
                let stop = stop.clone();
                std::thread::spawn(move || miner.run(&stop));
            }
            tokio::spawn(async move {
                if engine.reached(0).await.is_ok() {
                    ready(Running { http, engine });
                }
            });
            let stopped = async move { stop.stopped().await };
            axum::serve(listener, router(gateway).into_make_service_with_connect_info::<SocketAddr>())
                .with_graceful_shutdown(stopped)
                .await
                .map_err(|e| e.to_string())
        }
        .boxed()
    })?;
    Ok(())
}

/// The part of a state of `size` bytes that is worth keeping in memory, in MiB.
fn cache_mb(size: u64) -> NonZeroU16 {
    let fitting = (size >> 20).clamp(CACHE_MB_MIN, CACHE_MB_MAX);
    u16::try_from(fitting).ok().and_then(NonZeroU16::new).expect("between the two")
}

fn process_config(
    config: &NodeConfig,
    manifest: &Manifest,
    me: SecretKey,
) -> Result<ProcessConfig, NodeError> {
    let malformed = |reason| ConfigError::Malformed { path: "node.toml".into(), reason };
    let parameters = &manifest.parameters;
    let followers = config.follower_keys().map_err(malformed)?;
    // Those with slots of this epoch and of the next, if each has a node of its own; and this node.
    let slots = 2 * manifest.parameters.slots_per_epoch as usize;
    let peers_max = slots + manifest.founders.len() + followers.len() + 1;
    let positive = |value: u64| NonZeroU64::new(value).expect("checked in the manifest");
    Ok(ProcessConfig {
        node: Config {
            me,
            chain: ChainConfig {
                chain_id: manifest.chain_id(),
                genesis_time_ms: manifest.genesis_time_ms,
                block_time_ms: positive(parameters.block_time_ms),
                blocks_per_epoch: positive(parameters.blocks_per_epoch),
                body_size_max: u32::try_from(parameters.body_size_max).expect("checked in the manifest"),
            },
            followers,
            prefix: PREFIX.into(),
            retain_blocks: config.retain_blocks,
            cache_mb: config.cache_mb.unwrap_or_else(|| cache_mb(process::state_size(&config.data, PREFIX))),
        },
        storage_dir: config.data.clone(),
        listen: config.listen,
        advertised: config.reachable.then(|| config.advertised.unwrap_or(config.listen)),
        bootstrappers: config.bootstrappers().map_err(malformed)?,
        allow_private_ips: config.allow_private_ips,
        peers_max: NonZeroUsize::new(peers_max).expect("at least this node"),
        worker_threads: NonZeroUsize::new(2).expect("not zero"),
    })
}

/// The secrets of the node's seats; its own key is one where it is a founder's.
fn open_secrets(config: &NodeConfig, manifest: &Manifest, key: &SecretKey) -> Result<Secrets, NodeError> {
    let path = config.data.join("seats");
    let is_founder = manifest.founders.iter().any(|founder| founder.node_key == key.public_key());
    Secrets::open(&path, is_founder.then(|| key.clone()), manifest.parameters.luck_length())
        .map_err(|source| ConfigError::File { path, source }.into())
}

/// Leaves a channel behind that brings nothing.
fn take<T>(receiver: &mut mpsc::Receiver<T>) -> mpsc::Receiver<T> {
    let (_, none) = mpsc::channel(1);
    std::mem::replace(receiver, none)
}

/// Stores the proof of each hand-over, once the last block of its epoch is certified.
async fn keep_handovers(chain: Arc<Chain>, engine: Engine, mut handovers: mpsc::Receiver<Handover>) {
    while let Some(Handover { epoch, height, next }) = handovers.recv().await {
        let finality = loop {
            match engine.certified(height).await {
                Ok(Some(finality)) => break finality,
                Ok(None) => tokio::time::sleep(CERTIFICATE_WAIT).await,
                Err(_) => return,
            }
        };
        let proof = StateProof { finality, entries: List::new(vec![next]).expect("one entry") };
        let index = chain.index.clone();
        let stored = tokio::task::spawn_blocking(move || index.record_handover(epoch, &proof)).await;
        if let Ok(Err(error)) = stored {
            warn!(epoch, %error, "the proof of a hand-over is not stored: light clients must ask others");
        }
    }
}

/// The power that the node's miner declares, or its founder; else that of a Raspberry Pi.
fn declared_power_mw(config: &NodeConfig, manifest: &Manifest, key: &SecretKey) -> u32 {
    let founder = manifest.founders.iter().find(|founder| founder.node_key == key.public_key());
    let mined = config.mine.as_ref().map(|mine| mine.power_mw);
    mined.or(founder.map(|founder| founder.power_mw)).unwrap_or(DECLARED_POWER_MW)
}

/// Counters of processors begin anew from time to time: read between.
async fn keep_reading(meter: Arc<Meter>) {
    let mut times = tokio::time::interval(READ_EVERY);
    loop {
        times.tick().await;
        let meter = meter.clone();
        let _ = tokio::task::spawn_blocking(move || meter.read()).await;
    }
}

/// How the node itself asks its gateway.
fn own_url(mut http: SocketAddr) -> String {
    if http.ip().is_unspecified() {
        http.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    format!("http://{http}")
}

/// Marks the data folder as this chain's, so that no other chain is ever run on its data.
fn claim_folder(data: &Path, manifest: &Manifest) -> Result<(), NodeError> {
    let (path, expected) = (data.join("chain-id"), manifest.chain_id().to_string());
    match fs::read_to_string(&path) {
        Ok(found) if found.trim() == expected => Ok(()),
        Ok(found) => Err(NodeError::OtherChain { data: data.into(), found: found.trim().into(), expected }),
        Err(_) => fs::write(&path, format!("{expected}\n"))
            .map_err(|source| ConfigError::File { path, source }.into()),
    }
}

/// The chain of a manifest file.
///
/// # Errors
/// [`NodeError`], with the line of what is wrong.
pub fn load_manifest(path: &Path) -> Result<Manifest, NodeError> {
    Manifest::parse(&read(path)?).map_err(|source| NodeError::Manifest { path: path.into(), source })
}
