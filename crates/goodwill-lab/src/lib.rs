//! The project tried on itself. [`bench`] measures nodes as processes, as their users run them.

pub mod bench;
