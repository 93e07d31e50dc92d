//! Whether a transaction may be included. The mempool, the leader and the committee ask here.

use crate::{ChainState, Manifest, contract::gas_max, gas::gas_of};
use goodwill_types::{
    Account, Action, Adjustable, Amount, Change, Digest, Domain, IdentityProof, NewSeat, PublicKey,
    SignedTransaction, Transaction,
    association::PROOF_SIZE_MAX,
    codec::EncodeSize,
    keys::{Signed, verify},
    transaction::consent,
};
use goodwill_vm::{Data, limits::ARGUMENTS_MAX};
use std::collections::BTreeSet;

/// Why a transaction cannot be included. It costs its sender nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTransaction {
    /// Not signed by its sender for this chain.
    #[error(
        "the signature is not the sender's for this transaction on this chain: sign for the chain id in /v1/status"
    )]
    Signature,
    /// Too many bytes.
    #[error("the transaction has {size} bytes, at most {max} are allowed: use several transactions")]
    TooLarge {
        /// Its encoded size.
        size: usize,
        /// The most that is allowed.
        max: usize,
    },
    /// Its time is over.
    #[error(
        "the transaction was valid up to height {last_height}, and the next block has height {height}: sign it again with a later last height"
    )]
    Expired {
        /// Its last height.
        last_height: u64,
        /// The height at which it was to be included.
        height: u64,
    },
    /// Another transaction with this nonce was included already.
    #[error("the nonce {nonce} is used up: the account's next nonce is {expected}")]
    NonceUsed {
        /// The transaction's nonce.
        nonce: u64,
        /// The account's next nonce.
        expected: u64,
    },
    /// Transactions of the account that come before are missing.
    #[error("the nonce {nonce} is ahead: the account's next nonce is {expected}")]
    NonceAhead {
        /// The transaction's nonce.
        nonce: u64,
        /// The account's next nonce.
        expected: u64,
    },
    /// It may not use the gas that it needs.
    #[error("the gas limit {limit} is too low: this transaction uses {needed}")]
    GasLimitTooLow {
        /// Its gas limit.
        limit: u64,
        /// What it uses.
        needed: u64,
    },
    /// No block has so much gas.
    #[error("the gas limit {limit} is more than the {max} of a whole block")]
    GasLimitTooHigh {
        /// Its gas limit.
        limit: u64,
        /// A block's gas.
        max: u64,
    },
    /// It pays less than the base fee.
    #[error("it pays at most {fee_per_gas_max} units per gas, and the base fee is {base_fee}: offer more")]
    FeeTooLow {
        /// What it pays at most per gas.
        fee_per_gas_max: u64,
        /// The base fee per gas.
        base_fee: u64,
    },
    /// The account cannot pay the fee.
    #[error(
        "the account holds {balance}, and the fee may reach {fee_max}: lower the gas limit or the fee, or add coins"
    )]
    FeeUnaffordable {
        /// What the account holds.
        balance: Amount,
        /// The most that the fee may be.
        fee_max: Amount,
    },
    /// A payment of nothing.
    #[error("payment {index} is of nothing: give an amount above 0")]
    ZeroPayment {
        /// Which payment, from 0.
        index: usize,
    },
    /// An order of nothing.
    #[error("an order of no slots: order at least one")]
    NoSlots,
    /// Two seats of one key.
    #[error("two seats have the key {key}: give each seat a fresh key")]
    SameSeat {
        /// The key.
        key: PublicKey,
    },
    /// A node or a seat did not consent to serve.
    #[error("the key {key} did not sign that it serves this account in this epoch on this chain")]
    Consent {
        /// The key.
        key: PublicKey,
    },
    /// A gift of nothing.
    #[error("a gift of nothing: give an amount above 0")]
    NoGift,
    /// A proof of identity of too many bytes.
    #[error(
        "the proof of identity has {size} bytes, at most {PROOF_SIZE_MAX} are allowed: leave out the root certificate"
    )]
    ProofTooLarge {
        /// Its size.
        size: usize,
    },
    /// An amendment that names a number twice, or out of its bounds.
    #[error("{adjustable} can be changed once by an amendment, to a number from {min} to {max}")]
    Change {
        /// Which number.
        adjustable: Adjustable,
        /// The least that it can be.
        min: u64,
        /// The most that it can be.
        max: u64,
    },
    /// The arguments are not encoded values.
    #[error(
        "the arguments are not encoded as contracts take them: at most {ARGUMENTS_MAX} values, one after the other"
    )]
    Arguments,
    /// The votes do not show that a seat equivocated.
    #[error("the votes do not contradict each other, or the seat did not sign them on this chain")]
    Evidence,
}

impl InvalidTransaction {
    /// A stable code for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::TooLarge { .. } => "too_large",
            Self::Expired { .. } => "expired",
            Self::NonceUsed { .. } => "nonce_used",
            Self::NonceAhead { .. } => "nonce_ahead",
            Self::GasLimitTooLow { .. } => "gas_limit_too_low",
            Self::GasLimitTooHigh { .. } => "gas_limit_too_high",
            Self::FeeTooLow { .. } => "fee_too_low",
            Self::FeeUnaffordable { .. } => "fee_unaffordable",
            Self::ZeroPayment { .. } => "zero_payment",
            Self::NoSlots => "no_slots",
            Self::SameSeat { .. } => "same_seat",
            Self::Consent { .. } => "consent",
            Self::NoGift => "no_gift",
            Self::ProofTooLarge { .. } => "proof_too_large",
            Self::Change { .. } => "change",
            Self::Arguments => "arguments",
            Self::Evidence => "evidence",
        }
    }
}

/// What can be said of a transaction without the state. Its signature is checked apart, in batches.
///
/// # Errors
/// spec: transactions 1 to 4
pub fn check_transaction(signed: &SignedTransaction, manifest: &Manifest) -> Result<(), InvalidTransaction> {
    check_shape(signed, manifest)?;
    check_inner_signatures(&signed.transaction, &manifest.chain_id())
}

/// The part of [`check_transaction`] that costs next to nothing.
///
/// # Errors
/// spec: transactions 1 to 4, but for signatures in actions.
pub fn check_shape(signed: &SignedTransaction, manifest: &Manifest) -> Result<(), InvalidTransaction> {
    let parameters = &manifest.parameters;
    let (size, max) = (signed.encode_size(), parameters.transaction_size_max());
    if size > max {
        return Err(InvalidTransaction::TooLarge { size, max });
    }
    let (limit, needed) = (signed.transaction.gas_limit, gas_of(signed));
    if limit < needed {
        return Err(InvalidTransaction::GasLimitTooLow { limit, needed });
    }
    let max = match signed.transaction.action.runs_contracts() {
        true => gas_max(parameters.gas_per_block_max),
        false => parameters.gas_per_block_max,
    };
    if limit > max {
        return Err(InvalidTransaction::GasLimitTooHigh { limit, max });
    }
    check_action(&signed.transaction.action)
}

fn check_action(action: &Action) -> Result<(), InvalidTransaction> {
    match action {
        Action::Transfer { payments, .. } => match payments.iter().position(|p| p.amount == Amount::ZERO) {
            Some(index) => Err(InvalidTransaction::ZeroPayment { index }),
            None => Ok(()),
        },
        Action::OrderSlots { count: 0, .. } => Err(InvalidTransaction::NoSlots),
        Action::Donate { amount: Amount::ZERO } => Err(InvalidTransaction::NoGift),
        Action::ProposeAmendment { changes, .. } => check_changes(changes),
        Action::ApplyAssociation { application } => check_proof(&application.proof),
        Action::RenewAssociation { proof, .. } | Action::RotateAssociation { proof, .. } => {
            check_proof(proof)
        }
        Action::OrderSlots { .. }
        | Action::Donate { .. }
        | Action::AttachEvidence { .. }
        | Action::Vote { .. }
        | Action::ReportEquivocation { .. } => Ok(()),
        Action::DeployContract { arguments, .. } | Action::CallContract { arguments, .. } => {
            check_arguments(arguments)
        }
        Action::ServeSeats { seats, .. } => {
            let mut keys = BTreeSet::new();
            match seats.iter().find(|seat| !keys.insert(seat.key)) {
                Some(NewSeat { key, .. }) => Err(InvalidTransaction::SameSeat { key: *key }),
                None => Ok(()),
            }
        }
    }
}

/// The rest of [`check_transaction`]: signatures that an action carries, up to one for each seat.
///
/// # Errors
/// spec: transactions 4
pub fn check_inner_signatures(
    transaction: &Transaction,
    chain_id: &Digest,
) -> Result<(), InvalidTransaction> {
    match &transaction.action {
        Action::ServeSeats { .. } => check_consents(transaction, chain_id),
        Action::ReportEquivocation { evidence } if !evidence.holds(chain_id) => {
            Err(InvalidTransaction::Evidence)
        }
        Action::ReportEquivocation { .. }
        | Action::Transfer { .. }
        | Action::OrderSlots { .. }
        | Action::Donate { .. }
        | Action::ApplyAssociation { .. }
        | Action::AttachEvidence { .. }
        | Action::RenewAssociation { .. }
        | Action::RotateAssociation { .. }
        | Action::ProposeAmendment { .. }
        | Action::Vote { .. }
        | Action::DeployContract { .. }
        | Action::CallContract { .. } => Ok(()),
    }
}

/// spec: contracts 1
fn check_arguments(arguments: &[u8]) -> Result<(), InvalidTransaction> {
    let values = Data::decode_all(arguments);
    match values.is_some_and(|values| values.len() <= ARGUMENTS_MAX) {
        true => Ok(()),
        false => Err(InvalidTransaction::Arguments),
    }
}

/// spec: identity 1
fn check_proof(proof: &IdentityProof) -> Result<(), InvalidTransaction> {
    let size = proof.encode_size();
    match size <= PROOF_SIZE_MAX {
        true => Ok(()),
        false => Err(InvalidTransaction::ProofTooLarge { size }),
    }
}

/// spec: amendments 1. Each number once, and within its bounds.
fn check_changes(changes: &[Change]) -> Result<(), InvalidTransaction> {
    let mut seen = BTreeSet::new();
    for Change { adjustable, value } in changes {
        let (min, max) = adjustable.bounds();
        if !(min..=max).contains(value) || !seen.insert(*adjustable) {
            return Err(InvalidTransaction::Change { adjustable: *adjustable, min, max });
        }
    }
    Ok(())
}

/// spec: transactions 4. The node and each seat agree to serve this account in this epoch.
fn check_consents(transaction: &Transaction, chain_id: &Digest) -> Result<(), InvalidTransaction> {
    let Action::ServeSeats { epoch, node, consent: by_node, seats, .. } = &transaction.action else {
        return Ok(());
    };
    let message = consent(*epoch, &transaction.sender_address());
    let by_seats = seats.iter().map(|seat| (&seat.key, &seat.consent));
    let signed: Vec<_> = [(node, by_node)]
        .into_iter()
        .chain(by_seats)
        .map(|(signer, signature)| Signed { signer, message: &message, signature })
        .collect();
    let holds = verify(Domain::Seat, chain_id, &signed);
    match holds.iter().position(|holds| !holds) {
        Some(index) => Err(InvalidTransaction::Consent { key: *signed[index].signer }),
        None => Ok(()),
    }
}

/// Whether the next block may include a transaction of the account `sender`, which stands as given.
///
/// # Errors
/// spec: transactions 5 to 8. [`InvalidTransaction::NonceAhead`] comes last: whoever can wait for the
/// missing nonces knows that all else holds.
pub fn check_sender(
    transaction: &Transaction,
    sender: &Account,
    chain: &ChainState,
) -> Result<(), InvalidTransaction> {
    let (nonce, expected) = (transaction.nonce, sender.nonce);
    let (last_height, height) = (transaction.last_height, chain.height + 1);
    if last_height < height {
        return Err(InvalidTransaction::Expired { last_height, height });
    }
    if nonce < expected {
        return Err(InvalidTransaction::NonceUsed { nonce, expected });
    }
    let (fee_per_gas_max, base_fee) = (transaction.fee_per_gas_max, chain.base_fee_per_gas);
    if fee_per_gas_max < base_fee {
        return Err(InvalidTransaction::FeeTooLow { fee_per_gas_max, base_fee });
    }
    let fee_max = Amount::from_units(transaction.gas_limit.saturating_mul(fee_per_gas_max));
    if sender.balance < fee_max {
        return Err(InvalidTransaction::FeeUnaffordable { balance: sender.balance, fee_max });
    }
    match nonce == expected {
        true => Ok(()),
        false => Err(InvalidTransaction::NonceAhead { nonce, expected }),
    }
}
