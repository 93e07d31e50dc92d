//! `goodwill account`.

use crate::{Global, Output, error::CliError, person, trust::Trust};
use goodwill_types::api;
use goodwill_wallet::{Client, LightClient, VerifiedAccount};
use serde::Serialize;
use std::time::{SystemTime, UNIX_EPOCH};

/// When a proof is called old, in seconds: many blocks of any chain.
const OLD_S: u64 = 600;

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
    /// How long ago the block that proves it was made, in milliseconds by this machine's clock. What a
    /// gateway proves is true, but can be old.
    #[serde(skip_serializing_if = "Option::is_none")]
    age_ms: Option<u64>,
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
        true => {
            let check = |light: &LightClient| light.verify_account(&address, &account);
            Some(args.trust.learn(&client)?.prove(&client, check)?)
        }
        false => None,
    };
    let answer = Answer {
        account: &account,
        verified: verified.is_some(),
        age_ms: verified.as_ref().map(age_ms),
        manifest_of_gateway: args.trust.manifest_of_gateway(),
    };
    output.print(&answer, || describe(&account, &status.symbol, verified.as_ref(), &args.trust));
    Ok(())
}

fn age_ms(verified: &VerifiedAccount) -> u64 {
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as u64);
    now_ms.saturating_sub(verified.header.timestamp_ms)
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
        let age_s = age_ms(verified) / 1_000;
        text += &format!("\nproven by block {}, {age_s} s old, {}", verified.header.height, trust.words());
        if age_s > OLD_S {
            text +=
                "\nNewer blocks may say something else: if the chain goes on, this gateway does not show it";
        }
    }
    text
}
