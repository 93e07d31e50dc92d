//! Development chains: a folder with the manifest, and a home for each miner, whose keys are
//! published.

use crate::{
    NodeError,
    config::{ConfigError, KeyFile, MineConfig, NodeConfig, PeerConfig, store_key},
    load_manifest,
};
use goodwill_identity::{NotIssued, TestAuthority};
use goodwill_ledger::manifest::{Member, development_manifest};
use goodwill_types::{Address, Amount, SecretKey};
use goodwill_wallet::development;
use rand::RngExt as _;
use std::{
    fs, io,
    net::{SocketAddr, TcpListener},
    num::NonZeroU32,
    path::{Path, PathBuf},
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
    /// How many slots each of its miners orders for every epoch; with 0, they only take care.
    pub slots: u32,
}

/// The association that asks to receive on a development chain, as files in the chain's folder.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its certificate in PEM, issued by the chain's test authority.
    pub chain: PathBuf,
    /// The certificate's key.
    pub key: PathBuf,
    /// What it says that it does.
    pub statement: PathBuf,
}

/// What the association of development chains is called.
pub const CANDIDATE_NAME: &str = "Example Forest Association";
/// The domain for which it has a certificate.
pub const CANDIDATE_DOMAIN: &str = "example.org";
/// The development account on which it receives.
pub const CANDIDATE_ACCOUNT: &str = "judy";

const STATEMENT: &str = "We plant trees where they were lost. This is an example: no trees are planted.\n";
/// For how long the candidate's certificate is valid: ten years.
const CERTIFICATE_S: u64 = 10 * 365 * 86_400;

impl Candidate {
    /// Where the files of the chain in `folder` are.
    pub fn of(folder: &Path) -> Self {
        let file = |name| folder.join("association").join(name);
        Self { chain: file("example.org.pem"), key: file("example.org.key"), statement: file("statement.md") }
    }

    /// Makes an authority that vouches for the candidate, keeps both, and gives its certificate in PEM.
    fn make(&self, folder: &Path, now_s: u64) -> Result<String, NodeError> {
        let failed = |e: NotIssued| NodeError::Config(malformed(folder, e.to_string()));
        let authority = TestAuthority::new("Goodwill development authority").map_err(failed)?;
        let issued = authority
            .issue(
                CANDIDATE_DOMAIN,
                Some(CANDIDATE_NAME),
                now_s.saturating_sub(86_400),
                now_s + CERTIFICATE_S,
            )
            .map_err(failed)?;
        let own = folder.join("association");
        fs::create_dir_all(&own).map_err(at(&own))?;
        let files = [
            (own.join("ca.pem"), authority.certificate_pem()),
            (own.join("ca.key"), &authority.key_pem()),
            (self.chain.clone(), &issued.chain_pem),
            (self.key.clone(), &issued.key_pem),
            (self.statement.clone(), STATEMENT),
        ];
        for (path, text) in files {
            fs::write(&path, text).map_err(at(&path))?;
        }
        Ok(authority.certificate_pem().to_owned())
    }
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
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as u64);
            let anchor = Candidate::of(folder).make(folder, now / 1_000)?;
            fs::write(&manifest, self.manifest(now, &anchor)).map_err(at(&manifest))?;
        }
        let founders = load_manifest(&manifest)?.founders;
        let keys: Vec<SecretKey> = (0..).take(founders.len()).map(development::miner).collect();
        if !keys.iter().all(|key| founders.iter().any(|founder| founder.node_key == key.public_key())) {
            let reason = "its miners' keys are not the published ones: run its nodes with `goodwill node`";
            return Err(malformed(&manifest, reason.into()).into());
        }
        let peers = keys
            .iter()
            .map(|key| Ok(PeerConfig { key: key.public_key().to_string(), address: free_address()? }));
        let peers = peers.collect::<io::Result<Vec<_>>>().map_err(at(folder))?;
        (0..).zip(&keys).map(|(number, key)| self.home(folder, number, key, &peers)).collect()
    }

    fn manifest(&self, now_ms: u64, anchor: &str) -> String {
        let founders: Vec<Member> = (0..self.miners)
            .map(|number| {
                let node = development::miner(number);
                Member::new(format!("miner-{number}"), &node, Address::of(&node.public_key()))
            })
            .collect();
        // The founders' coins pay for their votes, and for slots.
        let people = development::NAMES.iter().map(|name| account_address(name));
        let accounts: Vec<Address> = people.chain(founders.iter().map(|founder| founder.account)).collect();
        let coins = Amount::from_coins(COINS);
        development_manifest(&founders, &accounts, coins, now_ms, self.parameters, Some(anchor))
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
        if self.slots > 0 && !home.join("miner.key").exists() {
            store_key(&home, KeyFile::Miner, key).map_err(at(&home))?;
        }
        let path = home.join("node.toml");
        let settings =
            toml::to_string(&self.settings(number, peers)).map_err(|e| malformed(&path, e.to_string()))?;
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
            mine: NonZeroU32::new(self.slots).map(mine),
            ..NodeConfig::new("../chain.toml".into(), ".".into())
        }
    }
}

/// Orders for every epoch, whatever a slot costs: the coins are worthless.
fn mine(slots: NonZeroU32) -> MineConfig {
    MineConfig { slots, max_price: Amount::from_coins(COINS), power_mw: 5_000, auto: true, gateway: None }
}

fn malformed(path: &Path, reason: String) -> ConfigError {
    ConfigError::Malformed { path: path.into(), reason }
}

/// The address of a development account.
///
/// # Panics
/// For a name that is not in [`development::NAMES`].
pub fn account_address(name: &str) -> Address {
    Address::of(&development::account(name).expect("a known name").public_key())
}

/// Ports for nodes: below those that systems give to connections that begin here, which would take
/// them in the meantime.
const PORTS: std::ops::Range<u16> = 20_000..32_768;
/// How many ports are tried before the machine counts as full.
const PORTS_TRIED: usize = 64;

/// An address on this machine that nobody listens on at the moment.
///
/// # Errors
/// When no port is free.
pub fn free_address() -> io::Result<SocketAddr> {
    let mut chance = rand::rng();
    let mut listens = || TcpListener::bind(("127.0.0.1", chance.random_range(PORTS)))?.local_addr();
    (1..PORTS_TRIED).find_map(|_| listens().ok()).map_or_else(listens, Ok)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> NodeError + use<> {
    let path = path.to_owned();
    move |source| ConfigError::File { path, source }.into()
}
