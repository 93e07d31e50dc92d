//! `goodwill tx`.

use crate::{Global, Output, error::CliError};
use goodwill_types::{
    TransactionId,
    api::{self, Action, Hex, TransactionStatus},
};
use goodwill_wallet::Client;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The transaction's id.
    id: String,
}

pub(crate) fn run(global: &Global, output: Output, args: Args) -> Result<(), CliError> {
    let id: Hex<TransactionId> = args
        .id
        .parse()
        .map_err(|reason| CliError::Usage(format!("{:?} is not a transaction's id: {reason}", args.id)))?;
    let client = Client::new(&global.url)?;
    let transaction = client.transaction(id.0)?;
    let symbol = client.status()?.symbol;
    output.print(&transaction, || describe(&transaction, &symbol));
    Ok(())
}

/// What a transaction did, in a sentence, then the facts.
pub(crate) fn describe(transaction: &api::Transaction, symbol: &str) -> String {
    let Action::Transfer { payments, memo } = &transaction.action;
    let gives = match payments.as_slice() {
        [one] => format!("{} gives {} {symbol} to {}", transaction.from, one.amount.0, one.to),
        many => format!("{} gives to {} recipients", transaction.from, many.len()),
    };
    let stands = match transaction.status {
        TransactionStatus::Pending => "it waits for a block".into(),
        TransactionStatus::Final => "it is final".into(),
        TransactionStatus::Expired => "it expired, and can never be included".into(),
        TransactionStatus::Failed => {
            let failure = transaction.inclusion.as_ref().and_then(|inclusion| inclusion.failure.as_ref());
            format!("it failed: {}", failure.map_or("no reason given", |failure| &failure.message))
        }
    };
    let mut text = format!("{gives}; {stands}.\nid     {}", transaction.id);
    if let Some(inclusion) = &transaction.inclusion {
        text += &format!(
            "\nblock  {}, number {}\nfee    {} {symbol}, of which {} {symbol} are donated",
            inclusion.height, inclusion.index, inclusion.fee.0, inclusion.donated.0
        );
    }
    if !memo.is_empty() {
        text += &format!("\nmemo   {memo:?}");
    }
    text
}
