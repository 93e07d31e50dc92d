//! What becomes of a node when much more is offered than it can take.

use super::{
    BenchError, Percentiles, Say,
    accounts::Accounts,
    load::agent,
    network::Network,
    rounded,
    transfers::Run,
    usage::usage,
    watch::{Finals, watch},
};
use serde::Serialize;
use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// How many times its capacity a node is offered.
const TIMES: f64 = 10.0;
/// Time between two reads.
const READ_EVERY: Duration = Duration::from_millis(20);

/// What `bench overload` found, with one miner.
#[derive(Clone, Debug, Serialize)]
pub struct Overload {
    /// Final transfers a second when as much is sent as is taken.
    pub peak_tx_per_s: f64,
    /// The same a second of the node's processor time.
    pub peak_tx_per_cpu_s: f64,
    /// Transfers offered a second.
    pub offered_per_s: f64,
    /// Final transfers a second meanwhile.
    pub tx_per_s: f64,
    /// The same a second of the node's processor time: what refusing costs is in it.
    pub tx_per_cpu_s: f64,
    /// `tx_per_s` over the peak.
    pub ratio_to_peak: f64,
    /// Offers that were turned away, in percent.
    pub refused_pct: f64,
    /// The middle of the times for reading an account meanwhile, in milliseconds.
    pub read_p50_ms: f64,
    /// The worst of these but one in a hundred.
    pub read_p99_ms: f64,
    /// Memory in the middle of the overload, in bytes.
    pub rss_middle_bytes: u64,
    /// Memory at its end, in bytes.
    pub rss_end_bytes: u64,
}

/// Finds the peak with `transactions`, then offers ten times as much for `seconds`; both with `batch`
/// transactions in a request.
///
/// # Errors
/// [`BenchError`].
pub fn bench_overload(
    binary: &Path,
    block_time_ms: u64,
    accounts: usize,
    transactions: usize,
    batch: usize,
    seconds: u64,
    say: Say<'_>,
) -> Result<Overload, BenchError> {
    let network = Network::start(binary, 1, block_time_ms)?;
    let (urls, pids) = (network.urls(), network.pids());
    let mut funded = Accounts::fund(&urls[0], accounts, say)?;
    say("finds the peak");
    let run = Run::of(&funded.transfers(transactions), batch, &urls, &pids)?;
    let peak = run.tx_per_s();
    let time = Duration::from_secs(seconds);
    let enough = (peak * time.as_secs_f64() * 1.5) as usize;
    say(&format!("signs {enough} transfers"));
    let load = funded.transfers(enough);
    let account = format!("{}/v1/accounts/{}", urls[0], funded.any().display(funded.prefix()));
    say("offers ten times as much");
    let mut finals = Finals::new(watch(&urls[0])?, load.ids.iter().copied());
    let (over, before) = (AtomicBool::new(false), usage(&pids)?);
    let began = Instant::now();
    let (offered, reads, middle) = thread::scope(|scope| {
        let offering = scope.spawn(|| load.offer(&urls[0], accounts, batch, peak * TIMES, time));
        let reading = scope.spawn(|| read(&account, &over));
        finals.wait_until(began + time / 2);
        let middle = usage(&pids);
        finals.wait_until(began + time);
        over.store(true, Ordering::Relaxed);
        let joined = "does not panic";
        (offering.join().expect(joined), reading.join().expect(joined), middle)
    });
    let (offered, reads) = (offered?, Percentiles::of(reads?));
    let done = (load.ids.len() - finals.missing()) as f64;
    let (tx_per_s, after) = (done / time.as_secs_f64(), usage(&pids)?);
    Ok(Overload {
        peak_tx_per_s: rounded(peak),
        peak_tx_per_cpu_s: rounded(run.tx_per_cpu_s()),
        offered_per_s: rounded(offered.offered as f64 / time.as_secs_f64()),
        tx_per_s: rounded(tx_per_s),
        tx_per_cpu_s: rounded(done / (after.cpu - before.cpu).as_secs_f64()),
        ratio_to_peak: rounded(tx_per_s / peak),
        refused_pct: rounded(offered.refused as f64 * 100.0 / offered.offered.max(1) as f64),
        read_p50_ms: reads.p50_ms,
        read_p99_ms: reads.p99_ms,
        rss_middle_bytes: middle?.rss_bytes,
        rss_end_bytes: after.rss_bytes,
    })
}

/// Reads one page again and again, and gives the times.
fn read(url: &str, over: &AtomicBool) -> Result<Vec<Duration>, BenchError> {
    let (agent, mut times) = (agent(), Vec::new());
    while !over.load(Ordering::Relaxed) {
        let began = Instant::now();
        let answer = agent
            .get(url)
            .call()
            .and_then(|mut answer| answer.body_mut().read_to_string().map(|_| answer.status().is_success()));
        match answer {
            Ok(true) => times.push(began.elapsed()),
            Ok(false) => {
                return Err(BenchError::Unmeasured("the node refused to be read under load".into()));
            }
            Err(error) => return Err(BenchError::Unmeasured(format!("{url}: {error}"))),
        }
        thread::sleep(READ_EVERY);
    }
    Ok(times)
}
