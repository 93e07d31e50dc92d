//! Whole networks under faults, each seed twice with the same trace.

mod common;

use common::{Counter, Disk};
use goodwill_engine::{
    StateMachine,
    simulation::{Byzantine, CrashAt, Faults, Partition, Report, Scenario, Trouble, node_key, run},
};
use std::sync::Arc;

fn machines(scenario: &Scenario) -> impl Fn(usize) -> Arc<dyn StateMachine> + Send + Sync + 'static {
    let miners: Vec<_> = (0..scenario.miners).map(|node| node_key(node).public_key()).collect();
    let disks: Vec<_> = (0..scenario.nodes()).map(|_| Arc::new(Disk::default())).collect();
    move |node| Counter::machine(miners.clone(), disks[node].clone())
}

/// Runs a scenario twice, and checks that it went the same way.
fn check(scenario: Scenario) -> Report {
    let once = || run(scenario.clone(), machines(&scenario)).unwrap_or_else(|e| panic!("{scenario:?}: {e}"));
    let (first, second) = (once(), once());
    assert_eq!(first, second, "the same seed went another way");
    first
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
fn crashed_nodes_come_back() {
    let crash = |node, at_ms, downtime_ms| CrashAt { node, at_ms, downtime_ms };
    // One in the middle of an epoch, one for more than an epoch, one that follows.
    let crashes = vec![crash(0, 1_000, 500), crash(1, 3_000, 4_500), crash(4, 2_000, 3_000)];
    let faults = Faults { crashes, ..Faults::default() };
    let report = check(Scenario { followers: 1, blocks: 50, faults, ..Scenario::calm(3) });
    assert_eq!(report.crashes, 3);
}

#[test]
fn a_halted_network_resumes() {
    let crash = |node| CrashAt { node, at_ms: 2_000, downtime_ms: 30_000 };
    let faults = Faults { crashes: (0..4).map(crash).collect(), ..Faults::default() };
    assert_eq!(check(Scenario { faults, ..Scenario::calm(4) }).crashes, 4);
}

#[test]
fn partitions_heal() {
    let partitions = vec![Partition { nodes: vec![0, 1], at_ms: 1_500 }];
    let faults = Faults { loss_percent: 30, partitions, healed_at_ms: 10_000, ..Faults::default() };
    check(Scenario { faults, ..Scenario::calm(5) });
}

#[test]
fn byzantine_miners_are_outvoted() {
    for (seed, how) in
        [Byzantine::Conflicting, Byzantine::Equivocating, Byzantine::Silent].into_iter().enumerate()
    {
        let faults = Faults { byzantine: vec![(1, how)], ..Faults::default() };
        check(Scenario { faults, ..Scenario::calm(seed as u64) });
    }
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
    for seed in 0..4 {
        check(Scenario::random(seed));
    }
}

/// `cargo test -p goodwill-engine --test simulation -- --ignored`
#[test]
#[ignore = "takes minutes"]
fn a_hundred_random_seeds() {
    for seed in 0..100 {
        let report = check(Scenario::random(seed));
        println!("seed {seed}: {} crashes, trace {}", report.crashes, report.trace);
    }
}
