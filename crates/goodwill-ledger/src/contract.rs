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
pub use records::{Contract, WARM_BLOCKS, compile_gas, source_key, storage_key};
pub(crate) use running::{Ended, Running, gas_max, named};

use goodwill_types::{
    Prefix,
    codec::List,
    contract::{ARGUMENTS_SIZE_MAX, Arguments},
};
use goodwill_vm::{Data, Program, literal};
use std::sync::Arc;

/// What a source that is on the chain is compiled to.
pub fn program(source: &str) -> Option<Arc<Program>> {
    programs::compiled(source).ok()
}

/// Arguments from Python literals and `Address('...')`, each a text.
///
/// # Errors
/// Says which of them is none, or that they are too many.
pub fn arguments(texts: &[String], prefix: &Prefix) -> Result<Vec<Data>, String> {
    let parse = |(number, text): (usize, &String)| {
        literal::parse(text, prefix).map_err(|error| format!("argument {} ({text}): {error}", number + 1))
    };
    let values: Vec<Data> = texts.iter().enumerate().map(parse).collect::<Result<_, _>>()?;
    encode(&values).map(|_| values)
}

/// Arguments as transactions carry them.
///
/// # Errors
/// When they are too long.
pub fn encode(arguments: &[Data]) -> Result<Arguments, String> {
    let bytes = arguments.iter().flat_map(Data::encode).collect();
    List::new(bytes).ok_or_else(|| {
        format!("the arguments have more than {ARGUMENTS_SIZE_MAX} bytes: give less at a time")
    })
}
