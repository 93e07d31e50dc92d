//! Amendments: numbers of the rules that a vote changes.

use super::{
    apply::{open_poll, take_deposit},
    records::{About, Amended, Amendment, Status, amended_key},
};
use crate::{
    ChainState, Manifest, Parameters, StoreError,
    state::State,
    supply::{Cell, Source},
};
use goodwill_types::{
    Address, Adjustable, Amount, Change, Event, Failure,
    amendment::{ChangeList, REASON_SIZE_MAX},
    codec::{List, Text},
};
use std::collections::BTreeMap;

/// The manifest with the numbers in force. `None` where no amendment changed any.
pub(crate) fn in_force(manifest: &Manifest, amended: Option<&Amended>) -> Option<Manifest> {
    let amended = amended.filter(|amended| !amended.changes.is_empty())?;
    Some(manifest.with(amended.apply(&manifest.parameters)))
}

/// Opens a poll on an amendment.
///
/// spec: amendments 1 and 2
pub(crate) fn apply_proposal(
    state: &mut State<'_>,
    chain: &ChainState,
    parameters: &Parameters,
    account: Address,
    epoch: u64,
    changes: &ChangeList,
    reason: &Text<REASON_SIZE_MAX>,
) -> Result<Result<Event, Failure>, StoreError> {
    let since = parameters.epoch_of(chain.height + 1);
    let (first, last) = (since + parameters.poll_window + 1, since + parameters.poll_epochs);
    if !(first..=last).contains(&epoch) {
        return Ok(Err(Failure::AmendmentTime { first, last }));
    }
    let deposit = match take_deposit(state, parameters, &account)? {
        Ok(deposit) => deposit,
        Err(failure) => return Ok(Err(failure)),
    };
    let id = match open_poll(state, About::Amendment {})? {
        Ok(id) => id,
        Err(failure) => return Ok(Err(failure)),
    };
    let (changes, reason) = (changes.clone(), reason.clone());
    let status = Status::Candidate {};
    let amendment = Amendment { account, status, since, epoch, changes, reason, deposit };
    state.write(Amendment::key(id), &amendment);
    Ok(Ok(Event::AmendmentProposed { id, epoch, deposit }))
}

/// What becomes of an amendment at the end of `epoch`, and whether that is still open: an approved
/// one waits for its epoch.
///
/// spec: amendments 3 and 4
pub(super) fn decide(state: &mut State<'_>, epoch: u64, id: u32, wins: bool) -> Result<bool, StoreError> {
    let mut amendment: Amendment = state.must(Amendment::key(id))?;
    let due = epoch + 1 >= amendment.epoch;
    let deposit = amendment.deposit;
    match amendment.status {
        Status::Candidate {} if wins => {
            (amendment.status, amendment.deposit) = (Status::Approved {}, Amount::ZERO);
            state.give(&amendment.account, deposit)?;
            state.book(Cell::Deposits, Cell::Accounts, deposit);
        }
        Status::Candidate {} if due => {
            (amendment.status, amendment.deposit) = (Status::Lapsed {}, Amount::ZERO);
            state.donate(Source::Deposits, deposit);
        }
        _ => {}
    }
    if due && amendment.status == (Status::Approved {}) {
        put_in_force(state, &amendment.changes)?;
    }
    state.write(Amendment::key(id), &amendment);
    Ok(!due)
}

fn put_in_force(state: &mut State<'_>, changes: &[Change]) -> Result<(), StoreError> {
    let amended: Amended = state.read(amended_key())?.unwrap_or_default();
    let all = amended.changes.iter().chain(changes);
    let latest: BTreeMap<Adjustable, u64> = all.map(|change| (change.adjustable, change.value)).collect();
    let changes = latest.into_iter().map(|(adjustable, value)| Change { adjustable, value }).collect();
    let changes = List::new(changes).expect("at most one for each number that can change");
    state.write(amended_key(), &Amended { changes });
    Ok(())
}
