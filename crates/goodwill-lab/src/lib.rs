//! The project tried on itself. [`bench`] measures nodes as processes, as their users run them;
//! [`economy`] lets miners earn and lose on the ledger for thousands of epochs; [`attack`] tries what
//! people might do to a chain that they should not.

pub mod attack;
pub mod bench;
pub mod economy;
