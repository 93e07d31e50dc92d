//! `goodwill wallet`.

use crate::{Global, Output, error::CliError, person};
use clap::Subcommand;
use goodwill_types::{AddressError, Prefix};
use goodwill_wallet::{Client, Name, Wallet, Words, wallets::Entry};
use serde::Serialize;
use std::{io::Read as _, path::PathBuf};
use zeroize::Zeroizing;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a wallet of fresh words, and show them once.
    New(Make),
    /// Make a wallet of words that you have.
    Import {
        #[command(flatten)]
        make: Make,
        /// Read the words from this file instead of asking for them.
        #[arg(long, value_name = "FILE")]
        words_file: Option<PathBuf>,
    },
    /// List your wallets.
    List,
    /// Show a wallet's address.
    Show {
        /// Its name.
        name: Name,
    },
    /// Show a wallet's secret words: its only backup.
    Export {
        /// Its name.
        name: Name,
        #[command(flatten)]
        passphrase: person::Passphrase,
    },
}

#[derive(Debug, clap::Args)]
struct Make {
    /// A name for it: letters, digits, - and _.
    name: Name,
    /// How the chain's addresses begin; asked from the gateway if missing.
    #[arg(long, value_parser = parse_prefix)]
    prefix: Option<Prefix>,
    #[command(flatten)]
    passphrase: person::Passphrase,
}

fn parse_prefix(text: &str) -> Result<Prefix, AddressError> {
    text.parse()
}

#[derive(Serialize)]
struct Described {
    name: String,
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<String>,
}

pub(crate) fn run(global: &Global, output: Output, args: Args) -> Result<(), CliError> {
    let wallets = person::wallets(global)?;
    match args.command {
        Command::New(make) => {
            let (prefix, passphrase) = make.ask(global, output)?;
            let wallet = wallets.create(&make.name, &prefix, &passphrase)?;
            output
                .note("Write these words down and keep them secret: they are the only backup of your coins.");
            show_words(output, &wallet, &prefix);
        }
        Command::Import { make, words_file } => {
            let words = Words::parse(&read_words(output, words_file)?)?;
            let (prefix, passphrase) = make.ask(global, output)?;
            let wallet = wallets.import(&make.name, &prefix, words, &passphrase)?;
            print(output, wallet.name.to_string(), wallet.address().display(&prefix));
        }
        Command::List => {
            let entries = wallets.list()?.into_iter().map(|name| wallets.read(&name));
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            if entries.is_empty() {
                output.note("There is no wallet yet: make one with `goodwill wallet new NAME`.");
            }
            entries.iter().for_each(|entry| show(output, entry));
        }
        Command::Show { name } => show(output, &wallets.read(&name)?),
        Command::Export { name, passphrase } => {
            let entry = wallets.read(&name)?;
            let passphrase = passphrase.get(output, &format!("Passphrase of the wallet {name}: "), false)?;
            output.note("Whoever reads these words can spend the coins.");
            show_words(output, &entry.unlock(&passphrase)?, &entry.header.prefix());
        }
    }
    Ok(())
}

impl Make {
    fn ask(&self, global: &Global, output: Output) -> Result<(Prefix, Zeroizing<String>), CliError> {
        let prefix = match self.prefix {
            Some(prefix) => prefix,
            None => {
                let status = Client::new(&global.url)?.status().map_err(|e| {
                    CliError::Usage(format!(
                        "which chain is the wallet for? Give --prefix, or --url of a node ({e})"
                    ))
                })?;
                person::prefix(&status)?
            }
        };
        Ok((prefix, self.passphrase.get(output, "A passphrase for the new wallet: ", true)?))
    }
}

fn read_words(output: Output, file: Option<PathBuf>) -> Result<Zeroizing<String>, CliError> {
    if let Some(path) = file {
        let text = std::fs::read_to_string(&path).map_err(|e| CliError::Io(path.display().to_string(), e))?;
        return Ok(Zeroizing::new(text));
    }
    if output.can_ask() {
        let words = rpassword::prompt_password("The words, with spaces (not shown): ");
        return words.map(Zeroizing::new).map_err(|e| CliError::Io("cannot read the words".into(), e));
    }
    let mut text = Zeroizing::new(String::new());
    let read = std::io::stdin().take(1_000).read_to_string(&mut text);
    read.map(|_| text).map_err(|e| CliError::Io("cannot read the words from stdin".into(), e))
}

fn show(output: Output, entry: &Entry) {
    if let Some(mode) = entry.exposed {
        eprintln!("warning: others may read {} (mode {mode:o}): chmod 600 it", entry.path.display());
    }
    print(output, entry.header.name().to_string(), entry.header.address.display(&entry.header.prefix()));
}

fn print(output: Output, name: String, address: String) {
    let text = format!("{name:<16} {address}");
    output.print(&Described { name, address, words: None }, || text);
}

fn show_words(output: Output, wallet: &Wallet, prefix: &Prefix) {
    let (name, address, words) = (wallet.name.to_string(), wallet.address().display(prefix), wallet.reveal());
    let text = format!("{name:<16} {address}\n{}", *words);
    output.print(&Described { name, address, words: Some(words.to_string()) }, || text);
}
