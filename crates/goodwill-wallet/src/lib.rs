//! What a person holds and signs with: keys, the keystore, transactions in the making, the client
//! that sends them, and the light client that checks what a gateway answers.
//!
//! Nothing here hands a secret to a gateway: what is sent is already signed.

pub mod client;
pub mod compose;
pub mod derive;
pub mod development;
pub mod keystore;
pub mod light;
pub mod mnemonic;
pub mod offline;
pub mod seal;
mod summary;
pub mod wallets;

pub use client::{Client, ClientError};
pub use keystore::{Name, NameError};
pub use light::{Freshness, LightClient, LightError, VerifiedAccount, VerifiedEpoch, VerifiedTransaction};
pub use mnemonic::{Words, WordsError};
pub use wallets::{Wallet, WalletError, Wallets};

#[cfg(test)]
mod vectors;
