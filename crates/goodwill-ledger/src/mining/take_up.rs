//! Taking up slots: the miner names the node and the seats that will serve.

use super::records::{Draws, TakenSeat, TakenSeats, draws_key, taken_seats_key};
use crate::{ChainState, Parameters, StoreError, state::State};
use goodwill_types::{Address, Event, Failure, NewSeat, PublicKey};

/// What a miner takes up.
pub(crate) struct TakeUp<'a> {
    pub(crate) miner: Address,
    pub(crate) epoch: u64,
    pub(crate) node: PublicKey,
    pub(crate) power_mw: u32,
    pub(crate) seats: &'a [NewSeat],
}

/// Takes up seats whose consents hold. What is not taken up in time is lost to its buyer.
///
/// spec: taking up 1 to 4
pub(crate) fn apply_take_up(
    state: &mut State<'_>,
    chain: &ChainState,
    parameters: &Parameters,
    take_up: &TakeUp<'_>,
) -> Result<Result<Event, Failure>, StoreError> {
    let TakeUp { miner, epoch, node, power_mw, seats } = *take_up;
    let height = chain.height + 1;
    let next = parameters.epoch_of(height) + 1;
    let window = parameters.take_up_heights(next);
    if epoch != next || !window.contains(&height) {
        let (first, last) = (*window.start(), *window.end());
        return Ok(Err(Failure::TakeUpClosed { epoch: next, first, last }));
    }
    let mut draws = state.must::<Draws>(draws_key(epoch))?.into_vec();
    let wanted = u32::try_from(seats.len()).expect("at most SEATS_MAX seats");
    let drawn = draws.iter_mut().find(|drawn| drawn.account == miner);
    let Some(drawn) = drawn.filter(|drawn| wanted <= drawn.slots - drawn.taken_up) else {
        let free = draws.iter().find(|drawn| drawn.account == miner).map_or(0, |d| d.slots - d.taken_up);
        return Ok(Err(Failure::NotDrawn { wanted, free }));
    };
    (drawn.taken_up, drawn.power_mw) = (drawn.taken_up + wanted, power_mw);
    let mut taken =
        state.read::<TakenSeats>(taken_seats_key(epoch))?.map(TakenSeats::into_vec).unwrap_or_default();
    if let Err(index) = seat_all(&mut taken, take_up) {
        return Ok(Err(Failure::SeatKeyUsed { index }));
    }
    state.write(draws_key(epoch), &Draws::new(draws).expect("as many as before"));
    state.write(taken_seats_key(epoch), &TakenSeats::new(taken).expect("at most one for each slot"));
    Ok(Ok(Event::SeatsTaken { miner, epoch, node, count: wanted }))
}

/// Adds the seats to those that are `taken`, ascending by key. The index of one whose key is taken.
fn seat_all(taken: &mut Vec<TakenSeat>, take_up: &TakeUp<'_>) -> Result<(), u32> {
    for (index, NewSeat { key, luck_tip, .. }) in take_up.seats.iter().enumerate() {
        let seat = TakenSeat { key: *key, node: take_up.node, luck_tip: *luck_tip, miner: take_up.miner };
        match taken.binary_search_by_key(key, |seat| seat.key) {
            Ok(_) => return Err(index as u32),
            Err(place) => taken.insert(place, seat),
        }
    }
    Ok(())
}
