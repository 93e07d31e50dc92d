//! Counting: what the live seats of an epoch said, and the window of epochs over which that is summed.

use super::records::{Ballot, Poll, Polls, Tallied, Tally};
use crate::{
    Manifest, Parameters, StoreError,
    mining::{Owners, SeatRecord, owners_key},
    state::State,
};
use goodwill_types::{Address, Committee, codec::List};
use std::collections::BTreeMap;

/// What an epoch said.
pub(super) struct Count {
    pub(super) tally: Tally,
    /// Founders that made blocks as caretakers.
    founders: u32,
    /// How many of them said yes, by poll.
    founders_yes: BTreeMap<u32, u32>,
}

impl Count {
    /// Whether three quarters of the live founders said yes. Where no founder is live, nobody did.
    ///
    /// spec: polls 6
    pub(super) fn founders_agree(&self, poll: u32) -> bool {
        let yes = self.founders_yes.get(&poll).copied().unwrap_or(0);
        self.founders > 0 && 4 * yes >= 3 * self.founders
    }
}

/// The live seats of an account.
#[derive(Clone, Copy, Default)]
struct Live {
    seats: u32,
    founders: u32,
}

/// Counts what the live seats of `epoch` say.
///
/// spec: polls 3
pub(super) fn count(state: &State<'_>, manifest: &Manifest, epoch: u64) -> Result<Count, StoreError> {
    let (live, seats) = live_seats(state, manifest, epoch)?;
    let mut votes = BTreeMap::<u32, Tallied>::new();
    let mut founders_yes = BTreeMap::<u32, u32>::new();
    for (miner, live) in &live {
        let ballot: Ballot = state.read(Ballot::key(miner))?.unwrap_or_default();
        for vote in ballot.votes.iter() {
            let tallied = votes.entry(vote.poll).or_insert(Tallied { poll: vote.poll, yes: 0, no: 0 });
            match vote.yes {
                true => tallied.yes += live.seats,
                false => tallied.no += live.seats,
            }
            if vote.yes && live.founders > 0 {
                *founders_yes.entry(vote.poll).or_default() += live.founders;
            }
        }
    }
    let (all, founders) = (live.values().map(|l| l.seats).sum(), live.values().map(|l| l.founders).sum());
    let polls: Polls = state.read(Polls::key())?.unwrap_or_default();
    let votes = votes.into_values().filter(|vote| polls.find(vote.poll).is_some()).collect();
    let votes = List::new(votes).expect("at most one for each open poll");
    Ok(Count { tally: Tally { live: all, quiet: 3 * all < 2 * seats, votes }, founders, founders_yes })
}

/// The live seats of `epoch` by account, and the number of all its seats.
fn live_seats(
    state: &State<'_>,
    manifest: &Manifest,
    epoch: u64,
) -> Result<(BTreeMap<Address, Live>, u32), StoreError> {
    let committee: Committee = state.must(Committee::key(epoch))?;
    let owners: Owners = state.must(owners_key(epoch))?;
    let mut by_account = BTreeMap::<Address, Live>::new();
    for (index, (seat, owner)) in committee.seats.iter().zip(owners.iter()).enumerate() {
        let record: SeatRecord = state.must(SeatRecord::key(epoch, index))?;
        if !record.is_live() {
            continue;
        }
        let founder = !owner.paid && manifest.founders.iter().any(|founder| founder.node_key == seat.key);
        let live = by_account.entry(owner.miner).or_default();
        live.seats += 1;
        live.founders += u32::from(founder);
    }
    Ok((by_account, committee.seats.len() as u32))
}

/// Adds the tally of `epoch` to the window, and takes out the one that leaves it.
///
/// spec: polls 4
pub(super) fn slide(
    state: &mut State<'_>,
    parameters: &Parameters,
    polls: &mut Polls,
    tally: &Tally,
    epoch: u64,
) -> Result<(), StoreError> {
    let left = match epoch.checked_sub(parameters.poll_window) {
        Some(left) => state.read::<Tally>(Tally::key(left))?.map(|tally| (left, tally)),
        None => None,
    };
    polls.live += u64::from(tally.live);
    polls.quiet += u32::from(tally.quiet);
    polls.epochs += 1;
    let mut open = std::mem::take(&mut polls.open).into_vec();
    add(&mut open, tally, |sum, votes| sum + u64::from(votes));
    if let Some((epoch, tally)) = left {
        polls.live -= u64::from(tally.live);
        polls.quiet -= u32::from(tally.quiet);
        polls.epochs -= 1;
        add(&mut open, &tally, |sum, votes| sum - u64::from(votes));
        state.remove(Tally::key(epoch));
    }
    polls.open = List::new(open).expect("as many as before");
    state.write(Tally::key(epoch), tally);
    Ok(())
}

fn add(open: &mut [Poll], tally: &Tally, sum: impl Fn(u64, u32) -> u64) {
    for tallied in tally.votes.iter() {
        // Votes in polls that are over count no more.
        if let Ok(place) = open.binary_search_by_key(&tallied.poll, |poll| poll.id) {
            let poll = &mut open[place];
            (poll.yes, poll.no) = (sum(poll.yes, tallied.yes), sum(poll.no, tallied.no));
        }
    }
}
