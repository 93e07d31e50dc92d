//! What the machine needs from the ledger.

use crate::{profile::Profile, program::Program};
use goodwill_types::{Address, Prefix};
use std::sync::Arc;

/// What the host lacks at the moment: it fetches it, and the machine goes on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// A cell of a contract's storage. How it becomes a key of the chain's state is the host's matter.
    Storage {
        /// Whose storage.
        contract: Address,
        /// Field and path of keys, at most [`crate::limits::STORAGE_KEY_BYTES_MAX`] bytes.
        path: Vec<u8>,
    },
    /// An account with its balance.
    Account(Address),
    /// A contract's program.
    Program(Address),
}

/// The host does not have it yet: the machine reports the [`Key`] that it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing;

/// What a contract knows of the block that it runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainFacts {
    /// The block's height.
    pub height: u64,
    /// The block's time, in milliseconds since 1970.
    pub timestamp_ms: u64,
    /// The epoch that the block is in.
    pub epoch: u64,
    /// How addresses of this chain begin.
    pub prefix: Prefix,
}

/// An event, as the receipt will hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The contract that emitted it.
    pub contract: Address,
    /// Its name.
    pub name: String,
    /// Its fields in the order given: names and encoded values (see [`crate::codec`]).
    pub fields: Vec<(String, Vec<u8>)>,
}

/// The state that contracts run on. The machine opens an overlay for each contract's call with
/// [`Host::begin`], and closes it with `commit` or `rollback`; all effects in between belong to it.
pub trait Host {
    /// A cell of storage, `None` if it was never written or deleted.
    ///
    /// # Errors
    /// If the cell must be fetched first.
    fn read(&mut self, contract: &Address, path: &[u8]) -> Result<Option<Vec<u8>>, Missing>;

    /// Writes a cell of storage, or deletes it.
    fn write(&mut self, contract: &Address, path: &[u8], value: Option<&[u8]>);

    /// An account's coins, in the smallest unit.
    ///
    /// # Errors
    /// If the account must be fetched first.
    fn balance(&mut self, account: &Address) -> Result<u128, Missing>;

    /// Moves coins. `false`, and nothing moved, if `from` has too few.
    ///
    /// # Errors
    /// If an account must be fetched first: then nothing moved, and the key is that of the account.
    fn transfer(&mut self, from: &Address, to: &Address, amount: u128) -> Result<bool, Address>;

    /// What getting the program of a contract costs, where that is a lot of work: charged before
    /// [`Host::program`] does it.
    ///
    /// # Errors
    /// If it must be fetched first.
    fn program_gas(&mut self, _contract: &Address) -> Result<u64, Missing> {
        Ok(0)
    }

    /// The program of a contract, `None` if there is no contract at the address.
    ///
    /// # Errors
    /// If it must be fetched first.
    fn program(&mut self, contract: &Address) -> Result<Option<Arc<Program>>, Missing>;

    /// Adds an event.
    fn emit(&mut self, event: Event);

    /// What the contract knows of its block.
    fn chain(&self) -> ChainFacts;

    /// Whether an Ed25519 signature is valid, by the rule of [`crate::signature::verify`].
    fn verify_ed25519(&self, public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool;

    /// A line that the contract prints: kept in simulation, ignored in blocks.
    fn print(&mut self, text: &str);

    /// Where to note what each line costs; asked once when a contract begins or goes on, and if there
    /// is one before each instruction. Only sandboxes have it.
    fn profile(&mut self) -> Option<&mut Profile> {
        None
    }

    /// Opens an overlay.
    fn begin(&mut self);

    /// Merges the innermost overlay into the one around it.
    fn commit(&mut self);

    /// Forgets the innermost overlay with its writes, transfers and events.
    fn rollback(&mut self);
}
