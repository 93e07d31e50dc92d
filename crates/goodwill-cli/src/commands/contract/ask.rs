//! `goodwill contract query|show`: what costs nothing.

use super::{
    chain::{program, read_arguments},
    trial, words,
};
use crate::{Global, Output, error::CliError, person};
use goodwill_types::api::Query;
use goodwill_wallet::Client;

#[derive(Debug, clap::Args)]
pub(super) struct Ask {
    /// The contract's address.
    contract: String,
    /// The method.
    method: String,
    /// Its arguments, as its type hints say: 5, True, [1, 2]; texts and names of accounts as they are.
    #[arg(allow_negative_numbers = true)]
    arguments: Vec<String>,
    /// Who asks: an address, a development account, or one of your wallets.
    #[arg(long, value_name = "NAME")]
    sender: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// The contract's address.
    contract: String,
}

pub(super) fn query(global: &Global, output: Output, args: &Ask) -> Result<(), CliError> {
    let client = Client::new(&global.url)?;
    let status = client.status()?;
    let prefix = person::prefix(&status)?;
    let contract = person::address(global, &status, &args.contract)?;
    let sender = args.sender.as_ref().map(|name| person::address(global, &status, name)).transpose()?;
    let source = client.contract(&contract, &prefix)?.source;
    let values = read_arguments(global, &status, &*program(&source)?, &args.method, &args.arguments)?;
    let query = Query {
        method: args.method.clone(),
        args: values.iter().map(|value| value.repr(&prefix, &|_| Vec::new())).collect(),
        sender: sender.map(|sender| sender.display(&prefix)),
    };
    let answer = client.query(&contract, &prefix, &query)?;
    output.print(&answer, || {
        let result = answer.result.as_deref().map(|result| words::shown(result, &prefix));
        result.or(answer.error.clone()).unwrap_or_default()
    });
    trial::succeeded(answer.ok)
}

pub(super) fn show(global: &Global, output: Output, args: &Show) -> Result<(), CliError> {
    let client = Client::new(&global.url)?;
    let status = client.status()?;
    let address = person::address(global, &status, &args.contract)?;
    let shown = client.contract(&address, &person::prefix(&status)?)?;
    output.print(&shown, || {
        format!(
            "contract {}\ndeployed by {} at height {}\nholds {} {}\n\n{}",
            shown.address, shown.deployer, shown.height, shown.balance.0, status.symbol, shown.source
        )
    });
    Ok(())
}
