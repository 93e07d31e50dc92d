//! `goodwill tx show`.

use crate::{Global, Output, error::CliError, trust::Trust};
use goodwill_types::{
    TransactionId,
    api::{self, Action, Event, Hex, TransactionStatus},
};
use goodwill_wallet::{Client, LightClient, VerifiedTransaction};
use serde::Serialize;

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
            format!("it failed: {}", failure.map_or("no reason given", |failure| &failure.message))
        }
    };
    let mut text = format!("{gives}; {stands}.\nid     {}", transaction.id);
    if let Some(inclusion) = &transaction.inclusion {
        let receipt = &inclusion.receipt;
        text += &format!(
            "\nblock  {}, number {}\nfee    {} {symbol}, of which {} {symbol} are donated",
            receipt.height, inclusion.index, receipt.fee.0, receipt.donated.0
        );
    }
    for event in receipt.into_iter().flat_map(|receipt| &receipt.events) {
        text += &contract_event(event);
    }
    if let Action::Transfer { memo, .. } = &transaction.action
        && !memo.is_empty()
    {
        text += &format!("\nmemo   {memo:?}");
    }
    text
}

/// What a contract said, in a line; nothing of other events.
fn contract_event(event: &Event) -> String {
    match event {
        Event::ContractDeployed { contract, .. } => format!("\nas     {contract}"),
        Event::ContractEmitted { name, fields, .. } => {
            let fields: Vec<_> =
                fields.iter().map(|field| format!("{}={}", field.name, field.value)).collect();
            format!("\nevent  {name}({})", fields.join(", "))
        }
        Event::ContractReturned { result, .. } => format!("\nresult {result}"),
        _ => String::new(),
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
