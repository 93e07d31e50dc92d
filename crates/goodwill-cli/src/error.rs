//! What went wrong, and the exit code that says so to programs.

use goodwill_lab::bench::BenchError;
use goodwill_node::{Failure, NodeError, config::ConfigError};
use goodwill_wallet::{
    ClientError, LightError, NameError, WalletError, WordsError,
    compose::{ComposeError, WrongKey},
    offline::FileError,
};
use std::io;

/// Every failure of a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// What was typed cannot be meant.
    #[error("{0}")]
    Usage(String),
    /// There is no such thing here.
    #[error("{0}")]
    Missing(String),
    /// The chain's rules say no.
    #[error("{0}")]
    Rejected(String),
    /// A passphrase is missing or wrong.
    #[error("{0}")]
    Locked(String),
    /// Files are not what they should be.
    #[error("{0}")]
    Corrupt(String),
    /// A gateway.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A wallet.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// A proof.
    #[error(transparent)]
    Light(#[from] LightError),
    /// A file that holds no transaction.
    #[error(transparent)]
    File(#[from] FileError),
    /// A transaction that cannot be made.
    #[error(transparent)]
    Compose(#[from] ComposeError),
    /// A node.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// A benchmark.
    #[error(transparent)]
    Bench(BenchError),
    /// Attacks that did not end as they must.
    #[error("not as expected: {0}. docs/book/attacks.md says what each figure means")]
    Attack(String),
    /// The operating system.
    #[error("{0}: {1}")]
    Io(String, io::Error),
}

impl CliError {
    /// 1 the system, 2 usage, 3 not found, 4 rejected by the rules, 5 network, 6 locked, 7 corrupt.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Io(..) | Self::Bench(_) | Self::Attack(_) => 1,
            Self::Usage(_) | Self::Client(ClientError::Url { .. }) => 2,
            Self::Missing(_) | Self::Client(ClientError::NotFound(_)) | Self::Light(LightError::NotFinal) => {
                3
            }
            Self::Rejected(_) | Self::Compose(_) | Self::Client(ClientError::Rejected(_)) => 4,
            Self::Client(_) => 5,
            Self::Locked(_) => 6,
            Self::Corrupt(_) | Self::Light(_) | Self::File(_) => 7,
            Self::Wallet(error) => wallet_code(error),
            Self::Node(error) => node_code(error),
        }
    }
}

fn wallet_code(error: &WalletError) -> u8 {
    match error {
        WalletError::Name(_) | WalletError::Weak | WalletError::Exists { .. } | WalletError::Cost(_) => 2,
        WalletError::Missing { .. } => 3,
        WalletError::WrongPassphrase(_) => 6,
        WalletError::Format { .. } => 7,
        WalletError::Io { .. } => 1,
    }
}

fn node_code(error: &NodeError) -> u8 {
    match error {
        NodeError::Config(ConfigError::File { .. }) => 1,
        NodeError::Config(_) | NodeError::Manifest { .. } | NodeError::OtherChain { .. } => 2,
        NodeError::Engine(Failure::Damaged(_)) => 7,
        NodeError::Engine(_) => 1,
    }
}

impl From<BenchError> for CliError {
    fn from(error: BenchError) -> Self {
        match error {
            BenchError::Client(error) => Self::Client(error),
            BenchError::Node(error) => Self::Node(error),
            other => Self::Bench(other),
        }
    }
}

impl From<NameError> for CliError {
    fn from(error: NameError) -> Self {
        Self::Wallet(error.into())
    }
}

impl From<WordsError> for CliError {
    fn from(error: WordsError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<WrongKey> for CliError {
    fn from(error: WrongKey) -> Self {
        Self::Usage(error.to_string())
    }
}
