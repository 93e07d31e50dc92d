//! Seeded simulation of a whole network: the engine of real nodes over a simulated network, clock
//! and disk. The same seed gives the same run.
//!
//! Every run checks that all honest nodes agree on every block and every state, and that all of
//! them get to the end once the faults are over; that no block which a client saw final is ever
//! another one later, and that no honest node contradicts a vote that it cast, crashes or not. Only
//! a node whose disk failed may stop instead ([`Report::stops`]).

mod byzantine;
mod disk;
mod harness;
mod host;
mod mesh;
mod scenario;
mod witness;

pub use byzantine::Byzantine;
pub use scenario::{
    BoundaryCrash, CrashAt, DiskFault, Faults, MINERS_MAX, Moment, Partition, Scenario, Trouble,
};

use crate::{StateMachine, process::Failure};
use goodwill_types::{Digest, Equivocation, PublicKey, SecretKey};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The height that each honest node reached, by the node's number.
    pub heights: Vec<(usize, u64)>,
    /// The blocks that all honest nodes agree on, from height 1.
    pub blocks: Vec<Agreed>,
    /// How often a node crashed.
    pub crashes: u64,
    /// Each time that a node with a failing disk stopped itself.
    pub stops: Vec<Stop>,
    /// Whether the trouble with the disk came to pass.
    pub struck: bool,
    /// What honest nodes found out about seats that voted against themselves: which node, in the order
    /// of time.
    pub evidence: Vec<(usize, Equivocation)>,
    /// Which nodes cut off which.
    pub blocked: Vec<(usize, usize)>,
    /// A digest of everything that happened, in order.
    pub trace: String,
}

/// A node that stopped itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Which node.
    pub node: usize,
    /// In which of its runs, from 0.
    pub start: usize,
    /// Why.
    pub failure: Failure,
}

/// A block that all honest nodes agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// The block's epoch.
    pub epoch: u64,
    /// The attempt in which it was made.
    pub view: u64,
    /// The seat that made it.
    pub leader: PublicKey,
    /// Its timestamp: milliseconds since the start of the network.
    pub timestamp_ms: u64,
    /// The block's digest.
    pub digest: Digest,
    /// The root of the state after it.
    pub state_root: Digest,
}

/// The key of the simulated node `node`: miners first, then followers.
pub fn node_key(node: usize) -> SecretKey {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&(node as u64 + 1).to_be_bytes());
    SecretKey::from_seed(seed)
}

/// The key of a seat of the simulated node `node` in an epoch.
pub fn seat_key(epoch: u64, node: usize, seat: usize) -> SecretKey {
    let mut seed = [1; 32];
    for (place, number) in [epoch, node as u64, seat as u64].into_iter().enumerate() {
        seed[place * 8..place * 8 + 8].copy_from_slice(&number.to_be_bytes());
    }
    SecretKey::from_seed(seed)
}

/// The chain's id in every simulation: what evidence is held against.
pub fn chain_id() -> Digest {
    goodwill_types::hash(goodwill_types::Domain::Chain, b"simulation")
}

/// Runs `scenario`. `machines` makes the state machine of a node, again after each crash: what it
/// must remember, it has to store.
///
/// # Errors
/// Says how the network failed: a fork, a halt, or a panic.
pub fn run(
    scenario: Scenario,
    machines: impl Fn(usize) -> Arc<dyn StateMachine> + Send + Sync + 'static,
) -> Result<Report, String> {
    scenario.check()?;
    let height = scenario.blocks;
    let machines: harness::Machines = Arc::new(machines);
    catch_unwind(AssertUnwindSafe(|| harness::run(scenario, machines))).unwrap_or_else(|panic| {
        Err(match crate::failure::message(&*panic).as_str() {
            "runtime timeout" => format!("a halt: not every honest node reached block {height}"),
            other => format!("a panic: {other}"),
        })
    })
}
