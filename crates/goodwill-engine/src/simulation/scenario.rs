//! What happens in a run.

use super::Byzantine;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// A network, how long it runs, and what goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// Nodes with a seat, 4 to 7. They have the numbers from 0.
    pub miners: usize,
    /// Nodes without a seat. Their numbers come after those of the miners.
    pub followers: usize,
    /// The height that every honest node must reach.
    pub blocks: u64,
    /// The block time in milliseconds.
    pub block_time_ms: u64,
    /// Blocks in an epoch.
    pub blocks_per_epoch: u64,
    /// The largest body of a block, in bytes.
    pub body_size_max: u32,
    /// What goes wrong.
    pub faults: Faults,
}

/// What goes wrong. At `healed_at_ms` all links are whole again; crashed nodes come back by
/// themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Messages lost, in percent, at most 30.
    pub loss_percent: u8,
    /// Nodes that are cut off from the others.
    pub partitions: Vec<Partition>,
    /// Nodes that crash and come back.
    pub crashes: Vec<CrashAt>,
    /// Nodes that do not follow the protocol, fewer than a third of the miners.
    pub byzantine: Vec<(usize, Byzantine)>,
    /// When all links are whole, in milliseconds since the start.
    pub healed_at_ms: u64,
}

/// Some nodes cannot talk to the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// The nodes on one side.
    pub nodes: Vec<usize>,
    /// When it begins, in milliseconds since the start. It ends when all links are healed.
    pub at_ms: u64,
}

/// A node crashes, and loses all that it did not store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashAt {
    /// Which node.
    pub node: usize,
    /// When, in milliseconds since the start.
    pub at_ms: u64,
    /// How long it is away, in milliseconds.
    pub downtime_ms: u64,
}

impl Scenario {
    /// Four miners, nothing goes wrong.
    pub fn calm(seed: u64) -> Self {
        Self {
            seed,
            miners: 4,
            followers: 0,
            blocks: 30,
            block_time_ms: 200,
            blocks_per_epoch: 10,
            body_size_max: 64 * 1024,
            faults: Faults::default(),
        }
    }

    /// Everything is left to the seed: the size of the network, loss, a partition, crashes, and
    /// Byzantine miners.
    pub fn random(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let miners = random.random_range(4..=7);
        let scenario = Self {
            miners,
            followers: random.random_range(0..=2),
            blocks: random.random_range(30..=50),
            blocks_per_epoch: random.random_range(8..=20),
            ..Self::calm(seed)
        };
        let faults = Faults::random(&mut random, &scenario);
        Self { faults, ..scenario }
    }

    /// Nodes of all kinds.
    pub fn nodes(&self) -> usize {
        self.miners + self.followers
    }

    /// The least time that the run takes.
    fn duration_ms(&self) -> u64 {
        self.blocks * self.block_time_ms
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let ensure = |holds: bool, otherwise: &str| holds.then_some(()).ok_or(otherwise.to_owned());
        ensure((4..=7).contains(&self.miners), "4 to 7 miners")?;
        ensure(self.blocks_per_epoch >= 2 && self.block_time_ms >= 1, "epochs of 2 blocks at least")?;
        ensure(self.faults.loss_percent <= 30, "at most 30 % of the messages are lost")?;
        let byzantine = self.faults.byzantine.len();
        ensure(3 * byzantine < self.miners, "fewer than a third of the miners are Byzantine")?;
        ensure(
            self.faults.byzantine.iter().all(|(node, _)| *node < self.miners),
            "Byzantine nodes are miners",
        )
    }
}

impl Faults {
    fn random(random: &mut StdRng, scenario: &Scenario) -> Self {
        let duration_ms = scenario.duration_ms();
        let byzantine = random.random_range(0..=(scenario.miners - 1) / 3);
        let first = random.random_range(0..scenario.miners);
        Self {
            loss_percent: random.random_range(0..=30),
            partitions: Self::random_partition(random, scenario),
            crashes: (0..random.random_range(0..=4))
                .map(|_| CrashAt {
                    node: random.random_range(0..scenario.nodes()),
                    at_ms: random.random_range(500..duration_ms),
                    downtime_ms: random.random_range(100..4_000),
                })
                .collect(),
            byzantine: (0..byzantine)
                .map(|next| ((first + next) % scenario.miners, Byzantine::random(random)))
                .collect(),
            healed_at_ms: duration_ms,
        }
    }

    fn random_partition(random: &mut StdRng, scenario: &Scenario) -> Vec<Partition> {
        if random.random_bool(0.5) {
            return Vec::new();
        }
        let nodes = (0..scenario.nodes()).filter(|_| random.random_bool(0.4)).collect();
        let at_ms = random.random_range(500..scenario.duration_ms());
        vec![Partition { nodes, at_ms }]
    }
}
