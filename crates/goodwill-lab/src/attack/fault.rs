//! Voting against oneself.

use super::{
    Found, Trial,
    chain::{Setting, account, done, ensure, refusal, seats, serve},
};
use goodwill_node::ledger::Sandbox;
use goodwill_types::{
    Action, Amount, Domain, Equivocation, Event, Failure, SecretKey, hash,
    vote::{Proposal, Round, Vote},
};

/// Two blocks of one turn, both signed by `seat`.
pub(crate) fn two_votes(sandbox: &Sandbox, seat: &SecretKey, epoch: u64) -> Equivocation {
    let round = Round { epoch, view: 7 };
    let cast = |block: &[u8]| {
        let proposal = Proposal { round, parent_view: 6, block: hash(Domain::Block, block) };
        Vote::Notarize { proposal }.sign(seat, &sandbox.manifest().chain_id())
    };
    Equivocation { seat: seat.public_key(), first: cast(b"one"), second: cast(b"other") }
}

/// The keys of the seats that [`Sandbox::take_up`] makes for `miner`, as its node holds them.
pub(crate) fn seat_keys(miner: &SecretKey, epoch: u64, slots: u32) -> Vec<SecretKey> {
    let key = |slot: u32| {
        let secret = [&miner.to_seed()[..], &epoch.to_be_bytes(), &slot.to_be_bytes()].concat();
        SecretKey::from_seed(hash(Domain::Seat, &secret).as_ref().try_into().expect("32 bytes"))
    };
    (0..slots).map(key).collect()
}

/// A miner equivocates near the end of its epoch, somebody reports it.
pub(crate) fn equivocation(trial: &Trial) -> Result<Found, String> {
    let [cheat, honest, reporter] = [0, 1, 2].map(|n| trial.key("person", n));
    let people = [cheat.clone(), honest.clone(), reporter.clone()];
    let setting = Setting {
        founders: vec![trial.key("founder", 0)],
        people: &people,
        parameters: &[],
        authority: None,
    };
    let mut sandbox = setting.begin(trial);
    let epoch = serve(&mut sandbox, &[(&cheat, 4), (&honest, 4)])?;
    sandbox.warp(*sandbox.manifest().parameters.heights(epoch).end() - 5);
    ensure(seats(&sandbox, epoch, &account(&cheat)).len() == 4, "the cheat has no seats")?;
    let earned = sandbox.miner(&account(&cheat)).unmatured;
    ensure(earned > Amount::ZERO, "the cheat has earned nothing")?;

    let evidence = two_votes(&sandbox, &seat_keys(&cheat, epoch, 4)[0], epoch);
    let before = sandbox.account(&account(&reporter)).balance;
    let report = |sandbox: &mut Sandbox| {
        let action = Action::ReportEquivocation { evidence: evidence.clone().into() };
        super::chain::act(sandbox, &reporter, action)
    };
    let Event::EquivocationPunished { confiscated, .. } = done(report(&mut sandbox)?)? else {
        return Err("a true report did nothing".into());
    };
    ensure(sandbox.account(&account(&reporter)).balance == before, "the reporter's fee is not repaid")?;
    let again = refusal(report(&mut sandbox)?, "a second report")?;
    ensure(matches!(again, Failure::PunishedAlready { .. }), "it is punished twice")?;
    let order = sandbox.order(&cheat, 1).map_err(|invalid| invalid.to_string())?;
    let banned = refusal(order, "an order of a banned miner")?;
    ensure(matches!(banned, Failure::Banned { .. }), "the cheat may order")?;

    sandbox.warp(*sandbox.manifest().parameters.heights(epoch + 2).end());
    let (lost, kept) = (sandbox.miner(&account(&cheat)), sandbox.miner(&account(&honest)));
    ensure(kept.matured > Amount::ZERO, "the honest miner was not paid")?;
    let left = lost.matured.units + lost.unmatured.units;
    let share = confiscated.units as f64 / (confiscated.units + left) as f64 * 100.0;
    let words = format!(
        "{confiscated} coins, {share} % of its unmatured rewards, went to the pool; it earned nothing more in the \
         epoch and could not order; the reporter's fee was repaid"
    );
    Ok(Found::new(share, words))
}
