//! What came of a simulation. Money is exact, in base units; shares are rounded to six digits.

use super::{
    Scenario, Settings,
    ledger::{POWER_MW, TRANSFERS_PER_EPOCH},
    miner::{Miner, OUTAGE_PARTS},
    proofs::{self, Assumptions, Demand, Row},
    world::{Books, Figures, History},
};
use goodwill_node::ledger::{Parameters, mining::RHO};
use goodwill_types::{amount::UNITS_PER_COIN, transaction::PAYMENTS_MAX};
use serde::{Deserialize, Serialize};

/// The most points of a curve.
const WINDOWS_MAX: u64 = 100;

/// A report: the same settings give the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What all chance follows from.
    pub seed: u64,
    /// For how many epochs slots were ordered.
    pub epochs: u64,
    /// The chain.
    pub chain: Chain,
    /// One for each scenario.
    pub runs: Vec<Run>,
    /// What Goodwill did in each scenario, and what other proofs do with the same demand and rewards.
    pub proofs: Vec<Row>,
    /// The numbers behind the other proofs.
    pub assumptions: Assumptions,
}

/// The rules that were simulated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chain {
    /// Whether they are those of [`super::scenario::scaled`].
    pub scaled: bool,
    /// The time between two blocks, in milliseconds.
    pub block_time_ms: u64,
    /// Blocks of an epoch.
    pub blocks_per_epoch: u64,
    /// Slots of an epoch.
    pub slots_per_epoch: u32,
    /// Paid turns of a slot.
    pub paid_turns: u64,
    /// Epochs until rewards mature.
    pub maturity_epochs: u64,
    /// Epochs until what is minted halves.
    pub halving_epochs: u64,
    /// What is minted for a paid turn at first.
    pub subsidy_units: u64,
    /// What it never falls below.
    pub subsidy_tail_units: u64,
    /// rho: the part of a slot's full earnings that it costs.
    pub rho: f64,
    /// Payments of the public in an epoch, which pay fees.
    pub payments_per_epoch: u64,
    /// The mean length of an outage of a machine, in blocks.
    pub outage_blocks: u64,
}

impl Chain {
    fn new(p: &Parameters, scaled: bool) -> Self {
        Self {
            scaled,
            block_time_ms: p.block_time_ms,
            blocks_per_epoch: p.blocks_per_epoch,
            slots_per_epoch: p.slots_per_epoch,
            paid_turns: p.paid_turns(),
            maturity_epochs: p.maturity_epochs,
            halving_epochs: p.halving_epochs,
            subsidy_units: p.subsidy.units,
            subsidy_tail_units: p.subsidy_tail.units,
            rho: rounded(RHO.0 as f64 / RHO.1 as f64),
            payments_per_epoch: TRANSFERS_PER_EPOCH.min(p.blocks_per_epoch) * PAYMENTS_MAX as u64,
            outage_blocks: p.blocks_per_epoch / OUTAGE_PARTS,
        }
    }
}

/// What came of one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Which.
    pub scenario: Scenario,
    /// All of it.
    pub totals: Totals,
    /// Each miner.
    pub miners: Vec<MinerResult>,
    /// The course of it: the same number of epochs each, but for the last.
    pub windows: Vec<Window>,
}

/// Sums over all epochs that were ordered and served.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Slots that were ordered.
    pub ordered: u64,
    /// Slots that were sold.
    pub filled: u64,
    /// Slots that were sold and taken up: paid seats.
    pub taken_up: u64,
    /// Prices of the slots sold: donated.
    pub slot_money_units: u64,
    /// Fees of all orders: donated.
    pub order_fees_units: u64,
    /// The pollution tax of all transactions: donated.
    pub tax_units: u64,
    /// Minted.
    pub minted_units: u64,
    /// What paid seats earned: minted, and from the pots.
    pub earned_units: u64,
    /// Tips for the leaders.
    pub tips_units: u64,
    /// What the miners have more at the end than at the beginning.
    pub gain_units: i64,
    /// Slot money and order fees, as a part of what paid seats earned.
    pub donated_of_earned: f64,
    /// What all donations are of all that was minted.
    pub donated_of_minted: f64,
    /// Orders for each slot on sale.
    pub demand: f64,
    /// Concentration of the paid seats: 0 where all miners have as many, 1 where one has all.
    pub gini: f64,
    /// The largest miner's part of the paid seats.
    pub largest_share: f64,
    /// What is minted in an epoch, as a part of all coins: at the beginning and at the end.
    pub inflation: (f64, f64),
    /// The part of the time in which the chain waited for two thirds of its seats.
    pub halted: f64,
    /// Transactions of miners that failed.
    pub failed: u64,
    /// Simulated time, in hours.
    pub hours: f64,
}

/// What came of a miner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MinerResult {
    /// Its kind.
    pub group: String,
    /// How it orders.
    pub strategy: String,
    /// The part of the time for which its machine is meant to be up.
    pub uptime: f64,
    /// The part for which it was.
    pub up: f64,
    /// Slots that it bought.
    pub slots: u64,
    /// Slots that it took up.
    pub taken_up: u64,
    /// Of the paid turns that it bought, the part that it made.
    pub turns_made: f64,
    /// Blocks that it made, unpaid ones included.
    pub led: u64,
    /// Turns that it missed.
    pub missed: u64,
    /// Prices and order fees that it gave.
    pub donated_units: u64,
    /// Rewards that it earned.
    pub earned_units: u64,
    /// Its coins at the beginning.
    pub first_units: u64,
    /// Its coins at the end, when all has matured.
    pub last_units: u64,
    /// What it gained for each coin that it gave; fees paid, tips received.
    pub return_on_given: f64,
}

impl MinerResult {
    /// What it has more at the end than at the beginning.
    pub fn gain_units(&self) -> i64 {
        self.last_units as i64 - self.first_units as i64
    }
}

/// Some epochs in a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// The first of them.
    pub epoch: u64,
    /// How many.
    pub epochs: u64,
    /// Orders for each slot on sale.
    pub demand: f64,
    /// Minted in them.
    pub minted_units: u64,
    /// Earned by paid seats in them.
    pub earned_units: u64,
    /// Donated in them: slot money, order fees and pollution tax.
    pub donated_units: u64,
    /// Minted in an epoch, as a part of all coins before.
    pub inflation: f64,
    /// Concentration of the paid seats.
    pub gini: f64,
    /// The largest miner's part of the paid seats.
    pub largest_share: f64,
}

pub(super) fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// `part` of `whole`; 0 of nothing.
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { rounded(part as f64 / whole as f64) }
}

/// Base units as coins.
pub fn coins(units: u64) -> f64 {
    units as f64 / UNITS_PER_COIN as f64
}

/// The Gini coefficient: half of the mean difference of two, as a part of the mean. 0 for nobody.
pub fn gini(values: &[u64]) -> f64 {
    let (mut sorted, total) = (values.to_vec(), values.iter().sum::<u64>());
    if total == 0 {
        return 0.0;
    }
    sorted.sort_unstable();
    let ranked: f64 = (1..).zip(&sorted).map(|(rank, value)| f64::from(rank) * *value as f64).sum();
    let n = sorted.len() as f64;
    rounded(2.0 * ranked / (n * total as f64) - (n + 1.0) / n)
}

fn largest_share(values: &[u64]) -> f64 {
    share(values.iter().copied().max().unwrap_or(0), values.iter().sum())
}

impl Report {
    pub(super) fn new(
        settings: &Settings,
        parameters: &Parameters,
        scaled: bool,
        histories: Vec<History>,
    ) -> Self {
        let runs: Vec<Run> = histories.iter().map(|history| Run::new(history, parameters)).collect();
        let demands = histories.iter().zip(&runs).map(|(history, run)| demand(history, run, parameters));
        let assumptions = Assumptions::default();
        Self {
            seed: settings.seed,
            epochs: settings.epochs,
            chain: Chain::new(parameters, scaled),
            proofs: proofs::compare(&demands.collect::<Vec<_>>(), &assumptions),
            runs,
            assumptions,
        }
    }
}

/// What the other proofs are given, too.
fn demand(history: &History, run: &Run, parameters: &Parameters) -> Demand {
    let (totals, epochs) = (&run.totals, history.epochs.len().max(1) as f64);
    let locked: f64 = history.epochs.iter().map(|figures| coins(figures.locked)).sum();
    let clock: u64 = history.epochs.iter().map(|figures| parameters.blocks_per_epoch + figures.halted).sum();
    Demand {
        scenario: run.scenario,
        rewards: coins(totals.earned_units),
        gain: totals.gain_units as f64 / UNITS_PER_COIN as f64,
        donated: coins(totals.slot_money_units + totals.order_fees_units),
        locked: locked / epochs,
        hours: (clock * parameters.block_time_ms) as f64 / 3_600_000.0,
        nodes: run.miners.len() as u32,
        node_watts: f64::from(POWER_MW) / 1_000.0,
    }
}

impl Run {
    fn new(history: &History, parameters: &Parameters) -> Self {
        let miners = history.miners.iter().map(|(miner, books)| result(miner, books, history, parameters));
        let size = (history.epochs.len() as u64).div_ceil(WINDOWS_MAX).max(1) as usize;
        let windows = history.epochs.chunks(size).map(|chunk| window(chunk, parameters));
        let (miners, windows) = (miners.collect::<Vec<_>>(), windows.collect::<Vec<_>>());
        let totals = totals(history, &miners, &windows, parameters);
        Self { scenario: history.scenario, totals, miners, windows }
    }
}

fn result(miner: &Miner, books: &Books, history: &History, parameters: &Parameters) -> MinerResult {
    let (tally, turns) = (miner.tally, parameters.paid_turns());
    let gain = books.last_coins as f64 - miner.first_coins as f64;
    let on_given = if books.donated == 0 { 0.0 } else { gain / books.donated as f64 };
    MinerResult {
        group: miner.group.into(),
        strategy: miner.strategy.describe(),
        uptime: f64::from(miner.uptime_percent) / 100.0,
        up: share(tally.up, history.clock),
        slots: tally.slots,
        taken_up: tally.taken_up,
        turns_made: share(tally.paid_turns, tally.slots * turns),
        led: books.led,
        missed: books.missed,
        donated_units: books.donated,
        earned_units: books.earned,
        first_units: miner.first_coins,
        last_units: books.last_coins,
        return_on_given: rounded(on_given),
    }
}

/// The paid seats of each miner in some epochs.
fn seats(figures: &[Figures]) -> Vec<u64> {
    let miners = figures.first().map_or(0, |first| first.seats.len());
    (0..miners).map(|miner| figures.iter().map(|figures| figures.seats[miner]).sum()).collect()
}

fn sum(figures: &[Figures], of: impl Fn(&Figures) -> u64) -> u64 {
    figures.iter().map(of).sum()
}

fn window(figures: &[Figures], parameters: &Parameters) -> Window {
    let (epochs, seats) = (figures.len() as u64, seats(figures));
    let minted = sum(figures, |f| f.minted);
    Window {
        epoch: figures[0].epoch,
        epochs,
        demand: share(sum(figures, |f| f.ordered), epochs * u64::from(parameters.slots_per_epoch)),
        minted_units: minted,
        earned_units: sum(figures, |f| f.earned),
        donated_units: sum(figures, |f| f.slot_money + f.order_fees + f.tax),
        inflation: share(minted / epochs, figures[0].supply),
        gini: gini(&seats),
        largest_share: largest_share(&seats),
    }
}

fn totals(history: &History, miners: &[MinerResult], windows: &[Window], parameters: &Parameters) -> Totals {
    let (all, seats) = (&history.epochs[..], seats(&history.epochs));
    let (slot_money, order_fees) = (sum(all, |f| f.slot_money), sum(all, |f| f.order_fees));
    let (tax, minted, earned) = (sum(all, |f| f.tax), sum(all, |f| f.minted), sum(all, |f| f.earned));
    let blocks = all.len() as u64 * parameters.blocks_per_epoch;
    let halted = sum(all, |f| f.halted);
    Totals {
        ordered: sum(all, |f| f.ordered),
        filled: sum(all, |f| f.filled),
        taken_up: sum(all, |f| f.taken_up),
        slot_money_units: slot_money,
        order_fees_units: order_fees,
        tax_units: tax,
        minted_units: minted,
        earned_units: earned,
        tips_units: sum(all, |f| f.tips),
        gain_units: miners.iter().map(MinerResult::gain_units).sum(),
        donated_of_earned: share(slot_money + order_fees, earned),
        donated_of_minted: share(slot_money + order_fees + tax, minted),
        demand: share(sum(all, |f| f.ordered), all.len() as u64 * u64::from(parameters.slots_per_epoch)),
        gini: gini(&seats),
        largest_share: largest_share(&seats),
        inflation: windows
            .first()
            .zip(windows.last())
            .map_or((0.0, 0.0), |(a, b)| (a.inflation, b.inflation)),
        halted: share(halted, blocks + halted),
        failed: history.failed,
        hours: rounded((blocks + halted) as f64 * parameters.block_time_ms as f64 / 3_600_000.0),
    }
}
