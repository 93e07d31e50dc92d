//! Whether many accounts make a transfer dearer.

use super::{BenchError, Say, accounts::Accounts, load::BATCH, network::Network, rounded, transfers::Run};
use serde::Serialize;
use std::path::Path;

/// What `bench state` found.
#[derive(Clone, Debug, Serialize)]
pub struct State {
    /// One chain after the other.
    pub runs: Vec<Sized>,
    /// Processor time of a transfer on the last chain over that on the first.
    pub ratio: f64,
}

/// One chain.
#[derive(Clone, Debug, Serialize)]
pub struct Sized {
    /// How many accounts hold coins.
    pub accounts: usize,
    /// How many transfers were made between random ones.
    pub transactions: usize,
    /// Processor time of the node for each, in microseconds.
    pub cpu_us_per_tx: f64,
    /// Final transfers a second.
    pub tx_per_s: f64,
    /// Memory of the node at the end, in bytes.
    pub rss_bytes: u64,
}

/// Makes `transactions` transfers on a chain with each number of accounts, from and to accounts
/// spread over all of them.
///
/// # Errors
/// [`BenchError`].
pub fn bench_state(
    binary: &Path,
    block_time_ms: u64,
    accounts: &[usize],
    transactions: usize,
    say: Say<'_>,
) -> Result<State, BenchError> {
    let runs = accounts
        .iter()
        .map(|accounts| run(binary, block_time_ms, *accounts, transactions, say))
        .collect::<Result<Vec<_>, _>>()?;
    let cost = |run: Option<&Sized>| run.map_or(0.0, |run| run.cpu_us_per_tx);
    Ok(State { ratio: rounded(cost(runs.last()) / cost(runs.first())), runs })
}

fn run(
    binary: &Path,
    block_time_ms: u64,
    accounts: usize,
    transactions: usize,
    say: Say<'_>,
) -> Result<Sized, BenchError> {
    let mut network = Network::start(binary, 1, block_time_ms)?;
    let mut funded = Accounts::fund(&network.urls()[0], accounts, say)?;
    say("starts the miner again, which then knows how much memory the state is worth");
    network.restart(binary)?;
    let urls = network.urls();
    say(&format!("signs {transactions} transfers"));
    let load = funded.transfers(transactions);
    say("sends them");
    let run = Run::of(&load, BATCH, &urls, &network.pids())?;
    Ok(Sized {
        accounts,
        transactions,
        cpu_us_per_tx: rounded(run.cpu.as_secs_f64() * 1e6 / transactions as f64),
        tx_per_s: rounded(transactions as f64 / run.wall.as_secs_f64()),
        rss_bytes: run.rss_bytes,
    })
}
