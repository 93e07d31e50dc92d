//! The simulation keeps the promises of the rules, and its own.

use super::{
    Report, Scenario, Settings, plots,
    proofs::Proof,
    report::{MinerResult, Run, gini},
    simulate,
};
use std::sync::OnceLock;

fn settings(scenarios: &[Scenario], epochs: u64, seed: u64) -> Settings {
    Settings { scenarios: scenarios.to_vec(), epochs, seed, parameters: None }
}

/// All scenarios, made once.
fn report() -> &'static Report {
    static REPORT: OnceLock<Report> = OnceLock::new();
    REPORT.get_or_init(|| simulate(&settings(&Scenario::ALL, 60, 1), &|_| ()))
}

fn run_of(scenario: Scenario) -> &'static Run {
    report().runs.iter().find(|run| run.scenario == scenario).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_report() {
    let run = |seed| simulate(&settings(&[Scenario::Busy, Scenario::Greedy], 12, seed), &|_| ());
    assert_eq!(run(3), run(3));
    assert_ne!(run(3).runs, run(4).runs);
}

#[test]
fn at_least_rho_of_what_paid_seats_earn_is_donated() {
    for run in &report().runs {
        let t = &run.totals;
        let (given, earned) = (u128::from(t.slot_money_units), u128::from(t.earned_units));
        assert!(earned > 0 && given * 5 >= earned * 4, "{:?}: {given} of {earned}", run.scenario);
        let by_miners: u64 = run.miners.iter().map(|miner| miner.donated_units).sum();
        assert_eq!(by_miners, t.slot_money_units + t.order_fees_units, "{:?}", run.scenario);
        let earned: u64 = run.miners.iter().map(|miner| miner.earned_units).sum();
        assert_eq!(earned, t.earned_units, "{:?}", run.scenario);
        assert_eq!(t.failed, 0, "{:?}: every transaction did what it should", run.scenario);
    }
}

/// Whoever makes all paid turns gains; whoever makes fewer than rho of them loses.
#[test]
fn who_makes_its_turns_gains_and_who_misses_a_fifth_loses() {
    let rho = report().chain.rho;
    for run in &report().runs {
        for miner in run.miners.iter().filter(|miner| miner.slots > 0) {
            let gain = miner.gain_units();
            if miner.turns_made < rho {
                assert!(gain < 0, "{:?}: {miner:?}", run.scenario);
            }
            // Order fees of a hundredth of the price, also for what is not drawn, and gas.
            let fees = if run.totals.demand > 4.5 { 1.0 } else { 0.1 };
            if miner.turns_made > rho * (1.0 + fees) {
                assert!(gain > 0, "{:?}: {miner:?}", run.scenario);
            }
        }
    }
}

#[test]
fn returns_follow_uptime_where_most_are_online() {
    let served = |miner: &&MinerResult| miner.slots > 0;
    let mut miners: Vec<_> = run_of(Scenario::Busy).miners.iter().filter(served).collect();
    miners.sort_by(|a, b| a.uptime.total_cmp(&b.uptime));
    // A few slots can be unlucky; together they are not.
    let together = |of: &dyn Fn(f64) -> bool| {
        let those = miners.iter().filter(|miner| of(miner.uptime));
        let sums = those.map(|miner| (miner.earned_units as i128, miner.donated_units as i128));
        sums.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
    };
    let (earned, given) = together(&|uptime| uptime <= 0.65);
    assert!(earned < given, "mostly away: {earned} of {given}");
    let (earned, given) = together(&|uptime| uptime >= 0.95);
    assert!(earned > given, "mostly there: {earned} of {given}");
    assert!(miners[0].return_on_given < miners[miners.len() - 1].return_on_given);
}

#[test]
fn little_demand_means_little_inflation_and_free_entry_leaves_little_gain() {
    let (quiet, busy, rush) = (run_of(Scenario::Quiet), run_of(Scenario::Busy), run_of(Scenario::Rush));
    assert!(quiet.totals.minted_units < busy.totals.minted_units * 3 / 4);
    assert!(rush.totals.gain_units * 3 < busy.totals.gain_units);
    assert!(rush.totals.donated_of_earned > busy.totals.donated_of_earned);
}

#[test]
fn a_whale_gets_what_it_pays_for_and_no_more() {
    let run = run_of(Scenario::Whale);
    let whale = run.miners.iter().find(|miner| miner.group == "whale").unwrap();
    let share = whale.slots as f64 / run.totals.filled as f64;
    let paid =
        whale.donated_units as f64 / (run.totals.slot_money_units + run.totals.order_fees_units) as f64;
    assert!((share - paid).abs() < 0.01, "{share} of the slots for {paid} of the money");
}

/// What becomes of the rewards: nothing is forgotten.
#[test]
fn the_rows_of_the_other_proofs_add_up() {
    for row in &report().proofs {
        let sum = row.miners_keep + row.good_deeds + row.destroyed + row.spent;
        let room = if row.proof == Proof::Goodwill { 1.0 } else { 0.001 };
        assert!((sum - 100.0).abs() < room, "{row:?}: {sum}");
        assert!(row.kwh > 0.0 && (row.good_deeds > 0.0) == (row.proof == Proof::Goodwill));
    }
    assert_eq!(report().proofs.len(), Scenario::ALL.len() + 4);
}

#[test]
fn a_report_survives_json() {
    let text = serde_json::to_string(report()).unwrap();
    assert_eq!(&serde_json::from_str::<Report>(&text).unwrap(), report());
}

#[test]
fn the_text_has_a_line_for_every_scenario_and_proof() {
    let text = report().to_string();
    for scenario in Scenario::ALL {
        assert!(text.contains(&format!("\n{:<8} ", scenario.name())));
        assert_eq!(scenario.name().parse(), Ok(scenario));
    }
    for proof in ["goodwill, rush", "\nstake", "\nburn", "\nwork", "\ncapacity"] {
        assert!(text.contains(proof), "{proof}");
    }
    assert!("hasty".parse::<Scenario>().is_err());
}

#[test]
fn pictures_are_well_formed_and_show_every_scenario() {
    let pictures = plots::draw(report());
    assert_eq!(pictures.len(), 4);
    for (name, svg) in pictures {
        assert_well_formed(&svg);
        assert!(svg.contains("<polyline") || svg.contains("<circle"), "{name}");
        assert!(Scenario::ALL.iter().all(|scenario| svg.contains(scenario.name())), "{name}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}");
    }
}

/// Every element is closed, in order, and there is one root.
fn assert_well_formed(svg: &str) {
    let mut open = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').expect("a tag ends");
        assert!(!text.contains('&') || text.contains(';'), "{text}");
        match (tag.strip_prefix('/'), tag.strip_suffix('/')) {
            (Some(name), _) => assert_eq!(open.pop(), Some(name)),
            (None, Some(_)) => {}
            (None, None) => open.push(tag.split_whitespace().next().expect("a name")),
        }
    }
    assert!(open.is_empty() && svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
}

#[test]
fn pictures_are_written() {
    let dir = tempfile::tempdir().unwrap();
    let small = simulate(&settings(&[Scenario::Quiet], 4, 1), &|_| ());
    let paths = plots::write(&small, &dir.path().join("plots")).unwrap();
    assert!(paths.iter().all(|path| path.metadata().unwrap().len() > 1_000));
}

#[test]
fn gini_is_0_among_equals_and_near_1_where_one_has_all() {
    assert_eq!([gini(&[]), gini(&[0, 0]), gini(&[5, 5, 5])], [0.0, 0.0, 0.0]);
    assert_eq!(gini(&[0, 0, 0, 8]), 0.75);
    assert_eq!(gini(&[1, 3]), 0.25);
}
