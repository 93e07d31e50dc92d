//! The folder that a person's wallets are in, one file each.

use crate::{
    derive::{Path as KeyPath, derive},
    keystore::{FILE_SIZE_MAX, FormatError, Header, Keystore, Name, NameError},
    mnemonic::{Seed, Words},
    seal::{Cost, CostError},
};
use goodwill_types::{Address, Prefix, SecretKey};
use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// The shortest passphrase of a new wallet, in characters.
pub const PASSPHRASE_LENGTH_MIN: usize = 8;

/// A folder of wallets.
#[derive(Clone, Debug)]
pub struct Wallets {
    /// The folder.
    pub directory: PathBuf,
    /// What guessing the passphrase of a new wallet costs.
    pub cost: Cost,
}

/// What a wallet's file says without its passphrase.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The file's open part.
    pub header: Header,
    /// The file.
    pub path: PathBuf,
    /// The file's permission bits, where others than its owner have some: the owner should be told.
    pub exposed: Option<u32>,
    keystore: Keystore,
}

/// A wallet that is open. Its secrets are zeroed when it is dropped.
#[derive(Clone, Debug)]
pub struct Wallet {
    /// Its name.
    pub name: Name,
    words: Words,
    seed: Seed,
}

/// Why a wallet cannot be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    /// Not a wallet's name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// No such wallet.
    #[error(
        "there is no wallet {name} in {directory}: see `goodwill wallet list`, or make it with `goodwill wallet new {name}`"
    )]
    Missing {
        /// The name asked for.
        name: Name,
        /// Where it was looked for.
        directory: PathBuf,
    },
    /// The name is taken. No wallet is ever overwritten.
    #[error("there is a wallet {name} already ({path}): take another name")]
    Exists {
        /// The name.
        name: Name,
        /// Its file.
        path: PathBuf,
    },
    /// A passphrase that is guessed at once.
    #[error(
        "the passphrase has fewer than {PASSPHRASE_LENGTH_MIN} characters: several words at random are safe and easy to keep in mind"
    )]
    Weak,
    /// It does not open.
    #[error(
        "the passphrase of the wallet {0} is wrong (or its file was altered on purpose): try again, or restore the wallet from its words"
    )]
    WrongPassphrase(Name),
    /// The file is not a wallet that this release opens.
    #[error("the wallet file {path} cannot be used: {reason}")]
    Format {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: FormatError,
    },
    /// The cost for new wallets is out of bounds.
    #[error("no wallet is made with this cost: {0}")]
    Cost(#[from] CostError),
    /// The operating system refused.
    #[error("cannot {doing} {path}: {reason}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
}

impl Wallets {
    /// The wallets in `directory`, which is made when the first wallet is.
    pub fn open(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), cost: Cost::DEFAULT }
    }

    /// The names of the wallets here, in order.
    ///
    /// # Errors
    /// When the folder cannot be read. One that is not there has no wallets.
    pub fn list(&self) -> Result<Vec<Name>, WalletError> {
        let entries = match fs::read_dir(&self.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(io_error("read", &self.directory))?,
        };
        let name = |entry: fs::DirEntry| entry.file_name().to_str()?.strip_suffix(".json")?.parse().ok();
        let mut names: Vec<Name> = entries.flatten().filter_map(name).collect();
        names.sort();
        Ok(names)
    }

    /// Makes a wallet of fresh words. Its owner should write them down: they are the only backup.
    ///
    /// # Errors
    /// A taken name, a weak passphrase, a full disk.
    pub fn create(&self, name: &Name, prefix: &Prefix, passphrase: &str) -> Result<Wallet, WalletError> {
        self.import(name, prefix, Words::random(), passphrase)
    }

    /// Makes a wallet of known words.
    ///
    /// # Errors
    /// As [`Wallets::create`].
    pub fn import(
        &self,
        name: &Name,
        prefix: &Prefix,
        words: Words,
        passphrase: &str,
    ) -> Result<Wallet, WalletError> {
        if passphrase.chars().count() < PASSPHRASE_LENGTH_MIN {
            return Err(WalletError::Weak);
        }
        let path = self.path(name);
        let exists = || WalletError::Exists { name: name.clone(), path: path.clone() };
        // Sealing takes a while: say early what cannot work. Writing looks again.
        if path.symlink_metadata().is_ok() {
            return Err(exists());
        }
        let keystore = Keystore::seal(name, prefix, &words, passphrase, self.cost)?;
        match write_new(&path, keystore.to_json().as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(exists()),
            written => written.map_err(io_error("write", &path)).map(|()| Wallet::new(name.clone(), words)),
        }
    }

    /// Reads what the wallet's file says openly. It is authenticated only when it is unlocked.
    ///
    /// # Errors
    /// A missing wallet, and a file that is not one.
    pub fn read(&self, name: &Name) -> Result<Entry, WalletError> {
        let path = self.path(name);
        let (json, exposed) = match read_small(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(WalletError::Missing { name: name.clone(), directory: self.directory.clone() });
            }
            read => read.map_err(io_error("read", &path))?,
        };
        let format = |reason| WalletError::Format { path: path.clone(), reason };
        let keystore = Keystore::parse(&json).map_err(format)?;
        let inside = keystore.header.name();
        if inside != *name {
            return Err(format(FormatError::Damaged(format!(
                "it is the wallet {inside}: give it its name back"
            ))));
        }
        Ok(Entry { header: keystore.header.clone(), path, exposed, keystore })
    }

    /// Opens the wallet. Takes about a fifth of a second and 64 MiB, so that guessing is slow.
    ///
    /// # Errors
    /// As [`Wallets::read`], and a wrong passphrase.
    pub fn unlock(&self, name: &Name, passphrase: &str) -> Result<Wallet, WalletError> {
        self.read(name)?.unlock(passphrase)
    }

    fn path(&self, name: &Name) -> PathBuf {
        self.directory.join(format!("{name}.json"))
    }
}

impl Entry {
    /// Opens the wallet.
    ///
    /// # Errors
    /// A wrong passphrase.
    pub fn unlock(&self, passphrase: &str) -> Result<Wallet, WalletError> {
        let words = self.keystore.open(passphrase);
        let words = words.ok_or_else(|| WalletError::WrongPassphrase(self.header.name()))?;
        Ok(Wallet::new(self.header.name(), words))
    }
}

impl Wallet {
    fn new(name: Name, words: Words) -> Self {
        let seed = words.seed();
        Self { name, words, seed }
    }

    /// The key that everybody uses: the first of the first account.
    pub fn key(&self) -> SecretKey {
        self.key_at(KeyPath::FIRST)
    }

    /// Another key.
    pub fn key_at(&self, path: KeyPath) -> SecretKey {
        derive(&self.seed, path)
    }

    /// The address of [`Wallet::key`].
    pub fn address(&self) -> Address {
        Address::of(&self.key().public_key())
    }

    /// The words on one line, to be shown to their owner only.
    pub fn reveal(&self) -> Zeroizing<String> {
        self.words.reveal()
    }
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WalletError {
    move |reason| WalletError::Io { doing, path: path.into(), reason }
}

/// Reads a regular file of bounded size, and the permission bits of others, if there are some.
fn read_small(path: &Path) -> io::Result<(Vec<u8>, Option<u32>)> {
    // Opening a pipe would wait for ever.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let file = File::open(path)?;
    let exposed = exposed(&file.metadata()?);
    let mut bytes = Vec::new();
    file.take(FILE_SIZE_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_SIZE_MAX {
        return Err(io::Error::other(format!("it has more than {FILE_SIZE_MAX} bytes: it is not a wallet")));
    }
    Ok((bytes, exposed))
}

/// Writes a file that was not there, whole or not at all, and readable by its owner only.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().expect("a file is in a folder");
    make_private(directory)?;
    // Temporary files are made with mode 0600; one that a crash left behind is in nobody's way.
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path)?;
    sync(directory)
}

#[cfg(unix)]
fn exposed(metadata: &fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(unix)]
fn make_private(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// Makes a new name in the folder outlive a loss of power.
#[cfg(unix)]
fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
fn exposed(_: &fs::Metadata) -> Option<u32> {
    None
}

#[cfg(not(unix))]
fn make_private(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)
}

#[cfg(not(unix))]
fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
