//! A Goodwill node: the shell around the pure ledger. [`chain`] is the ledger as the engine's state
//! machine, [`mempool`] what waits, [`admission`] the way into it, [`gateway`] the HTTP side, and
//! [`run`] puts them together.

pub mod admission;
mod asked;
pub mod chain;
pub mod config;
pub mod development;
mod feed;
pub mod gateway;
pub mod guide;
pub mod index;
pub mod journal;
pub mod mempool;
pub mod meter;
pub mod miner;
mod node;
pub mod secrets;
mod signatures;

pub use chain::Chain;
pub use config::NodeConfig;
pub use goodwill_engine::process::{Failure, Stop};
pub use goodwill_ledger as ledger;
pub use node::{NodeError, Running, load_manifest, run};
pub use signatures::Signatures;
