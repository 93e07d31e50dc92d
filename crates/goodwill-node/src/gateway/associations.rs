//! Associations and amendments: who asks, what was said, and how it stands.

use super::{
    Problem, Shared,
    openapi::{Always, Unknown},
    read::Part,
    view::View,
};
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use goodwill_ledger::association::{
    Amendment, Association, Evidence, POLLS_MAX, Polls, Profile, evidence_key,
};
use goodwill_types::{Adjustable, api};
use serde::Deserialize;
use utoipa::IntoParams;

/// The most associations or amendments in one answer.
const LISTED_MAX: u32 = POLLS_MAX as u32;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// The first number that is listed.
    pub(super) from: u32,
    /// How many are listed at most.
    #[param(minimum = 1, maximum = 1024)]
    pub(super) limit: u32,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self { from: 0, limit: 256 }
    }
}

impl ListQuery {
    pub(super) fn check(query: Result<Query<Self>, QueryRejection>) -> Result<Self, Problem> {
        let next = "Use ?from=NUMBER&limit=1 to 1024, or nothing.";
        let Query(query) = query.map_err(|e| Problem::malformed("query", e.body_text(), next))?;
        match (1..=LISTED_MAX).contains(&query.limit) {
            true => Ok(query),
            false => Err(Problem::malformed("query", format!("a limit of {}", query.limit), next)),
        }
    }
}

/// How many of the live seats must say yes.
fn needed(live: u64) -> u64 {
    live.max(1).saturating_mul(3).div_ceil(4)
}

impl View<'_> {
    fn polls(&mut self) -> Polls {
        self.look(Polls::key()).unwrap_or_default()
    }

    /// An association, if the number is one's.
    fn association(&mut self, id: u32, polls: &Polls) -> Option<api::Association> {
        let record: Option<Association> = self.look(Association::key(id));
        let profile: Option<Profile> = self.look(Profile::key(id));
        let (record, profile) = (record?, profile?);
        let poll = polls.find(id);
        Some(api::Association {
            id,
            name: profile.name.to_string(),
            domain: profile.domain.to_string(),
            cause: profile.cause.to_string(),
            status: record.status.word().into(),
            since: record.since,
            until: record.until,
            yes: poll.map_or(0, |poll| poll.yes),
            no: poll.map_or(0, |poll| poll.no),
            live: polls.live,
            needed: needed(polls.live),
            account: self.text(&record.payout),
            rotation: record
                .rotation
                .map(|r| api::Rotation { account: self.text(&r.account), epoch: r.epoch }),
            received: record.received.into(),
            pending: record.pending.into(),
            frozen: record.frozen.into(),
            deposit: record.deposit.into(),
            identity: api::Identity {
                organisation: profile.organisation.map(|organisation| organisation.to_string()),
                certificate: profile.certificate.into(),
                valid_until_s: profile.valid_until_s,
                height: profile.height,
            },
            statement: (&profile.statement).into(),
            evidence_count: record.evidence,
            evidence: Vec::new(),
        })
    }

    fn evidence(&mut self, id: u32, count: u32) -> Vec<api::Evidence> {
        let one = |number| {
            let evidence: Option<Evidence> = self.look(evidence_key(id, number));
            evidence.map(|e| api::Evidence { number, link: (&e.link).into(), height: e.height })
        };
        (0..count).filter_map(one).collect()
    }

    fn amendment(&mut self, id: u32, polls: &Polls) -> Option<api::Amendment> {
        let record: Amendment = self.look(Amendment::key(id))?;
        let poll = polls.find(id);
        Some(api::Amendment {
            id,
            status: record.status.word().into(),
            epoch: record.epoch,
            changes: record.changes.iter().map(api::Change::from).collect(),
            reason: record.reason.to_string(),
            account: self.text(&record.account),
            yes: poll.map_or(0, |poll| poll.yes),
            no: poll.map_or(0, |poll| poll.no),
            live: polls.live,
            needed: needed(polls.live),
        })
    }
}

/// The associations, from the first to the newest: candidates, approved ones, and those that were.
#[utoipa::path(get, path = "/v1/associations", params(ListQuery), responses(
    (status = 200, description = "The associations, by their numbers", body = Vec<api::Association>), Always,
))]
pub(super) async fn associations(
    State(gateway): Shared,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Vec<api::Association>>, Problem> {
    let ListQuery { from, limit } = ListQuery::check(query)?;
    let all = |view: &mut View<'_>| -> Vec<api::Association> {
        let polls = view.polls();
        let last = polls.next.min(from.saturating_add(limit));
        (from..last).filter_map(|id| view.association(id, &polls)).collect()
    };
    let mut view = View::read(&gateway, |view| drop(all(view))).await?;
    Ok(Json(all(&mut view)))
}

/// One association with its evidence.
#[utoipa::path(get, path = "/v1/associations/{id}",
    params(("id" = String, Path, description = "Its number", pattern = "^(0|[1-9][0-9]{0,8})$")),
    responses(
    (status = 200, description = "The association", body = api::Association), Unknown, Always,
))]
pub(super) async fn association(
    State(gateway): Shared,
    Part(id): Part,
) -> Result<Json<api::Association>, Problem> {
    let id: u32 = id.parse().map_err(|_| {
        Problem::malformed(
            "association",
            format!("{id:?} is not an association's number"),
            "Ask for a number.",
        )
    })?;
    let one = |view: &mut View<'_>| {
        let polls = view.polls();
        let association = view.association(id, &polls)?;
        let evidence = view.evidence(id, association.evidence_count);
        Some(api::Association { evidence, ..association })
    };
    let mut view = View::read(&gateway, |view| drop(one(view))).await?;
    let unknown =
        || Problem::not_found(format!("no association {id} ever asked"), "GET /v1/associations lists them.");
    one(&mut view).map(Json).ok_or_else(unknown)
}

/// The numbers of the rules that votes can change, and what was proposed.
#[utoipa::path(get, path = "/v1/amendments", params(ListQuery), responses(
    (status = 200, description = "The amendments", body = api::Amendments), Always,
))]
pub(super) async fn amendments(
    State(gateway): Shared,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<api::Amendments>, Problem> {
    let ListQuery { from, limit } = ListQuery::check(query)?;
    let all = |view: &mut View<'_>| {
        let polls = view.polls();
        let last = polls.next.min(from.saturating_add(limit));
        let amendments = (from..last).filter_map(|id| view.amendment(id, &polls)).collect();
        let parameters = view.in_force();
        let value = |adjustable: Adjustable| (adjustable.name().to_owned(), parameters.get(adjustable));
        let in_force = Adjustable::ALL.into_iter().map(value).collect();
        api::Amendments { epoch: view.header.epoch, in_force, amendments }
    };
    let mut view = View::read(&gateway, |view| drop(all(view))).await?;
    Ok(Json(all(&mut view)))
}
