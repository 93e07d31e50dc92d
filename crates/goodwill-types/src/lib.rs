//! What is hashed, signed and sent on a Goodwill chain: its vocabulary as types.
//!
//! Every type here has exactly one encoding ([`codec`]), every hash and signature names what it is
//! for ([`Domain`]), and every signed message carries the chain's id. Reading is bounded: bytes
//! from outside can neither allocate more than they bring nor decode to two things.

pub mod account;
pub mod address;
pub mod amendment;
pub mod amount;
pub mod api;
pub mod association;
pub mod block;
pub mod codec;
pub mod contract;
pub mod epoch;
pub mod hash;
pub mod keys;
pub mod luck;
pub mod receipt;
pub mod state;
pub mod transaction;
pub mod vote;

pub use account::Account;
pub use address::{Address, AddressError, Prefix};
pub use amendment::{Adjustable, Change};
pub use amount::{Amount, AmountError};
pub use association::{Application, Cause, Choice, IdentityProof, Link};
pub use block::{BlockContext, Body, Certificate, Committee, Header, Seat};
pub use epoch::Epoch;
pub use hash::{Digest, Domain, hash};
pub use keys::{InvalidKey, PublicKey, SecretKey, Signature};
pub use luck::LuckChain;
pub use receipt::{Event, Failure, Outcome, Receipt};
pub use state::{Changes, Key, Known, Progress, Value};
pub use transaction::{Action, Memo, NewSeat, Payment, SignedTransaction, Transaction, TransactionId};
pub use vote::Equivocation;
