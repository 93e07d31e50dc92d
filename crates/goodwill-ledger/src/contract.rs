//! Contracts: Python files that the chain runs on `goodwill-vm`.
//!
//! A call is a [`Running`](running) machine over the transaction's layer of the state ([`session`]). What
//! it reads is not known before it runs: it stops and says what it lacks, and goes on where it was. Most
//! of that is found out before a block is executed ([`prefetch`]). What a [`query`] changes is forgotten.

mod prefetch;
mod programs;
mod query;
mod records;
mod running;
mod session;

pub(crate) use prefetch::Prefetch;
pub(crate) use programs::is_kept;
pub(crate) use query::facts;
pub use query::{Answer, QUERY_GAS_MAX, Query};
pub use records::{Contract, WARM_BLOCKS, source_key, storage_key};
pub(crate) use running::{Ended, Running, gas_max, named};
