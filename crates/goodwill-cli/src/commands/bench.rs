//! `goodwill bench`.

use crate::{Output, commands::dev::parse_ms, error::CliError};
use clap::Subcommand;
use goodwill_lab::bench::{self, Contracts, Finality, Idle, Overload, State, Target, Transfers};
use indicatif::ProgressBar;
use std::{env, io::IsTerminal as _, path::PathBuf, time::Duration};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// How many transfers become final in a second.
    Transfers {
        #[command(flatten)]
        chain: Chain,
        /// Measure the development chain behind this gateway instead of one of its own.
        #[arg(long, value_name = "URL", conflicts_with_all = ["miners", "block_time"])]
        at: Option<String>,
        /// How many accounts send and receive.
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        accounts: u32,
        /// How many transfers.
        #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
        transactions: u32,
    },
    /// How many calls of a contract become final in a second, beside transfers of the same accounts.
    Contracts {
        #[command(flatten)]
        chain: Chain,
        /// How many accounts hold and pass on tokens.
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        accounts: u32,
        /// How many transfers of tokens, and of coins.
        #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
        transactions: u32,
    },
    /// How soon a client sees that a transfer is final, on a chain with nothing else to do.
    Finality {
        #[command(flatten)]
        chain: Chain,
        /// How many transfers, one after the other.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        transactions: u32,
    },
    /// What a node uses when nobody wants anything of it.
    Idle {
        /// How many miners.
        #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=32))]
        miners: u32,
        /// The time between two blocks, such as 4s.
        #[arg(long, default_value = "4s", value_parser = parse_ms, value_name = "TIME")]
        block_time: u64,
        /// How long to measure.
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
        seconds: u32,
    },
    /// Whether many accounts make a transfer dearer.
    State {
        /// The time between two blocks, such as 250ms.
        #[arg(long, default_value = "250ms", value_parser = parse_ms, value_name = "TIME")]
        block_time: u64,
        /// The numbers of accounts to compare.
        #[arg(long, value_delimiter = ',', default_values_t = [10_000, 1_000_000],
            value_parser = clap::value_parser!(u32).range(1..=4_000_000))]
        accounts: Vec<u32>,
        /// How many transfers on each chain.
        #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
        transactions: u32,
    },
    /// What becomes of a node when ten times as much is offered as it can take.
    Overload {
        /// The time between two blocks, such as 250ms.
        #[arg(long, default_value = "250ms", value_parser = parse_ms, value_name = "TIME")]
        block_time: u64,
        /// How many accounts send and receive.
        #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        accounts: u32,
        /// How many transfers to find the peak with.
        #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
        transactions: u32,
        /// How many transfers in a request.
        #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4_096))]
        batch: u32,
        /// How long to offer too much.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=3_600))]
        seconds: u32,
    },
}

/// The chain to measure: miners that are processes on this machine.
#[derive(Debug, clap::Args)]
struct Chain {
    /// How many miners.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=32))]
    miners: u32,
    /// The time between two blocks, such as 250ms.
    #[arg(long, default_value = "250ms", value_parser = parse_ms, value_name = "TIME")]
    block_time: u64,
}

pub(crate) fn run(output: Output, args: Args) -> Result<(), CliError> {
    let binary = env::current_exe().map_err(|e| CliError::Io("cannot find this program's file".into(), e))?;
    let progress = Progress::new();
    let say = |what: &str| progress.say(what);
    match args.command {
        Command::Transfers { chain, at, accounts, transactions } => {
            let target = target(binary, &chain, at);
            let found = bench::bench_transfers(&target, accounts as usize, transactions as usize, &say)?;
            progress.end();
            output.print(&found, || describe_transfers(&found));
        }
        Command::Contracts { chain: Chain { miners, block_time }, accounts, transactions } => {
            let (accounts, transactions) = (accounts as usize, transactions as usize);
            let found = bench::bench_contracts(&binary, miners, block_time, accounts, transactions, &say)?;
            progress.end();
            output.print(&found, || describe_contracts(&found));
        }
        Command::Finality { chain: Chain { miners, block_time }, transactions } => {
            let found = bench::bench_finality(&binary, miners, block_time, transactions as usize, &say)?;
            progress.end();
            output.print(&found, || describe_finality(&found));
        }
        Command::Idle { miners, block_time, seconds } => {
            let found = bench::bench_idle(&binary, miners, block_time, seconds.into(), &say)?;
            progress.end();
            output.print(&found, || describe_idle(&found));
        }
        Command::State { block_time, accounts, transactions } => {
            let accounts: Vec<usize> = accounts.iter().map(|count| *count as usize).collect();
            let found = bench::bench_state(&binary, block_time, &accounts, transactions as usize, &say)?;
            progress.end();
            output.print(&found, || describe_state(&found));
        }
        Command::Overload { block_time, accounts, transactions, batch, seconds } => {
            let (accounts, transactions, batch) = (accounts as usize, transactions as usize, batch as usize);
            let seconds = seconds.into();
            let found =
                bench::bench_overload(&binary, block_time, accounts, transactions, batch, seconds, &say)?;
            progress.end();
            output.print(&found, || describe_overload(&found));
        }
    }
    Ok(())
}

fn target(binary: PathBuf, chain: &Chain, at: Option<String>) -> Target {
    match at {
        Some(url) => Target::Gateway { url },
        None => Target::Own { binary, miners: chain.miners, block_time_ms: chain.block_time },
    }
}

/// A line that says what is going on; one after the other where nobody watches.
struct Progress(Option<ProgressBar>);

impl Progress {
    fn new() -> Self {
        let watched = std::io::stderr().is_terminal();
        Self(watched.then(|| {
            let spinner = ProgressBar::new_spinner();
            spinner.enable_steady_tick(Duration::from_millis(100));
            spinner
        }))
    }

    fn say(&self, what: &str) {
        match &self.0 {
            Some(spinner) => spinner.set_message(what.to_owned()),
            None => eprintln!("{what}"),
        }
    }

    fn end(&self) {
        if let Some(spinner) = &self.0 {
            spinner.finish_and_clear();
        }
    }
}

fn describe_transfers(found: &Transfers) -> String {
    let mut text = format!("{:.0} transfers a second became final", found.tx_per_s);
    if let Some(rate) = found.tx_per_cpu_s {
        text += &format!(", {rate:.0} for each second of processor time of the nodes");
    }
    text += &format!(
        "\nThey took {} ms in the middle, {} ms for the slowest in a hundred\nThis machine verifies {:.0} signatures a second",
        found.p50_ms, found.p99_ms, found.verify_batch_per_s
    );
    if let Some(ratio) = found.ratio_to_bound {
        text += &format!("; {ratio} of what they allow was reached");
    }
    text
}

fn describe_contracts(found: &Contracts) -> String {
    let calls = &found.calls;
    format!(
        "{:.0} transfers of a token in Python a second became final, {:.0} for each second of processor time of the nodes\nThey took {} ms in the middle, {} ms for the slowest in a hundred\nOf coins it were {:.0} and {:.0}: the token reaches {} of their rate",
        calls.tx_per_s,
        calls.tx_per_cpu_s.unwrap_or_default(),
        calls.p50_ms,
        calls.p99_ms,
        found.native_tx_per_s,
        found.native_tx_per_cpu_s,
        found.ratio_to_native
    )
}

fn describe_finality(found: &Finality) -> String {
    format!(
        "A block is final {} ms after it is proposed ({} ms for the slowest in a hundred)\nA transfer is final {} ms after it is sent ({} ms), at one block every {} ms",
        found.p50_ms, found.p99_ms, found.transfer_p50_ms, found.transfer_p99_ms, found.block_time_ms
    )
}

fn describe_idle(found: &Idle) -> String {
    format!(
        "A node uses {} % of a core and {} MB of memory, and is woken {} times a second\nAn empty block takes {} bytes in its files, {} bytes written to the disk, {} bytes sent",
        found.cpu_pct,
        found.rss_mb,
        found.wakeups_per_s,
        found.logical_bytes_per_block,
        found.write_bytes_per_block,
        found.net_bytes_per_block
    )
}

fn describe_state(found: &State) -> String {
    let mut text = String::new();
    for run in &found.runs {
        text += &format!(
            "{:>9} accounts: {} us of processor time for a transfer, {:.0} a second, {} MB\n",
            run.accounts,
            run.cpu_us_per_tx,
            run.tx_per_s,
            run.rss_bytes >> 20
        );
    }
    text + &format!("The last costs {} times the first", found.ratio)
}

fn describe_overload(found: &Overload) -> String {
    format!(
        "Offered {:.0} transfers a second, the node made {:.0} final: {} of its peak of {:.0}, with {:.0} a second of processor time instead of {:.0}\n{} % of the offers were turned away\nReading an account took {} ms ({} ms for the slowest in a hundred)\nMemory: {} MB in the middle, {} MB at the end",
        found.offered_per_s,
        found.tx_per_s,
        found.ratio_to_peak,
        found.peak_tx_per_s,
        found.tx_per_cpu_s,
        found.peak_tx_per_cpu_s,
        found.refused_pct,
        found.read_p50_ms,
        found.read_p99_ms,
        found.rss_middle_bytes >> 20,
        found.rss_end_bytes >> 20
    )
}
