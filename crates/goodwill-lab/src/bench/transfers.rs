//! How many transfers become final in a second.

use super::{
    BenchError, Percentiles, Say, Target,
    accounts::Accounts,
    bound::verify_batch_per_s,
    load::{BATCH, Load},
    network::Network,
    rounded,
    usage::usage,
    watch::{Finals, watch},
};
use serde::Serialize;
use std::time::{Duration, Instant};

/// What is said before the machine's bound is measured.
pub(super) const MEASURES_BOUND: &str = "measures how fast this machine verifies signatures";
/// The least processor time that the system tells apart.
const TICK: Duration = Duration::from_millis(10);

/// What `bench transfers` found.
#[derive(Clone, Debug, Serialize)]
pub struct Transfers {
    /// How many miners, where it is known.
    pub miners: Option<u32>,
    /// How many accounts sent and received.
    pub accounts: usize,
    /// How many transfers.
    pub transactions: usize,
    /// Final transfers a second, as a client sees them, from the first request on.
    pub tx_per_s: f64,
    /// Final transfers a second of processor time of all nodes together.
    pub tx_per_cpu_s: Option<f64>,
    /// Signatures that all cores together verify in a second, in batches.
    pub verify_batch_per_s: f64,
    /// `tx_per_s` over what is left of the cores' verifications when every miner verifies all.
    pub ratio_to_bound: Option<f64>,
    /// The middle of the times from a request to finality, in milliseconds.
    pub p50_ms: f64,
    /// The worst of these but one in a hundred.
    pub p99_ms: f64,
    /// Memory of all nodes together at the end, in bytes.
    pub rss_bytes: Option<u64>,
}

/// Signs `transactions` transfers between `accounts` ahead, sends them as fast as they are taken, and
/// waits until a client has seen all of them final.
///
/// # Errors
/// [`BenchError`].
pub fn bench_transfers(
    target: &Target,
    accounts: usize,
    transactions: usize,
    say: Say<'_>,
) -> Result<Transfers, BenchError> {
    let network = match target {
        Target::Own { binary, miners, block_time_ms } => {
            Some(Network::start(binary, *miners, *block_time_ms)?)
        }
        Target::Gateway { .. } => None,
    };
    let (urls, pids) = match (&network, target) {
        (Some(network), _) => (network.urls(), network.pids()),
        (None, Target::Gateway { url }) => (vec![url.clone()], Vec::new()),
        (None, Target::Own { .. }) => unreachable!("started above"),
    };
    let mut funded = Accounts::fund(&urls[0], accounts, say)?;
    say(&format!("signs {transactions} transfers"));
    let load = funded.transfers(transactions);
    say("sends them");
    let run = Run::of(&load, BATCH, &urls, &pids)?;
    say(MEASURES_BOUND);
    let miners = network.is_some().then_some(pids.len() as u32);
    Ok(Transfers::of(&run, miners, accounts, verify_batch_per_s()))
}

impl Transfers {
    /// The figures of a run on a machine that verifies so many signatures a second.
    pub(super) fn of(run: &Run, miners: Option<u32>, accounts: usize, verify_batch_per_s: f64) -> Self {
        let reached = |miners| run.tx_per_s() * f64::from(miners) / verify_batch_per_s;
        Self {
            miners,
            accounts,
            transactions: run.transactions,
            tx_per_s: rounded(run.tx_per_s()),
            tx_per_cpu_s: miners.map(|_| rounded(run.tx_per_cpu_s())),
            verify_batch_per_s: rounded(verify_batch_per_s),
            ratio_to_bound: miners.map(|miners| rounded(reached(miners))),
            p50_ms: run.latency.p50_ms,
            p99_ms: run.latency.p99_ms,
            rss_bytes: miners.map(|_| run.rss_bytes),
        }
    }
}

/// One load, sent and final.
pub(super) struct Run {
    pub(super) transactions: usize,
    pub(super) wall: Duration,
    pub(super) cpu: Duration,
    pub(super) rss_bytes: u64,
    pub(super) latency: Percentiles,
}

impl Run {
    /// Sends `load` in requests of `size` transactions.
    pub(super) fn of(load: &Load, size: usize, urls: &[String], pids: &[u32]) -> Result<Self, BenchError> {
        let mut finals = Finals::new(watch(&urls[0])?, load.ids.iter().copied());
        let before = usage(pids)?;
        let began = Instant::now();
        let sent = load.send_until_final(urls, size, &mut finals)?;
        let (wall, after) = (began.elapsed(), usage(pids)?);
        let times = finals.at.iter().zip(sent).map(|(at, sent)| at.unwrap_or(sent) - sent).collect();
        Ok(Self {
            transactions: load.ids.len(),
            wall,
            cpu: after.cpu.saturating_sub(before.cpu),
            rss_bytes: after.rss_bytes,
            latency: Percentiles::of(times),
        })
    }

    /// Final transactions a second.
    pub(super) fn tx_per_s(&self) -> f64 {
        self.transactions as f64 / self.wall.as_secs_f64()
    }

    /// Final transactions a second of processor time. The system counts in hundredths: what took less
    /// counts as one.
    pub(super) fn tx_per_cpu_s(&self) -> f64 {
        self.transactions as f64 / self.cpu.max(TICK).as_secs_f64()
    }
}
