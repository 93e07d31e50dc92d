//! Equivocation, and what it costs.

use super::records::{Miner, Owners, owners_key};
use crate::{
    ChainState, Parameters, StoreError,
    state::State,
    supply::{Cell, Source},
};
use goodwill_types::{Address, Amount, Committee, Equivocation, Event, Failure};

/// Punishes the miner whose seat cast both votes of `evidence`, which holds: it loses its unmatured
/// rewards, earns nothing more in this epoch, and cannot order for a while. The `reporter`'s `fee`
/// is repaid from the confiscation, as far as it reaches.
///
/// spec: faults 1 to 4
pub(crate) fn apply_report(
    state: &mut State<'_>,
    chain: &ChainState,
    parameters: &Parameters,
    reporter: Address,
    fee: Amount,
    evidence: &Equivocation,
) -> Result<Result<Event, Failure>, StoreError> {
    let (epoch, now) = (evidence.epoch(), parameters.epoch_of(chain.height + 1));
    let Some(miner) = owner(state, epoch, evidence)? else {
        return Ok(Err(Failure::NoSuchSeat { epoch }));
    };
    let key = Miner::key(&miner);
    let mut record: Miner = state.read(key)?.unwrap_or_default();
    if epoch < record.forfeited {
        return Ok(Err(Failure::PunishedAlready { epoch }));
    }
    let confiscated = std::mem::take(&mut record.unmatured);
    let repaid = confiscated.min(fee);
    let banned_until = now + parameters.ban_epochs;
    (record.forfeited, record.banned) = (now + 1, banned_until + 1);
    state.write(key, &record);
    state.give(&reporter, repaid)?;
    let donated = confiscated.checked_sub(repaid).expect("at most all of it");
    state.donate(Source::Confiscations, donated);
    state.book(Cell::Rewards, Cell::Accounts, repaid);
    Ok(Ok(Event::EquivocationPunished { miner, epoch, confiscated, repaid, banned_until }))
}

/// Whose the seat was, if its epoch has begun and its rewards have not matured.
fn owner(state: &State<'_>, epoch: u64, evidence: &Equivocation) -> Result<Option<Address>, StoreError> {
    let Some(committee) = state.read::<Committee>(Committee::key(epoch))? else { return Ok(None) };
    let Some(index) = committee.position(&evidence.seat) else { return Ok(None) };
    let owners: Owners = state.must(owners_key(epoch))?;
    Ok(Some(owners[index].miner))
}
