//! `goodwill association prove`.

use super::{file::ProofFile, file::digest_of, proof_of};
use crate::{Global, Output, error::CliError, files::Target, person};
use goodwill_identity::{certificates, prove, verify};
use goodwill_node::{ledger::Manifest, load_manifest};
use goodwill_types::association::claim;
use goodwill_wallet::Client;
use serde::Serialize;
use std::{
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The certificates of your web server in PEM: the domain's first, without the root.
    #[arg(long, value_name = "FILE")]
    chain: PathBuf,
    /// The key of the domain's certificate in PEM. It is only read.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The domain, such as example.org; without it, the name of the chain's file.
    #[arg(long)]
    domain: Option<String>,
    /// The account that shall receive: an address, or one of your wallets.
    #[arg(long, value_name = "ADDRESS")]
    account: String,
    /// Your statement: what you do, in your own words. Its hash goes to the chain.
    #[arg(long, value_name = "FILE")]
    statement: PathBuf,
    /// The chain's manifest; without it, the gateway's.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Where to write the proof.
    #[arg(long, value_name = "FILE")]
    out: Target,
}

#[derive(Serialize)]
struct Proven {
    domain: String,
    account: String,
    organisation: Option<String>,
    valid_until_s: u64,
    proof: String,
}

pub(super) fn run(global: &Global, output: Output, args: &Args) -> Result<(), CliError> {
    args.out.check()?;
    let manifest = manifest(global, args)?;
    let domain = domain(args)?;
    let account = match &args.manifest {
        Some(_) => goodwill_types::Address::parse(&args.account, &manifest.address_prefix)
            .map_err(|e| CliError::Usage(e.to_string()))?,
        None => person::address(global, &Client::new(&global.url)?.status()?, &args.account)?,
    };
    let statement = digest_of(&args.statement)?;
    let message = claim(&manifest.chain_id(), &account, &statement, &domain);
    let refused = |e| CliError::Rejected(format!("the proof would be refused: {e}"));
    let unusable = |path: &Path, e: String| CliError::Usage(format!("{}: {e}", path.display()));
    let chain = certificates(&read(&args.chain)?).map_err(|e| unusable(&args.chain, e.to_string()))?;
    let signature = prove(&read(&args.key)?, &message).map_err(|e| unusable(&args.key, e.to_string()))?;
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let borrowed: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
    let identity =
        verify(&borrowed, &signature, &message, &domain, manifest.anchors(), now_s).map_err(refused)?;
    let proof = proof_of(chain, signature)?;
    let account = account.display(&manifest.address_prefix);
    let file = ProofFile::new(&domain, account.clone(), statement, &proof);
    let json = serde_json::to_string_pretty(&file).expect("plain data") + "\n";
    let proven = Proven {
        domain,
        account,
        organisation: identity.organisation,
        valid_until_s: identity.valid_until_s,
        proof: args.out.name(),
    };
    args.out.deliver(output, &json, &proven, || words(&proven))
}

fn words(proven: &Proven) -> String {
    let organisation = match &proven.organisation {
        Some(name) => format!(" of {name}"),
        None => String::new(),
    };
    format!(
        "Whoever controls {}{organisation} wants {} to receive. It shows who controls a name, not goodness: the miners judge that.\nApply with: goodwill association apply --name NAME --cause CAUSE --statement-uri URI --proof {} --from WALLET",
        proven.domain, proven.account, proven.proof
    )
}

fn manifest(global: &Global, args: &Args) -> Result<Manifest, CliError> {
    match &args.manifest {
        Some(path) => Ok(load_manifest(path)?),
        None => Manifest::parse(&Client::new(&global.url)?.manifest()?)
            .map_err(|e| CliError::Corrupt(format!("the gateway's manifest: {e}"))),
    }
}

fn domain(args: &Args) -> Result<String, CliError> {
    let of_file = || args.chain.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
    let none = || CliError::Usage("name the domain with --domain".into());
    args.domain.clone().or_else(of_file).ok_or_else(none)
}

fn read(path: &Path) -> Result<String, CliError> {
    fs::read_to_string(path).map_err(|e| CliError::Io(path.display().to_string(), e))
}
