//! `goodwill account`.

use crate::{Global, Output, error::CliError, person};
use goodwill_node::{ledger::Manifest, load_manifest};
use goodwill_types::api;
use goodwill_wallet::{Client, LightClient, VerifiedAccount};
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An address, a development account, or one of your wallets.
    who: String,
    /// Have the gateway prove it, and check the proof.
    #[arg(long)]
    proof: bool,
    /// The chain.toml that you trust, for checking the proof. Without it the gateway's own is taken.
    #[arg(long, value_name = "FILE", requires = "proof")]
    manifest: Option<PathBuf>,
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
    let account = client.account(&address, &person::prefix(&status)?, args.proof)?;
    let verified = match args.proof {
        true => {
            let manifest = trusted_manifest(&client, &args)?;
            let seats = manifest.founders.iter().map(|founder| founder.node_key).collect();
            let light = LightClient::new(manifest.chain_id(), seats)?;
            Some(light.verify_account(&address, &account)?)
        }
        false => None,
    };
    let answer = Answer {
        account: &account,
        verified: verified.is_some(),
        manifest_of_gateway: args.proof.then_some(args.manifest.is_none()),
    };
    output.print(&answer, || describe(&account, &status.symbol, verified.as_ref(), args.manifest.is_none()));
    Ok(())
}

fn trusted_manifest(client: &Client, args: &Args) -> Result<Manifest, CliError> {
    match &args.manifest {
        Some(path) => Ok(load_manifest(path)?),
        None => Manifest::parse(&client.manifest()?)
            .map_err(|e| CliError::Corrupt(format!("the gateway's manifest is refused: {e}"))),
    }
}

fn describe(
    account: &api::Account,
    symbol: &str,
    verified: Option<&VerifiedAccount>,
    of_gateway: bool,
) -> String {
    let mut text = format!(
        "{}\nholds {} {symbol}, sent {} transactions (block {})",
        account.address, account.balance.0, account.nonce, account.height
    );
    if let Some(verified) = verified {
        let trusted = match of_gateway {
            true => "the manifest that the gateway itself gave (use --manifest for one that you trust)",
            false => "your manifest",
        };
        text += &format!(
            "\nproven by block {}, final by the founders named in {trusted}",
            verified.header.height
        );
    }
    text
}
