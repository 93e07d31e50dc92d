//! Each command a file.

pub(crate) mod account;
pub(crate) mod act;
pub(crate) mod amendment;
pub(crate) mod association;
pub(crate) mod attack;
pub(crate) mod bench;
pub(crate) mod block;
pub(crate) mod completions;
pub(crate) mod contract;
pub(crate) mod dev;
pub(crate) mod energy;
pub(crate) mod explain;
pub(crate) mod mine;
pub(crate) mod node;
pub(crate) mod send;
pub(crate) mod simulate;
pub(crate) mod status;
pub(crate) mod tx;
pub(crate) mod wallet;
