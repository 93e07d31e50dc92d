//! The one thing that everybody can do: submit transactions.

use super::{
    Gateway, Problem, Shared,
    read::{find_transaction, status_of},
};
use axum::{
    Json,
    body::Bytes,
    extract::{
        Query, State,
        rejection::{BytesRejection, QueryRejection},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::future::join_all;
use goodwill_types::{SignedTransaction, TransactionId, api, codec::ReadExt};
use serde::Deserialize;
use std::time::Duration;

/// The most transactions in one request.
pub(super) const SUBMIT_MAX: usize = 4_096;
/// How long to wait for finality when the request does not say, and at most.
const WAIT_MS: (u64, u64) = (30_000, 60_000);

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SubmitQuery {
    wait: Option<String>,
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

pub(super) async fn submit(
    State(gateway): Shared,
    query: Result<Query<SubmitQuery>, QueryRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let Query(query) =
        query.map_err(|e| Problem::malformed("query", e.body_text(), "Use ?wait=final or nothing."))?;
    let wait = query.wait()?;
    let body = body.map_err(|e| {
        let next = "Send fewer transactions in one request.";
        Problem::new(e.status(), "body", "The body cannot be read", e.body_text(), next)
    })?;
    let submitted = parse(&headers, body)?;
    match submitted.list {
        false => submit_one(&gateway, submitted.transactions, wait).await,
        true => submit_list(&gateway, submitted.transactions, wait).await,
    }
}

/// JSON: one submission or a list of them. Bytes: one signed transaction, or several joined, which
/// is a list.
fn parse(headers: &HeaderMap, body: Bytes) -> Result<Submitted, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let submitted = match kind.split(';').next().unwrap_or_default().trim() {
        "application/json" => parse_json(&body)?,
        "application/octet-stream" => parse_bytes(body)?,
        other => {
            let detail = format!("the content type {other:?} is not known");
            let next = "Send application/json or application/octet-stream.";
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(Problem::new(status, "content_type", "Unknown content type", detail, next));
        }
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

async fn submit_one(
    gateway: &Gateway,
    transactions: Vec<SignedTransaction>,
    wait: Option<Duration>,
) -> Result<Response, Problem> {
    let admitted = gateway.admission.submit(transactions).await;
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

async fn submit_list(
    gateway: &Gateway,
    transactions: Vec<SignedTransaction>,
    wait: Option<Duration>,
) -> Result<Response, Problem> {
    let admitted = gateway.admission.submit(transactions).await;
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
