//! Whole networks under faults, each seed twice with the same trace.
//! `GOODWILL_SEEDS=100 cargo test -p goodwill-engine --test simulation random_faults` runs a hundred.

mod common;

use common::{Counter, Disk};
use goodwill_engine::{
    StateMachine,
    simulation::{
        Agreed, BoundaryCrash, Byzantine, CrashAt, Faults, Moment, Partition, Report, Scenario, Trouble,
        chain_id, node_key, run,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    sync::Arc,
};

type Disks = Vec<Arc<Disk>>;

fn machines(
    scenario: &Scenario,
    disks: &Disks,
) -> impl Fn(usize) -> Arc<dyn StateMachine> + Send + Sync + 'static {
    let (scenario, disks) = (scenario.clone(), disks.clone());
    move |node| Counter::machine(&scenario, node, disks[node].clone())
}

/// Runs a scenario twice, and checks that it went the same way.
fn check(scenario: Scenario) -> Report {
    check_with_disks(scenario).0
}

fn check_with_disks(scenario: Scenario) -> (Report, Disks) {
    let once = || {
        let disks: Disks = (0..scenario.nodes()).map(|_| Arc::default()).collect();
        let report = run(scenario.clone(), machines(&scenario, &disks));
        (report.unwrap_or_else(|e| panic!("{scenario:?}: {e}")), disks)
    };
    let ((first, disks), (second, _)) = (once(), once());
    assert_eq!(first, second, "the same seed went another way");
    evidence_is_true(&scenario, &first);
    (first, disks)
}

/// Only seats of Byzantine nodes are accused, each once by each node, and the evidence holds.
fn evidence_is_true(scenario: &Scenario, report: &Report) {
    let mut told = BTreeSet::new();
    for (by, evidence) in &report.evidence {
        assert!(evidence.holds(&chain_id()), "false evidence: {evidence:?}");
        let committee = scenario.committee(evidence.epoch());
        let seat = committee.seats[committee.position(&evidence.seat).expect("a seat")];
        let guilty =
            scenario.faults.byzantine.iter().any(|(node, _)| node_key(*node).public_key() == seat.node);
        assert!(guilty, "an honest seat is accused: {evidence:?}");
        let restarts = scenario.faults.crashes.iter().any(|crash| crash.node == *by);
        assert!(told.insert((*by, seat.key)) || restarts, "told twice: {evidence:?}");
    }
}

/// The most block times between the last block of an epoch and the first of the next, rounded up.
fn longest_hand_over(scenario: &Scenario, blocks: &[Agreed]) -> u64 {
    let pairs = blocks.windows(2).filter(|pair| pair[0].epoch < pair[1].epoch);
    let gaps = pairs.map(|pair| pair[1].timestamp_ms - pair[0].timestamp_ms);
    gaps.max().unwrap_or(0).div_ceil(scenario.block_time_ms)
}

#[test]
fn four_miners_cross_epochs() {
    let report = check(Scenario::calm(1));
    let epochs: Vec<_> = report.blocks.iter().map(|block| block.epoch).collect();
    assert_eq!((epochs[0], epochs[8], epochs[9], epochs[29]), (0, 0, 1, 3));
    assert_eq!(report.heights.len(), 4);
}

#[test]
fn a_follower_follows() {
    let report = check(Scenario { followers: 2, ..Scenario::calm(2) });
    assert_eq!(report.heights.len(), 6);
}

#[test]
fn nodes_host_several_seats() {
    let scenario = Scenario { seats: vec![vec![1, 2, 2, 4]], ..Scenario::calm(3) };
    let report = check(scenario.clone());
    let leaders = |epoch| -> BTreeSet<_> {
        report.blocks.iter().filter(|block| block.epoch == epoch).map(|block| block.leader).collect()
    };
    // Nine seats: each of them leads within ten blocks.
    assert_eq!(leaders(1).len(), 9);
    assert!(report.blocks.iter().all(|block| block.view <= 10), "a view was skipped: {:?}", report.blocks);
}

#[test]
fn one_node_hosts_all_seats() {
    let scenario = Scenario { miners: 1, seats: vec![vec![4], vec![1]], ..Scenario::calm(4) };
    assert_eq!(check(scenario).heights.len(), 1);
}

/// Nodes come and go, and epoch 3 replaces everybody. Only nodes with seats in this epoch or the next
/// are connected.
fn changing(seed: u64) -> Scenario {
    let seats = vec![
        vec![1, 1, 2, 4, 0, 0, 0, 0],
        vec![2, 1, 2, 2, 1, 0, 0, 0],
        vec![0, 2, 2, 3, 1, 0, 0, 0],
        vec![2, 0, 0, 0, 0, 3, 2, 3],
        vec![1, 1, 1, 1, 1, 1, 2, 2],
        vec![1, 1, 1, 1, 1, 1, 2, 2],
    ];
    Scenario { miners: 8, seats, open: false, followers: 1, blocks: 65, ..Scenario::calm(seed) }
}

#[test]
fn committees_change() {
    let scenario = Scenario { open: true, ..changing(5) };
    let report = check(scenario.clone());
    assert_eq!(report.heights.len(), 9);
    assert!(longest_hand_over(&scenario, &report.blocks) <= 2, "{:?}", report.blocks);
    let skipped = report.blocks.iter().filter(|block| block.view > 10).count();
    assert_eq!(skipped, 0, "{:?}", report.blocks);
}

#[test]
fn the_next_committee_connects_before_its_epoch() {
    // Everybody has a seat now and then, so that everybody is connected at the end.
    let seats = vec![vec![1, 1, 1, 1, 0, 0, 0, 0], vec![0, 0, 0, 0, 1, 2, 1, 1]];
    let scenario = Scenario { seats, followers: 0, blocks: 45, ..changing(6) };
    let report = check(scenario.clone());
    assert_eq!(report.heights.len(), 8);
    assert!(longest_hand_over(&scenario, &report.blocks) <= 2, "{:?}", report.blocks);
}

#[test]
fn crashed_nodes_come_back() {
    let crash = |node, at_ms, downtime_ms| CrashAt { node, at_ms, downtime_ms };
    // One in the middle of an epoch, one for more than an epoch, one that follows.
    let crashes = vec![crash(0, 1_000, 500), crash(1, 3_000, 4_500), crash(4, 2_000, 3_000)];
    let faults = Faults { crashes, ..Faults::default() };
    let report = check(Scenario { followers: 1, blocks: 50, faults, ..Scenario::calm(3) });
    assert_eq!(report.crashes, 3);
}

#[test]
fn a_node_is_away_for_many_epochs() {
    let crashes = vec![CrashAt { node: 4, at_ms: 3_000, downtime_ms: 14_000 }];
    let faults = Faults { crashes, ..Faults::default() };
    let seats = vec![vec![2, 2, 2, 2, 1]];
    let scenario = Scenario { miners: 5, seats, blocks: 120, faults, ..Scenario::calm(7) };
    let (report, disks) = check_with_disks(scenario);
    assert_eq!(report.heights.len(), 5);
    // Of the epochs that were over when it came back, it voted only in that in which it stopped.
    let voted: Vec<_> = disks[4].voted.lock().expect("no panic").iter().copied().collect();
    assert!(voted.starts_with(&[0, 1]), "{voted:?}");
    assert!(voted.iter().filter(|epoch| (2..=6).contains(*epoch)).count() <= 1, "{voted:?}");
    assert!(voted.last() >= Some(&10), "{voted:?}");
}

/// As after its disk was wiped: it may have voted, so it must not vote again before the next epoch.
#[test]
fn a_node_without_its_keys_follows_until_the_next_epoch() {
    let scenario = Scenario { seats: vec![vec![2, 2, 2, 1]], ..Scenario::calm(12) };
    let disks: Disks = (0..4).map(|_| Arc::default()).collect();
    disks[3].mute.lock().expect("no panic").insert(1);
    let report = run(scenario.clone(), machines(&scenario, &disks)).expect("the others go on");
    assert_eq!(report.heights.len(), 4);
    let led = |epoch| {
        let committee = scenario.committee(epoch);
        let blocks = report.blocks.iter().filter(move |block| block.epoch == epoch);
        blocks.filter(|block| committee.leader(block.view).node == node_key(3).public_key()).count()
    };
    assert_eq!(led(1), 0);
    assert!(led(0) > 0 && led(2) > 0);
}

#[test]
fn crashes_at_boundaries() {
    let crash =
        |node, epoch, moment| BoundaryCrash { node, epoch, moment, back_at_ms: 4_000 + 4_000 * epoch };
    let all_at_once = (0..4).map(|node| crash(node, 2, Moment::Applied));
    let boundary_crashes =
        [crash(0, 0, Moment::Commit), crash(1, 1, Moment::Committee), crash(2, 1, Moment::Applied)];
    let boundary_crashes = boundary_crashes.into_iter().chain(all_at_once).collect();
    let faults = Faults { boundary_crashes, ..Faults::default() };
    let seats = vec![vec![1, 2, 1, 1], vec![2, 1, 1, 2]];
    assert_eq!(check(Scenario { seats, blocks: 50, faults, ..Scenario::calm(8) }).crashes, 7);
}

#[test]
fn a_halted_network_resumes() {
    let crash = |node| CrashAt { node, at_ms: 2_000, downtime_ms: 30_000 };
    let faults = Faults { crashes: (0..4).map(crash).collect(), ..Faults::default() };
    assert_eq!(check(Scenario { faults, ..Scenario::calm(4) }).crashes, 4);
}

#[test]
fn more_than_a_third_of_the_seats_away_halts() {
    // One node of four, but with five seats of thirteen.
    let crashes = vec![CrashAt { node: 3, at_ms: 2_000, downtime_ms: 30_000 }];
    let faults = Faults { crashes, ..Faults::default() };
    let report = check(Scenario { seats: vec![vec![3, 3, 2, 5]], faults, ..Scenario::calm(9) });
    let gap = report.blocks.windows(2).map(|pair| pair[1].timestamp_ms - pair[0].timestamp_ms).max();
    assert!(gap >= Some(29_000), "the chain went on without a quorum: {gap:?}");
}

#[test]
fn partitions_heal() {
    let partitions = vec![Partition { nodes: vec![0, 1], at_ms: 1_500 }];
    let faults = Faults { loss_percent: 30, partitions, healed_at_ms: 10_000, ..Faults::default() };
    let seats = vec![vec![2, 1, 1, 2], vec![1, 2, 2, 1]];
    check(Scenario { faults, seats, ..Scenario::calm(5) });
}

#[test]
fn byzantine_miners_are_outvoted() {
    for (seed, how) in
        [Byzantine::Conflicting, Byzantine::Equivocating, Byzantine::Silent].into_iter().enumerate()
    {
        let faults = Faults { byzantine: vec![(1, how)], ..Faults::default() };
        let seats = vec![vec![2, 2, 2, 2]];
        let report = check(Scenario { faults, seats, ..Scenario::calm(seed as u64) });
        assert_eq!(report.evidence.is_empty(), how == Byzantine::Silent, "{how:?}: {:?}", report.evidence);
    }
}

#[test]
fn who_votes_for_a_seat_of_another_node_is_cut_off() {
    let faults = Faults { byzantine: vec![(1, Byzantine::Forging)], ..Faults::default() };
    let report = check(Scenario { faults, seats: vec![vec![2, 1, 2, 1]], ..Scenario::calm(10) });
    let blocked: BTreeSet<_> = report.blocked.iter().copied().filter(|(by, _)| *by != 1).collect();
    assert_eq!(blocked, BTreeSet::from([(0, 1), (2, 1), (3, 1)]));
}

/// Ten nodes with a seat each, four of which nobody can dial.
fn hidden(seed: u64) -> Scenario {
    Scenario {
        miners: 10,
        seats: vec![vec![1; 10]],
        unreachable: vec![0, 3, 6, 9],
        blocks: 40,
        blocks_per_epoch: 20,
        ..Scenario::calm(seed)
    }
}

/// How many blocks each node made until `until_ms`.
fn led(scenario: &Scenario, report: &Report, until_ms: u64) -> BTreeMap<usize, u64> {
    let mut led = BTreeMap::new();
    for block in report.blocks.iter().filter(|block| block.timestamp_ms < until_ms) {
        let leader = scenario.committee(block.epoch).leader(block.view).node;
        let node = (0..scenario.nodes()).find(|node| node_key(*node).public_key() == leader);
        *led.entry(node.expect("a node")).or_default() += 1;
    }
    led
}

#[test]
fn nodes_that_nobody_can_dial_take_part() {
    let scenario = hidden(11);
    let report = check(scenario.clone());
    let led = led(&scenario, &report, u64::MAX);
    assert!((0..10).all(|node| led.get(&node) >= Some(&3)), "{led:?}");
    let last = report.blocks.last().expect("blocks");
    assert!(last.view <= 22, "more than every tenth attempt failed: {last:?}");
}

/// What a hidden leader proposes reaches the others only because it is passed on, and that it is there
/// they see by the certificates: without the two, two thirds of the attempts failed as soon as one of
/// those who can be dialled was away.
#[test]
fn hidden_nodes_lead_while_another_is_away() {
    let crashes = vec![CrashAt { node: 1, at_ms: 1_000, downtime_ms: 40_000 }];
    let scenario = Scenario { faults: Faults { crashes, ..Faults::default() }, ..hidden(13) };
    let report = check(scenario.clone());
    let led = led(&scenario, &report, 40_000);
    assert!([0, 3, 6, 9].iter().all(|hidden| led.contains_key(hidden)), "{led:?}");
    assert!(led.values().sum::<u64>() > 20, "{led:?}");
}

#[test]
fn failing_disks() {
    for (seed, trouble) in (0..).zip(Trouble::HONEST) {
        let report = check(Scenario::disk(seed, trouble));
        let whole = |node: usize| report.heights.iter().any(|(running, _)| *running == node);
        assert!(!trouble.passes() || (0..4).all(whole), "{trouble:?}: {:?}", report.stops);
    }
}

#[test]
fn random_faults() {
    let seeds =
        env::var("GOODWILL_SEEDS").map_or(4, |seeds| seeds.parse().expect("GOODWILL_SEEDS is a number"));
    for seed in 0..seeds {
        let scenario = Scenario::random(seed);
        let report = check(scenario.clone());
        println!(
            "seed {seed}: {} miners, {} Byzantine, {} crashes, {} accused, trace {}",
            scenario.miners,
            scenario.faults.byzantine.len(),
            report.crashes,
            report.evidence.len(),
            &report.trace[..16.min(report.trace.len())],
        );
    }
}
