//! What happens in a run.

use super::{Byzantine, node_key, seat_key};
use goodwill_types::{Committee, Seat, SecretKey};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// About how many operations of the disk a node's start takes, how many of them are reads when it comes
/// back, and how many a second of it takes: so that troubles fall into all of a node's life.
const OPERATIONS_AT_START: u64 = 100;
const READS_AT_START: u64 = 40;
const OPERATIONS_PER_SECOND: u64 = 100;

/// The most nodes with seats.
pub const MINERS_MAX: usize = 64;

/// A network, how long it runs, and what goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// Nodes that may have seats, at most [`MINERS_MAX`]. They have the numbers from 0.
    pub miners: usize,
    /// Nodes without a seat. Their numbers come after those of the miners.
    pub followers: usize,
    /// How many seats each miner has, by epoch; the rows repeat, and who is not in one has one seat.
    /// What [`Scenario::committee`] makes of it: a machine may have committees of its own.
    pub seats: Vec<Vec<usize>>,
    /// Whether all nodes let all others connect. Else only those connect that have seats in this epoch
    /// or the next, and followers.
    pub open: bool,
    /// Nodes that the others cannot dial: two of them cannot connect.
    pub unreachable: Vec<usize>,
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
    /// Nodes that crash where one epoch passes into the next, and come back.
    pub boundary_crashes: Vec<BoundaryCrash>,
    /// Nodes that do not follow the protocol, with fewer than a third of the seats.
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

/// A node crashes while it handles the last block of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundaryCrash {
    /// Which node.
    pub node: usize,
    /// The epoch that ends.
    pub epoch: u64,
    /// At which moment.
    pub moment: Moment,
    /// When it comes back, in milliseconds since the start of the network; it must have crashed by then.
    pub back_at_ms: u64,
}

/// A moment in which a node handles a final block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before the machine stored the block.
    Commit,
    /// The machine stored it; its state is on the way to the disk, and the next committee is asked for.
    Committee,
    /// Its state can be read; it is not acknowledged.
    Applied,
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
            seats: vec![vec![1; 4]],
            open: true,
            unreachable: Vec::new(),
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
        let seats = (0..random.random_range(1..=6)).map(|_| random_row(&mut random, miners, &faults));
        Self { seats: seats.collect(), faults, ..scenario }
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

    /// How many seats a node has in an epoch.
    pub fn seats_of(&self, epoch: u64, node: usize) -> usize {
        let row = &self.seats[(epoch % self.seats.len() as u64) as usize];
        if node < self.miners { row.get(node).copied().unwrap_or(1) } else { 0 }
    }

    /// The committee of an epoch.
    pub fn committee(&self, epoch: u64) -> Committee {
        let of_node = |node| {
            let node_key = node_key(node).public_key();
            let seat = move |key: SecretKey| Seat { key: key.public_key(), node: node_key };
            self.secrets(epoch, node).into_iter().map(seat)
        };
        let mut seats: Vec<_> = (0..self.miners).flat_map(of_node).collect();
        seats.sort_by_key(|seat| seat.key);
        let schedule = (0..seats.len() as u16).rev().collect();
        Committee::new(seats, schedule).expect("at least one seat, all different")
    }

    /// What a node signs with in an epoch: new keys for each.
    pub fn secrets(&self, epoch: u64, node: usize) -> Vec<SecretKey> {
        (0..self.seats_of(epoch, node)).map(|seat| seat_key(epoch, node, seat)).collect()
    }

    /// The height of the last block of an epoch.
    pub(super) fn last(&self, epoch: u64) -> u64 {
        (epoch + 1) * self.blocks_per_epoch - 1
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

    /// How often a node starts.
    pub(super) fn starts(&self, node: usize) -> usize {
        let at_boundaries = self.faults.boundary_crashes.iter().filter(|crash| crash.node == node);
        1 + self.crashes().iter().filter(|crash| crash.node == node).count() + at_boundaries.count()
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let ensure = |holds: bool, otherwise: &str| holds.then_some(()).ok_or(otherwise.to_owned());
        ensure((1..=MINERS_MAX).contains(&self.miners), "1 to 64 miners")?;
        ensure(!self.seats.is_empty(), "a row of seats")?;
        ensure(self.blocks_per_epoch >= 2 && self.block_time_ms >= 1, "epochs of 2 blocks at least")?;
        ensure(self.faults.loss_percent <= 30, "at most 30 % of the messages are lost")?;
        for epoch in 0..self.seats.len() as u64 {
            let seats = |node: &usize| self.seats_of(epoch, *node);
            let all: usize = (0..self.miners).map(|node| seats(&node)).sum();
            let byzantine: usize = self.faults.byzantine.iter().map(|(node, _)| seats(node)).sum();
            ensure(all > 0 && 3 * byzantine < all, "fewer than a third of the seats are Byzantine")?;
        }
        ensure(
            self.faults.byzantine.iter().all(|(node, _)| *node < self.miners),
            "Byzantine nodes are miners",
        )
    }
}

/// Who has how many seats in an epoch: of those that are not honest, one at most each, and fewer than
/// a third in all.
fn random_row(random: &mut StdRng, miners: usize, faults: &Faults) -> Vec<usize> {
    let is_byzantine = |node: usize| faults.byzantine.iter().any(|(byzantine, _)| *byzantine == node);
    let mut row: Vec<_> = (0..miners)
        .map(|node| match (random.random_bool(0.75), is_byzantine(node)) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => random.random_range(1..=3),
        })
        .collect();
    let honest: usize = (0..miners).filter(|node| !is_byzantine(*node)).map(|node| row[node]).sum();
    if honest < 2 * faults.byzantine.len() + 2 {
        (0..miners).for_each(|node| row[node] = if is_byzantine(node) { 1 } else { 2 });
    }
    row
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
            boundary_crashes: Vec::new(),
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
