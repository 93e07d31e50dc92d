//! `goodwill simulate`.

use crate::{Output, error::CliError};
use goodwill_lab::economy::{self, EPOCHS_MAX, Report, Scenario, Settings, plots, scenario::UnknownScenario};
use goodwill_node::load_manifest;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// For how many epochs slots are ordered.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=EPOCHS_MAX))]
    epochs: u64,
    /// What all chance follows from: the same seed gives the same report.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Who takes part: quiet, busy, parttime, whale, crowd, greedy, rush, several with commas, or all.
    #[arg(long, default_value = "all", value_delimiter = ',', value_name = "NAME")]
    scenario: Vec<String>,
    /// Take the rules of this chain.toml instead of those of a small chain, which are quick.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Draw pictures (SVG) into this folder.
    #[arg(long, value_name = "DIR")]
    plots: Option<PathBuf>,
}

pub(crate) fn run(output: Output, args: Args) -> Result<(), CliError> {
    let scenarios = scenarios(&args.scenario).map_err(|error| CliError::Usage(error.to_string()))?;
    let manifest = args.manifest.as_deref().map(load_manifest).transpose()?;
    let parameters = manifest.map(|manifest| manifest.parameters);
    let settings = Settings { scenarios, epochs: args.epochs, seed: args.seed, parameters };
    let report = economy::simulate(&settings, &|what| output.note(what));
    if let Some(folder) = &args.plots {
        draw(output, &report, folder)?;
    }
    output.print(&report, || report.to_string());
    Ok(())
}

/// The scenarios that were named, each once.
fn scenarios(names: &[String]) -> Result<Vec<Scenario>, UnknownScenario> {
    if names.iter().any(|name| name == "all") {
        return Ok(Scenario::ALL.into());
    }
    let mut scenarios = Vec::new();
    for name in names {
        let scenario = name.parse()?;
        if !scenarios.contains(&scenario) {
            scenarios.push(scenario);
        }
    }
    Ok(scenarios)
}

fn draw(output: Output, report: &Report, folder: &Path) -> Result<(), CliError> {
    let failed = |error| CliError::Io(format!("cannot write pictures into {}", folder.display()), error);
    for path in plots::write(report, folder).map_err(failed)? {
        output.note(&format!("drew {}", path.display()));
    }
    Ok(())
}
