//! `goodwill account`.

use crate::{Global, Output, error::CliError, person, trust::Trust};
use goodwill_types::api;
use goodwill_wallet::{Client, VerifiedAccount};
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An address, a development account, or one of your wallets.
    who: String,
    #[command(flatten)]
    trust: Trust,
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    account: &'a api::Account,
    /// Whether a proof was checked.
    verified: bool,
    /// Whether the trusted manifest came from the gateway itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest_of_gateway: Option<bool>,
}

pub(crate) fn run(global: &Global, output: Output, args: Args) -> Result<(), CliError> {
    let client = Client::new(&global.url)?;
    let status = client.status()?;
    let address = person::address(global, &status, &args.who)?;
    let account = client.account(&address, &person::prefix(&status)?, args.trust.proof)?;
    let verified = match args.trust.proof {
        true => Some(args.trust.learn(&client)?.light.verify_account(&address, &account)?),
        false => None,
    };
    let answer = Answer {
        account: &account,
        verified: verified.is_some(),
        manifest_of_gateway: args.trust.manifest_of_gateway(),
    };
    output.print(&answer, || describe(&account, &status.symbol, verified.as_ref(), &args.trust));
    Ok(())
}

fn describe(
    account: &api::Account,
    symbol: &str,
    verified: Option<&VerifiedAccount>,
    trust: &Trust,
) -> String {
    let mut text = format!(
        "{}\nholds {} {symbol}, sent {} transactions (block {})",
        account.address, account.balance.0, account.nonce, account.height
    );
    if let Some(verified) = verified {
        text += &format!("\nproven by block {}, {}", verified.header.height, trust.words());
    }
    text
}
