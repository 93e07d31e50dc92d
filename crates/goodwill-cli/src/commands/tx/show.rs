//! `goodwill tx show`.

use super::submit::reason;
use crate::{Global, Output, error::CliError, trust::Trust};
use goodwill_types::{
    Address, Prefix, TransactionId,
    api::{self, Action, Event, Hex, TransactionStatus},
};
use goodwill_vm::Data;
use goodwill_wallet::{Client, LightClient, VerifiedTransaction};
use serde::Serialize;
use serde_json::Value;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The transaction's id.
    id: String,
    #[command(flatten)]
    trust: Trust,
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    transaction: &'a api::Transaction,
    /// Whether a proof was checked.
    verified: bool,
    /// The height of the block whose certificate makes it final.
    #[serde(skip_serializing_if = "Option::is_none")]
    certified_height: Option<u64>,
    /// Whether the trusted manifest came from the gateway itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest_of_gateway: Option<bool>,
}

pub(crate) fn run(global: &Global, output: Output, args: Args) -> Result<(), CliError> {
    let id: Hex<TransactionId> = args
        .id
        .parse()
        .map_err(|reason| CliError::Usage(format!("{:?} is not a transaction's id: {reason}", args.id)))?;
    let client = Client::new(&global.url)?;
    let (transaction, verified) = match args.trust.proof {
        true => {
            let mut trusted = args.trust.learn(&client)?;
            let (transaction, prefix) = (client.transaction_with_proof(id.0)?, trusted.prefix);
            let check = |light: &LightClient| light.verify_transaction(id.0, &transaction, &prefix);
            let verified = trusted.prove(&client, check)?;
            (transaction, Some(verified))
        }
        false => (client.transaction(id.0)?, None),
    };
    let symbol = client.status()?.symbol;
    let answer = Answer {
        transaction: &transaction,
        verified: verified.is_some(),
        certified_height: verified.as_ref().map(|verified| verified.certified_height),
        manifest_of_gateway: args.trust.manifest_of_gateway(),
    };
    output.print(&answer, || {
        let proven = verified.as_ref().map(|verified| proven(verified, &args.trust)).unwrap_or_default();
        describe(&transaction, &symbol) + &proven
    });
    Ok(())
}

fn proven(verified: &VerifiedTransaction, trust: &Trust) -> String {
    let VerifiedTransaction { header, certified_height, .. } = verified;
    format!(
        "\nproven by its receipt in block {} and the certificate of block {certified_height}, {}",
        header.height,
        trust.words()
    )
}

/// What a transaction did, in a sentence, then the facts.
pub(crate) fn describe(transaction: &api::Transaction, symbol: &str) -> String {
    let gives = wish(&transaction.from, &transaction.action, symbol);
    let receipt = transaction.inclusion.as_ref().map(|inclusion| &inclusion.receipt);
    let stands = match transaction.status {
        TransactionStatus::Pending => "it waits for a block".into(),
        TransactionStatus::Final => "it is final".into(),
        TransactionStatus::Expired => "it expired, and can never be included".into(),
        TransactionStatus::Failed => {
            let failure = receipt.and_then(|receipt| receipt.failure.as_ref());
            format!("it failed{}", reason(failure.map_or("no reason given", |failure| &failure.message)))
        }
    };
    // A traceback ends as Python ends it.
    let end = if stands.contains('\n') { "" } else { "." };
    let mut text = format!("{gives}; {stands}{end}\nid     {}", transaction.id);
    if let Some(inclusion) = &transaction.inclusion {
        let receipt = &inclusion.receipt;
        text += &format!(
            "\nblock  {}, number {}\nfee    {} {symbol}, of which {} {symbol} are donated",
            receipt.height, inclusion.index, receipt.fee.0, receipt.donated.0
        );
    }
    for event in receipt.into_iter().flat_map(|receipt| &receipt.events) {
        text += &contract_event(event, &transaction.from);
    }
    if let Action::Transfer { memo, .. } = &transaction.action
        && !memo.is_empty()
    {
        text += &format!("\nmemo   {memo:?}");
    }
    text
}

/// What a contract said, in a line; nothing of other events. Addresses begin as `from` does.
fn contract_event(event: &Event, from: &str) -> String {
    let python = |value: &Value| python(value, from);
    match event {
        Event::ContractDeployed { contract, .. } => format!("\nas     {contract}"),
        Event::ContractEmitted { name, fields, .. } => {
            let fields: Vec<_> =
                fields.iter().map(|field| format!("{}={}", field.name, python(&field.value))).collect();
            format!("\nevent  {name}({})", fields.join(", "))
        }
        Event::ContractReturned { result, .. } => format!("\nresult {}", python(result)),
        _ => String::new(),
    }
}

/// A contract's value as Python shows it. Where JSON has one form for two kinds of values, it is taken
/// for an address rather than for a text.
fn python(value: &Value, from: &str) -> String {
    let prefix = from.rsplit_once('1').and_then(|(prefix, _)| prefix.parse().ok());
    prefix.map_or_else(|| value.to_string(), |prefix| data(value, &prefix).repr(&prefix, &|_| Vec::new()))
}

fn data(value: &Value, prefix: &Prefix) -> Data {
    let all = |items: &[Value]| items.iter().map(|item| data(item, prefix)).collect();
    match value {
        Value::Null => Data::None,
        Value::Bool(value) => Data::Bool(*value),
        Value::Number(number) => Data::Int(number.as_i64().unwrap_or_default().into()),
        Value::String(text) => match Address::parse(text, prefix) {
            Ok(address) => Data::Address(address),
            Err(_) => Data::Str(text.clone()),
        },
        Value::Array(items) => Data::List(all(items)),
        Value::Object(of) => {
            let fields = of.get("fields").and_then(Value::as_array).map_or_else(Vec::new, |items| all(items));
            Data::Record(of.get("type").and_then(Value::as_str).unwrap_or_default().into(), fields)
        }
    }
}

/// What `from` asks for.
fn wish(from: &str, action: &Action, symbol: &str) -> String {
    match action {
        Action::Transfer { payments, .. } => match payments.as_slice() {
            [one] => format!("{from} gives {} {symbol} to {}", one.amount.0, one.to),
            many => format!("{from} gives to {} recipients", many.len()),
        },
        Action::OrderSlots { epoch, count, price_max } => {
            format!("{from} orders {count} slots of epoch {epoch} for at most {} {symbol} each", price_max.0)
        }
        Action::ServeSeats { epoch, seats, .. } => {
            format!("{from} takes up {} seats of epoch {epoch}", seats.len())
        }
        Action::ReportEquivocation { epoch, .. } => {
            format!("{from} reports that a seat of epoch {epoch} voted against itself")
        }
        Action::Donate { amount } => format!("{from} gives {} {symbol} to the donation pool", amount.0),
        Action::ApplyAssociation { name, domain, cause, .. } => {
            format!("{from} asks that {name:?} ({domain}, for {cause}) may receive donations")
        }
        Action::AttachEvidence { id, evidence } => {
            format!("{from} attaches {:?} to association {id}", evidence.uri)
        }
        Action::RenewAssociation { id, .. } => format!("{from} asks for another mandate of association {id}"),
        Action::RotateAssociation { id, account } => format!("{from} moves association {id} to {account}"),
        Action::ProposeAmendment { epoch, changes, .. } => {
            let changes: Vec<_> =
                changes.iter().map(|change| format!("{} = {}", change.parameter, change.value)).collect();
            format!("{from} proposes that from epoch {epoch} on {}", changes.join(", "))
        }
        Action::DeployContract { source, .. } => {
            format!("{from} deploys a contract of {} bytes", source.len())
        }
        Action::CallContract { contract, method, .. } => format!("{from} calls {method} of {contract}"),
        Action::Vote { poll, choice } => format!("{from} says {choice} in poll {poll}"),
    }
}
