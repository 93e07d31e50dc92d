//! What a transaction would do in the next block. Nothing is kept, and nobody is told.

use super::{
    Gateway, Problem, Shared,
    openapi::{Always, NotTaken, Octets},
    submit::content_type,
    work::work,
};
use crate::admission::NotAdmitted;
use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::HeaderMap,
};
use goodwill_engine::{Engine, READ_KEYS_MAX};
use goodwill_ledger::{
    BlockError, ExecutedBlock, Executor, InvalidTransaction, Manifest, Purpose, check_transaction,
};
use goodwill_types::{
    BlockContext, Header, Key, Known, Progress, SignedTransaction, Transaction, api, codec::decode,
    transaction::verify_signatures,
};
use std::sync::Arc;

/// How often the state is asked: again when a block came in between, and where a contract reads what
/// depends on what it read.
pub(super) const ROUNDS_MAX: usize = 1_024;

/// The receipt that a transaction would have in the next block. Nothing is kept, and nobody is told.
#[utoipa::path(post, path = "/v1/simulate",
    request_body(content((api::Simulation = "application/json"), (Octets = "application/octet-stream"))),
    responses((status = 200, description = "The receipt", body = api::Receipt), NotTaken, Always))]
pub(super) async fn simulate(
    State(gateway): Shared,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<api::Receipt>, Problem> {
    let body = body.map_err(|e| {
        let next = "Send one transaction.";
        Problem::new(e.status(), "body", "The body cannot be read", e.body_text(), next)
    })?;
    let (simulation, manifest) = (parse(&headers, &body)?, gateway.chain.manifest.clone());
    let checked = work(move || check(&manifest, simulation)).await?;
    let block = execute(&gateway, &checked.map_err(refused)?).await?;
    Ok(Json(api::Receipt::new(&block.receipts[0], &gateway.chain.manifest.address_prefix)))
}

fn parse(headers: &HeaderMap, body: &[u8]) -> Result<api::Simulation, Problem> {
    match content_type(headers) {
        "application/json" => serde_json::from_slice(body).map_err(|error| {
            let next = "Send {\"raw\": \"hexadecimal of the signed transaction\"}, or {\"unsigned\": \"hexadecimal of what would be signed\"}.";
            Problem::malformed("json", error.to_string(), next)
        }),
        "application/octet-stream" => {
            let signed = decode::<SignedTransaction>(body).map_err(|error| {
                let next = "Send the bytes that the wallet signed, nothing else.";
                Problem::malformed("encoding", format!("the transaction is malformed: {error}"), next)
            });
            Ok(api::Simulation::Raw(signed?.into()))
        }
        other => Err(Problem::content_type(other)),
    }
}

/// What admission checks before it asks for the state.
fn check(manifest: &Manifest, simulation: api::Simulation) -> Result<SignedTransaction, InvalidTransaction> {
    let (signed, claimed) = match simulation {
        api::Simulation::Raw(raw) => (raw.0, true),
        api::Simulation::Unsigned(unsigned) => (with_blank_signature(unsigned.0), false),
    };
    check_transaction(&signed, manifest)?;
    let forged = claimed && verify_signatures(&manifest.chain_id(), [&signed]) != [true];
    (!forged).then_some(signed).ok_or(InvalidTransaction::Signature)
}

/// A signature has one size whatever it signs, so the gas is that of the signed transaction.
fn with_blank_signature(transaction: Transaction) -> SignedTransaction {
    let signature = decode(&[0; 64]).expect("any 64 bytes are read as a signature");
    SignedTransaction { transaction, signature }
}

/// A block that comes in between makes what was read before it old: then all is read again.
async fn execute(gateway: &Gateway, signed: &SignedTransaction) -> Result<ExecutedBlock, Problem> {
    let opening = || Problem::unavailable("not_ready", "the node opens its state");
    let parent = gateway.engine.tip().await.ok_or_else(opening)?;
    let mut attempt = Attempt::new(&gateway.chain.manifest, parent, signed);
    for _ in 0..ROUNDS_MAX {
        let progress;
        (attempt, progress) = work(move || attempt.run()).await?;
        let keys = match progress {
            Progress::Done(result) => return result.map_err(not_executed),
            Progress::Need(keys) => keys,
        };
        if let Some(newer) = attempt.read(&gateway.engine, &keys).await? {
            attempt = Attempt::new(&gateway.chain.manifest, newer, signed);
        }
    }
    Err(Problem::unavailable("busy", "blocks come faster than the state can be read"))
}

/// Where the block after `parent` stands, if nobody misses the turn.
pub(super) fn next_block(manifest: &Manifest, parent: &Header) -> BlockContext {
    let (parameters, height) = (&manifest.parameters, parent.height + 1);
    let parent_view = if parameters.epoch_of(height) == parent.epoch { parent.view } else { 0 };
    BlockContext {
        height,
        epoch: parameters.epoch_of(height),
        view: parent_view + 1,
        parent_view,
        timestamp_ms: parent.timestamp_ms.saturating_add(parameters.block_time_ms),
    }
}

/// A block of one transaction on a final one.
struct Attempt {
    parent: Header,
    executor: Executor,
    known: Known,
}

impl Attempt {
    fn new(manifest: &Arc<Manifest>, parent: Header, signed: &SignedTransaction) -> Self {
        let context = next_block(manifest, &parent);
        let transactions = vec![(signed.id(), signed.clone())];
        let executor = Executor::new(manifest.clone(), context, Purpose::Simulate, transactions);
        Self { parent, executor, known: Known::new() }
    }

    fn run(mut self) -> (Self, Progress<Result<ExecutedBlock, BlockError>>) {
        let progress = self.executor.run(&mut self.known);
        (self, progress)
    }

    /// Reads `keys`; or gives the header of a newer state, of which the others must then be read, too.
    async fn read(&mut self, engine: &Engine, keys: &[Key]) -> Result<Option<Header>, Problem> {
        for keys in keys.chunks(READ_KEYS_MAX) {
            let (header, values) = engine.read(keys.to_vec()).await?;
            if header.height != self.parent.height {
                return Ok(Some(header));
            }
            keys.iter().zip(values).for_each(|(key, value)| self.known.insert(*key, value));
        }
        Ok(None)
    }
}

fn refused(reason: InvalidTransaction) -> Problem {
    NotAdmitted::from(reason).into()
}

fn not_executed(error: BlockError) -> Problem {
    match error {
        BlockError::Transaction { reason, .. } => refused(reason),
        other => Problem::unavailable("state", other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use goodwill_ledger::manifest::{Member, development_manifest};
    use goodwill_types::{Action, Address, Amount, SecretKey};

    fn manifest() -> Manifest {
        let node = SecretKey::from_seed([9; 32]);
        let account = Address::of(&node.public_key());
        let founder = Member::new("miner", &node, account);
        let text = development_manifest(&[founder], &[account], Amount::from_coins(1), 1, &[], None);
        Manifest::parse(&text).unwrap()
    }

    fn transfer(units: u64) -> SignedTransaction {
        let key = SecretKey::from_seed([1; 32]);
        let transaction = Transaction {
            sender: key.public_key(),
            nonce: 0,
            last_height: 100,
            gas_limit: 1_000_000,
            fee_per_gas_max: 10,
            tip_per_gas: 0,
            action: Action::transfer(Address::of(&key.public_key()), Amount::from_units(units)),
        };
        transaction.sign(&key, &manifest().chain_id())
    }

    #[test]
    fn a_signature_must_hold_where_there_is_one() {
        let (manifest, honest) = (manifest(), transfer(1));
        assert_eq!(check(&manifest, api::Simulation::Raw(honest.clone().into())), Ok(honest.clone()));
        let mut forged = honest.clone();
        forged.transaction.nonce = 1;
        let checked = check(&manifest, api::Simulation::Raw(forged.into()));
        assert_eq!(checked, Err(InvalidTransaction::Signature));
        let unsigned = check(&manifest, api::Simulation::Unsigned(honest.transaction.clone().into()));
        assert_eq!(unsigned.unwrap().transaction, honest.transaction);
    }

    #[test]
    fn what_is_wrong_whatever_the_state_is_needs_no_state() {
        let unsigned = api::Simulation::Unsigned(transfer(0).transaction.into());
        assert_eq!(check(&manifest(), unsigned), Err(InvalidTransaction::ZeroPayment { index: 0 }));
    }
}
