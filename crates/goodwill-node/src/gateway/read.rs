//! What everybody can read.

use super::{
    Gateway, Problem, Shared,
    openapi::{Always, Unknown},
    prove::prove,
    view::View,
};
use crate::{admission::decode_value, index::Place};
use axum::{
    Json,
    extract::{FromRequestParts, Path, Query, State, rejection::QueryRejection},
    http::{StatusCode, header, request::Parts},
    response::IntoResponse,
};
use goodwill_ledger::{Cell, ChainState, chain_key, gas::GAS_PRICES};
use goodwill_types::{
    Account, Address, Body, Committee, Header, SignedTransaction, TransactionId, api,
    codec::{Encode, decode},
};
use serde::Deserialize;
use std::time::{SystemTime, UNIX_EPOCH};
use utoipa::IntoParams;

/// So many block times without a block, and the node is behind, or the chain stands still.
const SYNCING_BLOCKS: u64 = 20;

/// The part of a path that its route names.
pub(super) struct Part(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Part {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(part) = Path::from_request_parts(parts, state)
            .await
            .map_err(|e| Problem::malformed("path", e.body_text(), "Write the path in UTF-8."))?;
        Ok(Self(part))
    }
}

/// Which chain this is, and how the node is doing.
#[utoipa::path(get, path = "/v1/status", responses(
    (status = 200, description = "The chain and the node", body = api::Status), Always,
))]
pub(super) async fn status(State(gateway): Shared) -> Result<Json<api::Status>, Problem> {
    let manifest = &gateway.chain.manifest;
    let opening = || Problem::unavailable("not_ready", "the node opens its state");
    let tip = gateway.engine.tip().await.ok_or_else(opening)?;
    let mut view = View::read(&gateway, |view| _ = view.in_force()).await?;
    let parameters = view.in_force();
    let base_fee_per_gas = match tip.height {
        0 => parameters.base_fee_min,
        _ => chain_state(&gateway).await?.1.base_fee_per_gas,
    };
    Ok(Json(api::Status {
        chain_id: manifest.chain_id().into(),
        name: manifest.name.to_string(),
        symbol: manifest.symbol.to_string(),
        address_prefix: manifest.address_prefix.to_string(),
        development: manifest.development,
        height: tip.height,
        finalized_height: tip.height,
        epoch: tip.epoch,
        timestamp_ms: tip.timestamp_ms,
        base_fee_per_gas,
        pollution_tax_bp: parameters.pollution_tax_bp,
        gas_prices: gas_prices(),
        peers: gateway.engine.peers() as u64,
        syncing: is_syncing(&gateway, Some(&tip)),
        version: env!("CARGO_PKG_VERSION").into(),
        source_url: manifest.source_url.to_string(),
    }))
}

/// What things cost in gas, in this release.
pub fn gas_prices() -> api::GasPrices {
    api::GasPrices {
        base: GAS_PRICES.transaction,
        per_payment: GAS_PRICES.payment,
        per_order: GAS_PRICES.order,
        per_seat: GAS_PRICES.seat,
        per_evidence: GAS_PRICES.evidence,
        per_identity: GAS_PRICES.identity,
        per_poll: GAS_PRICES.poll,
        per_contract: GAS_PRICES.contract,
        per_source_byte: GAS_PRICES.source_byte,
        per_byte: GAS_PRICES.byte,
    }
}

fn is_syncing(gateway: &Gateway, tip: Option<&Header>) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as u64);
    let slack = gateway.chain.manifest.parameters.block_time_ms.saturating_mul(SYNCING_BLOCKS).max(5_000);
    tip.is_none_or(|tip| tip.timestamp_ms.saturating_add(slack) < now)
}

pub(super) async fn chain_state(gateway: &Gateway) -> Result<(Header, ChainState), Problem> {
    let (header, values) = gateway.engine.read(vec![chain_key()]).await?;
    let state = values.first().and_then(|value| decode_value(value.as_ref()));
    state
        .map(|state| (header, state))
        .ok_or_else(|| Problem::unavailable("not_ready", "no block is final yet"))
}

/// The process lives.
#[utoipa::path(get, path = "/livez", responses(
    (status = 200, description = "It lives", body = String, content_type = "text/plain"), Always,
))]
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// The node is not behind: what it says is new.
#[utoipa::path(get, path = "/readyz", responses(
    (status = 200, description = "It is", body = String, content_type = "text/plain"), Always,
))]
pub(super) async fn ready(State(gateway): Shared) -> Result<&'static str, Problem> {
    match is_syncing(&gateway, gateway.engine.tip().await.as_ref()) {
        false => Ok("ready\n"),
        true => Err(Problem::unavailable("syncing", "the newest block of this node is old, or it has none")),
    }
}

/// The `chain.toml`.
#[utoipa::path(get, path = "/v1/manifest", responses(
    (status = 200, description = "The manifest as it was written", body = String, content_type = "application/toml"), Always,
))]
pub(super) async fn manifest(State(gateway): Shared) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/toml; charset=utf-8")], gateway.manifest_text.clone())
}

/// A final block, with its certificate where the node has it.
#[utoipa::path(get, path = "/v1/blocks/{height}",
    params(("height" = String, Path, description = "A height, or latest", pattern = "^(latest|0|[1-9][0-9]{0,19})$")),
    responses(
    (status = 200, description = "The block", body = api::Block), Unknown, Always,
))]
pub(super) async fn block(State(gateway): Shared, Part(height): Part) -> Result<Json<api::Block>, Problem> {
    let latest = gateway.engine.tip().await.map_or(0, |tip| tip.height);
    let height = match height.as_str() {
        "latest" => latest,
        text => text.parse().map_err(|_| {
            Problem::malformed(
                "height",
                format!("{text:?} is not a height"),
                "Ask for a number, or for latest.",
            )
        })?,
    };
    let mut view = stored_block(&gateway, height).await?.ok_or_else(|| {
        let detail = format!("there is no final block {height} here; the newest is {latest}");
        Problem::not_found(detail, "Ask for a lower height, or wait.")
    })?;
    let proof = gateway.engine.certified(height).await?;
    let own = proof.filter(|proof| proof.headers.len() == 1);
    view.certificate = own.map(|proof| proof.certificate.0.to_vec().into());
    Ok(Json(view))
}

/// A final block, without its certificate.
pub(super) async fn stored_block(gateway: &Gateway, height: u64) -> Result<Option<api::Block>, Problem> {
    let Some((header, body)) = gateway.engine.block(height).await? else { return Ok(None) };
    // Genesis has no body.
    let typed = decode::<Body>(&body).unwrap_or_default();
    let ids = typed.transactions.iter().map(SignedTransaction::id).collect();
    Ok(Some(crate::chain::block_view(&header, body.len(), ids)))
}

/// A transaction that is final, waits here, or expired here.
#[utoipa::path(get, path = "/v1/transactions/{id}",
    params(("id" = String, Path, description = "Its id", pattern = "^[0-9a-f]{64}$"), ProofQuery),
    responses(
    (status = 200, description = "What the node knows of it", body = api::Transaction), Unknown, Always,
))]
pub(super) async fn transaction(
    State(gateway): Shared,
    Part(id): Part,
    query: Result<Query<ProofQuery>, QueryRejection>,
) -> Result<Json<api::Transaction>, Problem> {
    let id: api::Hex<TransactionId> = id.parse().map_err(|reason: String| {
        let detail = format!("{id:?} is not a transaction id ({reason})");
        Problem::malformed("transaction_id", detail, "An id has 64 hexadecimal digits.")
    })?;
    let wants_proof = wants_proof(query)?;
    let mut found = find_transaction(&gateway, id.0).await?.ok_or_else(|| {
        let next =
            "Check the id. If you just sent it, it may have been refused, or it waits in another node.";
        Problem::not_found("this node knows no such transaction", next)
    })?;
    if let Some(inclusion) = found.inclusion.as_ref().filter(|_| wants_proof) {
        let place = Place { height: inclusion.receipt.height, index: inclusion.index };
        found.proof = Some(prove(&gateway, place).await?.encode().to_vec().into());
    }
    Ok(Json(found))
}

/// A transaction that is final, waits, or expired here.
pub(super) async fn find_transaction(
    gateway: &Gateway,
    id: TransactionId,
) -> Result<Option<api::Transaction>, Problem> {
    if let Some(found) = final_transaction(gateway, id).await? {
        return Ok(Some(found));
    }
    let prefix = &gateway.chain.manifest.address_prefix;
    let mempool = gateway.chain.mempool();
    if let Some(signed) = mempool.get(&id) {
        return Ok(Some(api::Transaction::new(signed.clone(), None, prefix)));
    }
    Ok(mempool.expired(&id).map(|signed| api::Transaction {
        status: api::TransactionStatus::Expired,
        ..api::Transaction::new(signed.clone(), None, prefix)
    }))
}

async fn final_transaction(
    gateway: &Gateway,
    id: TransactionId,
) -> Result<Option<api::Transaction>, Problem> {
    let Some(place) = gateway.chain.index.find(&id)? else { return Ok(None) };
    // The index is written before the state: until the block is applied, it is not final for readers.
    let Some((header, body)) = gateway.engine.block(place.height).await? else { return Ok(None) };
    if gateway.engine.tip().await.is_none_or(|tip| tip.height < place.height) {
        return Ok(None);
    }
    let damaged = |what: &str| {
        Problem::unavailable("index", format!("the {what} of block {} is damaged", place.height))
    };
    let receipts = gateway.chain.index.receipts(place.height)?.ok_or_else(|| damaged("receipts"))?;
    let receipt = receipts.get(place.index as usize).filter(|receipt| receipt.id == id);
    let receipt = receipt.ok_or_else(|| damaged("receipt"))?;
    let body: Body = decode(&body).map_err(|_| damaged("body"))?;
    let signed = body.transactions.get(place.index as usize).ok_or_else(|| damaged("body"))?;
    let prefix = &gateway.chain.manifest.address_prefix;
    let inclusion = api::Inclusion::new(receipt, place.index, header.digest(), prefix);
    Ok(Some(api::Transaction::new(signed.clone(), Some(inclusion), prefix)))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct ProofQuery {
    /// Whether to prove what is answered.
    proof: bool,
}

pub(super) fn wants_proof(query: Result<Query<ProofQuery>, QueryRejection>) -> Result<bool, Problem> {
    let malformed =
        |e: QueryRejection| Problem::malformed("query", e.body_text(), "Use ?proof=true or nothing.");
    query.map(|Query(query)| query.proof).map_err(malformed)
}

/// An account at the newest final block. One that was never paid holds nothing.
#[utoipa::path(get, path = "/v1/accounts/{address}",
    params(("address" = String, Path, description = "Its address", pattern = "^[a-z]{1,16}1[02-9ac-hj-np-z]{40}$"), ProofQuery),
    responses(
    (status = 200, description = "The account", body = api::Account), Always,
))]
pub(super) async fn account(
    State(gateway): Shared,
    Part(address): Part,
    query: Result<Query<ProofQuery>, QueryRejection>,
) -> Result<Json<api::Account>, Problem> {
    let prefix = &gateway.chain.manifest.address_prefix;
    let next = "Copy the address again, or ask its owner.";
    let parsed =
        Address::parse(&address, prefix).map_err(|e| Problem::malformed("address", e.to_string(), next))?;
    let wants_proof = wants_proof(query)?;
    let key = Account::key(&parsed);
    let (height, value, proof) = match wants_proof {
        false => {
            let (header, values) = gateway.engine.read(vec![key]).await?;
            (header.height, values.into_iter().next().flatten(), None)
        }
        true => {
            let proof = gateway.engine.prove(vec![key]).await?;
            let value =
                proof.entries.iter().find(|entry| entry.key == key).and_then(|entry| entry.value.clone());
            (proof.finality.headers[0].height, value, Some(proof.encode().to_vec().into()))
        }
    };
    let address = parsed.display(prefix);
    let Account { balance, nonce } = decode_value(value.as_ref()).unwrap_or_default();
    let next_nonce = gateway.chain.mempool().next_nonce(&parsed, nonce);
    Ok(Json(api::Account { address, balance: balance.into(), nonce, next_nonce, height, proof }))
}

/// All money there is: `genesis + minted` is the sum of the cells.
#[utoipa::path(get, path = "/v1/supply", responses(
    (status = 200, description = "The supply", body = api::Supply), Always,
))]
pub(super) async fn supply(State(gateway): Shared) -> Result<Json<api::Supply>, Problem> {
    let (header, ChainState { supply, .. }) = chain_state(&gateway).await?;
    let cells = Cell::ALL.map(|cell| (cell.name().to_owned(), supply.cell(cell).into()));
    Ok(Json(api::Supply {
        height: header.height,
        genesis: supply.genesis.into(),
        minted: supply.minted.into(),
        cells: cells.into(),
    }))
}

/// How much waits in this node, and how much may.
#[utoipa::path(get, path = "/v1/mempool", responses(
    (status = 200, description = "The mempool", body = api::Mempool), Always,
))]
pub(super) async fn mempool(State(gateway): Shared) -> Json<api::Mempool> {
    let mempool = gateway.chain.mempool();
    Json(api::Mempool {
        transactions: mempool.len() as u64,
        bytes: mempool.bytes() as u64,
        transactions_max: mempool.limits().transactions as u64,
        bytes_max: mempool.limits().bytes as u64,
    })
}

/// The newest final block with its committee and certificate.
#[utoipa::path(get, path = "/v1/checkpoint", responses(
    (status = 200, description = "The checkpoint", body = api::Checkpoint), Always,
))]
pub(super) async fn checkpoint(State(gateway): Shared) -> Result<Json<api::Checkpoint>, Problem> {
    let not_yet = || Problem::unavailable("not_ready", "no block is certified yet");
    let tip = gateway.engine.tip().await.ok_or_else(not_yet)?;
    let finality = gateway.engine.certified(tip.height).await?.ok_or_else(not_yet)?;
    let (_, values) = gateway.engine.read(vec![Committee::key(tip.epoch)]).await?;
    let committee: Committee =
        values.first().and_then(|value| decode_value(value.as_ref())).ok_or_else(not_yet)?;
    Ok(Json(api::Checkpoint {
        chain_id: gateway.chain.manifest.chain_id().into(),
        height: tip.height,
        digest: tip.digest().into(),
        epoch: tip.epoch,
        timestamp_ms: tip.timestamp_ms,
        committee: committee.encode().to_vec().into(),
        finality: finality.encode().to_vec().into(),
    }))
}

/// The status of an answer that says how a transaction stands.
pub(super) fn status_of(transaction: &api::Transaction) -> StatusCode {
    match transaction.status {
        api::TransactionStatus::Pending => StatusCode::ACCEPTED,
        _ => StatusCode::OK,
    }
}
