//! Puts nodes, network and faults together.

use super::{
    Agreed, BoundaryCrash, Report, Scenario, Stop,
    byzantine::{Tampered, Tampering},
    chain_id,
    disk::Disk,
    host::{Host, Life},
    mesh::{Blocking, Mesh},
    node_key,
    witness::{Witness, Witnessed},
};
use crate::{
    ChainConfig, Config, Engine, StateMachine, handle,
    network::{Channels, Network, message_size_max},
    node,
};
use commonware_cryptography::ed25519::PublicKey as Point;
use commonware_glue::simulate::{
    action::{Action, Crash, Schedule},
    engine::{EngineDefinition, InitContext},
    exit::ExitCondition,
    plan::PlanBuilder,
    processed::ProcessedHeight,
    property::Property,
    tracker::ProgressTracker,
};
use commonware_macros::select;
use commonware_p2p::simulated::Link;
use commonware_runtime::{Handle, Quota, Spawner as _, Supervisor as _, deterministic::FaultConfig};
use commonware_utils::{Probability, sync::Mutex};
use futures::future::BoxFuture;
use goodwill_types::Header;
use std::{
    num::{NonZeroU16, NonZeroU64},
    sync::Arc,
    time::Duration,
};

/// How long the nodes may take after the faults are over, in simulated time.
const PATIENCE: Duration = Duration::from_secs(180);

pub(super) type Machines = Arc<dyn Fn(usize) -> Arc<dyn StateMachine> + Send + Sync>;

/// Runs `scenario`, and checks what came of it.
pub(super) fn run(scenario: Scenario, machines: Machines) -> Result<Report, String> {
    let outcome = Arc::new(Mutex::new(None));
    let honest = scenario.nodes() - scenario.faults.byzantine.len();
    let timeout = Duration::from_millis(scenario.faults.healed_at_ms) + PATIENCE;
    let (world, witness) = (World::new(&scenario), Witness::default());
    let definition =
        Definition { scenario: scenario.clone(), machines, world: world.clone(), witness: witness.clone() };
    let mut plan = PlanBuilder::new(definition)
        .seed(scenario.seed)
        .link(link(scenario.faults.loss_percent))
        .exit_condition(AllHonest { count: honest, height: scenario.blocks, witness: witness.clone() })
        .property(OneChain { height: scenario.blocks, outcome: outcome.clone() })
        .timeout(timeout);
    if scenario.faults.disk.is_some() {
        // It brings no faults of its own, but a panic ends a node instead of the whole network.
        plan = plan.with_storage_fault(FaultConfig::default());
    }
    let schedule = schedule(&scenario);
    if !schedule.events.is_empty() {
        plan = plan.crash(Crash::Schedule(schedule));
    }
    let result = plan.run()?.pop().expect("one seed, one result");
    let (heights, blocks) = outcome.lock().take().ok_or("the chains were not compared")?;
    Ok(Report {
        heights,
        blocks,
        crashes: result.crashes,
        stops: world.stops(),
        struck: world.is_struck(),
        evidence: witness.evidence(),
        blocked: world.blocked(),
        trace: result.state,
    })
}

fn point(node: usize) -> Point {
    Point::try_from(&node_key(node).public_key()).expect("a derived key is on the curve")
}

fn link(loss_percent: u8) -> Link {
    let arriving = Probability::try_from(f64::from(100 - loss_percent) / 100.0).expect("a share");
    Link {
        latency: Duration::from_millis(if loss_percent == 0 { 20 } else { 40 }),
        jitter: Duration::from_millis(if loss_percent == 0 { 5 } else { 30 }),
        success_rate: arriving,
    }
}

/// The scenario's faults in the order of time.
fn schedule(scenario: &Scenario) -> Schedule<Point> {
    let mut events = Vec::new();
    for partition in &scenario.faults.partitions {
        events.extend(cuts(scenario, &partition.nodes).map(|cut| (partition.at_ms, cut)));
    }
    for crash in scenario.crashes() {
        events.push((crash.at_ms, Action::Crash(point(crash.node))));
        events.push((crash.at_ms + crash.downtime_ms, Action::Restart(point(crash.node))));
    }
    for crash in &scenario.faults.boundary_crashes {
        events.push((crash.back_at_ms, Action::Crash(point(crash.node))));
        events.push((crash.back_at_ms + 1, Action::Restart(point(crash.node))));
    }
    let faulty_links = scenario.faults.loss_percent > 0 || !scenario.faults.partitions.is_empty();
    if faulty_links {
        events.push((scenario.faults.healed_at_ms, Action::Heal(link(0))));
    }
    events.sort_by_key(|(at_ms, _)| *at_ms);
    let events = events.into_iter().map(|(at_ms, action)| (Duration::from_millis(at_ms), action)).collect();
    Schedule { events }
}

/// Cuts the links between `inside` and all other nodes, in both directions.
fn cuts<'a>(scenario: &Scenario, inside: &'a [usize]) -> impl Iterator<Item = Action<Point>> + 'a {
    let outside: Vec<_> = (0..scenario.nodes()).filter(|node| !inside.contains(node)).collect();
    let broken = Link { success_rate: Probability::try_from(0.0).expect("a share"), ..link(0) };
    inside.iter().flat_map(move |a| {
        let broken = broken.clone();
        let pairs: Vec<_> = outside.iter().flat_map(|b| [(*a, *b), (*b, *a)]).collect();
        pairs.into_iter().map(move |(from, to)| Action::UpdateLink {
            from: point(from),
            to: point(to),
            link: broken.clone(),
        })
    })
}

/// What outlives the crashes of the nodes: their disks, and what became of each of their runs.
#[derive(Clone)]
struct World {
    disks: Vec<Disk>,
    lives: Arc<Mutex<Vec<Vec<Life>>>>,
    /// How often each node starts.
    starts: Vec<usize>,
    mesh: Mesh,
    boundary_crashes: Arc<Mutex<Vec<BoundaryCrash>>>,
}

impl World {
    fn new(scenario: &Scenario) -> Self {
        let fault = scenario.faults.disk.as_ref();
        let struck = Arc::default();
        let disk = |node: usize| {
            let fault = fault.filter(|fault| fault.nodes.contains(&node));
            Disk::new(fault, Arc::clone(&struck), scenario.seed ^ ((node as u64) << 32))
        };
        Self {
            disks: (0..scenario.nodes()).map(disk).collect(),
            lives: Arc::new(Mutex::new(vec![Vec::new(); scenario.nodes()])),
            starts: (0..scenario.nodes()).map(|node| scenario.starts(node)).collect(),
            mesh: Mesh::new(scenario.unreachable.iter().map(|node| point(*node))),
            boundary_crashes: Arc::new(Mutex::new(scenario.faults.boundary_crashes.clone())),
        }
    }

    fn begin(&self, node: usize) -> Life {
        let life = Life::new();
        self.lives.lock()[node].push(life.clone());
        life
    }

    /// Each time that a node stopped itself.
    fn stops(&self) -> Vec<Stop> {
        let lives = self.lives.lock();
        let all = lives.iter().enumerate().flat_map(|(node, lives)| {
            lives.iter().enumerate().map(move |(start, life)| (node, start, life.failure()))
        });
        all.filter_map(|(node, start, failure)| Some(Stop { node, start, failure: failure? })).collect()
    }

    /// Which nodes cut off which.
    fn blocked(&self) -> Vec<(usize, usize)> {
        let number = |node: &Point| (0..self.starts.len()).find(|number| point(*number) == *node);
        let blocked = self.mesh.blocked();
        let mut blocked: Vec<_> =
            blocked.iter().filter_map(|(by, node)| Some((number(by)?, number(node)?))).collect();
        blocked.sort_unstable();
        blocked
    }

    fn is_struck(&self) -> bool {
        self.disks.iter().any(Disk::is_struck)
    }
}

/// How a node is built.
#[derive(Clone)]
struct Definition {
    scenario: Scenario,
    machines: Machines,
    world: World,
    witness: Witness,
}

impl Definition {
    fn chain(&self) -> ChainConfig {
        ChainConfig {
            chain_id: chain_id(),
            genesis_time_ms: 0,
            block_time_ms: NonZeroU64::new(self.scenario.block_time_ms).expect("checked"),
            blocks_per_epoch: NonZeroU64::new(self.scenario.blocks_per_epoch).expect("checked"),
            body_size_max: self.scenario.body_size_max,
        }
    }

    fn config(&self, node: usize) -> Config {
        let first = if self.scenario.open { 0 } else { self.scenario.miners };
        let followers = first..self.scenario.nodes();
        Config {
            me: node_key(node),
            chain: self.chain(),
            followers: followers.map(|follower| node_key(follower).public_key()).collect(),
            prefix: format!("node-{node}"),
            retain_blocks: None,
            cache_mb: NonZeroU16::MIN,
        }
    }

    fn tampering(&self, node: usize) -> Tampering {
        let byzantine = self.scenario.faults.byzantine.iter().find(|(faulty, _)| *faulty == node);
        let how = byzantine.map(|(_, how)| *how);
        Tampering::new(how, node_key(node), self.chain(), (node, self.witness.clone()))
    }

    /// The rules, and a witness of what the node says about them.
    fn machine(&self, node: usize, tampering: &Tampering, life: Life) -> Arc<dyn StateMachine> {
        let scenario = self.scenario.clone();
        Arc::new(Witnessed {
            node,
            honest: tampering.is_honest(),
            machine: (self.machines)(node),
            witness: self.witness.clone(),
            forger: tampering.forger(),
            life,
            crashes: self.world.boundary_crashes.clone(),
            last: Arc::new(move |epoch| scenario.last(epoch)),
        })
    }
}

impl EngineDefinition for Definition {
    type PublicKey = Point;
    type Engine = Handle<()>;
    type State = Observed;

    fn participants(&self) -> Vec<Point> {
        (0..self.scenario.nodes()).map(point).collect()
    }

    fn channels(&self) -> Vec<(u64, Quota)> {
        let mut channels = Vec::new();
        Channels::open(|number, rate| channels.push((number, rate)));
        channels
    }

    fn max_message_size(&self) -> u32 {
        message_size_max(&self.chain())
    }

    async fn init(&self, init: InitContext<'_, Point>) -> (Handle<()>, Observed) {
        let node = init.index;
        let tampering = self.tampering(node);
        let mesh = &self.world.mesh;
        let mut pairs = init.channels.into_iter();
        let channels = Channels::open(|number, _| {
            let (sender, receiver) = pairs.next().expect("a pair for each channel");
            (Tampered::new(point(node), mesh.clone(), sender, tampering.on(number)), receiver)
        });
        let inner = init.oracle.control(init.public_key.clone());
        let network = Network {
            channels,
            manager: mesh.join(point(node)),
            blocker: Blocking { me: point(node), mesh: mesh.clone(), inner },
            peers_max: self.scenario.nodes(),
        };
        let (engine, requests) = handle::channel();
        let honest = tampering.is_honest();
        let (disk, life) = (self.world.disks[node].clone(), self.world.begin(node));
        let (config, machine) = (self.config(node), self.machine(node, &tampering, life.clone()));
        let last = self.world.lives.lock()[node].len() == self.world.starts[node];
        let seen = Observed { node, honest, last, engine, life: life.clone() };
        let running = init.context.child("node").spawn(move |context| async move {
            disk.start(&context).await;
            let host = Host::new(context.child("host"), disk, life.clone());
            let node = host.spawn(move |host| node::run(host, config, machine, network, requests));
            // As in a process: when one task fails, all of the node ends.
            select! {
                _ = life.ended() => {},
                _ = node => {},
            }
        });
        (running, seen)
    }

    fn start(engine: Handle<()>) -> Handle<()> {
        engine
    }
}

/// What is seen of a node.
struct Observed {
    node: usize,
    honest: bool,
    /// Whether it will not be started again.
    last: bool,
    engine: Engine,
    life: Life,
}

impl Observed {
    fn stopped(&self) -> bool {
        self.life.is_over()
    }
}

impl ProcessedHeight for Observed {
    async fn processed_height(&self) -> u64 {
        self.engine.tip().await.map_or(0, |header| header.height)
    }
}

/// The honest nodes that run, by number.
fn honest<'a>(states: &[&'a Observed]) -> Vec<&'a Observed> {
    let runs = |state: &&Observed| state.honest && !state.stopped();
    let mut honest: Vec<_> = states.iter().copied().filter(runs).collect();
    honest.sort_by_key(|state| state.node);
    honest
}

/// Ends the run when every honest node has reached a height, or stopped itself for good; and at the
/// first contradiction.
#[derive(Clone)]
struct AllHonest {
    count: usize,
    height: u64,
    witness: Witness,
}

impl ExitCondition<Point, Observed> for AllHonest {
    fn name(&self) -> &str {
        "every honest node reached the height"
    }

    fn requires_polling(&self) -> bool {
        true
    }

    fn reached<'a>(
        &'a self,
        _: &'a ProgressTracker<Point>,
        states: &'a [&'a Observed],
        _: usize,
    ) -> BoxFuture<'a, Result<bool, String>> {
        Box::pin(async move {
            if let Some(broken) = self.witness.broken() {
                return Err(broken);
            }
            let gone = states.iter().filter(|state| state.honest && state.last && state.stopped());
            let mut done = gone.count();
            for state in honest(states) {
                let reached = state.last && state.processed_height().await >= self.height;
                done += usize::from(reached);
            }
            Ok(done == self.count)
        })
    }
}

type Outcome = (Vec<(usize, u64)>, Vec<Agreed>);

/// All honest nodes have the same block and the same state at every height.
#[derive(Clone)]
struct OneChain {
    height: u64,
    outcome: Arc<Mutex<Option<Outcome>>>,
}

impl OneChain {
    async fn agreed(&self, height: u64, nodes: &[&Observed]) -> Result<Agreed, String> {
        let mut agreed = None;
        for node in nodes {
            let block = node.engine.block(height).await.map_err(|e| e.to_string())?;
            let (header, _) = block.ok_or(format!("node {} has no block {height}", node.node))?;
            let (digest, state_root) = (header.digest(), header.state_root);
            let Header { epoch, view, leader, timestamp_ms, .. } = header;
            let found = Agreed { epoch, view, leader, timestamp_ms, digest, state_root };
            if *agreed.get_or_insert(found) != found {
                return Err(format!("a fork at height {height}, seen by node {}", node.node));
            }
        }
        agreed.ok_or("no honest node".into())
    }
}

impl Property<Point, Observed> for OneChain {
    fn name(&self) -> &str {
        "one chain"
    }

    fn check<'a>(
        &'a self,
        _: &'a ProgressTracker<Point>,
        states: &'a [&'a Observed],
    ) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let nodes = honest(states);
            let mut blocks = Vec::new();
            for height in 1..=self.height {
                blocks.push(self.agreed(height, &nodes).await?);
            }
            let mut heights = Vec::new();
            for node in &nodes {
                heights.push((node.node, node.processed_height().await));
            }
            *self.outcome.lock() = Some((heights, blocks));
            Ok(())
        })
    }
}
