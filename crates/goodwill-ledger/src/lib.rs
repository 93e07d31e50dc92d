//! The rules of a Goodwill chain. Pure and synchronous: no clock, disk, network, threads, floats or
//! unordered maps; the same block on the same state gives the same result everywhere.
//!
//! Read [`block`] downward: a block is executed by [`Executor`], each of its transactions by
//! [`transaction`], each action by the module that carries its name. Rules never fetch: they say
//! which keys they need ([`Progress::Need`](goodwill_types::Progress)) and are run again.
//! [`Sandbox`] is a whole chain in memory, to try them.

#![deny(clippy::float_arithmetic)]

pub mod association;
mod block;
mod check;
pub mod contract;
pub mod donation;
mod fee;
pub mod gas;
mod genesis;
pub mod manifest;
pub mod mining;
mod plan;
mod sandbox;
mod state;
pub mod supply;
mod transaction;

pub use block::{BlockError, ExecutedBlock, Executor, Purpose, Reveal, StoreError};
pub use check::{InvalidTransaction, check_inner_signatures, check_sender, check_shape, check_transaction};
pub use genesis::{chain_id, genesis_committee};
pub use manifest::{Manifest, ManifestError, Parameters};
pub use sandbox::Sandbox;
pub use state::{ChainState, chain_key};
pub use supply::{Cell, Source, Supply};
