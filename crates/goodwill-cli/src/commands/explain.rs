//! `goodwill explain`.

use crate::{Global, Output, error::CliError};
use goodwill_node::{
    guide::{Facts, Language, guide},
    load_manifest,
};
use goodwill_types::api::Guide;
use goodwill_wallet::Client;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The language: en or fr.
    #[arg(long, default_value_t, value_name = "LANGUAGE")]
    lang: Language,
    /// Explain the chain of a chain.toml as it begins, without asking a gateway.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
}

pub(crate) fn run(global: &Global, output: Output, args: Args) -> Result<(), CliError> {
    let guide = match args.manifest {
        Some(path) => {
            let manifest = load_manifest(&path)?;
            let markdown = guide(&manifest, &Facts::first(&manifest), args.lang);
            Guide { language: args.lang.code().into(), markdown }
        }
        None => Client::new(&global.url)?.guide(args.lang.code())?,
    };
    output.print(&guide, || guide.markdown.trim_end().to_owned());
    Ok(())
}
