//! Disks that fail under the ledger, one trouble a seed: a node recovers, or it stops and says that it
//! is the disk. `GOODWILL_DISK_FAULTS=1000` runs the first thousand; `GOODWILL_SEED=17` begins there.
//!
//! The engine's harness checks the rest: no final block is lost or another one, no state differs, no
//! vote contradicts one before the crash, and nobody hangs.

use super::{Outcome, PAYMENTS, PEOPLE, once};
use goodwill_engine::{
    process::Failure,
    simulation::{DiskFault, Faults, Report, Scenario, Trouble},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::{self, Display},
    panic::{AssertUnwindSafe, catch_unwind},
};

/// What became of the nodes of a fault, the worst of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    /// They went on after the restart.
    Recovered,
    /// One stopped when the disk failed, and went on after the restart.
    StoppedFirst,
    /// One does not start again, and says why.
    ClearStop,
    Wrong,
}

/// How often which trouble had which verdict, and how often it came to pass.
#[derive(Default)]
struct Table(BTreeMap<Trouble, (u64, [u64; 4])>);

impl Table {
    fn add(&mut self, trouble: Trouble, struck: bool, verdict: Verdict) {
        let (strikes, verdicts) = self.0.entry(trouble).or_default();
        *strikes += u64::from(struck);
        verdicts[verdict as usize] += 1;
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| trouble | runs | struck | recovered | stopped, then recovered | clear stop | wrong |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|")?;
        for (trouble, (struck, [recovered, first, stopped, wrong])) in &self.0 {
            let runs = recovered + first + stopped + wrong;
            writeln!(f, "| {trouble:?} | {runs} | {struck} | {recovered} | {first} | {stopped} | {wrong} |")?;
        }
        Ok(())
    }
}

/// Whether the operator is told that it is the disk.
fn is_clear(failure: &Failure) -> bool {
    use Failure::{Damaged, Disk, DiskFull, NotPermitted};
    matches!(failure, Damaged(_) | Disk(_) | DiskFull(_) | NotPermitted(_))
}

/// # Errors
/// What went wrong.
fn judge(report: &Report, fault: &DiskFault) -> Result<Verdict, String> {
    if let Some(stop) = report.stops.iter().find(|stop| !is_clear(&stop.failure)) {
        return Err(format!("node {} is not told that it is the disk: {}", stop.node, stop.failure));
    }
    if let Some(stop) = report.stops.iter().find(|stop| !fault.nodes.contains(&stop.node)) {
        return Err(format!("node {} stopped, whose disk is whole: {}", stop.node, stop.failure));
    }
    let running: BTreeSet<_> = report.heights.iter().map(|(node, _)| *node).collect();
    let gone = fault.nodes.iter().find(|node| !running.contains(node));
    match gone {
        Some(node) if fault.trouble.passes() => {
            Err(format!("node {node} does not come back: {:?}", report.stops))
        }
        Some(_) => Ok(Verdict::ClearStop),
        None if report.stops.is_empty() => Ok(Verdict::Recovered),
        None => Ok(Verdict::StoppedFirst),
    }
}

/// # Errors
/// What went wrong.
fn try_run(scenario: &Scenario) -> Result<(bool, Verdict), String> {
    let Outcome { report, places, .. } = once(scenario)?;
    let fault = scenario.faults.disk.as_ref().expect("a fault");
    let verdict = judge(&report, fault)?;
    let ids: BTreeSet<_> = places.iter().map(|(id, _)| *id).collect();
    if ids.len() != places.len() {
        return Err("a payment is final in two places".into());
    }
    if ids.len() as u64 != PAYMENTS * u64::from(PEOPLE) {
        return Err(format!("only {} payments arrived", ids.len()));
    }
    Ok((report.struck, verdict))
}

/// A run must not end the campaign by a panic either.
fn run(scenario: &Scenario) -> Result<(bool, Verdict), String> {
    catch_unwind(AssertUnwindSafe(|| try_run(scenario))).unwrap_or_else(|_| Err("a panic, see above".into()))
}

fn number(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn failing_disks_are_survived_or_told() {
    let (count, first) = (number("GOODWILL_DISK_FAULTS", 12), number("GOODWILL_SEED", 0));
    let (mut table, mut wrong) = (Table::default(), Vec::new());
    for seed in first..first + count {
        let trouble = Trouble::HONEST[(seed % Trouble::HONEST.len() as u64) as usize];
        let scenario = Scenario::disk(seed, trouble);
        let (struck, verdict) = run(&scenario).unwrap_or_else(|what| {
            println!("seed {seed}: {:?}: {what}", scenario.faults.disk);
            wrong.push(seed);
            (true, Verdict::Wrong)
        });
        table.add(trouble, struck, verdict);
    }
    println!("{table}");
    assert!(wrong.is_empty(), "seeds {wrong:?} went wrong: GOODWILL_SEED gives the first, see above");
}

/// The campaign finds broken durability: syncs that store nothing.
#[test]
fn disks_that_lie_are_found_out() {
    let nodes = (0..4).collect();
    let fault =
        DiskFault { nodes, trouble: Trouble::Lying, operation: 400, crash_at_ms: 3_000, downtime_ms: 500 };
    let faults = Faults { disk: Some(fault), ..Faults::default() };
    let found = run(&Scenario { faults, ..Scenario::calm(1) });
    let told = |what: &String| what.contains("another block") || what.contains(" voted ");
    assert!(found.as_ref().is_err_and(told), "{found:?}");
}

#[test]
fn a_fault_repeats_with_its_seed() {
    let scenario = Scenario::disk(1, Trouble::Torn);
    assert_eq!(once(&scenario), once(&scenario));
}
