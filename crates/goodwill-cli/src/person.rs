//! Who a name on the command line is: a published development account, or a wallet.

use crate::{Global, error::CliError};
use goodwill_types::{Address, Prefix, SecretKey, api::Status};
use goodwill_wallet::{Name, WalletError, Wallets, compose::Draft, development, wallets::Entry};
use std::{env, fs, path::PathBuf};
use zeroize::Zeroizing;

/// Where a passphrase comes from.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Passphrase {
    /// Read the passphrase from the first line of this file instead of asking for it.
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

impl Passphrase {
    /// Reads it, or asks for it; twice when it is new.
    ///
    /// # Errors
    /// When nobody can be asked.
    pub(crate) fn get(
        &self,
        output: crate::Output,
        prompt: &str,
        new: bool,
    ) -> Result<Zeroizing<String>, CliError> {
        if let Some(path) = &self.passphrase_file {
            let text = Zeroizing::new(
                fs::read_to_string(path).map_err(|e| CliError::Io(path.display().to_string(), e))?,
            );
            return Ok(Zeroizing::new(text.lines().next().unwrap_or_default().into()));
        }
        if !output.can_ask() {
            return Err(CliError::Locked(
                "a passphrase is needed, and nobody can be asked: give --passphrase-file FILE".into(),
            ));
        }
        let first = ask(prompt)?;
        match !new || first == ask("The same again: ")? {
            true => Ok(first),
            false => Err(CliError::Usage("the two passphrases differ: try again".into())),
        }
    }
}

fn ask(prompt: &str) -> Result<Zeroizing<String>, CliError> {
    rpassword::prompt_password(prompt)
        .map(Zeroizing::new)
        .map_err(|e| CliError::Io("cannot read the passphrase".into(), e))
}

/// The wallets' folder.
///
/// # Errors
/// When there is no home folder.
pub(crate) fn wallets(global: &Global) -> Result<Wallets, CliError> {
    let directory = match &global.wallets {
        Some(directory) => directory.clone(),
        None => {
            let home = env::var_os("HOME").filter(|home| !home.is_empty());
            let home =
                home.ok_or_else(|| CliError::Usage("there is no home folder: give --wallets DIR".into()))?;
            PathBuf::from(home).join(".goodwill").join("wallets")
        }
    };
    Ok(Wallets::open(directory))
}

/// The prefix of the chain's addresses.
///
/// # Errors
/// When the gateway names one that cannot be.
pub(crate) fn prefix(status: &Status) -> Result<Prefix, CliError> {
    status.address_prefix.parse().map_err(|e| CliError::Corrupt(format!("the gateway's answer: {e}")))
}

/// The key of `name`: of a development account on a development chain, or of a wallet.
///
/// # Errors
/// Says when the name is a published one and the chain is a real one.
pub(crate) fn key(
    global: &Global,
    output: crate::Output,
    status: &Status,
    name: &str,
    passphrase: &Passphrase,
) -> Result<SecretKey, CliError> {
    if let Some(key) = development::account(name).filter(|_| status.development) {
        return Ok(key);
    }
    let name: Name = name.parse()?;
    let entry = match wallets(global)?.read(&name) {
        Err(WalletError::Missing { .. }) if development::account(&name.to_string()).is_some() => {
            return Err(CliError::Rejected(format!(
                "{name} is a published key that everybody has, and {:?} is no development chain: make a wallet of your own with `goodwill wallet new NAME`",
                status.name
            )));
        }
        entry => entry?,
    };
    let passphrase = passphrase.get(output, &format!("Passphrase of the wallet {name}: "), false)?;
    Ok(entry.unlock(&passphrase)?.key())
}

/// The key that signs `draft`: of the wallet that has its address, or of the development account. Uses
/// no network.
///
/// # Errors
/// When none here has the address, or the wallet is for another chain's addresses.
pub(crate) fn signer(
    global: &Global,
    output: crate::Output,
    draft: &Draft,
    passphrase: &Passphrase,
) -> Result<SecretKey, CliError> {
    let mut published = development::NAMES.into_iter().filter_map(development::account);
    if let Some(key) = published.find(|key| Address::of(&key.public_key()) == draft.from) {
        return Ok(key);
    }
    let entry = wallet_of(&wallets(global)?, draft)?;
    let (name, prefix) = (entry.header.name(), entry.header.prefix());
    if prefix != draft.chain.prefix {
        return Err(CliError::Usage(format!(
            "the wallet {name} is for addresses that begin with {prefix}, and the transaction is for a chain with {}: do not sign it, or import the wallet's words with that prefix",
            draft.chain.prefix
        )));
    }
    let passphrase = passphrase.get(output, &format!("Passphrase of the wallet {name}: "), false)?;
    Ok(entry.unlock(&passphrase)?.key())
}

fn wallet_of(wallets: &Wallets, draft: &Draft) -> Result<Entry, CliError> {
    let readable = wallets.list()?.into_iter().filter_map(|name| wallets.read(&name).ok());
    readable.into_iter().find(|entry| entry.header.address == draft.from).ok_or_else(|| {
        CliError::Missing(format!(
            "the transaction is from {}, and no wallet in {} has this address: see `goodwill wallet list`, or name another folder with --wallets",
            draft.from.display(&draft.chain.prefix),
            wallets.directory.display()
        ))
    })
}

/// Whom a name means: a development account on a development chain, or a wallet.
pub(crate) fn named(global: &Global, status: &Status, name: &str) -> Option<Address> {
    if let Some(key) = development::account(name).filter(|_| status.development) {
        return Some(Address::of(&key.public_key()));
    }
    let entry = wallets(global).ok()?.read(&name.parse::<Name>().ok()?).ok()?;
    Some(entry.header.address)
}

/// Whom a text means: an address, a development account, or a wallet.
///
/// # Errors
/// When it is none of these.
pub(crate) fn address(global: &Global, status: &Status, text: &str) -> Result<Address, CliError> {
    if let Some(address) = named(global, status, text) {
        return Ok(address);
    }
    Address::parse(text, &prefix(status)?)
        .map_err(|e| CliError::Usage(format!("{e}; known names are those of `goodwill wallet list`")))
}
