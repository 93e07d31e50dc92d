//! `goodwill association testca`.

use crate::{Output, error::CliError};
use goodwill_identity::{Issued, TestAuthority};
use serde::Serialize;
use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder of the authority: made if it is not there, used if it is.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Also issue a certificate for this domain.
    #[arg(long)]
    domain: Option<String>,
    /// The organisation that the certificate names.
    #[arg(long, requires = "domain")]
    organisation: Option<String>,
    /// For how many days the certificate is valid.
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u64).range(1..=3650))]
    days: u64,
}

#[derive(Serialize)]
struct Made {
    authority: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<PathBuf>,
}

pub(super) fn run(output: Output, args: &Args) -> Result<(), CliError> {
    fs::create_dir_all(&args.out).map_err(|e| at(&args.out, e))?;
    let (certificate, key) = (args.out.join("ca.pem"), args.out.join("ca.key"));
    let authority = match (certificate.exists(), key.exists()) {
        (true, true) => {
            let read = |path: &Path| fs::read_to_string(path).map_err(|e| at(path, e));
            TestAuthority::from_pem(&read(&certificate)?, &read(&key)?)
        }
        (false, false) => TestAuthority::new("Goodwill test authority"),
        _ => {
            return Err(CliError::Usage(format!(
                "{} holds half of an authority: name another folder",
                args.out.display()
            )));
        }
    };
    let authority = authority.map_err(|e| CliError::Corrupt(format!("the authority: {e}")))?;
    if !certificate.exists() {
        write_new(&certificate, authority.certificate_pem(), 0o644)?;
        write_new(&key, &authority.key_pem(), 0o600)?;
    }
    let issued = args.domain.as_ref().map(|domain| issue(args, &authority, domain)).transpose()?;
    let (chain, domain_key) = issued.unzip();
    let made = Made { authority: certificate, chain, key: domain_key };
    output.print(&made, || words(&made));
    Ok(())
}

fn issue(args: &Args, authority: &TestAuthority, domain: &str) -> Result<(PathBuf, PathBuf), CliError> {
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    // An hour back: clocks differ.
    let (from, until) = (now_s.saturating_sub(3_600), now_s + args.days * 86_400);
    let Issued { chain_pem, key_pem, .. } = authority
        .issue(domain, args.organisation.as_deref(), from, until)
        .map_err(|e| CliError::Usage(format!("{domain:?} gets no certificate: {e}")))?;
    let (chain, key) = (args.out.join(format!("{domain}.pem")), args.out.join(format!("{domain}.key")));
    write_new(&chain, &chain_pem, 0o644)?;
    write_new(&key, &key_pem, 0o600)?;
    Ok((chain, key))
}

fn words(made: &Made) -> String {
    let mut text = format!(
        "The authority is {}. A chain trusts it when its chain.toml has the certificate in trust_anchors.",
        made.authority.display()
    );
    if let (Some(chain), Some(key)) = (&made.chain, &made.key) {
        text += &format!(
            "\nProve with: goodwill association prove --chain {} --key {} --account ADDRESS --statement FILE --out proof.json",
            chain.display(),
            key.display()
        );
    }
    text
}

/// Writes a file that must not be there yet.
fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), CliError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|e| at(path, e))
}

fn at(path: &Path, error: std::io::Error) -> CliError {
    CliError::Io(path.display().to_string(), error)
}
