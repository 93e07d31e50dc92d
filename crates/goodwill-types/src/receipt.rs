//! Receipts: what became of a transaction. A leaf of the tree that its block's header commits to.

use crate::{
    Address, Amount, Choice, Digest, Domain, PublicKey,
    codec::{List, Text, record, variants},
    contract::{Emitted, ErrorText, Output},
    hash,
    transaction::TransactionId,
};

/// The most events of one transaction: a transfer has one for each payment, and a contract may make more.
pub const EVENTS_MAX: usize = 1_024;

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
    /// Coins were given to the pool.
    Donated {
        /// Whose they were.
        from: Address,
        /// How many.
        amount: Amount,
    },
    /// An association asked to receive donations.
    AssociationApplied {
        /// The association's number.
        id: u32,
        /// Where it wants to receive.
        account: Address,
        /// What it deposited.
        deposit: Amount,
    },
    /// An association attached evidence.
    EvidenceAttached {
        /// Which association.
        id: u32,
        /// The evidence's number, from 0.
        number: u32,
    },
    /// An association asked for another mandate.
    RenewalAsked {
        /// Which association.
        id: u32,
    },
    /// An association will move to another account.
    RotationAsked {
        /// Which association.
        id: u32,
        /// Its new account.
        account: Address,
        /// The epoch at whose end it moves.
        epoch: u64,
    },
    /// An amendment was proposed.
    AmendmentProposed {
        /// The amendment's number.
        id: u32,
        /// From which epoch on it would hold.
        epoch: u64,
        /// What was deposited for it.
        deposit: Amount,
    },
    /// A miner said what it holds of an association or an amendment.
    Voted {
        /// The number of the association or the amendment.
        poll: u32,
        /// Who voted.
        miner: Address,
        /// What it said.
        choice: Choice,
    },
    /// A contract was deployed.
    ContractDeployed {
        /// Its address.
        contract: Address,
        /// Who deployed it.
        deployer: Address,
        /// The hash of what it was compiled to.
        code_hash: Digest,
        /// The version of the machine that runs it.
        vm_version: u16,
    },
    /// A contract emitted an event of its own.
    ContractEmitted {
        /// What it says.
        emitted: Emitted,
    },
    /// A method that was called from outside returned something else than `None`.
    ContractReturned {
        /// Which contract.
        contract: Address,
        /// What it returned, encoded.
        result: Output,
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
    /// Too many polls are open.
    #[error("{max} polls are open already: wait until some are decided")]
    PollsFull {
        /// How many can be.
        max: u32,
    },
    /// The domain belongs to an association already.
    #[error("the domain is association {id}'s: one association for each domain")]
    DomainTaken {
        /// Whose it is.
        id: u32,
    },
    /// The proof of identity does not hold.
    #[error("the proof of identity is refused: {reason}. `goodwill association prove` says more")]
    IdentityRefused {
        /// Why, in a word.
        reason: Text<32>,
    },
    /// There is no such poll, or it is over.
    #[error(
        "no poll {poll} is open: `goodwill association list` and `goodwill amendment list` show those that are"
    )]
    NoSuchPoll {
        /// Its number.
        poll: u32,
    },
    /// There is no such association, or it is one no longer.
    #[error("no association {id} is a candidate or approved")]
    NoSuchAssociation {
        /// Its number.
        id: u32,
    },
    /// Only who holds a seat can vote.
    #[error("the account holds no seat in epoch {epoch}: order slots, and vote while their seats serve")]
    NoSeat {
        /// The present epoch.
        epoch: u64,
    },
    /// Only the association itself can do this.
    #[error("only the account of association {id} can do this")]
    NotTheAssociation {
        /// Its number.
        id: u32,
    },
    /// No more evidence can be attached.
    #[error("{max} pieces of evidence are attached already: renew the association with a new statement")]
    EvidenceFull {
        /// How many there can be.
        max: u32,
    },
    /// An amendment can hold from some epochs only.
    #[error("the amendment can hold from an epoch from {first} to {last} on")]
    AmendmentTime {
        /// The first epoch.
        first: u64,
        /// The last epoch.
        last: u64,
    },
    /// The source is not a contract that the chain runs.
    #[error("{error}")]
    ContractRefused {
        /// The first thing that is refused: line, column, and what to write instead.
        error: ErrorText,
    },
    /// There is no contract at the address.
    #[error("there is no contract at this address: check it, or wait until the contract is deployed")]
    NoSuchContract {
        /// The address.
        contract: Address,
    },
    /// The contract raised an exception that nobody caught.
    #[error("{error}")]
    ContractRaised {
        /// The traceback.
        error: ErrorText,
    },
    /// The gas limit was too low for what the contract does.
    #[error("the contract used up its gas: allow more with a higher gas limit, at most {max}")]
    OutOfGas {
        /// The most that a transaction may use.
        max: u64,
    },
    /// The contract needed more memory than a call has.
    #[error("the contract used up its memory: let it hold less at a time")]
    OutOfMemory {},
    /// The contracts left too much in the receipt.
    #[error("the contracts emitted more than a receipt holds: let them emit less")]
    OutputTooLarge {},
    /// A bug of the machine, or a version of it that this program does not have.
    #[error("the machine failed ({reason}): please report it")]
    ContractBroken {
        /// Where.
        reason: ErrorText,
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
            Self::PollsFull { .. } => "polls_full",
            Self::DomainTaken { .. } => "domain_taken",
            Self::IdentityRefused { .. } => "identity_refused",
            Self::NoSuchPoll { .. } => "no_such_poll",
            Self::NoSuchAssociation { .. } => "no_such_association",
            Self::NoSeat { .. } => "no_seat",
            Self::NotTheAssociation { .. } => "not_the_association",
            Self::EvidenceFull { .. } => "evidence_full",
            Self::AmendmentTime { .. } => "amendment_time",
            Self::ContractRefused { .. } => "contract_refused",
            Self::NoSuchContract { .. } => "no_such_contract",
            Self::ContractRaised { .. } => "contract_raised",
            Self::OutOfGas { .. } => "out_of_gas",
            Self::OutOfMemory {} => "out_of_memory",
            Self::OutputTooLarge {} => "output_too_large",
            Self::ContractBroken { .. } => "contract_broken",
        }
    }
}

variants!(Outcome { 0 => Done { events }, 1 => Failed { failure } });
variants!(Event {
    0 => Transfer { from, to, amount },
    1 => SlotsOrdered { miner, epoch, count, locked, fee },
    2 => SeatsTaken { miner, epoch, node, count },
    3 => EquivocationPunished { miner, epoch, confiscated, repaid, banned_until },
    4 => Donated { from, amount },
    5 => AssociationApplied { id, account, deposit },
    6 => EvidenceAttached { id, number },
    7 => RenewalAsked { id },
    8 => RotationAsked { id, account, epoch },
    9 => AmendmentProposed { id, epoch, deposit },
    10 => Voted { poll, miner, choice },
    32 => ContractDeployed { contract, deployer, code_hash, vm_version },
    33 => ContractEmitted { emitted },
    34 => ContractReturned { contract, result },
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
    10 => PollsFull { max },
    11 => DomainTaken { id },
    12 => IdentityRefused { reason },
    13 => NoSuchPoll { poll },
    14 => NoSuchAssociation { id },
    15 => NoSeat { epoch },
    16 => NotTheAssociation { id },
    17 => EvidenceFull { max },
    18 => AmendmentTime { first, last },
    32 => ContractRefused { error },
    33 => NoSuchContract { contract },
    34 => ContractRaised { error },
    35 => OutOfGas { max },
    36 => OutOfMemory {},
    37 => OutputTooLarge {},
    38 => ContractBroken { reason },
});
