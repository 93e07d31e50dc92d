//! `goodwill attack`.

use crate::{Output, error::CliError};
use goodwill_lab::attack::{ATTACKS, Attack, Line, all, find};
use serde_json::json;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Args {
    /// Name what can be tried.
    List,
    /// Try one.
    Run {
        /// Which one, as in the list.
        name: String,
        #[command(flatten)]
        chance: Chance,
    },
    /// Try all.
    All {
        #[command(flatten)]
        chance: Chance,
    },
}

#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Chance {
    /// What all chance follows from: the same seed gives the same figures.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(crate) fn run(output: Output, args: Args) -> Result<(), CliError> {
    match args {
        Args::List => {
            ATTACKS.iter().for_each(|attack| list(output, attack));
            Ok(())
        }
        Args::Run { name, chance } => {
            let unknown =
                || CliError::Missing(format!("there is no attack {name:?}: see goodwill attack list"));
            let attack = find(&name).ok_or_else(unknown)?;
            output.note(attack.tried);
            report(output, &[attack.run(chance.seed)])
        }
        Args::All { chance } => report(output, &all(chance.seed, &|what| output.note(what))),
    }
}

fn list(output: Output, attack: &Attack) {
    let Attack { name, tried, expected, unit, .. } = attack;
    let (least, most) = (attack.range.start(), attack.range.end());
    let object = json!({
        "name": name, "tried": tried, "expected": expected, "least": least, "most": most, "unit": unit,
    });
    output.print(&object, || format!("{name:<16}{tried}"));
}

/// Prints a line for each attack; fails where one ended in another way than it must.
fn report(output: Output, lines: &[Line]) -> Result<(), CliError> {
    lines.iter().for_each(|line| output.print(line, || line.to_string()));
    let others: Vec<_> = lines.iter().filter(|line| !line.is_as_expected()).collect();
    match others.is_empty() {
        true => Ok(()),
        false => {
            let names: Vec<_> = others.iter().map(|line| line.name.as_str()).collect();
            Err(CliError::Attack(names.join(", ")))
        }
    }
}
