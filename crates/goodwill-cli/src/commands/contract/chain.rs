//! `goodwill contract deploy|call`: what is signed.

use super::{
    compiled,
    limit::{self, Compiling},
    read,
};
use crate::{
    Global, Output,
    commands::act::{Actor, Sending, Signer},
    error::CliError,
    person,
};
use goodwill_types::{
    Account, Action, Amount,
    api::Status,
    codec::{List, Text},
    contract::{ARGUMENTS_SIZE_MAX, Arguments, METHOD_SIZE_MAX, SOURCE_SIZE_MAX},
};
use goodwill_vm::{Data, Program};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// What is the same for all that is signed.
#[derive(Debug, clap::Args)]
pub(super) struct Paid {
    /// Coins for the contract, such as 12.5.
    #[arg(long, default_value = "0", value_name = "COINS")]
    value: Amount,
    /// The most gas that the contract may use: a quarter more than a trial needs, unless said. What is
    /// not used is not paid. The fee is shown at twice the present price of gas, for it may rise.
    #[arg(long, value_name = "GAS")]
    gas: Option<u64>,
    #[command(flatten)]
    signer: Signer,
    #[command(flatten)]
    sending: Sending,
}

#[derive(Debug, clap::Args)]
pub(super) struct Deploy {
    /// The contract.
    file: PathBuf,
    /// The arguments of `init`, as its type hints say: 5, True, [1, 2]; texts and names of accounts as
    /// they are.
    #[arg(allow_negative_numbers = true)]
    arguments: Vec<String>,
    #[command(flatten)]
    paid: Paid,
}

#[derive(Debug, clap::Args)]
pub(super) struct CallArgs {
    /// The contract's address.
    contract: String,
    /// The method.
    method: String,
    /// Its arguments, as its type hints say: 5, True, [1, 2]; texts and names of accounts as they are.
    #[arg(allow_negative_numbers = true)]
    arguments: Vec<String>,
    #[command(flatten)]
    paid: Paid,
}

fn arguments(values: &[Data]) -> Result<Arguments, CliError> {
    List::new(values.iter().flat_map(Data::encode).collect())
        .ok_or_else(|| CliError::Usage(format!("the arguments have more than {ARGUMENTS_SIZE_MAX} bytes")))
}

fn bounded<const MAX: usize>(what: &str, text: String) -> Result<Text<MAX>, CliError> {
    Text::new(text).ok_or_else(|| CliError::Usage(format!("{what} has more than {MAX} bytes")))
}

/// Arguments as the method's type hints say; names are those of accounts that are known here.
///
/// # Errors
/// Says which cannot be read.
pub(super) fn read_arguments(
    global: &Global,
    status: &Status,
    program: &Program,
    method: &str,
    texts: &[String],
) -> Result<Vec<Data>, CliError> {
    let accounts = |name: &str| person::named(global, status, name);
    program.arguments(method, texts, &person::prefix(status)?, &accounts).map_err(CliError::Usage)
}

/// The program of a contract on a chain.
///
/// # Errors
/// When the chain runs what this release does not know.
pub(super) fn program(source: &str) -> Result<Arc<Program>, CliError> {
    compiled(source, Path::new("contract.py")).map_err(|error| {
        CliError::Corrupt(format!("this release cannot read the contract: {error}; take the chain's release"))
    })
}

pub(super) fn deploy(global: &Global, output: Output, args: &Deploy) -> Result<(), CliError> {
    let source = read(&args.file)?;
    // What a chain would refuse costs a fee there, and nothing here.
    let program = compiled(&source, &args.file)?;
    let actor = args.paid.signer.actor(global, output)?;
    let values = read_arguments(global, &actor.status, &program, "init", &args.arguments)?;
    let action = Action::DeployContract {
        source: bounded::<SOURCE_SIZE_MAX>("the file", source)?,
        arguments: arguments(&values)?,
        value: args.paid.value,
    };
    send(output, &actor, &action, &args.paid, Compiling::PAID)
}

pub(super) fn call(global: &Global, output: Output, args: &CallArgs) -> Result<(), CliError> {
    let actor = args.paid.signer.actor(global, output)?;
    let address = person::address(global, &actor.status, &args.contract)?;
    let contract = actor.client.contract(&address, &actor.terms.chain.prefix)?;
    let values =
        read_arguments(global, &actor.status, &*program(&contract.source)?, &args.method, &args.arguments)?;
    let action = Action::CallContract {
        contract: address,
        method: bounded::<METHOD_SIZE_MAX>("the method's name", args.method.clone())?,
        arguments: arguments(&values)?,
        value: args.paid.value,
    };
    send(output, &actor, &action, &args.paid, Compiling::of(&contract))
}

/// Tries it, and sends it with as much gas as it needs.
fn send(
    output: Output,
    actor: &Actor,
    action: &Action,
    paid: &Paid,
    compiling: Compiling,
) -> Result<(), CliError> {
    let draft = |account: &Account| limit::draft(output, actor, account, action, paid.gas, compiling);
    actor.send(output, draft, &paid.sending)
}
