//! `goodwill association`: who may receive donations, and what miners say of them.

mod donations;
mod file;
mod prove;
mod show;
mod testca;

use super::act::{Sending, Signer};
use crate::{Global, Output, error::CliError, person, trust::Trust};
use clap::Subcommand;
use file::{ProofFile, digest_of, link};
use goodwill_types::{
    Action, Amount, Application, Cause, Choice,
    codec::{List, Text},
};
use goodwill_wallet::Client;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make an authority for a development chain, and certificates of domains under it.
    Testca(testca::Args),
    /// Show with a web certificate's key that an account is your domain's.
    Prove(prove::Args),
    /// Ask to receive donations. Locks the chain's deposit until the miners have decided.
    Apply {
        /// What people call you.
        #[arg(long)]
        name: String,
        /// What you work for: climate, hunger, disease, children or humanity.
        #[arg(long, value_parser = cause)]
        cause: Cause,
        #[command(flatten)]
        shown: Shown,
        #[command(flatten)]
        acting: Acting,
    },
    /// The associations: candidates, those that receive, and those that did.
    List,
    /// One association: what it showed, what was said of it, what it received.
    Show {
        /// Its number.
        id: u32,
    },
    /// Say what you hold of an association. Only miners can, while they have seats.
    Vote {
        /// Its number.
        id: u32,
        /// yes, no or withdraw.
        #[arg(value_parser = choice)]
        choice: Choice,
        #[command(flatten)]
        acting: Acting,
    },
    /// Attach something that shows that your association operates.
    Evidence {
        /// The association's number.
        id: u32,
        /// Where it can be read.
        #[arg(long)]
        uri: String,
        /// The same as a file: its hash goes to the chain.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        acting: Acting,
    },
    /// Ask for another mandate, with a fresh proof.
    Renew {
        /// The association's number.
        id: u32,
        #[command(flatten)]
        shown: Shown,
        #[command(flatten)]
        acting: Acting,
    },
    /// Receive on another account, whoever has the key of the present one.
    Rotate {
        /// The association's number.
        id: u32,
        /// The new account, for which the proof was made.
        #[arg(long, value_name = "ADDRESS")]
        account: String,
        /// What `goodwill association prove` wrote.
        #[arg(long, value_name = "FILE")]
        proof: PathBuf,
        #[command(flatten)]
        acting: Acting,
    },
    /// Where the money of an epoch came from, and who gets it. With --proof: whether its slots brought
    /// good deeds at least four fifths of what its turns earned.
    Donations {
        /// The epoch; without it, the last one that is over.
        #[arg(long)]
        epoch: Option<u64>,
        #[command(flatten)]
        trust: Trust,
    },
    /// Give coins to the pool: it is divided among the associations that are approved.
    Donate {
        /// How many coins, such as 12.5.
        amount: Amount,
        #[command(flatten)]
        acting: Acting,
    },
}

/// What an association shows of itself.
#[derive(Debug, clap::Args)]
struct Shown {
    /// Where your statement can be read: what you do, in your own words.
    #[arg(long, value_name = "URI")]
    statement_uri: String,
    /// What `goodwill association prove` wrote: it names domain, account and the statement's hash.
    #[arg(long, value_name = "FILE")]
    proof: PathBuf,
}

/// Who signs, and how it is sent.
#[derive(Debug, clap::Args)]
pub(crate) struct Acting {
    #[command(flatten)]
    signer: Signer,
    #[command(flatten)]
    sending: Sending,
}

impl Acting {
    /// Signs and sends `action`.
    ///
    /// # Errors
    /// What the chain refuses, or would fail.
    pub(crate) fn act(&self, global: &Global, output: Output, action: Action) -> Result<(), CliError> {
        self.signer.actor(global, output)?.act(output, action, &self.sending)
    }
}

fn cause(word: &str) -> Result<Cause, String> {
    Cause::of(word).ok_or_else(|| "choose climate, hunger, disease, children or humanity".into())
}

/// What a word of a vote means.
pub(crate) fn choice(word: &str) -> Result<Choice, String> {
    Choice::of(word).ok_or_else(|| "choose yes, no or withdraw".into())
}

fn text<const MAX: usize>(what: &str, text: String) -> Result<Text<MAX>, CliError> {
    let size = text.len();
    Text::new(text)
        .ok_or_else(|| CliError::Usage(format!("{what} has {size} bytes, and {MAX} are allowed: shorten it")))
}

pub(crate) fn run(global: &Global, output: Output, args: Args) -> Result<(), CliError> {
    match args.command {
        Command::Testca(args) => testca::run(output, &args),
        Command::Prove(args) => prove::run(global, output, &args),
        Command::List => show::list(global, output),
        Command::Show { id } => show::one(global, output, id),
        Command::Apply { name, cause, shown, acting } => {
            let proof = ProofFile::read(&shown.proof)?;
            let application = Application {
                name: text("the name", name)?,
                cause,
                domain: text("the domain", proof.domain.clone())?,
                statement: link(shown.statement_uri, proof.statement_hash.0)?,
                proof: proof.proof()?,
            };
            acting.act(global, output, Action::ApplyAssociation { application: application.into() })
        }
        Command::Vote { id, choice, acting } => acting.act(global, output, Action::Vote { poll: id, choice }),
        Command::Evidence { id, uri, file, acting } => {
            let evidence = link(uri, digest_of(&file)?)?;
            acting.act(global, output, Action::AttachEvidence { id, evidence })
        }
        Command::Renew { id, shown, acting } => {
            let proof = ProofFile::read(&shown.proof)?;
            let statement = link(shown.statement_uri, proof.statement_hash.0)?;
            acting.act(global, output, Action::RenewAssociation { id, statement, proof: proof.proof()? })
        }
        Command::Rotate { id, account, proof, acting } => {
            let status = Client::new(&global.url)?.status()?;
            let account = person::address(global, &status, &account)?;
            let proof = ProofFile::read(&proof)?.proof()?;
            acting.act(global, output, Action::RotateAssociation { id, account, proof })
        }
        Command::Donations { epoch, trust } => donations::run(global, output, epoch, &trust),
        Command::Donate { amount, acting } => acting.act(global, output, Action::Donate { amount }),
    }
}

/// Certificates and a signature as the chain takes them.
///
/// # Errors
/// When they are too many or too large.
pub(crate) fn proof_of(
    chain: Vec<Vec<u8>>,
    signature: Vec<u8>,
) -> Result<goodwill_types::IdentityProof, CliError> {
    let chain = chain.into_iter().map(List::new).collect::<Option<Vec<_>>>().and_then(List::new);
    match (chain, List::new(signature)) {
        (Some(chain), Some(signature)) => Ok(goodwill_types::IdentityProof::X509 { chain, signature }),
        _ => Err(CliError::Usage(
            "the chain has too many or too large certificates: leave the root out".into(),
        )),
    }
}
