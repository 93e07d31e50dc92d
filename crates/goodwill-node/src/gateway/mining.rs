//! Epochs and miners.

use super::{
    Problem, Shared,
    openapi::{Always, Unknown},
    read::{Part, ProofQuery, wants_proof},
    view::View,
};
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use goodwill_ledger::{
    Parameters,
    mining::{
        Draws, Epoch, Miner, OrderPage, Owners, SeatRecord, cost_of as cost_of_part, draws_key,
        order_page_key, owners_key, page_of,
    },
};
use goodwill_types::{
    Address, Amount, Committee, Header, api,
    codec::{Encode, decode},
};

/// Turns of a miner that are told.
const TURNS_TOLD: usize = 8;

impl View<'_> {
    /// The seats of an epoch: key and node, whose, and what they have done.
    fn seats(&mut self, epoch: u64) -> Vec<api::EpochSeat> {
        let committee: Option<Committee> = self.look(Committee::key(epoch));
        let owners: Option<Owners> = self.look(owners_key(epoch));
        let (Some(committee), Some(owners)) = (committee, owners) else { return Vec::new() };
        let mut seats = Vec::with_capacity(owners.len());
        for (index, (seat, owner)) in committee.seats.iter().zip(owners.iter()).enumerate() {
            let done: Option<SeatRecord> = self.look(SeatRecord::key(epoch, index));
            let (led, missed) = done.map_or((0, 0), |done| (done.led, done.missed));
            let miner = self.text(&owner.miner);
            seats.push(api::EpochSeat { miner, node: seat.node.into(), paid: owner.paid, led, missed });
        }
        seats
    }

    /// An account as a miner, given the seats of the present epoch.
    fn miner(&mut self, address: &Address, seats: &[api::EpochSeat]) -> api::Miner {
        let (epoch, height) = (self.header.epoch, self.header.height);
        let record: Miner = self.look(Miner::key(address)).unwrap_or_default();
        let draws: Draws = self.look(draws_key(epoch + 1)).unwrap_or_default();
        let drawn = draws.iter().find(|drawn| drawn.account == *address);
        let ordering = self.parameters().ordering(height + 1);
        let page = order_page_key(ordering, page_of(record.order_index));
        let orders = (record.order_epoch == ordering).then(|| self.look::<OrderPage>(page)).flatten();
        let order = orders.iter().flat_map(|page| page.iter()).find(|order| order.account == *address);
        let text = self.text(address);
        let own = || seats.iter().filter(|seat| seat.miner == text);
        api::Miner {
            height,
            seats: own().count() as u32,
            paid_seats: own().filter(|seat| seat.paid).count() as u32,
            next_turns: self.next_turns(address),
            ordered: order.map_or(0, |order| order.count),
            drawn: drawn.map_or(0, |drawn| drawn.slots),
            taken_up: drawn.map_or(0, |drawn| drawn.taken_up),
            led: record.led,
            missed: record.missed,
            donated: record.donated.into(),
            unmatured: record.unmatured.into(),
            matured: record.matured.into(),
            banned_until: (record.banned > epoch).then(|| record.banned - 1),
            address: text,
        }
    }

    /// If nobody misses a turn, the n-th block from now is made in the n-th view from now.
    fn next_turns(&mut self, address: &Address) -> Vec<u64> {
        let Header { epoch, height, view, .. } = self.header;
        let committee: Option<Committee> = self.look(Committee::key(epoch));
        let owners: Option<Owners> = self.look(owners_key(epoch));
        let (Some(committee), Some(owners)) = (committee, owners) else { return Vec::new() };
        let heights = height + 1..=*self.parameters().heights(epoch).end();
        let mine = |at: &u64| owners[committee.turn(view + (at - height))].miner == *address;
        heights.filter(mine).take(TURNS_TOLD).collect()
    }
}

/// An epoch: what a slot costs, who ordered, and who serves.
#[utoipa::path(get, path = "/v1/epochs/{number}",
    params(("number" = String, Path, description = "Its number, or current", pattern = "^(current|0|[1-9][0-9]{0,19})$"), ProofQuery),
    responses(
    (status = 200, description = "The epoch", body = api::Epoch), Unknown, Always,
))]
pub(super) async fn epoch(
    State(gateway): Shared,
    Part(number): Part,
    query: Result<Query<ProofQuery>, QueryRejection>,
) -> Result<Json<api::Epoch>, Problem> {
    let wants_proof = wants_proof(query)?;
    let asked = match number.as_str() {
        "current" => None,
        text => Some(text.parse::<u64>().map_err(|_| {
            let detail = format!("{text:?} is not an epoch's number");
            Problem::malformed("epoch", detail, "Ask for a number, or for current.")
        })?),
    };
    let of = |view: &View<'_>| asked.unwrap_or(view.header.epoch);
    let plan = |view: &mut View<'_>| {
        view.look::<Epoch>(Epoch::key(of(view)));
        view.seats(of(view));
    };
    let mut view = View::read(&gateway, plan).await?;
    let number = of(&view);
    let mut record: Epoch = view.look(Epoch::key(number)).ok_or_else(|| {
        let detail = format!("epoch {number} is not known yet; now is epoch {}", view.header.epoch);
        Problem::not_found(detail, "Epochs are known from three epochs before they begin.")
    })?;
    let (parameters, seats) = (view.parameters(), view.seats(number));
    let proof = match wants_proof {
        false => None,
        true => {
            let key = Epoch::key(number);
            let proof = gateway.engine.prove(vec![key]).await?;
            let proven = proof.entries.iter().find(|entry| entry.key == key);
            let proven = proven.and_then(|entry| entry.value.as_ref()).and_then(|value| decode(value).ok());
            record = proven.unwrap_or(record);
            Some(proof.encode().to_vec().into())
        }
    };
    let units = |sum: u128| Amount::from_units(u64::try_from(sum).unwrap_or(u64::MAX)).into();
    let heights = parameters.heights(number);
    let drawn = number.checked_sub(2).map(|_| number);
    Ok(Json(api::Epoch {
        number,
        first_height: *heights.start(),
        last_height: *heights.end(),
        price: record.price.into(),
        reward: record.reward.into(),
        paid_turns: parameters.paid_turns(),
        slots: parameters.slots_per_epoch,
        ordered: record.ordered,
        filled: record.filled,
        taken_up: record.taken_up,
        draw_height: drawn.map(|epoch| parameters.draw_height(epoch)),
        take_up_until: drawn.map(|epoch| *parameters.take_up_heights(epoch).end()),
        cost_of: cost_of(&record, parameters),
        power_mw: record.power_mw,
        paid_turns_made: record.paid_turns,
        donated: units(record.donated()),
        earned: units(record.earned()),
        proof,
        seats,
    }))
}

/// Before the committee is formed: of a full one.
fn cost_of(record: &Epoch, parameters: &Parameters) -> api::CostOf {
    let seats = match record.seats {
        0 => parameters.slots_per_epoch,
        seats => seats,
    };
    let part = |numerator, denominator| cost_of_part(record.price, seats, (numerator, denominator)).into();
    api::CostOf { third: part(1, 3), two_thirds: part(2, 3), three_quarters: part(3, 4) }
}

/// The miners that have seats in the present epoch.
#[utoipa::path(get, path = "/v1/miners", responses(
    (status = 200, description = "The miners, those with the most seats first", body = Vec<api::Miner>), Always,
))]
pub(super) async fn miners(State(gateway): Shared) -> Result<Json<Vec<api::Miner>>, Problem> {
    let all = |view: &mut View<'_>| -> Vec<api::Miner> {
        let owners: Option<Owners> = view.look(owners_key(view.header.epoch));
        let mut addresses: Vec<Address> =
            owners.iter().flat_map(|owners| owners.iter().map(|owner| owner.miner)).collect();
        addresses.sort_unstable();
        addresses.dedup();
        let seats = view.seats(view.header.epoch);
        addresses.iter().map(|address| view.miner(address, &seats)).collect()
    };
    let mut view = View::read(&gateway, |view| drop(all(view))).await?;
    let mut miners = all(&mut view);
    miners.sort_by_key(|miner| std::cmp::Reverse(miner.seats));
    Ok(Json(miners))
}

/// An account as a miner. One that never ordered nor served has done nothing.
#[utoipa::path(get, path = "/v1/miners/{address}",
    params(("address" = String, Path, description = "Its address", pattern = "^[a-z]{1,16}1[02-9ac-hj-np-z]{40}$")),
    responses(
    (status = 200, description = "The miner", body = api::Miner), Always,
))]
pub(super) async fn miner(State(gateway): Shared, Part(address): Part) -> Result<Json<api::Miner>, Problem> {
    let prefix = &gateway.chain.manifest.address_prefix;
    let next = "Copy the address again, or ask its owner.";
    let address =
        Address::parse(&address, prefix).map_err(|e| Problem::malformed("address", e.to_string(), next))?;
    let found = |view: &mut View<'_>| {
        let seats = view.seats(view.header.epoch);
        view.miner(&address, &seats)
    };
    let mut view = View::read(&gateway, |view| drop(found(view))).await?;
    Ok(Json(found(&mut view)))
}

/// Who comes after the committee of an epoch, for light clients that follow.
#[utoipa::path(get, path = "/v1/handovers/{epoch}",
    params(("epoch" = u64, Path, description = "The epoch whose committee hands over")),
    responses(
    (status = 200, description = "The proof", body = api::Handover), Unknown, Always,
))]
pub(super) async fn handover(
    State(gateway): Shared,
    Part(epoch): Part,
) -> Result<Json<api::Handover>, Problem> {
    let epoch: u64 = epoch.parse().map_err(|_| {
        let detail = format!("{epoch:?} is not an epoch's number");
        Problem::malformed("epoch", detail, "Ask for a number.")
    })?;
    let proof = gateway.chain.index.handover(epoch)?.ok_or_else(|| {
        let detail = format!("this node has no hand-over of epoch {epoch}");
        Problem::not_found(detail, "Ask for an epoch that is over, or ask another node.")
    })?;
    Ok(Json(api::Handover { epoch, proof: proof.into() }))
}
