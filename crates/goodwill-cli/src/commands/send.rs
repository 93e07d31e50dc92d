//! `goodwill send`.

use super::tx::describe;
use crate::{Global, Output, error::CliError, person};
use goodwill_types::{Account, Address, Amount, api};
use goodwill_wallet::{
    Client, ClientError,
    compose::{Draft, Terms, Transfer, transfer},
};
use serde::Serialize;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Who gets the coins: an address, a development account, or one of your wallets.
    to: String,
    /// How many coins, such as 12.5.
    amount: Amount,
    /// Whose coins: one of your wallets, or a development account.
    #[arg(long, value_name = "NAME")]
    from: String,
    /// A note that everybody can read, at most 140 bytes.
    #[arg(long, default_value = "", value_name = "TEXT")]
    memo: String,
    /// What to offer the miner per gas, in base units.
    #[arg(long, default_value_t = 0, value_name = "UNITS")]
    tip: u64,
    /// Wait until it is final.
    #[arg(long)]
    wait: bool,
    /// How long to wait, in seconds.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    timeout: u64,
    /// Only say what would happen.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    passphrase: person::Passphrase,
}

#[derive(Serialize)]
struct Sent {
    id: String,
    #[serde(rename = "final")]
    is_final: bool,
    #[serde(flatten)]
    transaction: Option<api::Transaction>,
}

#[derive(Serialize)]
struct DryRun {
    dry_run: bool,
    from: String,
    to: String,
    amount: api::Units,
    fee_max: Option<api::Units>,
    gas_limit: u64,
    nonce: u64,
}

pub(crate) fn run(global: &Global, output: Output, args: Args) -> Result<(), CliError> {
    let client = Client::new(&global.url)?;
    let status = client.status()?;
    let terms =
        Terms::try_from(&status).map_err(|e| CliError::Corrupt(format!("the gateway's answer: {e}")))?;
    let to = person::address(global, &status, &args.to)?;
    let key = person::key(global, output, &status, &args.from, &args.passphrase)?;
    let from = Address::of(&key.public_key());

    let holds = client.account(&from, &terms.chain.prefix, false)?;
    let account = Account { balance: holds.balance.0, nonce: holds.next_nonce };
    let wish = Transfer { memo: args.memo.clone(), tip_per_gas: args.tip, ..Transfer::to(to, args.amount) };
    let draft = transfer(&terms, key.public_key(), &account, wish)?;
    if args.dry_run {
        dry_run(output, &draft, &terms, from, to);
        return Ok(());
    }
    output.note(&draft.summary());
    if !agreed(output, &args, status.development)? {
        output.note("Nothing was sent.");
        return Ok(());
    }

    let signed = draft.sign(&key)?;
    let id = signed.id();
    let transaction = match args.wait {
        true => Some(client.submit_and_wait(&signed, Duration::from_secs(args.timeout))?),
        false => {
            client.submit(&signed)?;
            None
        }
    };
    report(output, id.to_string(), transaction, &status.symbol)
}

/// On a development chain nothing is at stake.
fn agreed(output: Output, args: &Args, development: bool) -> Result<bool, CliError> {
    match args.yes || development || output.json {
        true => Ok(true),
        false if output.can_ask() => output.confirm("Send it?"),
        false => Err(CliError::Usage(
            "nobody can be asked whether to send it: give --yes, or --dry-run to look".into(),
        )),
    }
}

fn dry_run(output: Output, draft: &Draft, terms: &Terms, from: Address, to: Address) {
    let transaction = &draft.transaction;
    let answer = DryRun {
        dry_run: true,
        from: from.display(&terms.chain.prefix),
        to: to.display(&terms.chain.prefix),
        amount: draft.given().unwrap_or_default().into(),
        fee_max: draft.fee_max().map(Into::into),
        gas_limit: transaction.gas_limit,
        nonce: transaction.nonce,
    };
    output.print(&answer, || format!("{}\nNothing was sent.", draft.summary()));
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
        None => format!("sent {id}\nSee what becomes of it: goodwill tx {id}"),
    };
    output.print(&Sent { id: id.clone(), is_final, transaction }, || text);
    match status {
        Some(Failed) => {
            Err(CliError::Rejected("the transaction was included and failed; its fee is paid".into()))
        }
        Some(Expired) => {
            Err(CliError::Rejected("the transaction expired before it was included: send it again".into()))
        }
        Some(Pending) => Err(CliError::Client(ClientError::Network {
            url: id,
            reason: "the transaction is not final yet; it may still become so: look again with `goodwill tx`"
                .into(),
        })),
        Some(Final) | None => Ok(()),
    }
}
