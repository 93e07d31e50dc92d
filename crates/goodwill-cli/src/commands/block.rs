//! `goodwill block`.

use crate::{Global, Output, error::CliError};
use goodwill_types::api;
use goodwill_wallet::Client;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A height, or latest.
    #[arg(default_value = "latest")]
    height: String,
}

pub(crate) fn run(global: &Global, output: Output, args: Args) -> Result<(), CliError> {
    let client = Client::new(&global.url)?;
    let block = match args.height.as_str() {
        "latest" => client.latest_block()?,
        text => {
            let usage = |_| CliError::Usage(format!("{text:?} is not a height: give a number, or latest"));
            client.block(text.parse().map_err(usage)?)?
        }
    };
    output.print(&block, || describe(&block));
    Ok(())
}

fn describe(block: &api::Block) -> String {
    let mut text = format!(
        "block {} of epoch {}, {} bytes, {} transactions\ndigest     {}\nparent     {}\nstate root {}\ntime       {} ms since 1970\nleader     {}",
        block.height,
        block.epoch,
        block.size_bytes,
        block.transactions.len(),
        block.digest,
        block.parent,
        block.state_root,
        block.timestamp_ms,
        block.leader,
    );
    for id in &block.transactions {
        text += &format!("\n  {id}");
    }
    text
}
