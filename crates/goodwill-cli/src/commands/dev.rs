//! `goodwill dev`: a whole chain on this machine.

mod story;

use super::node::{start_logging, stop_on_signal};
use crate::{Output, error::CliError};
use goodwill_node::{
    NodeConfig, NodeError, Running, Stop,
    development::{COINS, Development, account_address},
    load_manifest,
};
use goodwill_wallet::{Client, development};
use serde::Serialize;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
};
use story::Story;

/// Slots that each miner of the demo orders for every epoch: with four miners, all there are.
const DEMO_SLOTS: u32 = 2;

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
    /// Let the miners buy slots, people pay and use contracts, donations arrive, and tell about it until
    /// Ctrl-C.
    #[arg(long)]
    demo: bool,
    /// Let nothing happen by itself: no association asks for donations.
    #[arg(long, conflicts_with = "demo")]
    bare: bool,
}

pub(crate) fn parse_ms(text: &str) -> Result<u64, String> {
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
    let parameters = [("block_time_ms", args.block_time)];
    let chain = Development {
        miners: args.miners,
        http: args.http,
        parameters: &parameters,
        slots: if args.demo { DEMO_SLOTS } else { 0 },
    };
    let configs = chain.prepare(&folder)?;
    let stop = Stop::default();
    stop_on_signal(&stop)?;
    let (events, received) = mpsc::channel();
    let nodes: Vec<_> =
        (0..).zip(configs).map(|(number, config)| start(number, config, &stop, &events)).collect();
    drop(events);

    let told = Told { output, folder: &folder, founders: nodes.len() as u32, args: &args, stop: &stop };
    let result = report(&told, &received);
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

/// What is told of the chain while it runs.
struct Told<'a> {
    output: Output,
    folder: &'a Path,
    founders: u32,
    args: &'a Args,
    stop: &'a Stop,
}

/// Prints the ready line when every miner holds the first block, lets the story begin, and waits for
/// the end.
fn report(told: &Told<'_>, events: &mpsc::Receiver<Event>) -> Result<(), CliError> {
    let (mut apis, mut first_blocks) = (vec![None; told.founders as usize], 0);
    thread::scope(|scope| {
        let (mut story, mut ready) = (None, false);
        for event in events {
            match event {
                Event::Started { number, running } => apis[number as usize] = Some(running.http),
                Event::FirstBlock => first_blocks += 1,
                Event::Ended => break,
            }
            if !ready && first_blocks == told.founders {
                ready = true;
                let apis: Vec<SocketAddr> = apis.iter().flatten().copied().collect();
                print_ready(told.output, told.folder, &apis)?;
                story = (!told.args.bare).then(|| scope.spawn(move || tell(told, apis[0])));
            }
        }
        told.stop.stop();
        story.map_or(Ok(()), |story| {
            story.join().unwrap_or_else(|_| {
                Err(CliError::Corrupt("the story's thread panicked: see the log above".into()))
            })
        })
    })
}

/// What happens by itself, until the chain stops. A story that fails does not stop the chain: people
/// may be using it. Books that are wrong, and what failed though it must not, are told again in the end.
fn tell(told: &Told<'_>, api: SocketAddr) -> Result<(), CliError> {
    let client = Client::new(&format!("http://{api}"))?;
    let Told { output, folder, founders, stop, .. } = *told;
    let ended = Story { output, client, folder, founders, stop }.tell(told.args.demo);
    if let Err(error) = &ended {
        output.note(&format!("The story ends here: {error}"));
    }
    match ended {
        Err(error @ (CliError::Corrupt(_) | CliError::Rejected(_))) => Err(error),
        _ => Ok(()),
    }
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
    text += "Try, in another terminal:\n  goodwill send bob 12.5 --from alice --wait\n  goodwill account bob --proof\n  goodwill association list\nCtrl-C stops it.";
    text
}
