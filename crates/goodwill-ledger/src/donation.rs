//! Donations: what is in the pool is divided among the associations, waits, and is released to them.

use crate::{
    Parameters, StoreError,
    association::{Association, POLLS_MAX, Status},
    state::State,
    supply::{Cell, Income},
};
use goodwill_types::{
    Address, Amount, Event, Failure, Key,
    codec::{List, record, variants},
};

const TAG_DIVISION: u8 = 20;

/// How the donations of an epoch were divided. Never removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Division {
    /// What had entered the pool.
    pub income: Income,
    /// What more than the associations may get at once went to the reserve.
    pub to_reserve: Amount,
    /// What the reserve added.
    pub from_reserve: Amount,
    /// Who was granted what. Ascending by association.
    pub grants: List<Grant, 0, POLLS_MAX>,
}

record!(Division { income, to_reserve, from_reserve, grants });

impl Division {
    /// Where the state holds that of `epoch`.
    pub fn key(epoch: u64) -> Key {
        Key::new(TAG_DIVISION, &epoch.to_be_bytes())
    }
}

/// What an association was granted from the donations of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Which association.
    pub id: u32,
    /// How much.
    pub amount: Amount,
    /// What became of it.
    pub release: Release,
}

record!(Grant { id: varint, amount, release });

/// What became of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// It waits for its time.
    Waiting {},
    /// It was paid.
    Paid {},
    /// The association was frozen at its time: it is paid when that ends, unless it is revoked.
    Frozen {},
    /// The association was revoked by its time: it went to the reserve.
    Returned {},
}

variants!(Release { 0 => Waiting {}, 1 => Paid {}, 2 => Frozen {}, 3 => Returned {} });

impl Release {
    /// Its word in the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting {} => "waiting",
            Self::Paid {} => "paid",
            Self::Frozen {} => "frozen",
            Self::Returned {} => "returned",
        }
    }
}

/// Gives coins to the pool.
///
/// spec: donations 1
pub(crate) fn apply_donation(
    state: &mut State<'_>,
    from: Address,
    amount: Amount,
) -> Result<Result<Event, Failure>, StoreError> {
    let mut giver = state.account(&from)?;
    let Some(rest) = giver.balance.checked_sub(amount) else {
        return Ok(Err(Failure::InsufficientBalance { balance: giver.balance, wanted: amount }));
    };
    giver.balance = rest;
    state.set_account(&from, &giver);
    state.donate(crate::supply::Source::Gifts, amount);
    Ok(Ok(Event::Donated { from, amount }))
}

/// Releases what is due at the end of `epoch`, and divides what entered the pool among those who
/// receive.
///
/// spec: donations 2 to 6
pub(crate) fn end_epoch(
    state: &mut State<'_>,
    parameters: &Parameters,
    epoch: u64,
    receiving: &[u32],
) -> Result<(), StoreError> {
    if let Some(due) = epoch.checked_sub(parameters.release_delay) {
        release(state, due)?;
    }
    divide(state, parameters, epoch, receiving)
}

/// What each of `count` associations gets of an epoch's `income`, and of the `reserve`.
///
/// spec: donations 3 and 4. Rounds down; what is left goes to the reserve, or stays in it.
pub fn shares(parameters: &Parameters, income: Amount, reserve: Amount, count: u64) -> (Amount, Amount) {
    if count == 0 {
        return (Amount::ZERO, Amount::ZERO);
    }
    let of_income = income.units / count.max(parameters.share_cap);
    let of_reserve = match count >= parameters.share_cap {
        true => reserve.units / parameters.reserve_epochs / count,
        false => 0,
    };
    (Amount::from_units(of_income), Amount::from_units(of_reserve))
}

fn divide(
    state: &mut State<'_>,
    parameters: &Parameters,
    epoch: u64,
    receiving: &[u32],
) -> Result<(), StoreError> {
    let (pool, reserve) = (state.supply().cell(Cell::Pool), state.supply().cell(Cell::Reserve));
    let count = receiving.len() as u64;
    let (of_income, of_reserve) = shares(parameters, pool, reserve, count);
    let amount = [of_income, of_reserve].into_iter().sum();
    let times = |amount: Amount| Amount::from_units(amount.units * count);
    let to_reserve = pool.checked_sub(times(of_income)).expect("shares round down");
    let from_reserve = times(of_reserve);
    let income = state.open_pool();
    state.book(Cell::Pool, Cell::Reserve, to_reserve);
    state.book(Cell::Pool, Cell::Pending, times(of_income));
    state.book(Cell::Reserve, Cell::Pending, from_reserve);
    for id in receiving {
        let mut association: Association = state.must(Association::key(*id))?;
        association.pending = [association.pending, amount].into_iter().sum();
        state.write(Association::key(*id), &association);
    }
    let grant = |id: &u32| Grant { id: *id, amount, release: Release::Waiting {} };
    let grants = List::new(receiving.iter().map(grant).collect()).expect("at most the open polls");
    state.write(Division::key(epoch), &Division { income, to_reserve, from_reserve, grants });
    Ok(())
}

/// Releases what was granted from the donations of the epoch `due`.
///
/// spec: donations 5
fn release(state: &mut State<'_>, due: u64) -> Result<(), StoreError> {
    let mut division: Division = state.must(Division::key(due))?;
    let mut grants = std::mem::take(&mut division.grants).into_vec();
    for grant in &mut grants {
        grant.release = release_grant(state, grant)?;
    }
    if !grants.is_empty() {
        division.grants = List::new(grants).expect("as many as before");
        state.write(Division::key(due), &division);
    }
    Ok(())
}

fn release_grant(state: &mut State<'_>, grant: &Grant) -> Result<Release, StoreError> {
    let (key, amount) = (Association::key(grant.id), grant.amount);
    let mut association: Association = state.must(key)?;
    association.pending = association.pending.checked_sub(amount).expect("it was granted");
    let release = match association.status {
        Status::Revoked {} => {
            state.book(Cell::Pending, Cell::Reserve, amount);
            Release::Returned {}
        }
        Status::Frozen {} => {
            association.frozen = [association.frozen, amount].into_iter().sum();
            state.book(Cell::Pending, Cell::Frozen, amount);
            Release::Frozen {}
        }
        Status::Candidate {} | Status::Approved {} | Status::Lapsed {} => {
            association.received = [association.received, amount].into_iter().sum();
            state.give(&association.payout, amount)?;
            state.book(Cell::Pending, Cell::Accounts, amount);
            Release::Paid {}
        }
    };
    state.write(key, &association);
    Ok(release)
}

/// Where the donations of the epoch are recorded whose releases are due at the end of `epoch`.
pub(crate) fn due(parameters: &Parameters, epoch: u64) -> Option<Key> {
    epoch.checked_sub(parameters.release_delay).map(Division::key)
}
