//! The report as text.

use super::{
    Report,
    proofs::{Proof, Row},
    report::{Chain, MinerResult, Run, coins},
};
use std::{collections::BTreeMap, fmt};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", describe(&self.chain, self.epochs, self.seed))?;
        writeln!(f, "\n{SCENARIOS}")?;
        self.runs.iter().try_for_each(|run| writeln!(f, "{}", scenario(run)))?;
        writeln!(f, "\n{MINERS}")?;
        for run in &self.runs {
            miners(run).iter().try_for_each(|line| writeln!(f, "{line}"))?;
        }
        writeln!(f, "\nWhat becomes of 100 coins of rewards (assumptions: docs/book/simulate.md)\n{PROOFS}")?;
        let lines: Vec<_> = self.proofs.iter().map(proof).collect();
        f.write_str(&lines.join("\n"))
    }
}

fn describe(chain: &Chain, epochs: u64, seed: u64) -> String {
    let kind = if chain.scaled { "a small chain, to be quick" } else { "the chain of the manifest" };
    format!(
        "{epochs} epochs of {} blocks, {} slots of {} paid turns, a price of {:.0} % of what they earn ({kind}); seed {seed}",
        chain.blocks_per_epoch,
        chain.slots_per_epoch,
        chain.paid_turns,
        chain.rho * 100.0
    )
}

const SCENARIOS: &str = "\
scenario  orders/slot  sold %       minted      donated  of rewards %  miners gain  Gini  largest %  inflation %/epoch  halted %";

fn scenario(run: &Run) -> String {
    let t = &run.totals;
    let sold = t.filled as f64 / (t.ordered as f64 / t.demand.max(f64::MIN_POSITIVE)).max(1.0);
    format!(
        "{:<8} {:>12.2} {:>7.1} {:>12.0} {:>12.0} {:>13.1} {:>12.0} {:>5.2} {:>10.1} {:>9.4} - {:<7.4} {:>8.2}",
        run.scenario.name(),
        t.demand,
        sold * 100.0,
        coins(t.minted_units),
        coins(t.slot_money_units + t.order_fees_units + t.tax_units),
        t.donated_of_earned * 100.0,
        t.gain_units as f64 / 1e9,
        t.gini,
        t.largest_share * 100.0,
        t.inflation.0 * 100.0,
        t.inflation.1 * 100.0,
        t.halted * 100.0
    )
}

const MINERS: &str = "scenario  miners  kind         orders          uptime %  turns made %     donated      earned        gain  return %";

/// One line for miners that are alike.
fn miners(run: &Run) -> Vec<String> {
    let mut alike = BTreeMap::<_, Vec<&MinerResult>>::new();
    for miner in &run.miners {
        let kind = (miner.group.as_str(), (miner.uptime * 100.0) as u32, miner.strategy.as_str());
        alike.entry(kind).or_default().push(miner);
    }
    alike.into_values().map(|miners| kind(run, &miners)).collect()
}

fn kind(run: &Run, miners: &[&MinerResult]) -> String {
    let (first, count) = (miners[0], miners.len() as f64);
    let mean = |of: &dyn Fn(&MinerResult) -> f64| miners.iter().map(|m| of(m)).sum::<f64>() / count;
    let donated = mean(&|m| coins(m.donated_units));
    let gain = mean(&|m| m.gain_units() as f64 / 1e9);
    let slots: f64 = miners.iter().map(|m| m.slots as f64).sum();
    let made: f64 = miners.iter().map(|m| m.turns_made * m.slots as f64).sum();
    format!(
        "{:<8} {:>7}  {:<12} {:<14} {:>9.1} {:>13.1} {:>11.1} {:>11.1} {:>11.1} {:>9.1}",
        run.scenario.name(),
        miners.len(),
        first.group,
        first.strategy,
        mean(&|m| m.up) * 100.0,
        made / slots.max(1.0) * 100.0,
        donated,
        mean(&|m| coins(m.earned_units)),
        gain,
        if donated == 0.0 { 0.0 } else { gain / donated * 100.0 }
    )
}

const PROOFS: &str =
    "proof                miners keep  good deeds   destroyed       spent         kWh  locked up";

fn proof(row: &Row) -> String {
    let name = match (row.proof, row.scenario) {
        (Proof::Goodwill, Some(scenario)) => format!("goodwill, {}", scenario.name()),
        (Proof::Goodwill, None) => "goodwill".into(),
        (Proof::Stake, _) => "stake".into(),
        (Proof::Burn, _) => "burn".into(),
        (Proof::Work, _) => "work".into(),
        (Proof::Capacity, _) => "capacity".into(),
    };
    format!(
        "{name:<20} {:>11.2} {:>11.2} {:>11.2} {:>11.3} {:>11.3} {:>10.2}",
        row.miners_keep, row.good_deeds, row.destroyed, row.spent, row.kwh, row.locked
    )
}
