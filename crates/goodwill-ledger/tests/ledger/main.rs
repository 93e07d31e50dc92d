//! The ledger, seen from outside.

mod associations;
mod common;
mod contracts;
mod manifest;
mod mining;
mod properties;
mod rules;
mod vectors;
