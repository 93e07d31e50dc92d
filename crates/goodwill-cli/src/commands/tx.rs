//! `goodwill tx`.

pub(crate) mod show;
mod sign;
pub(crate) mod submit;

use crate::{Global, Output, error::CliError};
use clap::Subcommand;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show a transaction, and prove it.
    Show(show::Args),
    /// Sign a transaction that `goodwill send --unsigned` wrote. Uses no network.
    Sign(sign::Args),
    /// Send a transaction that was signed elsewhere.
    Submit(submit::Args),
}

pub(crate) fn run(global: &Global, output: Output, args: Args) -> Result<(), CliError> {
    match args.command {
        Command::Show(args) => show::run(global, output, args),
        Command::Sign(args) => sign::run(global, output, args),
        Command::Submit(args) => submit::run(global, output, args),
    }
}
