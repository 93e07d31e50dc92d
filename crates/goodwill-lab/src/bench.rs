//! Benchmarks of whole nodes: processes, disks, HTTP, and clients that see finality.
//!
//! The machine's own bound, the rate at which it verifies signatures in batches, is measured in
//! the same run, so that figures of different machines can be compared.

mod accounts;
mod bound;
mod contracts;
mod finality;
mod idle;
mod load;
mod network;
mod overload;
mod state;
mod token;
mod transfers;
mod usage;
mod watch;

pub use contracts::{Contracts, bench_contracts};
pub use finality::{Finality, bench_finality};
pub use idle::{Idle, bench_idle};
pub use overload::{Overload, bench_overload};
pub use state::{State, bench_state};
pub use transfers::{Transfers, bench_transfers};

use goodwill_node::NodeError;
use goodwill_wallet::ClientError;
use std::{path::PathBuf, time::Duration};

/// Parameters of a chain that is limited by the machine, not by the gas of a Raspberry Pi: blocks
/// stay below half of the gas, so that the base fee stays at its minimum.
const UNLIMITED: [(&str, u64); 2] = [("gas_per_block_max", 40_000_000_000), ("body_size_max", 4 << 20)];

/// What is measured.
#[derive(Clone, Debug)]
pub enum Target {
    /// A chain made for the purpose, whose miners are processes of this program.
    Own {
        /// The `goodwill` binary.
        binary: PathBuf,
        /// How many miners.
        miners: u32,
        /// The block time in milliseconds.
        block_time_ms: u64,
    },
    /// The development chain behind a gateway. Its processes are not measured.
    Gateway {
        /// Where it answers.
        url: String,
    },
}

/// Told what the benchmark does, in words.
pub type Say<'a> = &'a dyn Fn(&str);

/// Why a benchmark has no result.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The operating system.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// The miners' settings.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The gateway.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// What cannot be measured here.
    #[error("{0}")]
    Unmeasured(String),
}

/// The middle and the worst but one in a hundred.
#[derive(Clone, Copy, Debug)]
struct Percentiles {
    p50_ms: f64,
    p99_ms: f64,
}

impl Percentiles {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |percent: usize| {
            let place = (times.len() * percent / 100).min(times.len().saturating_sub(1));
            times.get(place).map_or(0.0, |time| rounded(time.as_secs_f64() * 1e3))
        };
        Self { p50_ms: at(50), p99_ms: at(99) }
    }
}

/// Two decimals are more than these figures deserve.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
