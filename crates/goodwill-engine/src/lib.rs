//! The engine under a Goodwill chain: it orders opaque blocks by consensus, keeps an authenticated
//! key-value state, and proves both. It knows nothing of coins: the rules are a
//! [`StateMachine`].

mod application;
mod block;
mod committees;
mod config;
mod early;
mod epochs;
mod evidence;
mod expected;
mod failure;
mod follow;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod gossip;
mod handle;
mod machine;
mod network;
mod node;
mod origin;
mod pacing;
mod parts;
pub mod process;
mod queries;
mod receipts;
mod rules;
mod seats;
#[cfg(feature = "simulation")]
pub mod simulation;
mod state;
mod timing;

pub use config::{AHEAD_MS, BEHIND_BLOCKS, ChainConfig, Config, GOSSIP_SIZE_MAX};
pub use handle::{Engine, QueryError, READ_KEYS_MAX, Reading, Stopped};
pub use machine::{Executed, Execution, FinalizedBlock, Refused, StateMachine};
