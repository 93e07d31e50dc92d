//! Where the money goes, and what the chain draws for it.

use super::{Problem, Shared, associations::ListQuery, openapi::Always, view::View};
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use goodwill_ledger::{
    Source,
    donation::Division,
    mining::{Draws, Epoch, draws_key},
};
use goodwill_types::{Amount, api};

/// Milliseconds in an hour.
const MS_PER_HOUR: u128 = 3_600_000;

impl View<'_> {
    fn donations(&mut self, epoch: u64) -> Option<api::Donations> {
        let division: Option<Division> = self.look(Division::key(epoch));
        let slots = self.slot_money(epoch + 1);
        let division = division?;
        let income = Source::ALL.into_iter().zip(division.income.0);
        let grant = |grant: &goodwill_ledger::donation::Grant| api::Grant {
            id: grant.id,
            amount: grant.amount.into(),
            release: grant.release.word().into(),
        };
        Some(api::Donations {
            epoch,
            income: income.map(|(source, amount)| (source.name().to_owned(), amount.into())).collect(),
            total: division.income.0.into_iter().sum::<Amount>().into(),
            slots,
            to_reserve: division.to_reserve.into(),
            from_reserve: division.from_reserve.into(),
            release_epoch: epoch + self.parameters().release_delay,
            grants: division.grants.iter().map(grant).collect(),
        })
    }

    /// Who paid for the slots of `epoch`: their money entered the pool in the epoch before.
    fn slot_money(&mut self, epoch: u64) -> Vec<api::SlotMoney> {
        let record: Option<Epoch> = self.look(Epoch::key(epoch));
        let draws: Option<Draws> = self.look(draws_key(epoch));
        let (Some(record), Some(draws)) = (record, draws) else { return Vec::new() };
        let paid = |slots: u32| Amount::from_units(record.price.units.saturating_mul(slots.into()));
        let money = draws.iter().map(|drawn| api::SlotMoney {
            miner: self.text(&drawn.account),
            slots: drawn.slots,
            amount: paid(drawn.slots).into(),
        });
        money.collect()
    }

    fn energy(&mut self) -> Option<api::Energy> {
        let present = self.header.epoch;
        let over: Option<Division> = present.checked_sub(1).and_then(|over| self.look(Division::key(over)));
        let epoch = present.saturating_sub(u64::from(over.is_some()));
        let record: Option<Epoch> = self.look(Epoch::key(epoch));
        let parameters = self.in_force();
        let grid = parameters.grid_gco2e_per_kwh;
        let donated: Amount = over.map(|over| over.income.0.into_iter().sum()).unwrap_or_default();
        let record = record?;
        let duration_ms = parameters.blocks_per_epoch * parameters.block_time_ms;
        let mwh = u128::from(record.power_mw) * u128::from(duration_ms) / MS_PER_HOUR;
        let small = |figure: u128| u64::try_from(figure).unwrap_or(u64::MAX);
        Some(api::Energy {
            epoch,
            duration_ms,
            declared_power_mw: record.power_mw,
            estimated_mwh: small(mwh),
            // Milliwatt-hours times grams per kilowatt-hour are micrograms.
            estimated_mgco2e: small(mwh * u128::from(grid) / 1_000),
            grid_gco2e_per_kwh: grid,
            gas: record.gas,
            estimated_nwh_per_gas: (mwh * 1_000_000).checked_div(record.gas.into()).map(small),
            donated: donated.into(),
            donated_per_kwh: (u128::from(donated.units) * 1_000_000)
                .checked_div(mwh)
                .map(|units| Amount::from_units(small(units)).into()),
            node: self.gateway.meter.read(),
        })
    }
}

/// What entered the pool in the epochs that are over, and who gets it; the newest come last.
#[utoipa::path(get, path = "/v1/donations", params(ListQuery), responses(
    (status = 200, description = "The donations, epoch by epoch", body = Vec<api::Donations>), Always,
))]
pub(super) async fn donations(
    State(gateway): Shared,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Vec<api::Donations>>, Problem> {
    let ListQuery { from, limit } = ListQuery::check(query)?;
    let first = u64::from(from);
    let all = |view: &mut View<'_>| -> Vec<api::Donations> {
        let end = view.header.epoch.saturating_add(1).min(first + u64::from(limit));
        (first..end).filter_map(|epoch| view.donations(epoch)).collect()
    };
    let mut view = View::read(&gateway, |view| drop(all(view))).await?;
    Ok(Json(all(&mut view)))
}

/// What the chain draws: declared, estimated, and measured by this node.
#[utoipa::path(get, path = "/v1/energy", responses(
    (status = 200, description = "The energy of the last epoch that is over", body = api::Energy), Always,
))]
pub(super) async fn energy(State(gateway): Shared) -> Result<Json<api::Energy>, Problem> {
    let mut view = View::read(&gateway, |view| drop(view.energy())).await?;
    let not_yet = || Problem::unavailable("not_ready", "the chain has no block yet");
    view.energy().map(Json).ok_or_else(not_yet)
}
