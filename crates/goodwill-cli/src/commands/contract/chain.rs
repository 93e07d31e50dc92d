//! `goodwill contract deploy|call|query|show`: contracts on a chain.

use super::{name, read};
use crate::{
    Global, Output,
    commands::{
        act::{Actor, Sending, Signer},
        tx::submit::{check_simulated, simulate},
    },
    error::CliError,
    person,
};
use goodwill_types::{
    Account, Action, Address, Amount, Prefix,
    api::{Query, Simulation},
    codec::{List, Text},
    contract::{ARGUMENTS_SIZE_MAX, Arguments, METHOD_SIZE_MAX, SOURCE_SIZE_MAX},
};
use goodwill_vm::{
    Data, compile,
    gas::{CALL_GAS_MAX, COMPILE_BYTE},
    literal,
};
use goodwill_wallet::{
    Client, ClientError,
    compose::{Draft, Offer, compose},
};
use std::path::PathBuf;

/// Gas with which a call is tried, to see how much it needs: a balance must cover its fee.
const TRIAL_GAS: [u64; 4] = [100_000_000, 30_000_000, 10_000_000, 1_000_000];

/// What is the same for all that is signed.
#[derive(Debug, clap::Args)]
pub(super) struct Paid {
    /// Coins for the contract, such as 12.5.
    #[arg(long, default_value = "0", value_name = "AMOUNT")]
    value: Amount,
    /// The most gas that the contract may use: a quarter more than a trial needs, unless said.
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
    /// The arguments of `init`: Python literals, or Address('...').
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
    /// Its arguments: Python literals, or Address('...').
    #[arg(allow_negative_numbers = true)]
    arguments: Vec<String>,
    #[command(flatten)]
    paid: Paid,
}

#[derive(Debug, clap::Args)]
pub(super) struct Ask {
    /// The contract's address.
    contract: String,
    /// The method.
    method: String,
    /// Its arguments: Python literals, or Address('...').
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

/// An argument. Addresses and plain words need no quotes.
fn argument(text: &str, prefix: &Prefix) -> Result<Data, CliError> {
    if let Ok(address) = Address::parse(text, prefix) {
        return Ok(Data::Address(address));
    }
    let word = text.starts_with(char::is_alphabetic) && !text.contains(['(', '\'', '"']);
    literal::parse(text, prefix)
        .or_else(|error| match word {
            true => Ok(Data::Str(text.into())),
            false => Err(error),
        })
        .map_err(|error| {
            CliError::Usage(format!(
                "the argument {text}: {error}. Write it as in Python: 5, '\"text\"', [1, 2], or an address"
            ))
        })
}

fn arguments(texts: &[String], prefix: &Prefix) -> Result<Arguments, CliError> {
    let values = texts.iter().map(|text| argument(text, prefix)).collect::<Result<Vec<_>, _>>()?;
    List::new(values.iter().flat_map(Data::encode).collect())
        .ok_or_else(|| CliError::Usage(format!("the arguments have more than {ARGUMENTS_SIZE_MAX} bytes")))
}

fn bounded<const MAX: usize>(what: &str, text: String) -> Result<Text<MAX>, CliError> {
    Text::new(text).ok_or_else(|| CliError::Usage(format!("{what} has more than {MAX} bytes")))
}

pub(super) fn deploy(global: &Global, output: Output, args: &Deploy) -> Result<(), CliError> {
    let source = read(&args.file)?;
    // What a chain would refuse costs a fee there, and nothing here.
    compile(&source, &name(&args.file)).map_err(|refusal| CliError::Rejected(refusal.to_string()))?;
    let actor = args.paid.signer.actor(global, output)?;
    let action = Action::DeployContract {
        source: bounded::<SOURCE_SIZE_MAX>("the file", source)?,
        arguments: arguments(&args.arguments, &actor.terms.chain.prefix)?,
        value: args.paid.value,
    };
    send(output, &actor, action, &args.paid, 0)
}

pub(super) fn call(global: &Global, output: Output, args: &CallArgs) -> Result<(), CliError> {
    let actor = args.paid.signer.actor(global, output)?;
    let prefix = actor.terms.chain.prefix;
    let contract = person::address(global, &actor.status, &args.contract)?;
    let action = Action::CallContract {
        contract,
        method: bounded::<METHOD_SIZE_MAX>("the method's name", args.method.clone())?,
        arguments: arguments(&args.arguments, &prefix)?,
        value: args.paid.value,
    };
    // Until it is included, the contract may have to be compiled again.
    let source = actor.client.contract(&contract, &prefix)?.source;
    send(output, &actor, action, &args.paid, 100_000 + COMPILE_BYTE * source.len() as u64)
}

/// Tries it, and sends it with as much gas as it needs.
fn send(output: Output, actor: &Actor, action: Action, paid: &Paid, reserve: u64) -> Result<(), CliError> {
    let draft = |account: &Account| match paid.gas {
        Some(gas) => composed(actor, account, &action, gas),
        None => {
            let gas = needed(actor, account, &action)?;
            composed(actor, account, &action, gas.saturating_add(gas / 4).saturating_add(reserve))
                .or_else(|_| composed(actor, account, &action, gas.saturating_add(gas / 4)))
        }
    };
    actor.send(output, draft, &paid.sending)
}

fn composed(actor: &Actor, account: &Account, action: &Action, gas: u64) -> Result<Draft, CliError> {
    let offer = Offer { contract_gas: gas.min(CALL_GAS_MAX), ..Offer::default() };
    Ok(compose(&actor.terms, actor.address(), account, action.clone(), offer)?)
}

/// The gas that contracts use for `action` now.
fn needed(actor: &Actor, account: &Account, action: &Action) -> Result<u64, CliError> {
    let own = composed(actor, account, action, 0)?.gas_limit;
    for gas in TRIAL_GAS {
        // What the account cannot pay, or a block has not, is tried with less.
        let Ok(trial) = composed(actor, account, action, gas) else { continue };
        let simulation = Simulation::Unsigned(trial.transaction(actor.key.public_key())?.into());
        let simulated = match simulate(&actor.client, &simulation) {
            Err(CliError::Client(ClientError::Rejected(problem))) if problem.code == "gas_limit_too_high" => {
                continue;
            }
            simulated => simulated?,
        };
        check_simulated(simulated.as_ref())?;
        return Ok(match simulated {
            Some(receipt) => receipt.gas_used.saturating_sub(own) + 1_000,
            // Others of the account come before: as much as there is.
            None => trial.gas_limit - own,
        });
    }
    Ok(0)
}

pub(super) fn query(global: &Global, output: Output, args: &Ask) -> Result<(), CliError> {
    let client = Client::new(&global.url)?;
    let status = client.status()?;
    let prefix = person::prefix(&status)?;
    let contract = person::address(global, &status, &args.contract)?;
    let sender = args.sender.as_ref().map(|name| person::address(global, &status, name)).transpose()?;
    let shown = |text: &String| argument(text, &prefix).map(|data| data.repr(&prefix, &|_| Vec::new()));
    let query = Query {
        method: args.method.clone(),
        args: args.arguments.iter().map(shown).collect::<Result<_, _>>()?,
        sender: sender.map(|sender| sender.display(&prefix)),
    };
    let answer = client.query(&contract, &prefix, &query)?;
    output.print(&answer, || answer.result.clone().or(answer.error.clone()).unwrap_or_default());
    match answer.ok {
        true => Ok(()),
        false => Err(CliError::Rejected("the contract failed: see above".into())),
    }
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
