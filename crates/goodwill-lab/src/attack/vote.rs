//! Votes: what a share of the orders can reach in a year, and what a vote is worth.
//!
//! A year is sampled: seats as the draw makes them, summed over the window, judged by the ledger's own
//! rule ([`wins`]). That the ledger counts so is tried in its tests.

use super::{
    Found, Trial,
    chain::{Setting, apply, authority, ensure, next_epoch, serve, vote},
    sampling::Seats,
};
use goodwill_identity::TestAuthority;
use goodwill_node::ledger::{
    Parameters, Sandbox,
    association::{Status, wins},
};
use goodwill_types::{Amount, Choice, SecretKey};
use rand::{SeedableRng as _, rngs::StdRng};
use std::collections::VecDeque;

/// Years that are sampled for each share.
const YEARS: u64 = 200;
/// Orders of an epoch: three for each slot, and a round number, so that shares are exact.
const ORDERED: u64 = 200;

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
fn fake(trial: &Trial, percent: u64) -> Result<Found, String> {
    let parameters = Parameters::standard();
    let seats = Seats::new(parameters.slots_per_epoch.into(), ORDERED, ORDERED * percent / 100);
    let mut chance = StdRng::seed_from_u64(trial.seed ^ percent);
    let years: Vec<Year> = (0..YEARS).map(|_| Year::sample(&parameters, &seats, &mut chance)).collect();
    let share =
        |of: fn(&Year) -> bool| years.iter().filter(|year| of(year)).count() as f64 * 100.0 / YEARS as f64;
    let approved = share(|year| year.approved);
    let words = format!(
        "in {approved} % of {YEARS} sampled years {percent} % of the orders approved an association of their own; \
         they froze an honest one in {} %, revoked it in {} %",
        share(|year| year.froze),
        share(|year| year.revoked),
    );
    Ok(Found::new(approved, words))
}

/// What was reached in a year.
#[derive(Default)]
struct Year {
    approved: bool,
    revoked: bool,
    froze: bool,
}

impl Year {
    fn sample(parameters: &Parameters, seats: &Seats, chance: &mut StdRng) -> Self {
        let (window, slots) = (parameters.poll_window, u64::from(parameters.slots_per_epoch));
        let live = window * slots;
        let (mut year, mut sum, mut drawn) = (Self::default(), 0, VecDeque::new());
        for _ in 0..parameters.mandate_epochs + window {
            let votes = seats.draw(chance);
            sum += votes;
            drawn.push_back(votes);
            if drawn.len() as u64 > window {
                sum -= drawn.pop_front().expect("more than the window");
            }
            if drawn.len() as u64 == window {
                year.approved |= wins(sum, live);
                year.revoked |= 2 * sum > live;
                year.froze |= 4 * sum >= live;
            }
        }
        year
    }
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
