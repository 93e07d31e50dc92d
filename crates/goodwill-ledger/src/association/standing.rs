//! What a count decides: who is approved, frozen, revoked, renewed, or lapses.

use super::{
    amendment,
    records::{About, Association, Poll, Polls, Status},
    tally::{Count, count, slide},
};
use crate::{
    Manifest, Parameters, StoreError,
    mining::Epoch,
    state::State,
    supply::{Cell, Source},
};
use goodwill_types::{Amount, codec::List};

/// Whether three quarters of the live seats of a window said yes.
///
/// spec: polls 5
pub const fn wins(yes: u64, live: u64) -> bool {
    live > 0 && 4 * yes >= 3 * live
}

/// Whether more than half of them said no.
///
/// spec: associations 8
const fn revokes(no: u64, live: u64) -> bool {
    2 * no > live
}

/// Whether a quarter of them said no.
///
/// spec: associations 7
const fn freezes(no: u64, live: u64) -> bool {
    live > 0 && 4 * no >= live
}

/// What an epoch decides.
struct Decision<'a> {
    parameters: &'a Parameters,
    epoch: u64,
    live: u64,
    /// Whether the window is full, and its seats were there.
    counts: bool,
    /// Whether few seats are paid, so that the founders must agree.
    low_demand: bool,
    count: Count,
}

impl Decision<'_> {
    fn wins(&self, poll: &Poll) -> bool {
        self.counts && wins(poll.yes, self.live) && (!self.low_demand || self.count.founders_agree(poll.id))
    }
}

/// Counts the votes of `epoch`, and decides all open polls. The associations that receive, in the
/// order of their numbers.
///
/// spec: polls 3 to 6, associations 5 to 9
pub(crate) fn end_epoch(
    state: &mut State<'_>,
    manifest: &Manifest,
    epoch: u64,
) -> Result<Vec<u32>, StoreError> {
    let parameters = &manifest.parameters;
    let mut polls: Polls = state.read(Polls::key())?.unwrap_or_default();
    let count = count(state, manifest, epoch)?;
    slide(state, parameters, &mut polls, &count.tally, epoch)?;
    let record: Epoch = state.must(Epoch::key(epoch))?;
    let decision = Decision {
        parameters,
        epoch,
        live: polls.live,
        counts: u64::from(polls.epochs) == parameters.poll_window && polls.quiet == 0,
        low_demand: 2 * record.taken_up < parameters.slots_per_epoch,
        count,
    };
    let (mut open, mut receiving) = (Vec::with_capacity(polls.open.len()), Vec::new());
    for poll in std::mem::take(&mut polls.open).into_vec() {
        let goes_on = match poll.about {
            About::Amendment {} => amendment::decide(state, epoch, poll.id, decision.wins(&poll))?,
            About::Association {} => {
                let status = decide(state, &decision, &poll)?;
                receiving.extend(status.receives().then_some(poll.id));
                status.is_open()
            }
        };
        open.extend(goes_on.then_some(poll));
    }
    polls.open = List::new(open).expect("at most as many as before");
    state.write(Polls::key(), &polls);
    Ok(receiving)
}

/// What becomes of an association at the end of an epoch.
fn decide(state: &mut State<'_>, decision: &Decision<'_>, poll: &Poll) -> Result<Status, StoreError> {
    let key = Association::key(poll.id);
    let before: Association = state.must(key)?;
    let mut association = before;
    rotate(&mut association, decision.epoch);
    match association.status {
        Status::Candidate {} => decide_candidate(state, decision, poll, &mut association)?,
        Status::Approved {} | Status::Frozen {} => decide_approved(state, decision, poll, &mut association)?,
        Status::Revoked {} | Status::Lapsed {} => {}
    }
    if association.status != before.status {
        association.since = decision.epoch;
    }
    if !association.status.is_open() {
        state.remove(Association::domain_key(&association.domain));
    }
    if association != before {
        state.write(key, &association);
    }
    Ok(association.status)
}

/// spec: associations 4
fn rotate(association: &mut Association, epoch: u64) {
    if let Some(rotation) = association.rotation.filter(|rotation| epoch >= rotation.epoch) {
        (association.payout, association.rotation) = (rotation.account, None);
    }
}

/// spec: associations 5 and 6
fn decide_candidate(
    state: &mut State<'_>,
    decision: &Decision<'_>,
    poll: &Poll,
    association: &mut Association,
) -> Result<(), StoreError> {
    let deposit = association.deposit;
    if decision.wins(poll) {
        association.deposit = Amount::ZERO;
        association.status = Status::Approved {};
        association.until = decision.epoch + decision.parameters.mandate_epochs;
        state.give(&association.payout, deposit)?;
        state.book(Cell::Deposits, Cell::Accounts, deposit);
    } else if decision.epoch >= association.until {
        association.deposit = Amount::ZERO;
        association.status = Status::Lapsed {};
        state.donate(Source::Deposits, deposit);
    }
    Ok(())
}

/// spec: associations 7 to 9
fn decide_approved(
    state: &mut State<'_>,
    decision: &Decision<'_>,
    poll: &Poll,
    association: &mut Association,
) -> Result<(), StoreError> {
    if revokes(poll.no, decision.live) {
        association.status = Status::Revoked {};
        let frozen = std::mem::take(&mut association.frozen);
        state.book(Cell::Frozen, Cell::Reserve, frozen);
        return Ok(());
    }
    if association.renewing && decision.wins(poll) {
        association.until += decision.parameters.mandate_epochs;
        (association.renewing, association.was_frozen) = (false, false);
    }
    if decision.epoch >= association.until {
        association.status = Status::Lapsed {};
        return thaw(state, association);
    }
    let freezes = freezes(poll.no, decision.live);
    let cold = decision.epoch - association.since >= decision.parameters.freeze_epochs;
    match association.status {
        Status::Approved {} if freezes && !association.was_frozen => {
            (association.status, association.was_frozen) = (Status::Frozen {}, true);
            Ok(())
        }
        Status::Frozen {} if !freezes || cold => {
            association.status = Status::Approved {};
            thaw(state, association)
        }
        _ => Ok(()),
    }
}

/// Pays what was released while the association was frozen.
fn thaw(state: &mut State<'_>, association: &mut Association) -> Result<(), StoreError> {
    let frozen = std::mem::take(&mut association.frozen);
    if frozen == Amount::ZERO {
        return Ok(());
    }
    association.received = [association.received, frozen].into_iter().sum();
    state.give(&association.payout, frozen)?;
    state.book(Cell::Frozen, Cell::Accounts, frozen);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// spec: polls 5, the boundary table: the fewest yes of so many live seats.
    #[test]
    fn three_quarters_are_counted_exactly() {
        for live in 1..=200 {
            let fewest = (0..=live).find(|yes| wins(*yes, live)).unwrap();
            assert_eq!(fewest, (3 * live).div_ceil(4), "of {live}");
            assert!((fewest..=live).all(|yes| wins(yes, live)));
            let frozen = (0..=live).find(|no| freezes(*no, live)).unwrap();
            assert_eq!(frozen, live.div_ceil(4), "of {live}");
            let revoked = (0..=live).find(|no| revokes(*no, live)).unwrap();
            assert_eq!(revoked, live / 2 + 1, "of {live}");
        }
        assert!(!wins(0, 0) && !freezes(0, 0) && !revokes(0, 0));
    }
}
