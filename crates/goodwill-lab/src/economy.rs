//! The economy of a chain over thousands of epochs: miners with budgets, uptimes and strategies of
//! their own, on the ledger itself ([`Sandbox`](goodwill_node::ledger::Sandbox)), not on a model of it.
//!
//! Who takes part is in [`scenario`], what they do in `miner` and `world`, what came of it in
//! [`report`]. [`proofs`] sets it beside the other proofs; what that assumes is in
//! `docs/book/simulate.md`. Floats are in the report and in the luck of machines, never in the ledger.

mod ledger;
mod miner;
pub mod plots;
pub mod proofs;
pub mod report;
pub mod scenario;
mod table;
#[cfg(test)]
mod tests;
mod world;

use goodwill_node::ledger::Parameters;
pub use report::Report;
pub use scenario::Scenario;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// The most epochs of a simulation.
pub const EPOCHS_MAX: u64 = 1_000_000;

/// What to simulate.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which scenarios, each with a chain of its own.
    pub scenarios: Vec<Scenario>,
    /// For how many epochs slots are ordered, 1 to [`EPOCHS_MAX`].
    pub epochs: u64,
    /// What all chance follows from.
    pub seed: u64,
    /// The chain's rules; without, [`scenario::scaled`].
    pub parameters: Option<Parameters>,
}

/// Simulates all scenarios, as many at once as there are cores. The same settings give the same
/// report. `say` is told which scenario begins.
pub fn simulate(settings: &Settings, say: &(dyn Fn(&str) + Sync)) -> Report {
    let scaled = settings.parameters.is_none();
    let parameters = settings.parameters.clone().unwrap_or_else(scenario::scaled);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(scenario) = settings.scenarios.get(index) else { return done };
            say(&format!("{}: {}", scenario.name(), scenario.sentence()));
            done.push((index, world::run(*scenario, &parameters, settings)));
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut outcomes = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let done = workers.into_iter().map(|worker| worker.join().expect("the ledger keeps its rules"));
        done.flatten().collect::<Vec<_>>()
    });
    outcomes.sort_by_key(|(index, _)| *index);
    let outcomes = outcomes.into_iter().map(|(_, outcome)| outcome);
    Report::new(settings, &parameters, scaled, outcomes.collect())
}
