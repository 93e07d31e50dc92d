//! The `goodwill` command: one binary for building, mining, holding and checking. Data goes to
//! stdout, everything else to stderr.

mod commands;
mod error;
mod files;
mod output;
mod person;
mod trust;

use clap::{Parser, Subcommand};
use error::CliError;
use output::Output;
use std::{path::PathBuf, process::ExitCode};

/// Build, run and use an eco-friendly blockchain.
#[derive(Debug, Parser)]
#[command(name = "goodwill", version, max_term_width = 100, after_help = "Start with: goodwill dev")]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, clap::Args)]
struct Global {
    /// Answer in JSON, one object a line.
    #[arg(long, global = true)]
    json: bool,
    /// The gateway to ask.
    #[arg(
        long,
        visible_alias = "api",
        global = true,
        env = "GOODWILL_URL",
        default_value = "http://127.0.0.1:8080",
        value_name = "URL"
    )]
    url: String,
    /// The folder of your wallets.
    #[arg(long, global = true, env = "GOODWILL_WALLETS", value_name = "DIR")]
    wallets: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a development chain on this machine: miners, funded accounts, an API.
    Dev(commands::dev::Args),
    /// Run a node of a chain.
    Node(commands::node::Args),
    /// Buy slots, and see what they earn.
    Mine(commands::mine::Args),
    /// Ask for donations, judge those who ask, and see who receives.
    Association(commands::association::Args),
    /// Change numbers of the rules by a vote.
    Amendment(commands::amendment::Args),
    /// Show what the chain draws, and what it gives for that.
    Energy(commands::energy::Args),
    /// Explain in plain words how the chain works, what you risk and what you gain.
    Explain(commands::explain::Args),
    /// Make, restore and look at wallets.
    Wallet(commands::wallet::Args),
    /// Send coins.
    Send(commands::send::Args),
    /// Show an account, and prove it.
    Account(commands::account::Args),
    /// Show, sign and submit transactions.
    Tx(commands::tx::Args),
    /// Show a block.
    Block(commands::block::Args),
    /// Show how a chain and its node are doing.
    Status(commands::status::Args),
    /// Write, check, run, deploy and call contracts in Python.
    Contract(commands::contract::Args),
    /// Measure nodes on this machine.
    Bench(commands::bench::Args),
    /// Let miners earn and lose for many epochs, on the rules themselves.
    Simulate(commands::simulate::Args),
    /// Try what people should not be able to do to a chain.
    #[command(subcommand)]
    Attack(commands::attack::Args),
    /// Print completions for a shell.
    Completions(commands::completions::Args),
}

fn main() -> ExitCode {
    let Cli { global, command } = Cli::parse();
    let output = Output { json: global.json };
    match run(&global, output, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.error(&error);
            ExitCode::from(error.code())
        }
    }
}

fn run(global: &Global, output: Output, command: Command) -> Result<(), CliError> {
    match command {
        Command::Dev(args) => commands::dev::run(output, args),
        Command::Node(args) => commands::node::run(output, args),
        Command::Mine(args) => commands::mine::run(global, output, args),
        Command::Association(args) => commands::association::run(global, output, args),
        Command::Amendment(args) => commands::amendment::run(global, output, args),
        Command::Energy(args) => commands::energy::run(global, output, args),
        Command::Explain(args) => commands::explain::run(global, output, args),
        Command::Wallet(args) => commands::wallet::run(global, output, args),
        Command::Send(args) => commands::send::run(global, output, args),
        Command::Account(args) => commands::account::run(global, output, args),
        Command::Tx(args) => commands::tx::run(global, output, args),
        Command::Block(args) => commands::block::run(global, output, args),
        Command::Status(args) => commands::status::run(global, output, args),
        Command::Contract(args) => commands::contract::run(global, output, args),
        Command::Bench(args) => commands::bench::run(output, args),
        Command::Simulate(args) => commands::simulate::run(output, args),
        Command::Attack(args) => commands::attack::run(output, args),
        Command::Completions(args) => commands::completions::run(args),
    }
}
