//! How soon a client sees that a transfer is final, on a chain with nothing else to do.

use super::{BenchError, Percentiles, Say, accounts::Accounts, network::Network, watch::watch};
use serde::Serialize;
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// What `bench finality` found.
#[derive(Clone, Debug, Serialize)]
pub struct Finality {
    /// How many miners.
    pub miners: u32,
    /// The block time in milliseconds.
    pub block_time_ms: u64,
    /// How many transfers, one after the other.
    pub transactions: usize,
    /// The middle of the times from a block's timestamp to the moment at which a client has read it
    /// as final, in milliseconds.
    pub p50_ms: f64,
    /// The worst of these but one in a hundred.
    pub p99_ms: f64,
    /// The middle of the times from sending a transfer to reading that it is final: waits for the
    /// next block included.
    pub transfer_p50_ms: f64,
    /// The worst of these but one in a hundred.
    pub transfer_p99_ms: f64,
}

/// Sends `transactions` transfers, one after the other has become final.
///
/// # Errors
/// [`BenchError`].
pub fn bench_finality(
    binary: &Path,
    miners: u32,
    block_time_ms: u64,
    transactions: usize,
    say: Say<'_>,
) -> Result<Finality, BenchError> {
    let network = Network::start(binary, miners, block_time_ms)?;
    let urls = network.urls();
    let mut accounts = Accounts::fund(&urls[0], 10, say)?;
    say("sends one transfer after the other");
    let blocks = watch(&urls[0])?;
    let patience = Duration::from_millis(block_time_ms) * 10 + Duration::from_secs(10);
    let (mut proposed, mut transfers) = (Vec::new(), Vec::new());
    for _ in 0..transactions {
        let load = accounts.transfers(1);
        let sent = Instant::now();
        load.send(&urls[..1], 1)?;
        loop {
            let block = blocks
                .recv_timeout(patience)
                .map_err(|_| BenchError::Unmeasured("no block came: the chain stands still".into()))?;
            proposed.push(block.after_proposal);
            if block.transactions.contains(&load.ids[0]) {
                transfers.push(block.at - sent);
                break;
            }
        }
    }
    let (blocks, transfers) = (Percentiles::of(proposed), Percentiles::of(transfers));
    Ok(Finality {
        miners,
        block_time_ms,
        transactions,
        p50_ms: blocks.p50_ms,
        p99_ms: blocks.p99_ms,
        transfer_p50_ms: transfers.p50_ms,
        transfer_p99_ms: transfers.p99_ms,
    })
}
