//! Contracts in plain Python.
//!
//! A file is parsed, what is outside the subset is refused with a hint ([`compile()`]), the rest becomes
//! a [`Program`] of compact bytecode. A [`Vm`] runs one of its methods against a [`Host`], counting gas
//! and memory exactly: the same on every machine. If the host lacks data the machine stops with
//! [`Step::Need`] and goes on later where it was. [`Sandbox`] is a host in memory.
//!
//! Invariants: no unsafe code, no recursion that input can deepen without bound, no hash order, no
//! clock, no floats; everything that is done is paid for before it is done.

mod abi;
pub mod address;
mod argument;
mod builtins;
mod bytecode;
mod chain;
mod classes;
mod codec;
mod compile;
pub mod data;
mod fault;
mod format;
pub mod gas;
mod heap;
pub mod host;
mod index;
mod integer;
mod interpreter;
mod keys;
pub mod limits;
pub mod literal;
mod meter;
mod methods;
mod names;
mod outside;
pub mod profile;
mod program;
pub mod reference;
mod refuse;
pub mod sandbox;
pub mod signature;
mod storage;
mod table;
mod text;
mod traceback;
pub mod trial;
mod types;
mod value;
mod vm;
mod world;

pub use argument::Accounts;
pub use compile::{compile, compile_here};
pub use data::Data;
pub use host::{ChainFacts, Event, Host, Key, Missing};
pub use program::{Program, VM_VERSION};
pub use refuse::Refusal;
pub use sandbox::Sandbox;
pub use traceback::Raised;
pub use types::Type;
pub use vm::{Call, Failure, Outcome, Step, Vm};
