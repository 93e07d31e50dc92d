//! Rewards wait until they have matured, so that there is something to lose.

use super::{
    price,
    records::{Epoch, Miner, Owners, SeatRecord, draws_key, owners_key},
};
use crate::{ChainState, Parameters, StoreError, state::State, supply::Cell};
use goodwill_types::{Address, Amount, Committee};
use std::collections::BTreeMap;

/// Ends `epoch`: pays the rewards that mature, passes on its base fees and what its pot has left,
/// keeps what was used and earned, and fixes the price of the epoch for which the fees are.
///
/// spec: rewards 4 and 5, orders 2
pub(crate) fn end_epoch(
    state: &mut State<'_>,
    chain: &mut ChainState,
    parameters: &Parameters,
    epoch: u64,
) -> Result<(), StoreError> {
    if let Some(matured) = epoch.checked_sub(parameters.maturity_epochs) {
        mature(state, parameters, matured)?;
        forget(state, matured)?;
    }
    let mut record: Epoch = state.must(Epoch::key(epoch))?;
    (record.gas, record.paid_turns) = (chain.epoch_gas, chain.paid_turns);
    (chain.epoch_gas, chain.paid_turns) = (0, 0);
    state.write(Epoch::key(epoch), &record);
    let base_fees = state.supply().cell(Cell::BaseFees);
    state.book(Cell::BaseFees, Cell::Pots, base_fees);
    // What was this epoch's pot is that of the third epoch after it.
    let pot = chain.pot_mut(epoch);
    *pot = [*pot, base_fees].into_iter().sum();
    state.write(Epoch::key(epoch + 3), &price::open(parameters, epoch + 3, *pot));
    Ok(())
}

/// What the seats of `epoch` earned, by miner.
fn earned(
    state: &State<'_>,
    parameters: &Parameters,
    epoch: u64,
) -> Result<BTreeMap<Address, Amount>, StoreError> {
    let Epoch { reward, .. } = state.must(Epoch::key(epoch))?;
    let owners: Owners = state.must(owners_key(epoch))?;
    let mut earned = BTreeMap::<Address, Amount>::new();
    for (index, owner) in owners.iter().enumerate().filter(|(_, owner)| owner.paid) {
        let seat: SeatRecord = state.must(SeatRecord::key(epoch, index))?;
        let turns = u64::from(seat.led).min(parameters.paid_turns());
        let sum = earned.entry(owner.miner).or_default();
        *sum = [*sum, Amount::from_units(turns * reward.units)].into_iter().sum();
    }
    Ok(earned)
}

/// Pays what the seats of `epoch` earned, but to those that lost it.
fn mature(state: &mut State<'_>, parameters: &Parameters, epoch: u64) -> Result<(), StoreError> {
    for (address, amount) in earned(state, parameters, epoch)? {
        let key = Miner::key(&address);
        let mut miner: Miner = state.read(key)?.unwrap_or_default();
        if epoch < miner.forfeited || amount == Amount::ZERO {
            continue;
        }
        miner.unmatured = miner.unmatured.checked_sub(amount).expect("it was added turn by turn");
        miner.matured = [miner.matured, amount].into_iter().sum();
        state.write(key, &miner);
        state.give(&address, amount)?;
        state.book(Cell::Rewards, Cell::Accounts, amount);
    }
    Ok(())
}

/// Nothing of `epoch` can be punished or paid any more.
fn forget(state: &mut State<'_>, epoch: u64) -> Result<(), StoreError> {
    let committee: Committee = state.must(Committee::key(epoch))?;
    for index in 0..committee.seats.len() {
        state.remove(SeatRecord::key(epoch, index));
    }
    state.remove(Committee::key(epoch));
    state.remove(owners_key(epoch));
    state.remove(draws_key(epoch));
    Ok(())
}
