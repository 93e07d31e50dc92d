//! Certificates and proofs: nothing is believed that is not so.

use super::{canonical, kind, known};
use goodwill_proof::{
    ENTRIES_MAX, FinalityProof, HEADERS_MAX, PROOF_SIZE_MAX, ReceiptProof, StateProof, TransactionProof,
    verify_finality, verify_receipt, verify_state, verify_transaction,
};
use goodwill_types::{
    Certificate, Committee, Header,
    block::CERTIFICATE_SIZE_MAX,
    codec::{Encode as _, List},
    state::VALUE_SIZE_MAX,
};

/// A kind, then bytes: 0 a finality proof, 1 a certificate of the certified header, 2 a committee
/// for the true proof.
pub fn certificate(data: &[u8]) -> bool {
    let Some((kind, bytes)) = kind(data) else { return false };
    let proven = &known().proven;
    match kind {
        0 => canonical(bytes).is_some_and(|proof| check_finality(&proven.committee, &proof)),
        1 if (1..=CERTIFICATE_SIZE_MAX).contains(&bytes.len()) => {
            let certificate = Certificate(bytes.to_vec().into());
            let headers = proven.state.finality.headers.clone();
            check_finality(&proven.committee, &FinalityProof { headers, certificate })
        }
        2 => canonical(bytes).is_some_and(|committee: Committee| {
            let believed = check_finality(&committee, &proven.state.finality);
            assert!(!believed || share_a_quorum(&committee, &proven.committee), "others signed");
            believed
        }),
        _ => false,
    }
}

/// Whether the proof is believed. If so, it shows one of the headers that are final, by the one
/// certificate that was signed.
fn check_finality(committee: &Committee, proof: &FinalityProof) -> bool {
    assert!((1..=HEADERS_MAX).contains(&proof.headers.len()));
    let proven = &known().proven;
    let Ok(header) = verify_finality(&proven.chain_id, committee, proof) else { return false };
    assert_final(header);
    assert_eq!(proof.certificate, proven.state.finality.certificate, "another certificate is believed");
    true
}

/// A certificate is about the seats that signed, and says which: the others may be anybody's.
fn share_a_quorum(one: &Committee, other: &Committee) -> bool {
    let seats = other.seats.len();
    let shared = one.seats.iter().zip(other.seats.iter()).filter(|(one, other)| one.key == other.key).count();
    one.seats.len() == seats && shared >= seats - (seats - 1) / 3
}

fn assert_final(header: &Header) {
    assert!(known().proven.state.finality.headers.contains(header), "{header:?} is not final");
}

/// A kind, then bytes: 0 a state proof, 1 a receipt proof, 2 + n a claim about the n-th key of the
/// true proof: whether there is a value, and the proof of the entry; 4 a transaction's proof.
pub fn proof(data: &[u8]) -> bool {
    let Some((kind, bytes)) = kind(data) else { return false };
    match kind {
        0 => canonical(bytes).is_some_and(|proof| check_state(&proof)),
        1 => canonical(bytes).is_some_and(|proof| check_receipt(&proof)),
        2 | 3 => check_entry(usize::from(kind - 2), bytes),
        4 => canonical(bytes).is_some_and(|proof| check_transaction(&proof)),
        _ => false,
    }
}

/// Whether the proof is believed. If so, all that it says is true.
fn check_state(proof: &StateProof) -> bool {
    assert!(proof.entries.len() <= ENTRIES_MAX);
    for entry in proof.entries.iter() {
        assert!(entry.proof.len() <= PROOF_SIZE_MAX);
        assert!(entry.value.as_ref().is_none_or(|value| value.len() <= VALUE_SIZE_MAX));
    }
    let proven = &known().proven;
    let Ok(verified) = verify_state(&proven.chain_id, &proven.committee, proof) else { return false };
    assert_final(&verified.header);
    assert_eq!(verified.entries.len(), proof.entries.len());
    for (key, value) in &verified.entries {
        assert_eq!(*value, proven.truth(key), "a lie about {key:?} is believed");
    }
    true
}

/// The true finality, and an entry from the input: its proof is what is fuzzed.
fn check_entry(n: usize, bytes: &[u8]) -> bool {
    let Some((present, proof)) = bytes.split_first().filter(|(_, proof)| !proof.is_empty()) else {
        return false;
    };
    let mut state = known().proven.state.clone();
    let mut entry = state.entries[n].clone();
    entry.proof = proof.to_vec().into();
    entry.value = match (present % 3, entry.value) {
        (0, _) => None,
        (1, Some(value)) => Some(value),
        _ => Some(proof[..proof.len().min(8)].to_vec().into()),
    };
    state.entries = List::new(vec![entry]).expect("one");
    check_state(&state)
}

/// Whether some receipt is believed to be where the proof says. Only the true proof is believed.
fn check_receipt(proof: &ReceiptProof) -> bool {
    let proven = &known().proven;
    let header = &proven.state.finality.headers[0];
    let believed: Vec<usize> = (0..proven.receipts.len())
        .filter(|n| verify_receipt(header, &proven.receipts[*n], proof).is_ok())
        .collect();
    for n in &believed {
        assert_eq!(proof.position as usize, *n, "a receipt at a place where it is not");
        assert_eq!(proof.encode(), proven.receipt_proofs[*n], "another proof is believed");
    }
    !believed.is_empty()
}

/// The receipts of the proven blocks are of no transaction, so none can be shown to be there.
fn check_transaction(proof: &TransactionProof) -> bool {
    let proven = &known().proven;
    assert!(verify_transaction(&proven.chain_id, &proven.committee, proof).is_err(), "a made-up receipt");
    true
}
