//! Goodwill beside the other proofs: the same demand, the same rewards. Sources are in
//! `docs/book/simulate.md`.

use super::{Scenario, report::rounded};
use serde::{Deserialize, Serialize};

/// Hours of a year.
const YEAR_HOURS: f64 = 8_766.0;
/// Rows are for so many coins of rewards.
pub const PER_COINS: f64 = 100.0;

/// What the comparison takes for granted. Prices in US dollars.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assumptions {
    /// What a coin is worth.
    pub coin_usd: f64,
    /// What a node's machine costs: a Raspberry Pi with a disk.
    pub node_usd: f64,
    /// How long it lasts, in years.
    pub node_years: f64,
    /// What a household pays for a kWh.
    pub household_usd_per_kwh: f64,
    /// What stakers want a year for the money that they lock up, as a part of it.
    pub stake_yield: f64,
    /// Of what workers spend, the part that goes to energy; the rest are machines and their halls.
    pub work_energy_share: f64,
    /// What workers pay for a kWh.
    pub work_usd_per_kwh: f64,
    /// What a terabyte of disk costs.
    pub disk_usd_per_tb: f64,
    /// How long a disk lasts, in years.
    pub disk_years: f64,
    /// What a terabyte of disk draws while it waits, in watts.
    pub disk_watts_per_tb: f64,
    /// What those who fill disks pay for a kWh.
    pub disk_usd_per_kwh: f64,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            coin_usd: 1.0,
            node_usd: 100.0,
            node_years: 4.0,
            household_usd_per_kwh: 0.20,
            stake_yield: 0.04,
            work_energy_share: 0.60,
            work_usd_per_kwh: 0.05,
            disk_usd_per_tb: 15.0,
            disk_years: 5.0,
            disk_watts_per_tb: 0.3,
            disk_usd_per_kwh: 0.10,
        }
    }
}

/// How slots are won.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// Slots are bought, and the money is donated.
    Goodwill,
    /// Money is locked up, and returned.
    Stake,
    /// Money is destroyed.
    Burn,
    /// Energy is spent on riddles.
    Work,
    /// Disks are filled.
    Capacity,
}

/// What becomes of 100 coins of rewards. Miners keep, good deeds get, is destroyed, and is spent on
/// energy and machines add up to them, but for the tips and fees of Goodwill's miners.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// How slots are won.
    pub proof: Proof,
    /// For Goodwill, the scenario.
    pub scenario: Option<Scenario>,
    /// Coins that the miners keep, when all is paid.
    pub miners_keep: f64,
    /// Coins that good deeds get.
    pub good_deeds: f64,
    /// Coins that are destroyed.
    pub destroyed: f64,
    /// Coins' worth of energy, machines and disks.
    pub spent: f64,
    /// Energy, in kWh.
    pub kwh: f64,
    /// Coins that are locked up all the time, for 100 coins of rewards a year.
    pub locked: f64,
}

/// What came of a scenario, in coins, as far as the other proofs need it.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    pub(super) scenario: Scenario,
    pub(super) rewards: f64,
    pub(super) gain: f64,
    pub(super) donated: f64,
    pub(super) locked: f64,
    pub(super) hours: f64,
    pub(super) nodes: u32,
    pub(super) node_watts: f64,
}

/// What the nodes of a chain need, whatever its proof, for 100 coins of rewards.
#[derive(Clone, Copy)]
struct Nodes {
    spent: f64,
    kwh: f64,
}

impl Demand {
    /// So much of something, for 100 coins of rewards.
    fn per_coins(&self, amount: f64) -> f64 {
        amount / self.rewards.max(f64::MIN_POSITIVE) * PER_COINS
    }

    fn nodes(&self, a: &Assumptions) -> Nodes {
        let hours = f64::from(self.nodes) * self.hours;
        let kwh = hours * self.node_watts / 1_000.0;
        let usd = hours / YEAR_HOURS * a.node_usd / a.node_years + kwh * a.household_usd_per_kwh;
        Nodes { spent: self.per_coins(usd / a.coin_usd), kwh: self.per_coins(kwh) }
    }
}

/// Goodwill's rows, one for each scenario; then the others, with the demand and the nodes of the
/// scenario `busy`, or of the first where it was not simulated.
pub(super) fn compare(demands: &[Demand], assumptions: &Assumptions) -> Vec<Row> {
    let busy = demands.iter().find(|demand| demand.scenario == Scenario::Busy);
    let Some(busy) = busy.or(demands.first()) else { return Vec::new() };
    let nodes = busy.nodes(assumptions);
    let others =
        [stake(nodes, assumptions), burn(nodes), work(nodes, assumptions), capacity(nodes, assumptions)];
    demands.iter().map(|demand| goodwill(demand, assumptions)).chain(others).map(Row::rounded).collect()
}

fn goodwill(demand: &Demand, a: &Assumptions) -> Row {
    let Nodes { spent, kwh } = demand.nodes(a);
    Row {
        proof: Proof::Goodwill,
        scenario: Some(demand.scenario),
        miners_keep: demand.per_coins(demand.gain) - spent,
        good_deeds: demand.per_coins(demand.donated),
        destroyed: 0.0,
        spent,
        kwh,
        locked: demand.per_coins(demand.locked) * demand.hours / YEAR_HOURS,
    }
}

/// Stake is returned: all is kept. What it costs is waiting: money is locked up until it yields no
/// more than elsewhere.
fn stake(Nodes { spent, kwh }: Nodes, a: &Assumptions) -> Row {
    let keep = PER_COINS - spent;
    let locked = keep / a.stake_yield;
    Row { miners_keep: keep, kwh, spent, locked, ..Row::of(Proof::Stake) }
}

/// Free entry: as much is destroyed as there is to earn.
fn burn(Nodes { spent, kwh }: Nodes) -> Row {
    Row { destroyed: PER_COINS - spent, spent, kwh, ..Row::of(Proof::Burn) }
}

/// Free entry: as much is spent on riddles as there is to earn.
fn work(nodes: Nodes, a: &Assumptions) -> Row {
    let usd = (PER_COINS - nodes.spent) * a.coin_usd;
    let kwh = nodes.kwh + usd * a.work_energy_share / a.work_usd_per_kwh;
    Row { spent: PER_COINS, kwh, ..Row::of(Proof::Work) }
}

/// Free entry: as much is spent on disks and their energy as there is to earn.
fn capacity(nodes: Nodes, a: &Assumptions) -> Row {
    let usd = (PER_COINS - nodes.spent) * a.coin_usd;
    let kwh_per_tb_year = a.disk_watts_per_tb * YEAR_HOURS / 1_000.0;
    let usd_per_tb_year = a.disk_usd_per_tb / a.disk_years + kwh_per_tb_year * a.disk_usd_per_kwh;
    let kwh = nodes.kwh + usd / usd_per_tb_year * kwh_per_tb_year;
    Row { spent: PER_COINS, kwh, ..Row::of(Proof::Capacity) }
}

impl Row {
    fn of(proof: Proof) -> Self {
        let (miners_keep, good_deeds, destroyed, spent, kwh, locked) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        Self { proof, scenario: None, miners_keep, good_deeds, destroyed, spent, kwh, locked }
    }

    fn rounded(self) -> Self {
        Self {
            miners_keep: rounded(self.miners_keep),
            good_deeds: rounded(self.good_deeds),
            destroyed: rounded(self.destroyed),
            spent: rounded(self.spent),
            kwh: rounded(self.kwh),
            locked: rounded(self.locked),
            ..self
        }
    }
}
