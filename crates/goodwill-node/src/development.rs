//! Development chains: a folder with the manifest, and a home for each miner, whose keys are
//! published.

use crate::{
    NodeError,
    config::{ConfigError, KeyFile, NodeConfig, PeerConfig, store_key},
    load_manifest,
};
use goodwill_ledger::manifest::{Member, development_manifest};
use goodwill_types::{Address, Amount, SecretKey};
use goodwill_wallet::development;
use std::{
    fs, io,
    net::{SocketAddr, TcpListener},
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

/// Coins of each development account.
pub const COINS: u64 = 1_000_000;

/// A development chain to be made.
#[derive(Clone, Copy, Debug)]
pub struct Development<'a> {
    /// How many miners it has.
    pub miners: u32,
    /// Where the gateway of the first miner listens; those of the others take any free port.
    pub http: SocketAddr,
    /// Parameters of its manifest that are not the usual ones.
    pub parameters: &'a [(&'a str, u64)],
}

impl Development<'_> {
    /// Makes the chain's folder, or reads the one that is there, and gives each miner its settings:
    /// also as `miner-N/node.toml`, for miners that are processes of their own.
    ///
    /// # Errors
    /// When the folder holds a chain whose keys are not the published ones, or the disk fails.
    pub fn prepare(&self, folder: &Path) -> Result<Vec<NodeConfig>, NodeError> {
        let manifest = folder.join("chain.toml");
        fs::create_dir_all(folder).map_err(at(folder))?;
        if !manifest.exists() {
            fs::write(&manifest, self.manifest()).map_err(at(&manifest))?;
        }
        let founders = load_manifest(&manifest)?.founders;
        let keys: Vec<SecretKey> = (0..).take(founders.len()).map(development::miner).collect();
        if !keys.iter().all(|key| founders.iter().any(|founder| founder.node_key == key.public_key())) {
            let reason = "its miners' keys are not the published ones: run its nodes with `goodwill node`";
            return Err(ConfigError::Malformed { path: manifest, reason: reason.into() }.into());
        }
        let peers = keys
            .iter()
            .map(|key| Ok(PeerConfig { key: key.public_key().to_string(), address: free_address()? }));
        let peers = peers.collect::<io::Result<Vec<_>>>().map_err(at(folder))?;
        (0..).zip(&keys).map(|(number, key)| self.home(folder, number, key, &peers)).collect()
    }

    fn manifest(&self) -> String {
        let founders: Vec<Member> = (0..self.miners)
            .map(|number| {
                let node = development::miner(number);
                Member::new(format!("miner-{number}"), &node, Address::of(&node.public_key()))
            })
            .collect();
        let accounts: Vec<Address> = development::NAMES.iter().map(|name| account_address(name)).collect();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as u64);
        development_manifest(&founders, &accounts, Amount::from_coins(COINS), now, self.parameters)
    }

    fn home(
        &self,
        folder: &Path,
        number: usize,
        key: &SecretKey,
        peers: &[PeerConfig],
    ) -> Result<NodeConfig, NodeError> {
        let home = folder.join(format!("miner-{number}"));
        if !home.join("node.key").exists() {
            store_key(&home, KeyFile::Node, key).map_err(at(&home))?;
        }
        let path = home.join("node.toml");
        let settings = toml::to_string(&self.settings(number, peers))
            .map_err(|e| ConfigError::Malformed { path: path.clone(), reason: e.to_string() })?;
        let header = "# For `goodwill node`, should each miner be a process of its own.\n";
        fs::write(&path, format!("{header}{settings}")).map_err(at(&path))?;
        Ok(NodeConfig::load(&path)?)
    }

    fn settings(&self, number: usize, peers: &[PeerConfig]) -> NodeConfig {
        let others = peers.iter().enumerate().filter(|(other, _)| *other != number);
        NodeConfig {
            http: if number == 0 { self.http } else { SocketAddr::new(self.http.ip(), 0) },
            listen: peers[number].address,
            allow_private_ips: true,
            peers: others.map(|(_, peer)| peer.clone()).collect(),
            ..NodeConfig::new("../chain.toml".into(), ".".into())
        }
    }
}

/// The address of a development account.
///
/// # Panics
/// For a name that is not in [`development::NAMES`].
pub fn account_address(name: &str) -> Address {
    Address::of(&development::account(name).expect("a known name").public_key())
}

/// An address on this machine that nobody listens on at the moment.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> NodeError + use<> {
    let path = path.to_owned();
    move |source| ConfigError::File { path, source }.into()
}
