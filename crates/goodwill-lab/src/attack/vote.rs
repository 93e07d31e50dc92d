//! Votes: what a share of the orders can reach in a year, and what a vote is worth.
//!
//! Years are sampled as the guide samples them: seats as the draw makes them, summed over the window,
//! judged by the ledger's own rule. That the ledger counts so is tried in its tests.

use super::{
    Found, Trial,
    chain::{Setting, apply, authority, ensure, next_epoch, serve, vote},
};
use goodwill_identity::TestAuthority;
use goodwill_node::{
    guide::sampling::{Draws, sample},
    ledger::{Parameters, Sandbox, association::Status},
};
use goodwill_types::{Amount, Choice, SecretKey};

pub(crate) fn fake_25(trial: &Trial) -> Result<Found, String> {
    fake(trial, 25)
}

pub(crate) fn fake_50(trial: &Trial) -> Result<Found, String> {
    fake(trial, 50)
}

pub(crate) fn fake_60(trial: &Trial) -> Result<Found, String> {
    fake(trial, 60)
}

pub(crate) fn fake_74(trial: &Trial) -> Result<Found, String> {
    fake(trial, 74)
}

pub(crate) fn fake_75(trial: &Trial) -> Result<Found, String> {
    fake(trial, 75)
}

pub(crate) fn fake_80(trial: &Trial) -> Result<Found, String> {
    fake(trial, 80)
}

/// `percent` of the orders of a standard chain vote for an association of theirs, and against all others.
fn fake(trial: &Trial, percent: u32) -> Result<Found, String> {
    let outcome = sample(Draws::of_a_year(&Parameters::standard()), percent, trial.seed);
    ensure(outcome.years > 0, "no year was sampled")?;
    let share = |years: u32| f64::from(years) * 100.0 / f64::from(outcome.years);
    let approved = share(outcome.captured);
    let words = format!(
        "in {approved:.1} % of {} sampled years {percent} % of the orders approved an association of their own; in \
         {:.1} % they could freeze an honest one",
        outcome.years,
        share(outcome.froze),
    );
    Ok(Found::new(approved, words))
}

/// What the pool can pay for a vote, set against what a miner gains; and that a bought approval is worth
/// nothing where the votes turn before the first payment is released.
pub(crate) fn selling(trial: &Trial) -> Result<Found, String> {
    let (authority, miner, briber) = (authority(), trial.key("miner", 0), trial.key("briber", 0));
    let people = [miner.clone(), briber.clone()];
    let setting = Setting {
        founders: vec![trial.key("founder", 0)],
        people: &people,
        parameters: &[("seats_min", 1)],
        authority: Some(&authority),
    };
    let mut sandbox = setting.begin(trial);
    let epoch = serve(&mut sandbox, &[(&miner, 8)])?;
    let record = sandbox.epoch(epoch).ok_or("the epoch is not known")?;
    let turns = sandbox.manifest().parameters.paid_turns();
    let gain = (turns * record.reward.units).checked_sub(record.price.units).ok_or("slots bring a loss")?;
    let worth = record.price.units as f64 / gain as f64;
    bought_and_turned(&mut sandbox, &miner, &briber, &authority)?;
    let standard = Parameters::standard();
    let held = standard.poll_window + standard.release_delay;
    let words = format!(
        "a seat brings the pool {worth} times what it brings its miner, and one association at most an \
         {cap}th of that: votes can be bought, but three quarters of them, for {held} epochs before the \
         first coin comes; votes that turned in time left the briber nothing",
        cap = standard.share_cap,
    );
    Ok(Found::new(worth, words))
}

/// A miner with all seats approves the briber's association, and turns before anything is released.
fn bought_and_turned(
    sandbox: &mut Sandbox,
    miner: &SecretKey,
    briber: &SecretKey,
    authority: &TestAuthority,
) -> Result<(), String> {
    let id = apply(sandbox, authority, briber, "bribe.org")?;
    vote(sandbox, &[miner], id, Choice::Yes {})?;
    serve(sandbox, &[(miner, 8)])?;
    let bribed = sandbox.association(id).ok_or("the association is gone")?;
    ensure(bribed.status == Status::Approved {}, "bought votes did not count")?;
    ensure(bribed.pending > Amount::ZERO, "nothing was granted")?;
    vote(sandbox, &[miner], id, Choice::No {})?;
    next_epoch(sandbox);
    let turned = sandbox.association(id).ok_or("the association is gone")?;
    ensure(turned.status == Status::Revoked {}, "half of the seats could not revoke")?;
    ensure(turned.received == Amount::ZERO, &format!("the briber was paid {}", turned.received))
}
