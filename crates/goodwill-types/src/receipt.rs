//! Receipts: what became of a transaction. A leaf of the tree that its block's header commits to.

use crate::{
    Address, Amount, Digest, Domain,
    codec::{List, record, variants},
    hash,
    transaction::{PAYMENTS_MAX, TransactionId},
};

/// The most events of one transaction.
pub const EVENTS_MAX: usize = PAYMENTS_MAX;

/// What an included transaction used, paid and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Which transaction.
    pub id: TransactionId,
    /// The height of its block.
    pub height: u64,
    /// Gas used.
    pub gas_used: u64,
    /// Base fee paid: part donated, part kept for the miners of a later epoch.
    pub base_fee: Amount,
    /// The donated part of the base fee.
    pub donated: Amount,
    /// Tip paid to the leader.
    pub tip: Amount,
    /// Whether it did what it asked for.
    pub outcome: Outcome,
}

record!(Receipt { id, height: varint, gas_used: varint, base_fee, donated, tip, outcome });

impl Receipt {
    /// All that the sender paid for being included.
    pub fn fee(&self) -> Amount {
        [self.base_fee, self.tip].into_iter().sum()
    }

    /// The receipt's leaf in the tree of its block.
    pub fn leaf(encoded: &[u8]) -> Digest {
        hash(Domain::Receipt, encoded)
    }
}

/// Whether an included transaction did what it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did.
    Done {
        /// What happened, in order.
        events: List<Event, 0, EVENTS_MAX>,
    },
    /// It changed nothing but its sender's nonce and fee.
    Failed {
        /// Why.
        failure: Failure,
    },
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Coins changed hands.
    Transfer {
        /// Whose they were.
        from: Address,
        /// Whose they are.
        to: Address,
        /// How many.
        amount: Amount,
    },
}

/// Why an included transaction did nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The sender could pay the fee, but not what it wanted to give.
    #[error("the account holds {balance} after its fee, and wanted to give {wanted}")]
    InsufficientBalance {
        /// What the account holds after the fee.
        balance: Amount,
        /// What it wanted to give.
        wanted: Amount,
    },
}

variants!(Outcome { 0 => Done { events }, 1 => Failed { failure } });
variants!(Event { 0 => Transfer { from, to, amount } });
variants!(Failure { 0 => InsufficientBalance { balance, wanted } });
