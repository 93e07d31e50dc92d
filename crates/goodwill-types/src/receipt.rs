//! Receipts: what became of a transaction. A leaf of the tree that its block's header commits to.

use crate::{
    Address, Amount, Digest, Domain, PublicKey,
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
    /// Slots were ordered, and their price is locked.
    SlotsOrdered {
        /// Who ordered.
        miner: Address,
        /// The epoch.
        epoch: u64,
        /// How many slots, earlier orders for the epoch not counted.
        count: u32,
        /// What is locked for them.
        locked: Amount,
        /// What the order itself costs: it enters the pool.
        fee: Amount,
    },
    /// Seats were taken up.
    SeatsTaken {
        /// Whose they are.
        miner: Address,
        /// The epoch.
        epoch: u64,
        /// The node that hosts them.
        node: PublicKey,
        /// How many seats.
        count: u32,
    },
    /// A miner was punished because a seat of it voted against itself.
    EquivocationPunished {
        /// Whose seat.
        miner: Address,
        /// The epoch of the votes.
        epoch: u64,
        /// The rewards that it lost.
        confiscated: Amount,
        /// The part of them that repaid the reporter's fee. The rest entered the pool.
        repaid: Amount,
        /// The last epoch for which it cannot order.
        banned_until: u64,
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
    /// Orders are taken for one epoch at a time.
    #[error("slots were ordered for epoch {wanted}, and orders are taken for epoch {open} now")]
    OrdersClosed {
        /// The epoch of the order.
        wanted: u64,
        /// The epoch whose orders are taken.
        open: u64,
    },
    /// The slots cost more than the order allows.
    #[error("a slot of the epoch costs {price}, and the order allows {price_max}")]
    TooExpensive {
        /// What a slot costs.
        price: Amount,
        /// What it may cost.
        price_max: Amount,
    },
    /// No more accounts can order in this epoch.
    #[error("{max} accounts have ordered slots of the epoch already: order in the next")]
    OrdersFull {
        /// How many accounts may order.
        max: u32,
    },
    /// The miner equivocated not long ago.
    #[error("the miner equivocated and cannot order slots up to epoch {until}")]
    Banned {
        /// The last epoch for which it cannot order.
        until: u64,
    },
    /// Seats are taken up in a part of the epoch before only.
    #[error("the seats of epoch {epoch} are taken up from height {first} to {last}")]
    TakeUpClosed {
        /// The epoch of the seats.
        epoch: u64,
        /// The first height at which they are taken up.
        first: u64,
        /// The last height at which they are taken up.
        last: u64,
    },
    /// The draw gave the miner fewer slots.
    #[error("the miner takes up {wanted} seats, and has {free} slots that are not taken up")]
    NotDrawn {
        /// How many seats were to be taken up.
        wanted: u32,
        /// Slots that were drawn for the miner and are not taken up.
        free: u32,
    },
    /// A seat's key is in use in the epoch.
    #[error("the key of seat {index} is a seat's of the epoch already: use fresh keys")]
    SeatKeyUsed {
        /// Which of the seats, from 0.
        index: u32,
    },
    /// The votes are not of a seat whose term can still be punished.
    #[error("the key had no seat in epoch {epoch}, or its rewards have matured")]
    NoSuchSeat {
        /// The epoch of the votes.
        epoch: u64,
    },
    /// The miner was punished already for this epoch or a later one.
    #[error("the miner was punished already for epoch {epoch} or a later one")]
    PunishedAlready {
        /// The epoch of the votes.
        epoch: u64,
    },
}

impl Failure {
    /// A stable code for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InsufficientBalance { .. } => "insufficient_balance",
            Self::OrdersClosed { .. } => "orders_closed",
            Self::TooExpensive { .. } => "too_expensive",
            Self::OrdersFull { .. } => "orders_full",
            Self::Banned { .. } => "banned",
            Self::TakeUpClosed { .. } => "take_up_closed",
            Self::NotDrawn { .. } => "not_drawn",
            Self::SeatKeyUsed { .. } => "seat_key_used",
            Self::NoSuchSeat { .. } => "no_such_seat",
            Self::PunishedAlready { .. } => "punished_already",
        }
    }
}

variants!(Outcome { 0 => Done { events }, 1 => Failed { failure } });
variants!(Event {
    0 => Transfer { from, to, amount },
    1 => SlotsOrdered { miner, epoch, count, locked, fee },
    2 => SeatsTaken { miner, epoch, node, count },
    3 => EquivocationPunished { miner, epoch, confiscated, repaid, banned_until },
});
variants!(Failure {
    0 => InsufficientBalance { balance, wanted },
    1 => OrdersClosed { wanted, open },
    2 => TooExpensive { price, price_max },
    3 => OrdersFull { max },
    4 => Banned { until },
    5 => TakeUpClosed { epoch, first, last },
    6 => NotDrawn { wanted, free },
    7 => SeatKeyUsed { index },
    8 => NoSuchSeat { epoch },
    9 => PunishedAlready { epoch },
});
