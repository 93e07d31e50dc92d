//! `goodwill tx submit`, and what it has in common with `goodwill send`.

use super::show::describe;
use crate::{Global, Output, error::CliError, files};
use goodwill_types::{
    SignedTransaction,
    api::{self, Simulation},
};
use goodwill_wallet::{Client, ClientError, offline};
use serde::Serialize;
use std::{path::PathBuf, time::Duration};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file that `goodwill tx sign` wrote.
    file: PathBuf,
    /// Only say what would happen.
    #[arg(long, conflicts_with = "wait")]
    dry_run: bool,
    #[command(flatten)]
    patience: Patience,
}

/// How long to wait.
#[derive(Debug, clap::Args)]
pub(crate) struct Patience {
    /// Wait until it is final.
    #[arg(long)]
    wait: bool,
    /// How long to wait, in seconds.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    timeout: u64,
}

#[derive(Serialize)]
struct Sent {
    /// Where the transaction, which has it too, is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(rename = "final")]
    is_final: bool,
    #[serde(flatten)]
    transaction: Option<api::Transaction>,
}

#[derive(Serialize)]
struct DryRun {
    dry_run: bool,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    simulated: Option<api::Receipt>,
}

pub(crate) fn run(global: &Global, output: Output, args: Args) -> Result<(), CliError> {
    let signed = offline::read_signed(&files::read(&args.file)?)?;
    let client = Client::new(&global.url)?;
    let symbol = client.status()?.symbol;
    if !args.dry_run {
        return submit(output, &client, &signed, &args.patience, &symbol);
    }
    let id = signed.id().to_string();
    let simulated = simulate(&client, &Simulation::Raw(signed.into()))?;
    let foreseen = foreseen(simulated.as_ref(), &symbol);
    let failure = check_simulated(simulated.as_ref());
    let answer = DryRun { dry_run: true, id, simulated };
    output.print(&answer, || format!("{foreseen}\nNothing was sent."));
    failure
}

/// Sends a transaction, waits for it if wished, and says what became of it.
///
/// # Errors
/// Also when it failed, expired, or is not final yet.
pub(crate) fn submit(
    output: Output,
    client: &Client,
    signed: &SignedTransaction,
    patience: &Patience,
    symbol: &str,
) -> Result<(), CliError> {
    let transaction = match patience.wait {
        true => Some(client.submit_and_wait(signed, Duration::from_secs(patience.timeout))?),
        false => {
            client.submit(signed)?;
            None
        }
    };
    report(output, signed.id().to_string(), transaction, symbol)
}

fn report(
    output: Output,
    id: String,
    transaction: Option<api::Transaction>,
    symbol: &str,
) -> Result<(), CliError> {
    use api::TransactionStatus::{Expired, Failed, Final, Pending};
    let status = transaction.as_ref().map(|transaction| transaction.status);
    let is_final = matches!(status, Some(Final | Failed));
    let text = match &transaction {
        Some(transaction) => describe(transaction, symbol),
        None => format!("sent {id}\nSee what becomes of it: goodwill tx show {id}"),
    };
    let own = transaction.is_none().then(|| id.clone());
    output.print(&Sent { id: own, is_final, transaction }, || text);
    match status {
        Some(Failed) => {
            Err(CliError::Rejected("the transaction was included and failed; its fee is paid".into()))
        }
        Some(Expired) => {
            Err(CliError::Rejected("the transaction expired before it was included: send it again".into()))
        }
        Some(Pending) => Err(CliError::Client(ClientError::Network {
            url: id,
            reason:
                "the transaction is not final yet; it may still become so: look again with `goodwill tx show`"
                    .into(),
        })),
        Some(Final) | None => Ok(()),
    }
}

/// What would become of a transaction now. `None` when others of its account wait before it.
///
/// # Errors
/// When the chain would refuse it.
pub(crate) fn simulate(client: &Client, simulation: &Simulation) -> Result<Option<api::Receipt>, CliError> {
    match client.simulate(simulation) {
        Err(ClientError::Rejected(problem)) if problem.code == "nonce_ahead" => Ok(None),
        answer => Ok(Some(answer?)),
    }
}

/// A simulation in words.
pub(crate) fn foreseen(simulated: Option<&api::Receipt>, symbol: &str) -> String {
    match simulated {
        None => "What becomes of it depends on the account's transactions that come before.".into(),
        Some(receipt) => format!(
            "In block {} it would cost {} {symbol}, of which {} {symbol} are donated.",
            receipt.height, receipt.fee.0, receipt.donated.0
        ),
    }
}

/// # Errors
/// When it would be included and fail.
pub(crate) fn check_simulated(simulated: Option<&api::Receipt>) -> Result<(), CliError> {
    match simulated.and_then(|receipt| receipt.failure.as_ref()) {
        None => Ok(()),
        Some(failure) => {
            let reason = reason(&failure.message);
            Err(CliError::Rejected(format!("it would fail, and its fee would be paid{reason}")))
        }
    }
}

/// Why something failed, after the words that say so: a traceback has its own lines.
pub(crate) fn reason(message: &str) -> String {
    let gap = if message.contains('\n') { '\n' } else { ' ' };
    format!(":{gap}{message}")
}
