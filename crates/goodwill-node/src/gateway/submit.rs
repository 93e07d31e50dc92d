//! The one thing that everybody can do: submit transactions.

use super::{
    BODY_SIZE_MAX, Gateway, Problem, Shared,
    openapi::{Always, NotTaken, Octets, Submissions, Submitted as Answer, Unknown},
    read::{find_transaction, status_of},
};
use crate::admission::Admitted;
use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest as _, Query, Request, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::{
    StreamExt as _,
    future::{join_all, ready},
};
use goodwill_types::{SignedTransaction, TransactionId, api, codec::ReadExt};
use serde::Deserialize;
use std::time::Duration;
use utoipa::IntoParams;

/// The most transactions in one request.
pub(super) const SUBMIT_MAX: usize = 4_096;
/// How long the body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request keeps its place when nothing of it can be taken now: trying again and again then costs
/// those who do it more than the node.
const REFUSAL_TIME: Duration = Duration::from_millis(100);
/// How long to wait for finality when the request does not say, and at most.
const WAIT_MS: (u64, u64) = (30_000, 60_000);

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct SubmitQuery {
    /// Answer when the transactions are settled.
    #[param(pattern = "^final$")]
    wait: Option<String>,
    /// Answer after so many milliseconds at the latest; at most 60,000.
    timeout_ms: Option<u64>,
}

impl SubmitQuery {
    fn wait(&self) -> Result<Option<Duration>, Problem> {
        let next = "Use ?wait=final&timeout_ms=10000, or nothing.";
        match self.wait.as_deref() {
            None => Ok(None),
            Some("final") => {
                Ok(Some(Duration::from_millis(self.timeout_ms.unwrap_or(WAIT_MS.0).min(WAIT_MS.1))))
            }
            Some(other) => Err(Problem::malformed("query", format!("wait={other} is not known"), next)),
        }
    }
}

/// The transactions of a request, and whether it was a list.
struct Submitted {
    transactions: Vec<SignedTransaction>,
    list: bool,
}

/// Submits one transaction, or a list of them that is answered in the same order.
#[utoipa::path(post, path = "/v1/transactions", params(SubmitQuery),
    request_body(content((Submissions = "application/json"), (Octets = "application/octet-stream"))),
    responses(
        (status = 200, description = "With `wait`: how they stand", body = Answer),
        (status = 202, description = "They wait, or did before", body = Answer,
            headers(("Location" = String, description = "Of a single one: where to read how it stands"))),
        Unknown, NotTaken, Always,
    ))]
pub(super) async fn submit(
    State(gateway): Shared,
    query: Result<Query<SubmitQuery>, QueryRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let Query(query) =
        query.map_err(|e| Problem::malformed("query", e.body_text(), "Use ?wait=final or nothing."))?;
    let wait = query.wait()?;
    let place = match gateway.admission.enter().await {
        Ok(place) => place,
        Err(busy) => {
            discard(request).await;
            return Err(busy.into());
        }
    };
    let (headers, body) = read(request).await?;
    let Submitted { transactions, list } = parse(&headers, body)?;
    let admitted = gateway.admission.submit(&place, transactions).await;
    gateway.metrics.submitted(&admitted);
    if let Some(problem) = none_now(&admitted) {
        tokio::time::sleep(REFUSAL_TIME).await;
        return Err(problem);
    }
    drop(place);
    match list {
        false => answer_one(&gateway, admitted, wait).await,
        true => answer_list(&gateway, admitted, wait).await,
    }
}

/// The problem, if the node can take none of them at the moment.
fn none_now(admitted: &[Admitted]) -> Option<Problem> {
    let later = |admitted: &Admitted| matches!(admitted, Err(error) if error.is_temporary());
    let first = admitted.first()?.as_ref().err()?;
    admitted.iter().all(later).then(|| first.clone().into())
}

/// Reads a body and keeps nothing of it: whoever is still sending would not hear the answer.
async fn discard(request: Request) {
    let body = request.into_body().into_data_stream();
    let small = body.scan(0, |read, piece| {
        *read += piece.map_or(BODY_SIZE_MAX, |piece| piece.len());
        ready((*read < BODY_SIZE_MAX).then_some(()))
    });
    let _ = tokio::time::timeout(BODY_TIMEOUT, small.for_each(|()| ready(()))).await;
}

/// Reads the body, in bounded memory and time.
async fn read(request: Request) -> Result<(HeaderMap, Bytes), Problem> {
    let headers = request.headers().clone();
    let refused = |status: StatusCode, detail: String| {
        let next = "Send fewer transactions in one request.";
        Problem::new(status, "body", "The body cannot be read", detail, next)
    };
    match tokio::time::timeout(BODY_TIMEOUT, Bytes::from_request(request, &())).await {
        Ok(Ok(body)) => Ok((headers, body)),
        Ok(Err(error)) => Err(refused(error.status(), error.body_text())),
        Err(_) => Err(refused(StatusCode::REQUEST_TIMEOUT, "it took too long to arrive".into())),
    }
}

/// The content type, without its parameters.
pub(super) fn content_type(headers: &HeaderMap) -> &str {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim()
}

/// JSON: one submission or a list of them. Bytes: one signed transaction, or several joined, which
/// is a list.
fn parse(headers: &HeaderMap, body: Bytes) -> Result<Submitted, Problem> {
    let submitted = match content_type(headers) {
        "application/json" => parse_json(&body)?,
        "application/octet-stream" => parse_bytes(body)?,
        other => return Err(Problem::content_type(other)),
    };
    match submitted.transactions.len() {
        0 => Err(Problem::malformed("empty", "the request holds no transaction", "Send at least one.")),
        1..=SUBMIT_MAX => Ok(submitted),
        count => {
            let detail = format!("{count} transactions in one request, and {SUBMIT_MAX} are the most");
            Err(Problem::malformed("too_many", detail, "Send them in several requests."))
        }
    }
}

fn parse_json(body: &[u8]) -> Result<Submitted, Problem> {
    let malformed = |error: serde_json::Error| {
        let next = "Send {\"raw\": \"hexadecimal of the signed transaction\"}, or a list of these.";
        Problem::malformed("json", error.to_string(), next)
    };
    let list = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let submissions: Vec<api::Submission> = match list {
        true => serde_json::from_slice(body).map_err(malformed)?,
        false => vec![serde_json::from_slice(body).map_err(malformed)?],
    };
    Ok(Submitted { transactions: submissions.into_iter().map(|s| s.raw.0).collect(), list })
}

fn parse_bytes(mut body: Bytes) -> Result<Submitted, Problem> {
    let mut transactions = Vec::new();
    while !body.is_empty() && transactions.len() <= SUBMIT_MAX {
        let transaction = SignedTransaction::read(&mut body).map_err(|error| {
            let detail = format!("transaction {} is malformed: {error}", transactions.len());
            Problem::malformed("encoding", detail, "Send the bytes that the wallet signed, nothing else.")
        })?;
        transactions.push(transaction);
    }
    let list = transactions.len() > 1;
    Ok(Submitted { transactions, list })
}

async fn answer_one(
    gateway: &Gateway,
    admitted: Vec<Admitted>,
    wait: Option<Duration>,
) -> Result<Response, Problem> {
    let id = admitted.into_iter().next().expect("one answer for each")?;
    let location = [(header::LOCATION, format!("/v1/transactions/{id}"))];
    match wait {
        None => Ok((StatusCode::ACCEPTED, location, Json(api::Submit { id: id.into() })).into_response()),
        Some(wait) => {
            let transaction = settle(gateway, id, wait).await?;
            Ok((status_of(&transaction), location, Json(transaction)).into_response())
        }
    }
}

async fn answer_list(
    gateway: &Gateway,
    admitted: Vec<Admitted>,
    wait: Option<Duration>,
) -> Result<Response, Problem> {
    if let Some(wait) = wait {
        let taken = admitted.iter().filter_map(|admitted| admitted.as_ref().ok());
        join_all(taken.map(|id| settle(gateway, *id, wait))).await;
    }
    let results = admitted.into_iter().map(|admitted| match admitted {
        Ok(id) => api::SubmitResult::Taken { id: id.into() },
        Err(error) => api::SubmitResult::Refused { error: *Problem::from(error).0 },
    });
    let status = if wait.is_some() { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(results.collect::<Vec<_>>())).into_response())
}

/// Waits until the transaction is settled, or the time is over, and says how it stands.
async fn settle(gateway: &Gateway, id: TransactionId, wait: Duration) -> Result<api::Transaction, Problem> {
    let settled = gateway.chain.feed.settled(id);
    let settled = settled.ok_or_else(|| Problem::unavailable("busy", "too many wait for transactions"))?;
    let unknown =
        || Problem::not_found("the transaction left the mempool before it was final", "Submit it again.");
    let now = find_transaction(gateway, id).await?.ok_or_else(unknown)?;
    if now.status != api::TransactionStatus::Pending {
        return Ok(now);
    }
    let _ = tokio::time::timeout(wait, settled).await;
    find_transaction(gateway, id).await?.ok_or_else(unknown)
}
