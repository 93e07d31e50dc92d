//! Seats that are away, and seats that sign two blocks: the quorum, with the committee and the keys of a
//! chain in which all 64 slots are sold. How nodes halt and recover, the engine's simulations show
//! (`crates/goodwill-engine/tests/simulation.rs`).

use super::{
    Found, Trial,
    certificate::{certify, finality, finalize, header},
    chain::{account, act, done, ensure},
    fault::seat_keys,
    seats::full,
};
use goodwill_node::ledger::Sandbox;
use goodwill_proof::verify_finality;
use goodwill_types::{Action, Committee, Digest, Equivocation, Event, Header, SecretKey};

/// A committee of 64 seats, with the keys of all.
struct Quorum {
    sandbox: Sandbox,
    committee: Committee,
    chain_id: Digest,
    epoch: u64,
    people: [SecretKey; 2],
    /// Those of the first miner first.
    keys: Vec<SecretKey>,
}

impl Quorum {
    /// The first miner has `first` seats.
    fn new(trial: &Trial, first: u32) -> Result<Self, String> {
        let (sandbox, epoch, people) = full(trial, first)?;
        let committee = sandbox.committee(epoch).ok_or("no committee")?;
        let mut keys = seat_keys(&people[0], epoch, first);
        keys.extend(seat_keys(&people[1], epoch, 64 - first));
        ensure(keys.iter().all(|key| committee.position(&key.public_key()).is_some()), "a key has no seat")?;
        let chain_id = sandbox.manifest().chain_id();
        Ok(Self { sandbox, committee, chain_id, epoch, people, keys })
    }

    fn block(&self, what: &[u8]) -> Header {
        header(&self.committee, self.epoch, self.sandbox.chain().timestamp_ms, what)
    }

    /// Whether everybody who verifies believes that `signers` made the block final.
    fn is_final(&self, header: &Header, signers: &[&SecretKey]) -> bool {
        let certificate = certify(header, &self.committee, signers, &self.chain_id);
        verify_finality(&self.chain_id, &self.committee, &finality(header, certificate)).is_ok()
    }
}

/// Seats go away one after the other: how many stop the chain.
pub(crate) fn offline(trial: &Trial) -> Result<Found, String> {
    let quorum = Quorum::new(trial, 21)?;
    let block = quorum.block(b"block");
    let seats = quorum.keys.len();
    let present = |away: usize| quorum.keys[away..].iter().collect::<Vec<_>>();
    let stop = (0..=seats).find(|away| !quorum.is_final(&block, &present(*away)));
    let stop = stop.ok_or("no seat is needed")?;
    ensure((stop..seats).all(|away| !quorum.is_final(&block, &present(away))), "fewer seats go on")?;
    let words = format!(
        "{} of {seats} seats away: the chain goes on; {stop} away: nothing is final until they return, and nothing \
         else is either",
        stop - 1
    );
    Ok(Found::new(stop as f64 / seats as f64 * 100.0, words))
}

/// One miner with 22 of 64 seats signs two blocks of one turn, and shows each to half of the others.
pub(crate) fn byzantine(trial: &Trial) -> Result<Found, String> {
    ensure(!forks(&Quorum::new(trial, 21)?), "21 of 64 seats fork the chain")?;
    let mut quorum = Quorum::new(trial, 22)?;
    ensure(forks(&quorum), "22 of 64 seats cannot fork the chain")?;
    let punished = report(&mut quorum)?;
    let share = 22.0 / 64.0 * 100.0;
    let words = format!(
        "22 of 64 seats made two blocks final at once, 21 could not; each signed both, so they are proven guilty: \
         one report took {punished} coins"
    );
    Ok(Found::new(share, words))
}

/// Whether the first miner's seats and half of the others make each of two blocks final.
fn forks(quorum: &Quorum) -> bool {
    let guilty = seat_keys(&quorum.people[0], quorum.epoch, 64);
    let guilty =
        quorum.keys.iter().filter(|key| guilty.iter().any(|own| own.public_key() == key.public_key()));
    let guilty: Vec<_> = guilty.collect();
    let honest = &quorum.keys[guilty.len()..];
    let halves = honest.split_at(honest.len() / 2);
    [(halves.0, &b"one"[..]), (halves.1, b"other")].iter().all(|(half, what)| {
        let signers: Vec<_> = guilty.iter().copied().chain(half.iter()).collect();
        quorum.is_final(&quorum.block(what), &signers)
    })
}

/// What the first miner loses once one of its seats is reported.
fn report(quorum: &mut Quorum) -> Result<goodwill_types::Amount, String> {
    quorum.sandbox.warp(quorum.sandbox.chain().height + 128);
    let seat = &quorum.keys[0];
    let [first, second] =
        [b"one".as_slice(), b"other"].map(|what| finalize(&quorum.block(what), seat, &quorum.chain_id));
    let evidence = Equivocation { seat: seat.public_key(), first, second };
    let action = Action::ReportEquivocation { evidence: evidence.into() };
    let reporter = quorum.people[1].clone();
    match done(act(&mut quorum.sandbox, &reporter, action)?)? {
        Event::EquivocationPunished { miner, confiscated, .. } if miner == account(&quorum.people[0]) => {
            Ok(confiscated)
        }
        other => Err(format!("instead of a punishment: {other:?}")),
    }
}
