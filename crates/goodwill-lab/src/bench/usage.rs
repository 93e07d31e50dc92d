//! What processes use, from `/proc`.

use super::BenchError;
use std::time::Duration;

/// What some processes have used together since they began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    /// Processor time.
    pub(super) cpu: Duration,
    /// Memory at the moment, in bytes.
    pub(super) rss_bytes: u64,
    /// Bytes that reached a disk, or will.
    pub(super) write_bytes: u64,
    /// How often a thread slept and was woken.
    pub(super) wakeups: u64,
}

/// What the processes `pids` have used so far.
///
/// # Errors
/// When one has ended, or the system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn usage(pids: &[u32]) -> Result<Usage, BenchError> {
    let mut sum = Usage::default();
    for pid in pids {
        let one = of_process(*pid)
            .map_err(|error| BenchError::Unmeasured(format!("cannot measure process {pid}: {error}")))?;
        sum.cpu += one.cpu;
        sum.rss_bytes += one.rss_bytes;
        sum.write_bytes += one.write_bytes;
        sum.wakeups += one.wakeups;
    }
    Ok(sum)
}

#[cfg(target_os = "linux")]
fn of_process(pid: u32) -> Result<Usage, procfs::ProcError> {
    let process = procfs::process::Process::new(pid as i32)?;
    let stat = process.stat()?;
    let mut wakeups = 0;
    for task in process.tasks()?.flatten() {
        // A thread that ended since it was listed.
        wakeups += task.status().ok().and_then(|status| status.voluntary_ctxt_switches).unwrap_or(0);
    }
    Ok(Usage {
        cpu: Duration::from_millis((stat.utime + stat.stime) * 1_000 / procfs::ticks_per_second()),
        rss_bytes: stat.rss * procfs::page_size(),
        write_bytes: process.io()?.write_bytes,
        wakeups,
    })
}

/// Bytes that went over the loopback so far, of all processes of this machine.
///
/// # Errors
/// When the system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn loopback_bytes() -> Result<u64, BenchError> {
    let unmeasured = |error: procfs::ProcError| BenchError::Unmeasured(format!("/proc/net/dev: {error}"));
    let devices = procfs::net::dev_status().map_err(unmeasured)?;
    Ok(devices.get("lo").map_or(0, |device| device.sent_bytes))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn usage(_: &[u32]) -> Result<Usage, BenchError> {
    Err(BenchError::Unmeasured("what processes use is read from /proc: run this on Linux".into()))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn loopback_bytes() -> Result<u64, BenchError> {
    Err(BenchError::Unmeasured("the network is read from /proc: run this on Linux".into()))
}
