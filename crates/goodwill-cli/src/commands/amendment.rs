//! `goodwill amendment`: numbers of the rules that a vote can change.

use super::association::{Acting, choice};
use crate::{Global, Output, error::CliError};
use clap::Subcommand;
use goodwill_types::{
    Action, Adjustable, Change, Choice,
    api::Amendments,
    codec::{List, Text},
};
use goodwill_wallet::Client;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The numbers in force, and what was proposed.
    List,
    /// Propose other numbers. Locks the chain's deposit until the miners have decided.
    Propose {
        /// What shall change, such as pollution_tax_percent=60.
        #[arg(required = true, value_parser = change, value_name = "NAME=NUMBER")]
        changes: Vec<Change>,
        /// From which epoch on.
        #[arg(long)]
        epoch: u64,
        /// Why, in at most 280 bytes.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        acting: Acting,
    },
    /// Say what you hold of an amendment. Only miners can, while they have seats.
    Vote {
        /// Its number.
        id: u32,
        /// yes, no or withdraw.
        #[arg(value_parser = choice)]
        choice: Choice,
        #[command(flatten)]
        acting: Acting,
    },
}

fn change(text: &str) -> Result<Change, String> {
    let names = || Adjustable::ALL.map(Adjustable::name).join(", ");
    let (name, value) = text.split_once('=').ok_or("write NAME=NUMBER")?;
    let adjustable = Adjustable::of(name)
        .ok_or_else(|| format!("{name:?} cannot be amended; choose one of {}", names()))?;
    let value = value.parse().map_err(|_| format!("{value:?} is not a number"))?;
    Ok(Change { adjustable, value })
}

pub(crate) fn run(global: &Global, output: Output, args: Args) -> Result<(), CliError> {
    match args.command {
        Command::List => {
            let amendments = Client::new(&global.url)?.amendments()?;
            output.print(&amendments, || words(&amendments));
            Ok(())
        }
        Command::Propose { changes, epoch, reason, acting } => {
            let many = || CliError::Usage("an amendment makes at most 16 changes: split it".into());
            let long = || CliError::Usage("the reason is longer than 280 bytes: shorten it".into());
            let changes = List::new(changes).ok_or_else(many)?;
            let reason = Text::new(reason).ok_or_else(long)?;
            acting.act(global, output, Action::ProposeAmendment { epoch, changes, reason })
        }
        Command::Vote { id, choice, acting } => acting.act(global, output, Action::Vote { poll: id, choice }),
    }
}

fn words(amendments: &Amendments) -> String {
    let mut text = format!("In force in epoch {}:", amendments.epoch);
    for (name, value) in &amendments.in_force {
        text += &format!("\n  {name} = {value}");
    }
    for one in &amendments.amendments {
        let changes: Vec<_> =
            one.changes.iter().map(|change| format!("{} = {}", change.parameter, change.value)).collect();
        text += &format!(
            "\n{:>4}  {:<9}  from epoch {} on {}: {} yes, {} no of {} ({} needed). {}",
            one.id,
            one.status,
            one.epoch,
            changes.join(", "),
            one.yes,
            one.no,
            one.live,
            one.needed,
            one.reason
        );
    }
    text
}
