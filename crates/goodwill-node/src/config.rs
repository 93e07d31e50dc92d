//! `node.toml`: what one node needs to know besides its chain.

use goodwill_types::{Amount, PublicKey, SecretKey};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    net::SocketAddr,
    num::{NonZeroU16, NonZeroU32, NonZeroU64},
    path::{Path, PathBuf},
};

/// A key in a node's data folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFile {
    /// The node's name in the mesh.
    Node,
    /// The account that orders slots and earns.
    Miner,
}

impl KeyFile {
    const fn name(self) -> &'static str {
        match self {
            Self::Node => "node.key",
            Self::Miner => "miner.key",
        }
    }
}

/// A node's settings, as in `node.toml`. Paths are relative to the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// The chain's manifest.
    pub manifest: PathBuf,
    /// The folder for everything that the node stores, its key included.
    pub data: PathBuf,
    /// Where the gateway listens for people and programs.
    #[serde(default = "default_http")]
    pub http: SocketAddr,
    /// Host names under which the gateway may be asked, besides loopback and its own address.
    #[serde(default)]
    pub http_hosts: Vec<String>,
    /// How often each client of the gateway may ask; twice as often for a second.
    #[serde(default = "default_requests_per_second")]
    pub requests_per_second: NonZeroU32,
    /// Where the node listens for other nodes.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// The address under which other nodes reach it; `listen` if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advertised: Option<SocketAddr>,
    /// Whether other nodes can reach this one; behind most home routers they cannot, and it only dials.
    #[serde(default = "default_reachable")]
    pub reachable: bool,
    /// Whether other nodes may have private addresses: for networks of one house.
    #[serde(default)]
    pub allow_private_ips: bool,
    /// Nodes without a seat that may follow. All nodes should name the same.
    #[serde(default)]
    pub followers: Vec<String>,
    /// Nodes to ask first for the addresses of others.
    #[serde(default)]
    pub peers: Vec<PeerConfig>,
    /// How many blocks to keep; all of them if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retain_blocks: Option<NonZeroU64>,
    /// Memory for the state and the blocks, in MiB, which an idle node holds too; if missing, as much as
    /// the state takes on disk when the node starts, from 4 to 128.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_mb: Option<NonZeroU16>,
    /// Whether and how the node mines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mine: Option<MineConfig>,
}

/// `[mine]`: how a node mines with the account of its miner's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MineConfig {
    /// How many slots to order for each epoch.
    #[serde(default = "default_slots")]
    pub slots: NonZeroU32,
    /// The most that a slot may cost, in coins.
    #[serde(with = "coins")]
    pub max_price: Amount,
    /// What the machine draws while it mines, in milliwatts: declared on the chain.
    #[serde(default = "default_power_mw")]
    pub power_mw: u32,
    /// Whether slots are ordered without being asked each time. Slots that were drawn are taken up
    /// in any case.
    #[serde(default = "default_auto")]
    pub auto: bool,
    /// A gateway to ask and to send through until this node has caught up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
}

fn default_slots() -> NonZeroU32 {
    NonZeroU32::MIN
}

/// A Raspberry Pi.
const fn default_power_mw() -> u32 {
    5_000
}

const fn default_auto() -> bool {
    true
}

/// Amounts as text, in coins.
mod coins {
    use goodwill_types::Amount;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(amount: &Amount, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&amount.to_string())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Amount, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A node to connect to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerConfig {
    /// Its node key.
    pub key: String,
    /// Where it can be reached.
    pub address: SocketAddr,
}

/// Why a node cannot be set up as its files say.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// `node.toml` is not what it should be.
    #[error("{path}: {reason}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and with what.
        reason: String,
    },
}

fn default_http() -> SocketAddr {
    ([127, 0, 0, 1], 8080).into()
}

fn default_requests_per_second() -> NonZeroU32 {
    NonZeroU32::new(100).expect("not zero")
}

fn default_listen() -> SocketAddr {
    ([0, 0, 0, 0], 7070).into()
}

const fn default_reachable() -> bool {
    true
}

impl NodeConfig {
    /// The settings that `node.toml` need not name are the usual ones.
    pub fn new(manifest: PathBuf, data: PathBuf) -> Self {
        Self {
            manifest,
            data,
            http: default_http(),
            http_hosts: Vec::new(),
            requests_per_second: default_requests_per_second(),
            listen: default_listen(),
            advertised: None,
            reachable: true,
            allow_private_ips: false,
            followers: Vec::new(),
            peers: Vec::new(),
            retain_blocks: None,
            cache_mb: None,
            mine: None,
        }
    }

    /// Reads `node.toml`.
    ///
    /// # Errors
    /// [`ConfigError`], with the line where there is one.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = read(path)?;
        let mut config: Self = toml::from_str(&text)
            .map_err(|error| ConfigError::Malformed { path: path.into(), reason: error.to_string() })?;
        let folder = path.parent().unwrap_or(Path::new("."));
        config.manifest = folder.join(config.manifest);
        config.data = folder.join(config.data);
        config.checked_keys().map_err(|reason| ConfigError::Malformed { path: path.into(), reason })?;
        Ok(config)
    }

    fn checked_keys(&self) -> Result<(), String> {
        self.follower_keys().map(drop)?;
        self.bootstrappers().map(drop)
    }

    /// The followers' keys.
    ///
    /// # Errors
    /// Names the key that is none.
    pub fn follower_keys(&self) -> Result<Vec<PublicKey>, String> {
        self.followers.iter().map(|key| parse_key("followers", key)).collect()
    }

    /// Keys and addresses of the nodes to ask first.
    ///
    /// # Errors
    /// Names the key that is none.
    pub fn bootstrappers(&self) -> Result<Vec<(PublicKey, SocketAddr)>, String> {
        self.peers.iter().map(|peer| Ok((parse_key("peers", &peer.key)?, peer.address))).collect()
    }
}

fn parse_key(field: &str, text: &str) -> Result<PublicKey, String> {
    text.parse()
        .map_err(|error| format!("{field}: {text:?}: {error}; take what `goodwill node key` prints there"))
}

/// Reads a text file.
///
/// # Errors
/// [`ConfigError::File`].
pub fn read(path: &Path) -> Result<String, ConfigError> {
    fs::read_to_string(path).map_err(|source| ConfigError::File { path: path.into(), source })
}

/// A key from a node's data folder; `None` if there is none.
///
/// # Errors
/// [`ConfigError`].
pub fn load_key(data: &Path, file: KeyFile) -> Result<Option<SecretKey>, ConfigError> {
    let path = data.join(file.name());
    match fs::read_to_string(&path) {
        Ok(text) => match parse_secret(&text) {
            Some(key) => Ok(Some(key)),
            None => Err(ConfigError::Malformed { path, reason: "not a key: restore it from a copy".into() }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ConfigError::File { path, source }),
    }
}

/// A key from a node's data folder; made there if missing, readable by its owner only.
///
/// # Errors
/// [`ConfigError`].
pub fn load_or_create_key(data: &Path, file: KeyFile) -> Result<SecretKey, ConfigError> {
    if let Some(key) = load_key(data, file)? {
        return Ok(key);
    }
    let key = SecretKey::generate();
    store_key(data, file, &key)
        .map_err(|source| ConfigError::File { path: data.join(file.name()), source })?;
    Ok(key)
}

/// Writes a key into a node's data folder, unless there is one.
///
/// # Errors
/// When there is one already, or the disk fails.
pub fn store_key(data: &Path, file: KeyFile, key: &SecretKey) -> io::Result<()> {
    use std::io::Write as _;
    fs::create_dir_all(data)?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(data.join(file.name()))?;
    writeln!(file, "{}", hex::encode(key.to_seed()))?;
    file.sync_all()
}

fn parse_secret(text: &str) -> Option<SecretKey> {
    let mut seed = [0; 32];
    hex::decode_to_slice(text.trim(), &mut seed).ok()?;
    Some(SecretKey::from_seed(seed))
}
