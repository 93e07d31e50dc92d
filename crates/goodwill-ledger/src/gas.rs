//! The meter. One table for everything that costs gas.
//!
//! One gas is about one nanosecond of one core of a Raspberry Pi 4. Estimated from what was
//! measured on one x86 core, times four: 9 us to verify a signature in a batch, 9 us to read,
//! write and merkleize an account; hashing and copying a byte some 10 ns in all.

use goodwill_types::{
    Action, SignedTransaction,
    codec::{EncodeSize, record},
};

/// What things cost, in gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GasPrices {
    /// A transaction, whatever it does: its signature and its sender's account.
    pub transaction: u64,
    /// Each recipient of a transfer.
    pub payment: u64,
    /// An order of slots: its miner, its page, and the account that the draw writes again.
    pub order: u64,
    /// Each seat that is taken up: its signature, and its records in the epoch.
    pub seat: u64,
    /// Evidence of equivocation: two signatures, and the records of the seat's epoch.
    pub evidence: u64,
    /// A proof of identity: up to four certificates' signatures and its own.
    pub identity: u64,
    /// A vote, evidence, a proposal: the records of polls.
    pub poll: u64,
    /// A deployment or a call: the contract's record and account. What it does costs more.
    pub contract: u64,
    /// Each byte of a source: compiling it, and storing it for ever.
    pub source_byte: u64,
    /// Each byte of the signed transaction.
    pub byte: u64,
}

record!(GasPrices {
    transaction,
    payment,
    order,
    seat,
    evidence,
    identity,
    poll,
    contract,
    source_byte,
    byte
});

/// The prices of this release.
pub const GAS_PRICES: GasPrices = GasPrices {
    transaction: 80_000,
    payment: 40_000,
    order: 150_000,
    seat: 80_000,
    evidence: 250_000,
    identity: 20_000_000,
    poll: 250_000,
    contract: 100_000,
    source_byte: goodwill_vm::gas::COMPILE_BYTE + goodwill_vm::gas::STORAGE_WRITE_BYTE,
    byte: 50,
};

/// What `transaction` uses, without what contracts do for it. It is paid by its shape, so the sender can
/// know the exact gas.
pub fn gas_of(transaction: &SignedTransaction) -> u64 {
    let bytes = transaction.encode_size() as u64;
    let action = match &transaction.transaction.action {
        Action::Transfer { payments, .. } => GAS_PRICES.payment * payments.len() as u64,
        Action::OrderSlots { .. } => GAS_PRICES.order,
        // The node's consent is one signature more.
        Action::ServeSeats { seats, .. } => GAS_PRICES.seat * (seats.len() as u64 + 1),
        Action::ReportEquivocation { .. } => GAS_PRICES.evidence,
        Action::Donate { .. } => 0,
        Action::ApplyAssociation { .. }
        | Action::RenewAssociation { .. }
        | Action::RotateAssociation { .. } => GAS_PRICES.identity,
        Action::AttachEvidence { .. } | Action::ProposeAmendment { .. } | Action::Vote { .. } => {
            GAS_PRICES.poll
        }
        Action::DeployContract { source, .. } => {
            GAS_PRICES.contract + GAS_PRICES.source_byte * source.len() as u64
        }
        Action::CallContract { .. } => GAS_PRICES.contract,
    };
    GAS_PRICES.transaction + GAS_PRICES.byte * bytes + action
}

/// The most that `transaction` uses: its limit, where contracts run for it.
pub fn gas_bound(transaction: &SignedTransaction) -> u64 {
    match transaction.transaction.action.runs_contracts() {
        true => transaction.transaction.gas_limit,
        false => gas_of(transaction),
    }
}
