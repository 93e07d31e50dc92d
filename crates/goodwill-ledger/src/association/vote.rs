//! Votes: what a miner says, and goes on saying.

use super::records::{Ballot, Polls, Standing};
use crate::{ChainState, Parameters, StoreError, mining::Owners, mining::owners_key, state::State};
use goodwill_types::{Address, Choice, Event, Failure, codec::List};

/// Enters or changes what `miner` says in a poll. It counts in the epochs in which the miner has
/// live seats.
///
/// spec: polls 1 and 2
pub(crate) fn apply_vote(
    state: &mut State<'_>,
    chain: &ChainState,
    parameters: &Parameters,
    miner: Address,
    poll: u32,
    choice: Choice,
) -> Result<Result<Event, Failure>, StoreError> {
    let epoch = parameters.epoch_of(chain.height + 1);
    let owners: Owners = state.must(owners_key(epoch))?;
    if !owners.iter().any(|owner| owner.miner == miner) {
        return Ok(Err(Failure::NoSeat { epoch }));
    }
    let polls: Polls = state.read(Polls::key())?.unwrap_or_default();
    if polls.find(poll).is_none() {
        return Ok(Err(Failure::NoSuchPoll { poll }));
    }
    let ballot: Ballot = state.read(Ballot::key(&miner))?.unwrap_or_default();
    let mut votes = ballot.votes.into_vec();
    // Polls that are over leave the ballot here, so that it never holds more than are open.
    votes.retain(|vote| vote.poll != poll && polls.find(vote.poll).is_some());
    let place = votes.partition_point(|vote| vote.poll < poll);
    match choice {
        Choice::Yes {} => votes.insert(place, Standing { poll, yes: true }),
        Choice::No {} => votes.insert(place, Standing { poll, yes: false }),
        Choice::Withdraw {} => {}
    }
    let votes = List::new(votes).expect("at most one for each open poll");
    state.write(Ballot::key(&miner), &Ballot { votes });
    Ok(Ok(Event::Voted { poll, miner, choice }))
}
