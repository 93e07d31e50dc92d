//! `goodwill completions`.

use crate::{Cli, error::CliError};
use clap::CommandFactory as _;
use clap_complete::Shell;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which shell.
    shell: Shell,
}

pub(crate) fn run(args: Args) -> Result<(), CliError> {
    clap_complete::generate(args.shell, &mut Cli::command(), "goodwill", &mut std::io::stdout());
    Ok(())
}
