//! A signed transaction: its bytes, its JSON, the stateless rules, and its signature.

use super::{canonical, known};
use goodwill_ledger::{InvalidTransaction, check_transaction};
use goodwill_types::{
    Action, Amount, Change, Domain, IdentityProof, SignedTransaction,
    amendment::{CHANGES_MAX, REASON_SIZE_MAX},
    api,
    association::{PROOF_SIZE_MAX, URI_SIZE_MAX},
    block::SEATS_MAX,
    codec::{Encode, EncodeSize, decode},
    transaction::{MEMO_SIZE_MAX, PAYMENTS_MAX, verify_signatures},
};
use std::collections::BTreeSet;

/// The bytes of a signed transaction.
pub fn transaction(data: &[u8]) -> bool {
    let Some(signed) = canonical::<SignedTransaction>(data) else { return false };
    check_shape(&signed.transaction.action);
    check_json(&signed);
    check_rules(&signed, data.len());
    check_signature(&signed);
    true
}

fn check_shape(action: &Action) {
    match action {
        Action::Transfer { payments, memo } => {
            assert!((1..=PAYMENTS_MAX).contains(&payments.len()) && memo.len() <= MEMO_SIZE_MAX);
        }
        Action::ServeSeats { seats, .. } => assert!((1..=SEATS_MAX).contains(&seats.len())),
        Action::ProposeAmendment { changes, reason, .. } => {
            assert!((1..=CHANGES_MAX).contains(&changes.len()) && reason.len() <= REASON_SIZE_MAX);
        }
        Action::AttachEvidence { evidence, .. } => assert!(evidence.uri.len() <= URI_SIZE_MAX),
        _ => {}
    }
}

/// JSON says the same as the bytes.
fn check_json(signed: &SignedTransaction) {
    let prefix = &known().manifest.address_prefix;
    let shown = api::Transaction::new(signed.clone(), None, prefix);
    // What holds signatures is not made from JSON.
    if matches!(
        signed.transaction.action,
        Action::Transfer { .. }
            | Action::OrderSlots { .. }
            | Action::Donate { .. }
            | Action::AttachEvidence { .. }
            | Action::ProposeAmendment { .. }
            | Action::Vote { .. }
    ) {
        assert_eq!(shown.action.parse(prefix).as_ref(), Ok(&signed.transaction.action));
    }
    let text = serde_json::to_string(&shown).expect("JSON");
    let read: api::Transaction = serde_json::from_str(&text).expect("what was written");
    assert_eq!(read.raw.as_ref().map(|raw| &raw.0), Some(signed));
    assert_eq!(read, shown);
}

/// spec: transactions 2 to 4
fn check_rules(signed: &SignedTransaction, size: usize) {
    let parameters = &known().manifest.parameters;
    let (price, holds) = match &signed.transaction.action {
        Action::Transfer { payments, .. } => {
            (40_000 * payments.len() as u64, payments.iter().all(|p| p.amount > Amount::ZERO))
        }
        Action::OrderSlots { count, .. } => (150_000, *count > 0),
        // Nobody signed them but by the vectors' keys: what holds is tried in the ledger's tests.
        Action::ServeSeats { seats, .. } => (80_000 * (seats.len() as u64 + 1), false),
        Action::ReportEquivocation { .. } => (250_000, false),
        Action::Donate { amount } => (0, *amount > Amount::ZERO),
        Action::ApplyAssociation { application } => identity(&application.proof),
        Action::RenewAssociation { proof, .. } | Action::RotateAssociation { proof, .. } => identity(proof),
        Action::AttachEvidence { .. } | Action::Vote { .. } => (250_000, true),
        Action::ProposeAmendment { changes, .. } => (250_000, changes_hold(changes)),
        // Their gas and arguments have rules of their own, tried in the ledger's and the machine's tests.
        Action::DeployContract { .. } | Action::CallContract { .. } => return,
    };
    let gas = 80_000 + price + 50 * size as u64;
    let limit = signed.transaction.gas_limit;
    let allowed = size <= (parameters.body_size_max / 4).min(96 * 1024)
        && (gas..=parameters.gas_per_block_max).contains(&limit)
        && holds;
    let answer = check_transaction(signed, &known().manifest);
    assert_eq!(answer.is_ok(), allowed, "{answer:?}");
    if let Err(InvalidTransaction::GasLimitTooLow { needed, .. }) = answer {
        assert_eq!(needed, gas);
    }
}

/// The price of a proof of identity, and whether it is small enough.
fn identity(proof: &IdentityProof) -> (u64, bool) {
    (20_000_000, proof.encode_size() <= PROOF_SIZE_MAX)
}

fn changes_hold(changes: &[Change]) -> bool {
    let within = |change: &Change| {
        let (min, max) = change.adjustable.bounds();
        (min..=max).contains(&change.value)
    };
    let names: BTreeSet<_> = changes.iter().map(|change| change.adjustable).collect();
    names.len() == changes.len() && changes.iter().all(within)
}

/// Only what a person signed is signed, alone and in a batch.
fn check_signature(signed: &SignedTransaction) {
    let chain_id = known().manifest.chain_id();
    let signature = known()
        .secret(&signed.transaction.sender)
        .map(|key| key.sign(Domain::Transaction, &chain_id, &signed.transaction.encode()));
    let holds = signature.as_ref() == Some(&signed.signature);
    assert_eq!(verify_signatures(&chain_id, [signed]), [holds], "alone");
    let good: SignedTransaction = decode(&known().transactions[0]).expect("a vector");
    assert_eq!(verify_signatures(&chain_id, [signed, &good, signed]), [holds, true, holds], "in a batch");
}
