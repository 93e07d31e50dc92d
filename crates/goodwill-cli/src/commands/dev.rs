//! `goodwill dev`: a whole chain on this machine.

use super::node::{start_logging, stop_on_signal};
use crate::{Output, error::CliError};
use goodwill_node::{
    NodeConfig, NodeError, Running, Stop,
    config::{PeerConfig, store_key},
    ledger::manifest::{Member, development_manifest},
    load_manifest,
};
use goodwill_types::{Address, Amount, SecretKey};
use goodwill_wallet::development;
use serde::Serialize;
use std::{
    fs, io,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

/// Coins of each development account.
const COINS: u64 = 1_000_000;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many miners.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=32))]
    miners: u32,
    /// Where the API of the first miner listens.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    http: SocketAddr,
    /// Keep the chain in this folder, and go on with it if it is there. Without it, the chain ends
    /// with the command.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The time between two blocks, such as 500ms or 500; only for a new chain.
    #[arg(long, default_value = "500", value_parser = parse_ms, value_name = "MS")]
    block_time: u64,
}

fn parse_ms(text: &str) -> Result<u64, String> {
    let (number, scale) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, 1),
        (None, Some(number)) => (number, 1_000),
        (None, None) => (text, 1),
    };
    let ms = number.parse::<u64>().ok().and_then(|number| number.checked_mul(scale));
    ms.filter(|ms| (1..=600_000).contains(ms)).ok_or_else(|| "give 1ms to 600s, such as 500ms or 2s".into())
}

#[derive(Serialize)]
struct Account {
    name: &'static str,
    address: String,
}

#[derive(Clone, Serialize)]
struct Miner {
    name: String,
    key: String,
    api: String,
}

#[derive(Serialize)]
struct Ready {
    event: &'static str,
    api: String,
    chain_id: String,
    accounts: Vec<Account>,
    miners: Vec<Miner>,
    data: PathBuf,
}

pub(crate) fn run(output: Output, args: Args) -> Result<(), CliError> {
    start_logging();
    let temporary = match args.data {
        Some(_) => None,
        None => {
            Some(tempfile::tempdir().map_err(|e| CliError::Io("cannot make a temporary folder".into(), e))?)
        }
    };
    let folder = args.data.clone().unwrap_or_else(|| temporary.as_ref().expect("made above").path().into());
    let configs = prepare(&folder, &args)?;
    let stop = Stop::default();
    stop_on_signal(&stop)?;
    let (events, received) = mpsc::channel();
    let nodes: Vec<_> =
        (0..).zip(configs).map(|(number, config)| start(number, config, &stop, &events)).collect();
    drop(events);

    let result = report(output, &folder, nodes.len(), &received);
    // Whatever ended the report, a signal or a failed node: the others need not go on.
    stop.stop();
    let ended: Vec<_> = nodes.into_iter().map(|node| node.join()).collect();
    result?;
    for node in ended {
        node.map_err(|_| CliError::Corrupt("a miner's thread panicked: see the log above".into()))??;
    }
    output.note(if temporary.is_some() {
        "Stopped; the chain is gone."
    } else {
        "Stopped; the same --data goes on with the chain."
    });
    Ok(())
}

/// What a miner says.
enum Event {
    Started { number: u32, running: Running },
    FirstBlock,
    Ended,
}

fn start(
    number: u32,
    config: NodeConfig,
    stop: &Stop,
    events: &mpsc::Sender<Event>,
) -> thread::JoinHandle<Result<(), NodeError>> {
    let (stop, events) = (stop.clone(), events.clone());
    thread::spawn(move || {
        let started = events.clone();
        let result = goodwill_node::run(config, stop, move |running| {
            let engine = running.engine.clone();
            let _ = started.send(Event::Started { number, running });
            tokio::spawn(async move {
                if engine.reached(1).await.is_ok() {
                    let _ = started.send(Event::FirstBlock);
                }
            });
        });
        let _ = events.send(Event::Ended);
        result
    })
}

/// Prints the ready line when every miner holds the first block, then waits for the end.
fn report(
    output: Output,
    folder: &Path,
    miners: usize,
    events: &mpsc::Receiver<Event>,
) -> Result<(), CliError> {
    let (mut apis, mut first_blocks) = (vec![None; miners], 0);
    for event in events {
        match event {
            Event::Started { number, running } => apis[number as usize] = Some(running.http),
            Event::FirstBlock => {
                first_blocks += 1;
                if first_blocks == miners {
                    let apis: Vec<SocketAddr> = apis.iter().flatten().copied().collect();
                    print_ready(output, folder, &apis)?;
                }
            }
            Event::Ended => break,
        }
    }
    Ok(())
}

fn print_ready(output: Output, folder: &Path, apis: &[SocketAddr]) -> Result<(), CliError> {
    let manifest = load_manifest(&folder.join("chain.toml"))?;
    let accounts = development::NAMES
        .iter()
        .map(|name| Account { name, address: account_address(name).display(&manifest.address_prefix) });
    let miners = (0u32..).zip(apis).map(|(number, api)| Miner {
        name: format!("miner-{number}"),
        key: development::miner(number).public_key().to_string(),
        api: format!("http://{api}"),
    });
    let ready = Ready {
        event: "ready",
        api: format!("http://{}", apis[0]),
        chain_id: manifest.chain_id().to_string(),
        accounts: accounts.collect(),
        miners: miners.collect(),
        data: folder.into(),
    };
    output.print(&ready, || describe(&ready));
    Ok(())
}

fn describe(ready: &Ready) -> String {
    let mut text = format!("The chain {} runs with {} miners.\n", &ready.chain_id[..16], ready.miners.len());
    text += &format!("API      {}\nData     {}\n", ready.api, ready.data.display());
    for account in &ready.accounts {
        text += &format!("{:<8} {} ({COINS} DEV)\n", account.name, account.address);
    }
    text += "Try, in another terminal:\n  goodwill send bob 12.5 --from alice --wait\n  goodwill account bob --proof\nCtrl-C stops it.";
    text
}

fn account_address(name: &str) -> Address {
    Address::of(&development::account(name).expect("a known name").public_key())
}

/// Makes the chain's folder, or reads it, and gives each miner its settings.
fn prepare(folder: &Path, args: &Args) -> Result<Vec<NodeConfig>, CliError> {
    let io = |path: &Path| {
        let path = path.display().to_string();
        move |error: io::Error| CliError::Io(path, error)
    };
    fs::create_dir_all(folder).map_err(io(folder))?;
    let manifest = folder.join("chain.toml");
    if !manifest.exists() {
        fs::write(&manifest, new_manifest(args)).map_err(io(&manifest))?;
    }
    let founders = load_manifest(&manifest)?.founders;
    let keys: Vec<SecretKey> =
        (0..u32::try_from(founders.len()).unwrap_or(u32::MAX)).map(development::miner).collect();
    if !keys.iter().all(|key| founders.iter().any(|founder| founder.node_key == key.public_key())) {
        return Err(CliError::Usage(format!(
            "{} is not a chain that `goodwill dev` made: run its nodes with `goodwill node`",
            folder.display()
        )));
    }
    let peers =
        keys.iter().map(|key| Ok(PeerConfig { key: key.public_key().to_string(), address: free_address()? }));
    let peers = peers.collect::<io::Result<Vec<_>>>().map_err(|e| CliError::Io("no free port".into(), e))?;
    keys.iter()
        .enumerate()
        .map(|(number, key)| {
            let home = folder.join(format!("miner-{number}"));
            if !home.join("node.key").exists() {
                store_key(&home, key).map_err(io(&home))?;
            }
            let config = miner_config(number, args.http, &peers);
            let path = home.join("node.toml");
            let header = "# For `goodwill node`, should each miner be a process of its own.\n";
            let text = toml::to_string(&config).map_err(|e| CliError::Corrupt(e.to_string()))?;
            fs::write(&path, format!("{header}{text}")).map_err(io(&path))?;
            Ok(NodeConfig::load(&path).map_err(NodeError::from)?)
        })
        .collect()
}

fn new_manifest(args: &Args) -> String {
    let founders: Vec<Member> = (0..args.miners)
        .map(|number| {
            let node_key = development::miner(number).public_key();
            Member { name: format!("miner-{number}"), node_key, account: Address::of(&node_key) }
        })
        .collect();
    let accounts: Vec<Address> = development::NAMES.iter().map(|name| account_address(name)).collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as u64);
    development_manifest(&founders, &accounts, Amount::from_coins(COINS), now, args.block_time)
}

fn miner_config(number: usize, http: SocketAddr, peers: &[PeerConfig]) -> NodeConfig {
    let own = peers[number].address;
    let others = peers.iter().enumerate().filter(|(other, _)| *other != number).map(|(_, peer)| peer.clone());
    NodeConfig {
        manifest: "../chain.toml".into(),
        data: ".".into(),
        http: if number == 0 { http } else { SocketAddr::new(http.ip(), 0) },
        http_hosts: Vec::new(),
        listen: own,
        advertised: None,
        allow_private_ips: true,
        followers: Vec::new(),
        peers: others.collect(),
        retain_blocks: None,
    }
}

/// An address on this machine that nobody listens on at the moment.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}
