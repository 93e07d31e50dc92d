//! `goodwill status`.

use crate::{Global, Output, error::CliError};
use goodwill_wallet::Client;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(global: &Global, output: Output, _: Args) -> Result<(), CliError> {
    let status = Client::new(&global.url)?.status()?;
    output.print(&status, || {
        let doing = if status.syncing { "behind, or the chain stands still" } else { "up to date" };
        format!(
            "{} ({}), chain {}\nblock {} is final, epoch {}\nthe node is {doing}, connected with {} others, version {}\nsource: {}",
            status.name,
            status.symbol,
            status.chain_id,
            status.finalized_height,
            status.epoch,
            status.peers,
            status.version,
            status.source_url
        )
    });
    Ok(())
}
