//! Orders and their draw.

use super::{
    Found, Trial,
    chain::{Setting, account, end_epoch, ensure, next_epoch, order, slots},
};
use crate::economy::{self, Scenario, Settings};
use goodwill_node::ledger::{Sandbox, mining::order_fee};
use goodwill_types::SecretKey;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// Slots of an epoch of the chains here: those of `goodwill dev`.
const SLOTS: u32 = 8;

fn begin(trial: &Trial, people: &[SecretKey]) -> Sandbox {
    let founders = vec![trial.key("founder", 0)];
    Setting { founders, people, parameters: &[], authority: None }.begin(trial)
}

/// One orders 90 slots, ten others one each. What is drawn for the one is not served.
pub(crate) fn hoarding(trial: &Trial) -> Result<Found, String> {
    let people: Vec<_> = (0..11).map(|n| trial.key("person", n)).collect();
    let mut sandbox = begin(trial, &people);
    let (hoarder, others) = people.split_first().expect("eleven people");
    let epoch = sandbox.manifest().parameters.ordering(sandbox.chain().height + 1);
    order(&mut sandbox, hoarder, 90)?;
    for other in others {
        order(&mut sandbox, other, 1)?;
    }
    let supply = sandbox.chain().supply;
    sandbox.warp(sandbox.manifest().parameters.draw_height(epoch));
    let record = sandbox.epoch(epoch).ok_or("the epoch is not known")?;
    let had = slots(&sandbox, epoch, &account(hoarder));
    for other in others {
        if let Some(receipt) = sandbox.take_up(other, other) {
            super::chain::done(receipt.map_err(|invalid| invalid.to_string())?)?;
        }
    }
    let price = record.price.units;
    let lost = u64::from(had) * price + 90 * order_fee(record.price).units;
    ensure(sandbox.miner(&account(hoarder)).donated.units == lost, "it did not pay for all that it got")?;
    ensure(sandbox.chain().supply.genesis == supply.genesis, "coins appeared")?;
    // The epoch that it wanted for itself: caretakers sit, and blocks are made.
    next_epoch(&mut sandbox);
    next_epoch(&mut sandbox);
    end_epoch(&mut sandbox);
    let seats = sandbox.epoch(epoch).map_or(0, |record| record.seats);
    ensure(seats > 0 && sandbox.miner(&account(hoarder)).unmatured.units == 0, "it earned without serving")?;
    let each = lost as f64 / (f64::from(had) * price as f64);
    let words = format!(
        "{had} of {SLOTS} slots kept from others for an epoch, for {each:.3} times their price, all of it donated; \
         caretakers made the blocks"
    );
    Ok(Found::new(each, words))
}

/// Lucks for which the draw is made both ways.
const DRAWS: u64 = 40;

/// Twelve slots ordered by one account, or by twelve, beside the same twelve of another; the same luck.
pub(crate) fn splitting(trial: &Trial) -> Result<Found, String> {
    let people: Vec<_> = (0..14).map(|n| trial.key("person", n)).collect();
    let (whole, other, parts) = (&people[0], &people[1], &people[2..]);
    let ordered = |orders: &[(&SecretKey, u32)]| -> Result<(Sandbox, u64), String> {
        let mut sandbox = begin(trial, &people);
        let epoch = sandbox.manifest().parameters.ordering(sandbox.chain().height + 1);
        for (key, count) in orders {
            order(&mut sandbox, key, *count)?;
        }
        sandbox.warp(sandbox.manifest().parameters.draw_height(epoch) - 1);
        Ok((sandbox, epoch))
    };
    let one = ordered(&[(whole, 12), (other, 12)])?;
    let orders: Vec<_> = parts.iter().map(|part| (part, 1)).chain([(other, 12)]).collect();
    let many = ordered(&orders)?;
    let drawn = |(before, epoch): &(Sandbox, u64), luck, who: &[&SecretKey]| -> u32 {
        let mut sandbox = before.clone();
        sandbox.set_luck(luck);
        sandbox.warp(sandbox.chain().height + 1);
        who.iter().map(|key| slots(&sandbox, *epoch, &account(key))).sum()
    };
    let parts: Vec<_> = parts.iter().collect();
    let (mut alone, mut split) = (0, 0);
    for n in 0..DRAWS {
        let luck = trial.digest("draw", n);
        alone += drawn(&one, luck, &[whole]);
        split += drawn(&many, luck, &parts);
    }
    let words = format!(
        "{DRAWS} draws gave twelve accounts {split} slots and one account {alone}: the same luck fills the same \
         tickets, whoever holds them; twelve orders cost twelve fees"
    );
    Ok(Found::new(f64::from(split) - f64::from(alone), words))
}

/// Epochs for which both rules run.
const EPOCHS: u64 = 24;
/// Epochs for which first come is sampled.
const EPOCHS_FIRST_COME: u64 = 400;

/// The draw runs on the ledger, in the scenario `crowd` of `goodwill simulate`. First come, first served
/// is not a rule of the chain: it is sampled.
pub(crate) fn first_come(trial: &Trial) -> Result<Found, String> {
    let settings =
        Settings { scenarios: vec![Scenario::Crowd], epochs: EPOCHS, seed: trial.seed, parameters: None };
    let report = economy::simulate(&settings, &|_| ());
    let run = report.runs.first().ok_or("nothing was simulated")?;
    let largest = run.totals.largest_share * 100.0;
    let (epochs, share) = sample_first_come(trial.seed);
    let words = format!(
        "with the draw the largest of 64 miners had {largest:.1} % of the seats over {EPOCHS} epochs; sampled with \
         first come, first served, one had {share} % after {epochs} epochs"
    );
    Ok(Found::new(largest, words))
}

/// 64 miners, 16 slots of an epoch; each can pay for half of them. Who leads the first block of the
/// ordering time puts its own orders first, and so does the next; leaders are drawn by seats. Gives the
/// epochs until one has all slots, at most [`EPOCHS_FIRST_COME`], and the largest share in percent.
fn sample_first_come(seed: u64) -> (u64, usize) {
    const SLOTS: usize = 16;
    let mut chance = StdRng::seed_from_u64(seed);
    let mut owners: Vec<usize> = (0..SLOTS).map(|_| chance.random_range(0..64)).collect();
    let largest = |owners: &[usize]| {
        let count = |owner: &usize| owners.iter().filter(|other| *other == owner).count();
        owners.iter().map(count).max().unwrap_or(0)
    };
    for epoch in 0..EPOCHS_FIRST_COME {
        if largest(&owners) == SLOTS {
            return (epoch, 100);
        }
        let [first, second] = [(); 2].map(|()| owners[chance.random_range(0..SLOTS)]);
        owners = (0..SLOTS).map(|slot| if slot < SLOTS / 2 { first } else { second }).collect();
    }
    (EPOCHS_FIRST_COME, largest(&owners) * 100 / SLOTS)
}
