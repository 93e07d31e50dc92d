//! A turn: who leads a block, what its seat reveals, what it earns, and who missed theirs.

use super::records::{Epoch, Miner, Owner, Owners, SeatRecord, owners_key};
use crate::{BlockError, ChainState, Parameters, StoreError, state::State, supply::Cell};
use goodwill_types::{
    Address, Amount, BlockContext, Committee, Digest, PublicKey,
    luck::{fold, link_after},
};

/// Whose turn a block is.
pub(crate) struct Turn {
    pub(crate) committee: Committee,
    pub(crate) owners: Owners,
    /// The leading seat's place in the committee.
    pub(crate) index: usize,
    pub(crate) seat: SeatRecord,
}

impl Turn {
    /// spec: turns 2
    pub(crate) fn of(state: &State<'_>, context: &BlockContext) -> Result<Self, StoreError> {
        let committee: Committee = state.must(Committee::key(context.epoch))?;
        let index = committee.turn(context.view);
        let seat = state.must(SeatRecord::key(context.epoch, index))?;
        Ok(Self { owners: state.must(owners_key(context.epoch))?, committee, index, seat })
    }

    pub(crate) fn key(&self) -> &PublicKey {
        &self.committee.seats[self.index].key
    }

    pub(crate) fn owner(&self) -> &Owner {
        &self.owners[self.index]
    }

    /// The account that gets the tips.
    pub(crate) fn miner(&self) -> &Address {
        &self.owner().miner
    }

    /// Whether the seat reveals the next link of its luck, or nothing because there is none left.
    ///
    /// spec: luck 2
    pub(crate) fn check_luck(&self, reveal: Option<&Digest>) -> Result<(), BlockError> {
        let due = self.seat.left > 0;
        match reveal {
            Some(link) if due && link_after(link) == self.seat.luck => Ok(()),
            None if !due => Ok(()),
            _ => Err(BlockError::Luck { seat: *self.key() }),
        }
    }
}

/// Enters the block in the books of its seat and miner, pays for the turn, and goes on with the luck.
///
/// spec: rewards 3, luck 3
pub(crate) fn finish(
    state: &mut State<'_>,
    chain: &mut ChainState,
    parameters: &Parameters,
    context: &BlockContext,
    mut turn: Turn,
    reveal: Option<&Digest>,
) -> Result<(), StoreError> {
    miss(state, context, &turn)?;
    // Read again: the same seat may have missed turns just before.
    turn.seat = state.must(SeatRecord::key(context.epoch, turn.index))?;
    turn.seat.led += 1;
    if let Some(link) = reveal {
        (turn.seat.luck, turn.seat.left) = (*link, turn.seat.left - 1);
    }
    state.write(SeatRecord::key(context.epoch, turn.index), &turn.seat);
    let earned = earn(state, chain, parameters, context, &turn)?;
    let key = Miner::key(turn.miner());
    let mut miner: Miner = state.read(key)?.unwrap_or_default();
    miner.led += 1;
    miner.unmatured = [miner.unmatured, earned].into_iter().sum();
    state.write(key, &miner);
    chain.luck = fold(&chain.luck, reveal);
    Ok(())
}

/// Mints what the turn earns, and takes the rest from the pot.
///
/// spec: rewards 3. Caretakers, turns beyond the paid ones, and miners that equivocated earn nothing.
fn earn(
    state: &mut State<'_>,
    chain: &mut ChainState,
    parameters: &Parameters,
    context: &BlockContext,
    turn: &Turn,
) -> Result<Amount, StoreError> {
    let miner: Miner = state.read(Miner::key(turn.miner()))?.unwrap_or_default();
    let due = turn.owner().paid
        && u64::from(turn.seat.led) <= parameters.paid_turns()
        && context.epoch >= miner.forfeited;
    if !due {
        return Ok(Amount::ZERO);
    }
    let Epoch { reward, subsidy, .. } = state.must(Epoch::key(context.epoch))?;
    let share = reward.checked_sub(subsidy).expect("the subsidy is a part of the reward");
    let pot = chain.pot_mut(context.epoch);
    *pot = pot.checked_sub(share).expect("the pot was divided by all the blocks of its epoch");
    chain.paid_turns += 1;
    state.mint(Cell::Rewards, subsidy);
    state.book(Cell::Pots, Cell::Rewards, share);
    Ok(reward)
}

/// The attempts between a block and its parent failed: those whose turns they were missed them.
///
/// spec: turns 3
fn miss(state: &mut State<'_>, context: &BlockContext, turn: &Turn) -> Result<(), StoreError> {
    for (index, missed) in missed_turns(context, &turn.committee) {
        let key = SeatRecord::key(context.epoch, index);
        let mut seat: SeatRecord = state.must(key)?;
        seat.missed = seat.missed.saturating_add(missed);
        state.write(key, &seat);
        let key = Miner::key(&turn.owners[index].miner);
        let mut miner: Miner = state.read(key)?.unwrap_or_default();
        miner.missed = miner.missed.saturating_add(missed.into());
        state.write(key, &miner);
    }
    Ok(())
}

/// How many turns each seat missed before the block, for those that missed any.
pub(crate) fn missed_turns(
    context: &BlockContext,
    committee: &Committee,
) -> impl Iterator<Item = (usize, u32)> {
    let turns = committee.schedule.len() as u64;
    let first = context.parent_view % turns + 1;
    let failed = context.view.saturating_sub(context.parent_view).saturating_sub(1);
    let (rounds, rest) = (failed / turns, failed % turns);
    let schedule = (0..turns).map(move |offset| {
        let missed = rounds + u64::from(offset < rest);
        (committee.turn(first + offset), u32::try_from(missed).unwrap_or(u32::MAX))
    });
    schedule.filter(|(_, missed)| *missed > 0).collect::<Vec<_>>().into_iter()
}
