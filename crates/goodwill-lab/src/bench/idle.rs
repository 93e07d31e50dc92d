//! What a node uses when nobody wants anything of it.

use super::{
    BenchError, Say,
    network::Network,
    rounded,
    usage::{loopback_bytes, usage},
};
use goodwill_wallet::Client;
use serde::Serialize;
use std::{path::Path, thread, time::Duration};

/// Blocks before it is measured: what is done once is over then.
const SETTLE_BLOCKS: u64 = 3;

/// What `bench idle` found; all of one node, on average.
#[derive(Clone, Debug, Serialize)]
pub struct Idle {
    /// How many miners.
    pub miners: u32,
    /// The block time in milliseconds.
    pub block_time_ms: u64,
    /// Seats of all miners together.
    pub seats: u32,
    /// How long it was measured, in seconds.
    pub seconds: u64,
    /// Processor time, in percent of one core.
    pub cpu_pct: f64,
    /// Memory at the end, in megabytes.
    pub rss_mb: f64,
    /// How much the files grew.
    pub logical_bytes_per_block: f64,
    /// How much was written to the disk.
    pub write_bytes_per_block: f64,
    /// How much was sent over the network, headers included.
    pub net_bytes_per_block: f64,
    /// How often a thread slept and was woken.
    pub wakeups_per_s: f64,
}

/// Lets the miners make empty blocks for `seconds`.
///
/// # Errors
/// [`BenchError`].
pub fn bench_idle(
    binary: &Path,
    miners: u32,
    block_time_ms: u64,
    seconds: u64,
    say: Say<'_>,
) -> Result<Idle, BenchError> {
    let network = Network::start(binary, miners, block_time_ms)?;
    let (pids, client) = (network.pids(), Client::new(&network.urls()[0])?);
    thread::sleep(Duration::from_millis(block_time_ms * SETTLE_BLOCKS) + Duration::from_secs(2));
    say(&format!("measures for {seconds} s"));
    let sample = || -> Result<_, BenchError> {
        Ok((client.status()?.height, network.stored_bytes()?, usage(&pids)?, loopback_bytes()?))
    };
    let (first_height, first_stored, first, first_net) = sample()?;
    thread::sleep(Duration::from_secs(seconds));
    let (height, stored, last, net) = sample()?;
    let blocks = height.saturating_sub(first_height);
    if blocks == 0 {
        return Err(BenchError::Unmeasured("no block came in that time: measure longer".into()));
    }
    let nodes = f64::from(miners);
    let per_block = |first: u64, last: u64| rounded((last as f64 - first as f64) / nodes / blocks as f64);
    let per_second = |amount: f64| rounded(amount / nodes / seconds as f64);
    Ok(Idle {
        miners,
        block_time_ms,
        seats: miners,
        seconds,
        cpu_pct: per_second((last.cpu - first.cpu).as_secs_f64() * 100.0),
        rss_mb: rounded(last.rss_bytes as f64 / nodes / f64::from(1 << 20)),
        logical_bytes_per_block: per_block(first_stored, stored),
        write_bytes_per_block: per_block(first.write_bytes, last.write_bytes),
        net_bytes_per_block: per_block(first_net, net),
        wakeups_per_s: per_second((last.wakeups - first.wakeups) as f64),
    })
}
