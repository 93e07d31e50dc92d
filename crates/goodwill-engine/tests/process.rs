//! Real nodes in one process: TCP on loopback, files on disk, restarts.

mod common;

use common::{Counter, Disk, number};
use goodwill_engine::{
    ChainConfig, Config, Engine, StateMachine,
    process::{Failure, ProcessConfig, Stop, run},
    simulation::{Scenario, node_key},
};
use goodwill_proof::{HEADERS_MAX, verify_finality, verify_state};
use goodwill_types::{Digest, Domain, hash};
use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    num::{NonZeroU16, NonZeroU64, NonZeroUsize},
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

const MINERS: usize = 4;
/// Four miners, and one that follows.
const NODES: usize = MINERS + 1;

/// Who has seats: several on some nodes, other ones in each epoch.
fn scenario(miners: usize) -> Scenario {
    let seats = vec![vec![1, 2, 1, 2], vec![1, 1, 2, 1]];
    Scenario { miners, followers: NODES - miners, seats, block_time_ms: 100, ..Scenario::calm(0) }
}

fn chain_id() -> Digest {
    hash(Domain::Chain, b"four in one process")
}

/// Two halves that take turns: each epoch replaces everybody.
fn turnover() -> Scenario {
    let seats = vec![vec![1, 2, 1, 1, 0, 0, 0, 0], vec![0, 0, 0, 0, 1, 1, 2, 1]];
    Scenario { miners: 8, seats, blocks_per_epoch: 40, block_time_ms: 100, ..Scenario::calm(0) }
}

/// A chain whose nodes can be started and stopped.
struct Net {
    scenario: Scenario,
    /// Nodes that say no address: the others cannot dial them.
    unreachable: Vec<usize>,
    folder: tempfile::TempDir,
    addresses: Vec<SocketAddr>,
    genesis_time_ms: u64,
    disks: Vec<Arc<Disk>>,
}

impl Net {
    fn new(scenario: Scenario) -> Self {
        let nodes = scenario.nodes();
        // Free ports: bound all at once, so that no two are the same, and let go again.
        let listeners: Vec<_> =
            (0..nodes).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port")).collect();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        Self {
            scenario,
            unreachable: Vec::new(),
            folder: tempfile::tempdir().expect("a folder"),
            addresses: listeners.iter().map(|l| l.local_addr().expect("bound")).collect(),
            genesis_time_ms: now.as_millis() as u64,
            disks: (0..nodes).map(|_| Arc::default()).collect(),
        }
    }

    fn storage(&self, node: usize) -> PathBuf {
        self.folder.path().join(format!("node-{node}"))
    }

    fn config(&self, node: usize) -> ProcessConfig {
        let chain = ChainConfig {
            chain_id: chain_id(),
            genesis_time_ms: self.genesis_time_ms,
            block_time_ms: NonZeroU64::new(self.scenario.block_time_ms).expect("not zero"),
            blocks_per_epoch: NonZeroU64::new(self.scenario.blocks_per_epoch).expect("not zero"),
            body_size_max: 64 * 1024,
        };
        let followers = self.scenario.miners..self.scenario.nodes();
        let reachable = |node: &usize| !self.unreachable.contains(node);
        let bootstrapper = |node: usize| (node_key(node).public_key(), self.addresses[node]);
        ProcessConfig {
            node: Config {
                me: node_key(node),
                chain,
                followers: followers.map(|node| node_key(node).public_key()).collect(),
                prefix: "node".into(),
                retain_blocks: NonZeroU64::new(2 * self.scenario.blocks_per_epoch),
                cache_mb: NonZeroU16::MIN,
            },
            storage_dir: self.storage(node),
            listen: self.addresses[node],
            advertised: reachable(&node).then_some(self.addresses[node]),
            bootstrappers: (0..self.scenario.miners).filter(reachable).map(bootstrapper).collect(),
            allow_private_ips: true,
            peers_max: NonZeroUsize::new(self.scenario.nodes() + 1).expect("not zero"),
            worker_threads: NonZeroUsize::MIN,
        }
    }

    fn machine(&self, node: usize) -> Arc<dyn StateMachine> {
        Counter::machine(&self.scenario, node, self.disks[node].clone())
    }

    /// What becomes of a node that is started for two seconds.
    fn outcome(&self, node: usize) -> Result<(), Failure> {
        run(self.config(node), self.machine(node), Stop::default(), |_, _| {
            Box::pin(async {
                tokio::time::sleep(Duration::from_secs(2)).await;
                Ok(())
            })
        })
    }

    fn start(&self, node: usize) -> Running {
        let (config, machine, stop) = (self.config(node), self.machine(node), Stop::default());
        let (send, receive) = mpsc::channel();
        let stopping = stop.clone();
        let thread = std::thread::spawn(move || {
            run(config, machine, stopping, move |engine, stop| {
                send.send((engine, tokio::runtime::Handle::current())).expect("waited for");
                Box::pin(async move {
                    stop.stopped().await;
                    Ok(())
                })
            })
        });
        let (engine, runtime) = receive.recv_timeout(Duration::from_secs(20)).expect("the node starts");
        Running { engine, runtime, stop, thread }
    }
}

/// A node that runs.
struct Running {
    engine: Engine,
    runtime: tokio::runtime::Handle,
    stop: Stop,
    thread: JoinHandle<Result<(), Failure>>,
}

impl Running {
    /// Runs `question` inside of the node's runtime.
    fn ask<T>(&self, question: impl Future<Output = T>) -> T {
        self.runtime
            .block_on(async { tokio::time::timeout(Duration::from_secs(60), question).await })
            .expect("answered in time")
    }

    fn reaches(&self, height: u64) {
        self.ask(self.engine.reached(height)).expect("the node runs");
    }

    fn stop(self) {
        self.stop.stop();
        let stopping = Instant::now();
        assert_eq!(self.thread.join().expect("no panic"), Ok(()));
        assert!(stopping.elapsed() < Duration::from_secs(3), "stopping took {:?}", stopping.elapsed());
    }
}

#[test]
fn four_miners_and_a_follower_over_tcp() {
    let net = Net::new(scenario(MINERS));
    let mut nodes: Vec<_> = (0..NODES).map(|node| net.start(node)).collect();
    let starting = Instant::now();
    nodes.iter().for_each(|node| node.reaches(1));
    println!("the first block: {} ms after the last node's start", starting.elapsed().as_millis());
    nodes.iter().for_each(|node| node.reaches(12));

    same_blocks(&nodes);
    proofs_hold(&nodes);
    gossip_arrives(&net, &nodes);
    folder_is_locked(&net);

    // A miner is away for more than an epoch, then goes on from its disk.
    nodes.remove(0).stop();
    let before = nodes[0].ask(nodes[0].engine.tip()).expect("a tip").height;
    nodes[0].reaches(before + 15);
    let back = net.start(0);
    back.reaches(before + 20);
    nodes.insert(0, back);
    same_blocks(&nodes);

    // All stop, and go on together.
    nodes.into_iter().for_each(Running::stop);
    let nodes: Vec<_> = (0..NODES).map(|node| net.start(node)).collect();
    nodes.iter().for_each(|node| node.reaches(before + 30));
    same_blocks(&nodes);
    nodes.into_iter().for_each(Running::stop);
}

fn same_blocks(nodes: &[Running]) {
    let low = nodes.iter().map(|node| node.ask(node.engine.tip()).expect("a tip").height).min();
    let low = low.expect("nodes");
    for height in low - 5..=low {
        let mut blocks = nodes.iter().map(|node| node.ask(node.engine.block(height)).expect("it runs"));
        let first = blocks.next().expect("nodes").expect("a block");
        assert!(blocks.all(|block| block.as_ref() == Some(&first)), "block {height} differs");
    }
}

fn proofs_hold(nodes: &[Running]) {
    for node in nodes {
        let keys = vec![Counter::record(u64::MAX), Counter::counter(), Counter::counter()];
        let proof = node.ask(node.engine.prove(keys)).expect("proven");
        let committee = scenario(MINERS).committee(proof.finality.header().epoch);
        let verified = verify_state(&chain_id(), &committee, &proof).expect("holds");
        let counted = number(verified.entries[&Counter::counter()].as_ref());
        assert_eq!(counted, verified.header.height);
        assert_eq!(verified.entries[&Counter::record(u64::MAX)], None);

        let (header, values) = node.ask(node.engine.read(vec![Counter::counter()])).expect("read");
        assert_eq!(number(values[0].as_ref()), header.height);

        let proof = node.ask(node.engine.certified(9)).expect("it runs").expect("certified");
        assert!(proof.headers.len() <= HEADERS_MAX);
        let committee = scenario(MINERS).committee(0);
        assert_eq!(verify_finality(&chain_id(), &committee, &proof).expect("final").height, 9);
        within_seconds(5, || node.engine.peers() == NODES - 1);
    }
}

fn gossip_arrives(net: &Net, nodes: &[Running]) {
    nodes[1].engine.gossip("hello".into());
    let everybody_heard = || {
        let others = net.disks.iter().enumerate().filter(|(node, _)| *node != 1);
        others.into_iter().all(|(_, disk)| !disk.heard.lock().expect("no panic").is_empty())
    };
    within_seconds(5, everybody_heard);
}

fn within_seconds(seconds: u64, holds: impl Fn() -> bool) {
    let waiting = Instant::now();
    while !holds() {
        assert!(waiting.elapsed() < Duration::from_secs(seconds), "waited in vain");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn folder_is_locked(net: &Net) {
    let second = net.outcome(0);
    assert_eq!(second, Err(Failure::Locked(net.storage(0))));
}

#[test]
fn every_epoch_replaces_all_nodes() {
    let net = Net { unreachable: vec![3, 7], ..Net::new(turnover()) };
    let nodes: Vec<_> = (0..8).map(|node| net.start(node)).collect();
    nodes.iter().for_each(|node| node.reaches(130));
    same_blocks(&nodes);
    let time =
        |height| nodes[0].ask(nodes[0].engine.block(height)).expect("it runs").expect("kept").0.timestamp_ms;
    for last in [79, 119] {
        let gap = time(last + 1) - time(last);
        println!("hand-over after block {last}: {gap} ms");
        assert!(gap < 1_000, "hand-over after block {last} took {gap} ms");
    }
    nodes.into_iter().for_each(Running::stop);
}

/// What 64 seats on few and on many nodes cost at the default block time.
/// `cargo test -p goodwill-engine --features simulation --test process -- --ignored --nocapture`
#[test]
#[ignore = "measures for two minutes"]
fn the_cost_of_many_seats() {
    for (miners, seats) in [(8, 8), (32, 2)] {
        let seats = vec![vec![seats; miners]];
        let scenario =
            Scenario { miners, seats, blocks_per_epoch: 960, block_time_ms: 4_000, ..Scenario::calm(0) };
        let net = Net::new(scenario);
        let nodes: Vec<_> = (0..miners).map(|node| net.start(node)).collect();
        nodes.iter().for_each(|node| node.reaches(2));
        let before = (sent(&nodes), processor_ms());
        nodes.iter().for_each(|node| node.reaches(14));
        let count = miners as u64;
        let (bytes, ms) = ((sent(&nodes) - before.0) / count, (processor_ms() - before.1) / count);
        println!("{miners} nodes: 12 blocks cost each {bytes} bytes sent and {ms} ms of the processor");
        nodes.into_iter().for_each(Running::stop);
    }
}

/// Bytes that all nodes sent.
fn sent(nodes: &[Running]) -> u64 {
    let of = |node: &Running| {
        let metrics = node.ask(node.engine.metrics()).expect("it runs");
        let line = metrics.lines().find(|line| line.starts_with("runtime_outbound_bandwidth_total"));
        line.and_then(|line| line.split(' ').next_back()?.parse::<u64>().ok()).unwrap_or_else(|| {
            panic!(
                "no count of bytes: {:?}",
                metrics.lines().filter(|l| l.contains("bandwidth")).collect::<Vec<_>>()
            )
        })
    };
    nodes.iter().map(of).sum()
}

/// The processor time of this process, in milliseconds, where the system tells it by hundredths.
fn processor_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<_> = stat.rsplit(") ").next().expect("fields").split(' ').collect();
    [11, 12].iter().map(|field| fields[*field].parse::<u64>().expect("a number") * 10).sum()
}

#[test]
fn damaged_data_is_told() {
    let net = Net::new(scenario(1));
    let node = net.start(0);
    node.reaches(25);
    node.stop();
    for part in ["node-state-tree-metadata", "node-committees", "node-cache-cache-1-notarized-metadata"] {
        damage(&net.storage(0).join("engine").join(part));
        let outcome = net.outcome(0);
        assert!(matches!(outcome, Err(Failure::Damaged(_))), "{part}: {outcome:?}");
        // Turned twice, a byte is what it was.
        damage(&net.storage(0).join("engine").join(part));
    }
    assert_eq!(net.outcome(0), Ok(()));
}

/// Turns a byte in the middle of each file.
fn damage(folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let mut bytes = std::fs::read(&path).expect("read");
        let middle = bytes.len() / 2;
        if let Some(byte) = bytes.get_mut(middle) {
            *byte ^= 0xff;
        }
        std::fs::write(&path, bytes).expect("written");
    }
}
