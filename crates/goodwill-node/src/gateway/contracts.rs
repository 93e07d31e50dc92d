//! Contracts: what they are, what they emitted, and what they answer.

use super::{
    Gateway, Problem, Shared,
    openapi::{Always, NotTaken, Unknown},
    read::Part,
    simulate::{ROUNDS_MAX, next_block},
    view::View,
    work::work,
};
use crate::index::{EmittedPlace, PAGE_MAX};
use axum::{
    Json,
    extract::{
        Query, State,
        rejection::{JsonRejection, QueryRejection},
    },
};
use goodwill_engine::READ_KEYS_MAX;
use goodwill_ledger::contract::{self, Contract, WARM_BLOCKS, arguments, program, source_key};
use goodwill_types::{
    Account, Address, Event, Header, Known, Outcome, Progress, api,
    contract::{METHOD_SIZE_MAX, Source},
};
use serde::Deserialize;
use utoipa::IntoParams;

fn parse_address(gateway: &Gateway, text: &str) -> Result<Address, Problem> {
    let prefix = &gateway.chain.manifest.address_prefix;
    let next = "Copy the contract's address again.";
    Address::parse(text, prefix).map_err(|e| Problem::malformed("address", e.to_string(), next))
}

/// A contract's record, source and coins.
async fn find(gateway: &Gateway, address: Address) -> Result<(Contract, Source, Account), Problem> {
    let plan = |view: &mut View<'_>| {
        let contract: Option<Contract> = view.look(Contract::key(&address));
        let _: Option<Account> = view.look(Account::key(&address));
        contract.and_then(|contract| view.look::<Source>(source_key(&contract.source_hash)));
    };
    let mut view = View::read(gateway, plan).await?;
    let contract: Option<Contract> = view.look(Contract::key(&address));
    let source = contract.and_then(|contract| view.look(source_key(&contract.source_hash)));
    let account = view.look(Account::key(&address)).unwrap_or_default();
    contract.zip(source).map(|(contract, source)| (contract, source, account)).ok_or_else(|| {
        Problem::not_found(
            "there is no contract at this address",
            "Check it, or wait until its deployment is final.",
        )
    })
}

/// A contract at the newest final block: who deployed it, what it holds, what can be called, and its
/// source.
#[utoipa::path(get, path = "/v1/contracts/{address}",
    params(("address" = String, Path, description = "Its address", pattern = "^[a-z]{1,16}1[02-9ac-hj-np-z]{40}$")),
    responses((status = 200, description = "The contract", body = api::Contract), Unknown, Always))]
pub(super) async fn contract(
    State(gateway): Shared,
    Part(address): Part,
) -> Result<Json<api::Contract>, Problem> {
    let address = parse_address(&gateway, &address)?;
    let (contract, source, account) = find(&gateway, address).await?;
    let text = source.to_string();
    let compiled = work(move || program(&source).map(|program| program.abi())).await?;
    let prefix = &gateway.chain.manifest.address_prefix;
    Ok(Json(api::Contract {
        address: address.display(prefix),
        deployer: contract.deployer.display(prefix),
        height: contract.height,
        warm_until: contract.compiled.saturating_add(WARM_BLOCKS),
        code_hash: contract.code_hash.into(),
        vm_version: contract.vm_version,
        balance: account.balance.into(),
        abi: compiled.unwrap_or_default(),
        source: text,
    }))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct EventsQuery {
    /// Only events of this name.
    name: Option<String>,
    /// Where the answer before said that older ones are.
    #[param(pattern = "^[0-9a-f]{32}$")]
    cursor: Option<String>,
}

impl EventsQuery {
    fn place(&self) -> Result<Option<EmittedPlace>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let place = hex::decode(cursor).ok().and_then(|bytes| EmittedPlace::from_bytes(&bytes));
        let malformed = || {
            let next = "Take `next` of the answer before, or leave it out.";
            Problem::malformed("cursor", format!("{cursor:?} is not a cursor"), next)
        };
        place.map(Some).ok_or_else(malformed)
    }
}

/// What a contract emitted, the newest first.
#[utoipa::path(get, path = "/v1/contracts/{address}/events",
    params(("address" = String, Path, description = "Its address", pattern = "^[a-z]{1,16}1[02-9ac-hj-np-z]{40}$"), EventsQuery),
    responses((status = 200, description = "A page of events", body = api::ContractEvents), Always))]
pub(super) async fn events(
    State(gateway): Shared,
    Part(address): Part,
    query: Result<Query<EventsQuery>, QueryRejection>,
) -> Result<Json<api::ContractEvents>, Problem> {
    let next = "Use ?name=NAME and ?cursor=CURSOR, or nothing.";
    let Query(query) = query.map_err(|e| Problem::malformed("query", e.body_text(), next))?;
    let (address, before) = (parse_address(&gateway, &address)?, query.place()?);
    let tip = gateway.engine.tip().await.map_or(0, |tip| tip.height);
    // Off the async threads: a page may be spread over a hundred blocks.
    work(move || {
        let places = gateway.chain.index.emitted(&address, query.name.as_deref(), before)?;
        let next = (places.len() == PAGE_MAX).then(|| places.last().map(|last| hex::encode(last.to_bytes())));
        let mut events = Vec::with_capacity(places.len());
        for place in places.into_iter().filter(|place| place.height <= tip) {
            events.extend(event(&gateway, place, query.name.as_deref())?);
        }
        Ok(Json(api::ContractEvents { events, next: next.flatten() }))
    })
    .await?
}

/// The event at a place, unless its block was forgotten or its name is another one.
fn event(
    gateway: &Gateway,
    place: EmittedPlace,
    name: Option<&str>,
) -> Result<Option<api::ContractEvent>, Problem> {
    let prefix = &gateway.chain.manifest.address_prefix;
    let Some(receipts) = gateway.chain.index.receipts(place.height)? else { return Ok(None) };
    let Some(receipt) = receipts.get(place.index as usize) else { return Ok(None) };
    let Outcome::Done { events } = &receipt.outcome else { return Ok(None) };
    let Some(Event::ContractEmitted { emitted }) = events.get(place.event as usize) else { return Ok(None) };
    if name.is_some_and(|name| name != &*emitted.name) {
        return Ok(None);
    }
    Ok(Some(api::ContractEvent {
        height: place.height,
        transaction: receipt.id.into(),
        index: place.event,
        name: emitted.name.to_string(),
        fields: emitted.fields.iter().map(|field| api::EventField::new(field, prefix)).collect(),
    }))
}

/// What a method answers now. What it would change is forgotten; nobody pays.
#[utoipa::path(post, path = "/v1/contracts/{address}/query",
    params(("address" = String, Path, description = "Its address", pattern = "^[a-z]{1,16}1[02-9ac-hj-np-z]{40}$")),
    request_body = api::Query,
    responses((status = 200, description = "The answer", body = api::Answer), Unknown, NotTaken, Always))]
pub(super) async fn query(
    State(gateway): Shared,
    Part(address): Part,
    query: Result<Json<api::Query>, JsonRejection>,
) -> Result<Json<api::Answer>, Problem> {
    let next = "Send {\"method\": \"name\", \"args\": [\"Python literals\"]}.";
    let Json(query) = query
        .map_err(|e| Problem::new(e.status(), "json", "The body cannot be read", e.body_text(), next))?;
    let address = parse_address(&gateway, &address)?;
    let sender = query.sender.as_ref().map(|sender| parse_address(&gateway, sender)).transpose()?;
    if query.method.len() > METHOD_SIZE_MAX {
        return Err(Problem::malformed("method", "no method has such a long name", "Look into the ABI."));
    }
    let (_, source, _) = find(&gateway, address).await?;
    let asked = Asked { address, sender: sender.unwrap_or(address), query };
    let (header, answer) = ask(&gateway, &asked).await?;
    let chain = gateway.chain.clone();
    work(move || Json(shown(&chain.manifest.address_prefix, &source, header.height, answer))).await
}

struct Asked {
    address: Address,
    sender: Address,
    query: api::Query,
}

/// A block that comes in between makes what was read before it old: then all is read again.
async fn ask(gateway: &Gateway, asked: &Asked) -> Result<(Header, contract::Answer), Problem> {
    let opening = || Problem::unavailable("not_ready", "the node opens its state");
    let mut parent = gateway.engine.tip().await.ok_or_else(opening)?;
    let (mut query, mut known) = (begin(gateway, &parent, asked)?, Known::new());
    for _ in 0..ROUNDS_MAX {
        let progress;
        (query, known, progress) = work(move || {
            let progress = query.run(&known);
            (query, known, progress)
        })
        .await?;
        let keys = match progress.map_err(|e| Problem::unavailable("state", e.to_string()))? {
            Progress::Done(answer) => return Ok((parent, answer)),
            Progress::Need(keys) => keys,
        };
        for keys in keys.chunks(READ_KEYS_MAX) {
            let (header, values) = gateway.engine.read(keys.to_vec()).await?;
            if header.height != parent.height {
                (query, known) = (begin(gateway, &header, asked)?, Known::new());
                parent = header;
                break;
            }
            keys.iter().zip(values).for_each(|(key, value)| known.insert(*key, value));
        }
    }
    Err(Problem::unavailable("busy", "the method reads too much, or blocks come faster than it can be read"))
}

fn begin(gateway: &Gateway, parent: &Header, asked: &Asked) -> Result<contract::Query, Problem> {
    let manifest = &gateway.chain.manifest;
    let Asked { address, sender, query } = asked;
    let next = "Write each argument as Python would: 5, 'text', [1, 2], Address('...').";
    let arguments = arguments(&query.args, &manifest.address_prefix)
        .map_err(|e| Problem::malformed("arguments", e, next))?;
    let context = next_block(manifest, parent);
    Ok(contract::Query::new(manifest, &context, *sender, *address, &query.method, arguments))
}

fn shown(
    prefix: &goodwill_types::Prefix,
    source: &str,
    height: u64,
    answer: contract::Answer,
) -> api::Answer {
    let result = program(source).and_then(|program| answer.repr(&program, prefix));
    let value = answer.result.as_ref().ok().map(|(bytes, _)| api::value(bytes, prefix));
    let error = answer.result.as_ref().err().map(ToString::to_string);
    let contract::Answer { gas_used, log, .. } = answer;
    api::Answer { ok: error.is_none(), result, value, error, log, gas_used, height }
}
