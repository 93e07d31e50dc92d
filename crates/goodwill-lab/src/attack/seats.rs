//! Leaders that misuse their turns.

use super::{
    Found, Trial,
    chain::{Setting, account, ensure, seats, serve},
    luck::verify,
};
use goodwill_node::ledger::Sandbox;
use goodwill_types::{Action, Amount, BlockContext, SecretKey};
use std::collections::BTreeSet;

/// A chain in an epoch with 64 seats, of which `trial.key("person", 0)` has `first`, `person 1` the others.
pub(crate) fn full(trial: &Trial, first: u32) -> Result<(Sandbox, u64, [SecretKey; 2]), String> {
    let people = [0, 1].map(|n| trial.key("person", n));
    let parameters = [("blocks_per_epoch", 256), ("slots_per_epoch", 64), ("seats_min", 1)];
    let founders = vec![trial.key("founder", 0)];
    let mut sandbox =
        Setting { founders, people: &people, parameters: &parameters, authority: None }.begin(trial);
    let epoch = serve(&mut sandbox, &[(&people[0], first), (&people[1], 64 - first)])?;
    Ok((sandbox, epoch, people))
}

/// 21 of 64 leaders leave out the orders of a miner, which orders again as soon as it is heard.
pub(crate) fn censoring(trial: &Trial) -> Result<Found, String> {
    let (mut sandbox, epoch, [censor, victim]) = full(trial, 21)?;
    let censors: BTreeSet<_> = seats(&sandbox, epoch, &account(&censor)).into_iter().collect();
    let committee = sandbox.committee(epoch).ok_or("no committee")?;
    ensure((censors.len(), committee.seats.len()) == (21, 64), "the seats are not as ordered")?;
    let (mut delays, mut waited) = (Vec::new(), 0_u64);
    for _ in 0..250 {
        if censors.contains(&committee.leader(sandbox.next().view).key) {
            sandbox.block(Vec::new());
            waited += 1;
            continue;
        }
        let wanted = sandbox.manifest().parameters.ordering(sandbox.chain().height + 1);
        let price_max = Amount::from_units(u64::MAX);
        let order = Action::OrderSlots { epoch: wanted, count: 1, price_max };
        let order = sandbox.transaction(&victim.public_key(), order);
        let signed = order.sign(&victim, &sandbox.manifest().chain_id());
        let block = sandbox.block(vec![signed]);
        ensure(block.receipts.len() == 1, "an honest leader left it out")?;
        delays.push(waited);
        waited = 0;
    }
    let most = delays.iter().copied().max().ok_or("no order ever entered")?;
    let mean = delays.iter().sum::<u64>() as f64 / delays.len() as f64;
    let words = format!(
        "all {} orders entered: {mean:.2} blocks late on average, at most {most}; there is a whole epoch to order",
        delays.len()
    );
    Ok(Found::new(most as f64, words))
}

/// Ten years, in milliseconds.
const TEN_YEARS_MS: u64 = 10 * 365 * 86_400_000;

/// A block whose timestamp is far ahead is executed like any other: what is minted is per block.
pub(crate) fn clock_skew(trial: &Trial) -> Result<Found, String> {
    let (sandbox, ..) = full(trial, 21)?;
    let honest = sandbox.clone().block(Vec::new());
    let context = sandbox.next();
    let ahead = BlockContext { timestamp_ms: context.timestamp_ms + TEN_YEARS_MS, ..context };
    let skewed = verify(&sandbox, ahead, honest.body.luck).map_err(|error| error.to_string())?;
    ensure(honest.chain.supply.minted > sandbox.chain().supply.minted, "an honest turn is not paid")?;
    let besides = skewed.chain.supply.minted.units as f64 - honest.chain.supply.minted.units as f64;
    ensure(skewed.chain.luck == honest.chain.luck, "the clock changes the luck")?;
    let words = format!(
        "a block ten years ahead mints {} coins besides and changes no draw; the others do not vote for it \
         beyond ten block times",
        besides / 1e9
    );
    Ok(Found::new(besides / 1e9, words))
}
