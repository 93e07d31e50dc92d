//! A whole node: engine, ledger, mempool, gateway.

use crate::{
    admission::Admission,
    chain::Chain,
    config::{ConfigError, NodeConfig, load_or_create_key, read},
    gateway::{Gateway, Metrics, Rates, Streams, router},
    index::Index,
    journal::Journal,
    mempool::Limits,
};
use futures::FutureExt;
use goodwill_engine::{
    ChainConfig, Config, Engine,
    process::{self, Failure, ProcessConfig, Stop},
};
use goodwill_ledger::{Manifest, ManifestError};
use goodwill_types::SecretKey;
use std::{
    fs,
    net::SocketAddr,
    num::{NonZeroU64, NonZeroUsize},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::net::TcpListener;

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
    let key = load_or_create_key(&config.data)?;
    claim_folder(&config.data, &manifest)?;
    let process = process_config(&config, &manifest, key)?;
    let index = Index::open(&config.data.join("index.redb")).map_err(|e| Failure::Start(e.to_string()))?;
    let (chain, outbox) = Chain::new(manifest, Arc::new(index), Limits::default(), config.retain_blocks);
    let path = config.data.join("journal");
    let journal = Journal::open(&path).map_err(|source| ConfigError::File { path, source })?;
    let machine = chain.clone();
    process::run(process, machine, stop, move |engine, stop| {
        async move {
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
            };
            let listener = TcpListener::bind(config.http).await.map_err(|e| {
                format!("cannot listen on {} for the API: {e}; choose another address with http", config.http)
            })?;
            let http = listener.local_addr().map_err(|e| e.to_string())?;
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

fn process_config(
    config: &NodeConfig,
    manifest: &Manifest,
    me: SecretKey,
) -> Result<ProcessConfig, NodeError> {
    let malformed = |reason| ConfigError::Malformed { path: "node.toml".into(), reason };
    let parameters = &manifest.parameters;
    let followers = config.follower_keys().map_err(malformed)?;
    let peers_max = manifest.founders.len() + followers.len() + 1;
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
            prefix: "goodwill".into(),
            retain_blocks: config.retain_blocks,
        },
        storage_dir: config.data.clone(),
        listen: config.listen,
        advertised: config.advertised.unwrap_or(config.listen),
        bootstrappers: config.bootstrappers().map_err(malformed)?,
        allow_private_ips: config.allow_private_ips,
        peers_max: NonZeroUsize::new(peers_max).expect("at least this node"),
        worker_threads: NonZeroUsize::new(2).expect("not zero"),
    })
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
