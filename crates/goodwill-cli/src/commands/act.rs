//! Who acts on the command line, and how what it signs is sent.

use super::tx::submit::{Patience, check_simulated, foreseen, simulate, submit};
use crate::{Global, Output, error::CliError, person};
use goodwill_node::{
    NodeConfig, NodeError,
    config::{KeyFile, load_key},
};
use goodwill_types::{
    Account, Action, Address, SecretKey,
    api::{Simulation, Status},
};
use goodwill_wallet::{
    Client,
    compose::{Draft, Offer, Terms, compose},
};
use std::path::PathBuf;

/// How a transaction is sent.
#[derive(Debug, clap::Args)]
pub(crate) struct Sending {
    #[command(flatten)]
    patience: Patience,
    /// Only say what would happen.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask. On a development chain and with --json nothing is asked; without a terminal nobody
    /// can be, and other chains need this.
    #[arg(long, short)]
    yes: bool,
}

/// Who signs.
#[derive(Debug, clap::Args)]
pub(crate) struct Signer {
    /// Who signs: one of your wallets, or a development account.
    #[arg(long, value_name = "NAME", required_unless_present = "miner")]
    from: Option<String>,
    /// The miner of the node with these settings signs.
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    miner: Option<PathBuf>,
    #[command(flatten)]
    passphrase: person::Passphrase,
}

impl Signer {
    /// Unlocks the key.
    ///
    /// # Errors
    /// When there is no such key, or it stays locked.
    pub(crate) fn actor(&self, global: &Global, output: Output) -> Result<Actor, CliError> {
        let Some(path) = &self.miner else {
            let status = Client::new(&global.url)?.status()?;
            let name = self.from.as_deref().expect("required by the parser");
            return Actor::new(global, person::key(global, output, &status, name, &self.passphrase)?);
        };
        let config = NodeConfig::load(path).map_err(NodeError::from)?;
        let key = load_key(&config.data, KeyFile::Miner).map_err(NodeError::from)?;
        let none =
            || CliError::Missing("this node has no miner's key: make it with `goodwill mine key`".into());
        Actor::new(global, key.ok_or_else(none)?)
    }
}

/// An account with its key, and the chain on which it acts.
pub(crate) struct Actor {
    pub(crate) key: SecretKey,
    pub(crate) client: Client,
    pub(crate) status: Status,
    pub(crate) terms: Terms,
}

impl Actor {
    /// # Errors
    /// When the gateway does not answer.
    pub(crate) fn new(global: &Global, key: SecretKey) -> Result<Self, CliError> {
        let client = Client::new(&global.url)?;
        let status = client.status()?;
        let terms =
            Terms::try_from(&status).map_err(|e| CliError::Corrupt(format!("the gateway's answer: {e}")))?;
        Ok(Self { key, client, status, terms })
    }

    pub(crate) fn address(&self) -> Address {
        Address::of(&self.key.public_key())
    }

    /// Says what `action` means, asks, and sends it.
    ///
    /// # Errors
    /// What the chain refuses, or would fail.
    pub(crate) fn act(&self, output: Output, action: Action, sending: &Sending) -> Result<(), CliError> {
        let draft =
            |account: &Account| Ok(compose(&self.terms, self.address(), account, action, Offer::default())?);
        self.send(output, draft, sending)
    }

    /// Says what the draft means, asks, and sends it.
    ///
    /// # Errors
    /// What the chain refuses, or would fail.
    pub(crate) fn send(
        &self,
        output: Output,
        draft: impl FnOnce(&Account) -> Result<Draft, CliError>,
        sending: &Sending,
    ) -> Result<(), CliError> {
        let holds = self.client.account(&self.address(), &self.terms.chain.prefix, false)?;
        let draft = draft(&Account { balance: holds.balance.0, nonce: holds.next_nonce })?;
        output.note(&draft.summary());
        if sending.dry_run {
            let simulation = Simulation::Unsigned(draft.transaction(self.key.public_key())?.into());
            let simulated = simulate(&self.client, &simulation)?;
            let failure = check_simulated(simulated.as_ref());
            let foreseen = foreseen(simulated.as_ref(), &self.status.symbol);
            output.print(&simulated, || format!("{foreseen}\nNothing was sent."));
            return failure;
        }
        // On a development chain nothing is at stake.
        if !output.agreed(sending.yes || self.status.development, "Send it?")? {
            output.note("Nothing was sent.");
            return Ok(());
        }
        submit(output, &self.client, &draft.sign(&self.key)?, &sending.patience, &self.status.symbol)
    }
}
