//! The ledger on whole simulated networks under faults: loss, partitions, crashes, Byzantine miners,
//! who buy slots, so that the committee is another one in every epoch. Every seed runs twice and must
//! go the same way. `GOODWILL_SEEDS=100` runs the first hundred.
//!
//! The engine's harness checks that all honest nodes agree on every block and state, and get to the
//! end; the ledger checks its supply equation in every block; here, that payments arrive once.

#[path = "simulation/disk.rs"]
mod disk;
#[path = "simulation/mining.rs"]
mod mining;

use goodwill_engine::{
    StateMachine,
    simulation::{Report, Scenario, node_key, run},
};
use goodwill_ledger::{
    ChainState, Manifest, Supply,
    gas::gas_of,
    manifest::{Member, development_manifest},
};
use goodwill_node::{
    Chain,
    index::{Index, Place},
    mempool::{Candidate, Limits},
    secrets::Secrets,
};
use goodwill_types::{
    Account, Action, Address, Amount, Event, SecretKey, SignedTransaction, Transaction, TransactionId,
};
use std::{collections::BTreeSet, env, sync::Arc};

/// Payments of each person.
const PAYMENTS: u64 = 12;
const PEOPLE: u8 = 5;

fn person(n: u8) -> SecretKey {
    SecretKey::from_seed([100 + n; 32])
}

fn address(n: u8) -> Address {
    Address::of(&person(n).public_key())
}

fn coins() -> Amount {
    Amount::from_coins(1_000)
}

/// The simulated clock begins at 1970. Founders sit where nobody bought a seat, all of them: no
/// committee is lost with one node.
fn manifest(scenario: &Scenario) -> Manifest {
    let member = |node: usize| {
        let account = Address::of(&node_key(node).public_key());
        Member::new(format!("miner-{node}"), &node_key(node), account)
    };
    let founders: Vec<_> = (0..scenario.miners).map(member).collect();
    let miners = (0..scenario.miners).map(mining::account);
    let accounts: Vec<_> = (0..PEOPLE).map(address).chain(miners).collect();
    let cadence = [
        ("block_time_ms", scenario.block_time_ms),
        ("blocks_per_epoch", scenario.blocks_per_epoch),
        ("slots_per_epoch", scenario.blocks_per_epoch),
        ("seats_min", scenario.miners as u64),
    ];
    let text = development_manifest(&founders, &accounts, coins(), 0, &cadence, None);
    Manifest::parse(&text).expect("a valid manifest")
}

fn payment(manifest: &Manifest, from: u8, nonce: u64) -> SignedTransaction {
    let mut transaction = Transaction {
        sender: person(from).public_key(),
        nonce,
        last_height: 1_000_000,
        gas_limit: 0,
        fee_per_gas_max: 100,
        tip_per_gas: u64::from(from),
        action: Action::transfer(address((from + 1) % PEOPLE), Amount::from_units(1 + nonce)),
    };
    transaction.gas_limit = gas_of(&transaction.clone().sign(&person(from), &manifest.chain_id())) + 1_000;
    transaction.sign(&person(from), &manifest.chain_id())
}

fn payments(manifest: &Manifest) -> Vec<SignedTransaction> {
    (0..PEOPLE)
        .flat_map(|from| (0..PAYMENTS).map(move |nonce| (from, nonce)))
        .map(|(from, nonce)| payment(manifest, from, nonce))
        .collect()
}

/// A node whose users submit again what is not final, as they would after a crash.
fn machine(manifest: &Manifest, index: &Arc<Index>, secrets: &Arc<Secrets>) -> Arc<Chain> {
    let (chain, _) = Chain::new(manifest.clone(), index.clone(), secrets.clone(), Limits::default(), None);
    let start = start(manifest);
    for signed in payments(manifest) {
        let id = signed.id();
        if index.find(&id).expect("memory does not fail").is_none() {
            let nonce = (0..PAYMENTS).find(|nonce| {
                let earlier = payment(manifest, person_of(&signed), *nonce).id();
                index.find(&earlier).expect("memory does not fail").is_none()
            });
            let account = Account { balance: coins(), nonce: nonce.unwrap_or(PAYMENTS) };
            chain.mempool().add(Candidate::new(signed, true), &account, &start).expect("a valid payment");
        }
    }
    chain
}

/// The chain before its first block.
fn start(manifest: &Manifest) -> ChainState {
    ChainState {
        height: 0,
        timestamp_ms: 0,
        base_fee_per_gas: 10,
        gas_used: 0,
        luck: manifest.chain_id(),
        pots: Default::default(),
        epoch_gas: 0,
        paid_turns: 0,
        supply: Supply::default(),
    }
}

fn person_of(signed: &SignedTransaction) -> u8 {
    (0..PEOPLE).find(|n| person(*n).public_key() == signed.transaction.sender).expect("one of them")
}

/// What came of a run of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    report: Report,
    /// Where each honest node's index says that each payment is.
    places: BTreeSet<(TransactionId, Place)>,
    /// Seats that miners took up.
    seats_taken: u32,
}

fn once(scenario: &Scenario) -> Result<Outcome, String> {
    let manifest = manifest(scenario);
    let indexes: Vec<_> =
        (0..scenario.nodes()).map(|_| Arc::new(Index::in_memory().expect("memory"))).collect();
    let (miners, kept) = (Arc::new(mining::Miners::new(scenario, &manifest)), indexes.clone());
    let machines = move |node: usize| -> Arc<dyn StateMachine> {
        let chain = machine(miners.manifest(), &kept[node], miners.secrets(node));
        Arc::new(mining::Mining { chain, miners: miners.clone() })
    };
    let report = run(scenario.clone(), machines)?;
    let reached = report.blocks.len() as u64;
    let mut places = BTreeSet::new();
    for (node, _) in &report.heights {
        for signed in payments(&manifest) {
            let place = indexes[*node].find(&signed.id()).expect("memory does not fail");
            places.extend(place.filter(|place| place.height <= reached).map(|place| (signed.id(), place)));
        }
    }
    let seats_taken = report.heights.first().map_or(0, |(node, _)| seats_taken(&indexes[*node], reached));
    Ok(Outcome { report, places, seats_taken })
}

fn seats_taken(index: &Index, reached: u64) -> u32 {
    let receipts = (1..=reached).filter_map(|height| index.receipts(height).expect("memory does not fail"));
    let events = receipts.flat_map(|receipts| receipts.into_vec()).map(|receipt| match receipt.outcome {
        goodwill_types::Outcome::Done { events } => events.into_vec(),
        goodwill_types::Outcome::Failed { .. } => Vec::new(),
    });
    let taken = events.flatten().map(|event| match event {
        Event::SeatsTaken { count, .. } => count,
        _ => 0,
    });
    taken.sum()
}

fn check(seed: u64) {
    let scenario = Scenario::random(seed);
    let run = || once(&scenario).unwrap_or_else(|e| panic!("{scenario:?}: {e}"));
    let outcome = run();
    assert_eq!(outcome, run(), "seed {seed} went another way the second time");
    let Outcome { report, places, seats_taken } = outcome;
    let ids: BTreeSet<_> = places.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids.len(), places.len(), "seed {seed}: a payment is final in two places");
    assert_eq!(ids.len() as u64, PAYMENTS * u64::from(PEOPLE), "seed {seed}: a payment did not arrive");
    println!(
        "seed {seed}: {} miners ({} Byzantine), {} followers, {} % loss, {} crashes, {} blocks, {seats_taken} seats taken up, trace {}",
        scenario.miners,
        scenario.faults.byzantine.len(),
        scenario.followers,
        scenario.faults.loss_percent,
        report.crashes,
        report.blocks.len(),
        &report.trace[..16.min(report.trace.len())],
    );
}

/// Nothing goes wrong: everybody who bought a slot serves in epoch 2, and nobody else.
#[test]
fn bought_slots_are_served() {
    let Outcome { report, seats_taken, .. } = once(&Scenario::calm(1)).unwrap();
    assert!(report.blocks.len() >= 30 && seats_taken >= 4, "{seats_taken} seats were taken up");
}

#[test]
fn seeds_are_safe_live_and_repeatable() {
    let seeds =
        env::var("GOODWILL_SEEDS").map_or(3, |seeds| seeds.parse().expect("GOODWILL_SEEDS is a number"));
    (0..seeds).for_each(check);
}
