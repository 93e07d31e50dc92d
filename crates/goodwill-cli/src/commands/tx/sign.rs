//! `goodwill tx sign`: on a machine that need not have a network.

use crate::{Global, Output, error::CliError, files, files::Target, person};
use goodwill_node::load_manifest;
use goodwill_types::api;
use goodwill_wallet::{
    compose::{Chain, Draft},
    offline,
};
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file that `goodwill send --unsigned` wrote.
    file: PathBuf,
    /// The file to make, or - for stdout.
    #[arg(long, value_name = "FILE")]
    out: Target,
    /// The chain.toml that you trust: refuse what is for another chain.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Only say what would be signed.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    passphrase: person::Passphrase,
}

#[derive(Serialize)]
struct Signed {
    signed: String,
    id: String,
}

#[derive(Serialize)]
struct DryRun {
    dry_run: bool,
    from: String,
    action: api::Action,
    fee_max: Option<api::Units>,
    nonce: u64,
    last_height: u64,
}

pub(crate) fn run(global: &Global, output: Output, args: Args) -> Result<(), CliError> {
    let draft = offline::read_unsigned(&files::read(&args.file)?)?;
    if let Some(path) = &args.manifest {
        check_chain(&draft.chain, path)?;
    }
    args.out.check()?;
    let summary = format!("{}\nIt can be included up to block {}.", draft.summary(), draft.last_height);
    if args.dry_run {
        output.print(&dry_run(&draft), || format!("{summary}\nNothing was signed."));
        return Ok(());
    }
    output.note(&summary);
    if !output.agreed(args.yes, "Sign it?")? {
        output.note("Nothing was signed.");
        return Ok(());
    }
    let signed = draft.sign(&person::signer(global, output, &draft, &args.passphrase)?)?;
    let answer = Signed { signed: args.out.name(), id: signed.id().to_string() };
    args.out.deliver(output, &offline::write_signed(signed), &answer, || {
        format!("signed {} into {1}\nSend it: goodwill tx submit {1}", answer.id, answer.signed)
    })
}

/// What is shown of the chain must be true, and not only its id.
fn check_chain(chain: &Chain, path: &std::path::Path) -> Result<(), CliError> {
    let manifest = load_manifest(path)?;
    let trusted = Chain {
        id: manifest.chain_id(),
        prefix: manifest.address_prefix,
        symbol: manifest.symbol.to_string(),
        pollution_tax_bp: manifest.parameters.pollution_tax_bp,
    };
    match *chain == trusted {
        true => Ok(()),
        false => Err(CliError::Usage(format!(
            "the transaction is for the chain {}, and {} makes the chain {}: do not sign it, or name its manifest",
            chain.id,
            path.display(),
            trusted.id
        ))),
    }
}

fn dry_run(draft: &Draft) -> DryRun {
    DryRun {
        dry_run: true,
        from: draft.from.display(&draft.chain.prefix),
        action: api::Action::new(&draft.action, &draft.chain.prefix),
        fee_max: draft.fee_max().map(Into::into),
        nonce: draft.nonce,
        last_height: draft.last_height,
    }
}
