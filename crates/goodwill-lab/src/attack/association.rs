//! Associations: who receives, who stops whom.

use super::{
    Found, Trial,
    chain::{
        Setting, act, application, apply, authority, end_epoch, ensure, epoch, issue, next_epoch, refusal,
        serve, vote,
    },
};
use goodwill_identity::TestAuthority;
use goodwill_node::ledger::{Cell, Sandbox, association::Status, donation::Release};
use goodwill_types::{Amount, Choice, SecretKey};

/// A miner with all seats approves its own association, orders all slots, and sees what comes back.
pub(crate) fn self_donation(trial: &Trial) -> Result<Found, String> {
    let (authority, miner) = (authority(), trial.key("miner", 0));
    let people = std::slice::from_ref(&miner);
    let founders = vec![trial.key("founder", 0)];
    let setting = Setting { founders, people, parameters: &[("seats_min", 1)], authority: Some(&authority) };
    let mut sandbox = setting.begin(trial);
    serve(&mut sandbox, &[(&miner, 8)])?;
    let id = apply(&mut sandbox, &authority, &miner, "mine.org")?;
    vote(&mut sandbox, &[&miner], id, Choice::Yes {})?;
    // Its slots are drawn, so their price enters the pool, in the epoch before the one that it serves.
    let paid_in = serve(&mut sandbox, &[(&miner, 8)])? - 1;
    let association = sandbox.association(id).ok_or("the association is gone")?;
    ensure(association.status == Status::Approved {}, "its own votes did not count")?;
    for _ in 0..sandbox.manifest().parameters.release_delay {
        next_epoch(&mut sandbox);
    }
    let division = sandbox.division(paid_in).ok_or("nothing was divided")?;
    let grant = division.grants.first().ok_or("nothing was granted")?;
    ensure(grant.release == Release::Paid {}, "it was not paid")?;
    let given: Amount = division.income.0.into_iter().sum();
    let back = grant.amount.units as f64 / given.units as f64 * 100.0;
    let words = format!(
        "{} of {given} coins given came back; the rest waits in the reserve until there are {} associations",
        grant.amount,
        sandbox.manifest().parameters.share_cap
    );
    Ok(Found::new(back, words))
}

/// Every spelling of a domain that is approved for once, and names under it, each with a certificate.
pub(crate) fn subdomains(trial: &Trial) -> Result<Found, String> {
    let authority = authority();
    let people: Vec<_> = (0..8).map(|n| trial.key("person", n)).collect();
    let founders = vec![trial.key("founder", 0)];
    let setting = Setting { founders, people: &people, parameters: &[], authority: Some(&authority) };
    let mut sandbox = setting.begin(trial);
    apply(&mut sandbox, &authority, &people[0], "trees.org")?;
    // The domain that is claimed, and the name on the certificate.
    let tries = [
        ("www.trees.org", "www.trees.org"),
        ("a.b.trees.org", "a.b.trees.org"),
        ("shop.trees.org", "*.trees.org"),
        ("trees.org", "trees.org"),
        ("Trees.org", "trees.org"),
        ("trees.org.", "trees.org"),
        ("co.uk", "co.uk"),
    ];
    let mut accepted = 0;
    for ((claimed, named), person) in tries.iter().zip(&people[1..]) {
        let action = application(&sandbox, person, &issue(&authority, named), claimed);
        let receipt = act(&mut sandbox, person, action)?;
        accepted += usize::from(refusal(receipt, claimed).is_err());
    }
    // Another registered domain is another applicant, and pays again.
    let before = sandbox.chain().supply.cell(Cell::Deposits);
    apply(&mut sandbox, &authority, &people[1], "trees.net")?;
    let deposit = sandbox.chain().supply.cell(Cell::Deposits).checked_sub(before);
    let deposit = deposit.filter(|deposit| *deposit > Amount::ZERO).ok_or("a sister domain cost nothing")?;
    let words = format!(
        "{accepted} of {} names besides the domain were accepted; a sister domain deposits {deposit} coins",
        tries.len()
    );
    Ok(Found::new(accepted as f64, words))
}

/// Four founders; one of them says no to an approved association, and never stops.
pub(crate) fn freezing(trial: &Trial) -> Result<Found, String> {
    let (authority, good) = (authority(), trial.key("good", 0));
    let founders: Vec<_> = (0..4).map(|n| trial.key("founder", n)).collect();
    let people = std::slice::from_ref(&good);
    let parameters = [("freeze_epochs", 3), ("share_cap", 1)];
    let setting =
        Setting { founders: founders.clone(), people, parameters: &parameters, authority: Some(&authority) };
    let mut sandbox = setting.begin(trial);
    let id = apply(&mut sandbox, &authority, &good, "good.org")?;
    let voters: Vec<_> = founders.iter().collect();
    vote(&mut sandbox, &voters, id, Choice::Yes {})?;
    next_epoch(&mut sandbox);
    vote(&mut sandbox, &voters[..1], id, Choice::No {})?;
    let (mut frozen, mut waited) = (0, Amount::ZERO);
    for _ in 0..12 {
        next_epoch(&mut sandbox);
        let association = sandbox.association(id).ok_or("the association is gone")?;
        frozen += u64::from(association.status == Status::Frozen {});
        waited = waited.max(association.frozen);
    }
    let association = sandbox.association(id).ok_or("the association is gone")?;
    ensure(association.status == Status::Approved {}, "a quarter ended its approval")?;
    ensure(association.frozen == Amount::ZERO && association.received >= waited, "what waited is not paid")?;
    let words = format!(
        "its payments waited for {frozen} of 12 epochs, once; {waited} coins waited, and all were paid then"
    );
    Ok(Found::new(frozen as f64, words))
}

/// Three of eight slots are sold, all to one.
pub(crate) fn low_demand(trial: &Trial) -> Result<Found, String> {
    let authority = authority();
    let [alone, asked] = [1, 4].map(|seats_min| quiet(trial, &authority, seats_min));
    let (alone, asked) = (alone?, asked?);
    ensure(asked.1 == (Status::Approved {}), "the founders' yes does not count")?;
    let approved =
        u32::from(alone.0 != (Status::Candidate {})) + u32::from(asked.0 != (Status::Candidate {}));
    let words = format!(
        "{approved} approved by who had bought 3 of 8 slots, all that were sold; approved once the founder said yes; \
         from 4 of 8 on three quarters of the live seats decide alone"
    );
    Ok(Found::new(f64::from(approved), words))
}

/// How the association of a miner with three seats stands after it voted in three epochs, and after the
/// founder said yes too, where there are at least `seats_min` seats.
fn quiet(trial: &Trial, authority: &TestAuthority, seats_min: u64) -> Result<(Status, Status), String> {
    let (miner, founder) = (trial.key("miner", 0), trial.key("founder", 0));
    let people = std::slice::from_ref(&miner);
    let parameters = [("seats_min", seats_min)];
    let founders = vec![founder.clone()];
    let setting = Setting { founders, people, parameters: &parameters, authority: Some(authority) };
    let mut sandbox = setting.begin(trial);
    let id = apply(&mut sandbox, authority, &miner, "mine.org")?;
    let status = |sandbox: &Sandbox| {
        sandbox.association(id).map(|association| association.status).ok_or("the association is gone")
    };
    for _ in 0..3 {
        serve(&mut sandbox, &[(&miner, 3)])?;
        say_yes(&mut sandbox, &miner, id)?;
        end_epoch(&mut sandbox);
    }
    let without = status(&sandbox)?;
    let has_seat = sandbox
        .committee(epoch(&sandbox))
        .is_some_and(|committee| committee.position(&founder.public_key()).is_some());
    if has_seat {
        next_epoch(&mut sandbox);
        serve(&mut sandbox, &[(&miner, 3)])?;
        say_yes(&mut sandbox, &founder, id)?;
        next_epoch(&mut sandbox);
    }
    Ok((without, status(&sandbox)?))
}

fn say_yes(sandbox: &mut Sandbox, voter: &SecretKey, id: u32) -> Result<(), String> {
    vote(sandbox, &[voter], id, Choice::Yes {})
}
