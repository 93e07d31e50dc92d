//! What happens in a run.

use super::Byzantine;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// About how many operations of the disk a node's start takes, how many of them are reads when it comes
/// back, and how many a second of it takes: so that troubles fall into all of a node's life.
const OPERATIONS_AT_START: u64 = 100;
const READS_AT_START: u64 = 40;
const OPERATIONS_PER_SECOND: u64 = 100;

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
    /// What goes wrong with disks.
    pub disk: Option<DiskFault>,
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

/// Disks that fail, of nodes that crash and come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskFault {
    /// Whose disks.
    pub nodes: Vec<usize>,
    /// What goes wrong.
    pub trouble: Trouble,
    /// At which operation of a disk since its node's first start, from 1; for [`Trouble::Misread`] at
    /// which read since its second.
    pub operation: u64,
    /// When the nodes crash, in milliseconds since the start, if the trouble did not end them before.
    pub crash_at_ms: u64,
    /// How long they are away, in milliseconds.
    pub downtime_ms: u64,
}

/// What goes wrong with a disk. Where the power is cut, it is cut for all nodes of the fault at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// The power is cut: what was not synced is lost.
    Lost,
    /// The power is cut: of what was not synced, a part survives, down to single sectors.
    Torn,
    /// The power is cut, and before it is back, a few bits of a stored blob turn.
    Flipped,
    /// From one operation on, syncs store nothing, as the crash shows. Nothing can be built on such a
    /// disk: it is there to see that a run finds out.
    Lying,
    /// One operation fails.
    Failed,
    /// There is no space left, until the restart.
    Full,
    /// One read gives a wrong bit.
    Misread,
}

impl Trouble {
    /// All that a node must cope with: to recover, or to stop and say why.
    pub const HONEST: [Self; 6] =
        [Self::Lost, Self::Torn, Self::Flipped, Self::Failed, Self::Full, Self::Misread];

    /// Whether the disk is as good as new after the restart, so that nothing excuses a node that does
    /// not come back.
    pub fn passes(self) -> bool {
        matches!(self, Self::Lost | Self::Torn | Self::Failed | Self::Full)
    }

    pub(super) fn is_power(self) -> bool {
        matches!(self, Self::Lost | Self::Torn | Self::Flipped)
    }
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

    /// Four miners under a stream of blocks, and one trouble with the disk of one of them, or, where
    /// nobody loses more than was not synced, of all at once. The seed decides everything but the
    /// trouble.
    pub fn disk(seed: u64, trouble: Trouble) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let calm = Self::calm(seed);
        let all = trouble.passes() && random.random_bool(0.5);
        let nodes = if all { (0..calm.miners).collect() } else { vec![random.random_range(0..calm.miners)] };
        let crash_at_ms = random.random_range(300..calm.duration_ms() / 2);
        let operation = match trouble {
            Trouble::Misread => random.random_range(1..=READS_AT_START),
            _ => random.random_range(1..=OPERATIONS_AT_START + crash_at_ms * OPERATIONS_PER_SECOND / 1_000),
        };
        let downtime_ms = random.random_range(100..3_000);
        let disk = Some(DiskFault { nodes, trouble, operation, crash_at_ms, downtime_ms });
        Self { faults: Faults { disk, ..Faults::default() }, ..calm }
    }

    /// Nodes of all kinds.
    pub fn nodes(&self) -> usize {
        self.miners + self.followers
    }

    /// The least time that the run takes.
    fn duration_ms(&self) -> u64 {
        self.blocks * self.block_time_ms
    }

    /// Every crash: those of the scenario, and those of nodes whose disk fails.
    pub(super) fn crashes(&self) -> Vec<CrashAt> {
        let mut crashes = self.faults.crashes.clone();
        if let Some(DiskFault { nodes, crash_at_ms, downtime_ms, .. }) = &self.faults.disk {
            let crash =
                |node: &usize| CrashAt { node: *node, at_ms: *crash_at_ms, downtime_ms: *downtime_ms };
            crashes.extend(nodes.iter().map(crash));
        }
        crashes
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
            disk: None,
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
