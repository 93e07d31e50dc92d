//! The ledger, seen from outside.

mod common;
mod manifest;
mod properties;
mod rules;
mod vectors;
