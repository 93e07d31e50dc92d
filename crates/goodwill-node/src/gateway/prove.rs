//! Shows what became of a transaction.

use super::{Gateway, Problem, work::work};
use crate::index::{Index, Place};
use bytes::Bytes;
use goodwill_proof::{FinalityProof, ReceiptProof, TransactionProof, prove_receipt};
use goodwill_types::{Receipt, codec::Encode};
use std::time::Duration;

/// How often a certificate is asked for: that of the newest block may be on its way.
const ATTEMPTS: usize = 20;
/// How long is waited each time.
const ATTEMPT: Duration = Duration::from_millis(100);

/// Proves what became of the transaction at `place`.
pub(super) async fn prove(gateway: &Gateway, place: Place) -> Result<TransactionProof, Problem> {
    let finality = finality(gateway, place.height).await?;
    let index = gateway.chain.index.clone();
    let (receipt, place) = work(move || receipt(&index, place)).await??;
    Ok(TransactionProof { finality, receipt, place })
}

async fn finality(gateway: &Gateway, height: u64) -> Result<FinalityProof, Problem> {
    for _ in 0..ATTEMPTS {
        if let Some(finality) = gateway.engine.certified(height).await? {
            return Ok(finality);
        }
        tokio::time::sleep(ATTEMPT).await;
    }
    Err(Problem::unavailable("not_ready", format!("this node has no certificate for block {height} yet")))
}

/// Holds all receipts of the block in memory: a few times the size of its body.
fn receipt(index: &Index, place: Place) -> Result<(Receipt, ReceiptProof), Problem> {
    let missing =
        || Problem::unavailable("index", format!("the receipts of block {} are not here", place.height));
    let receipts = index.receipts(place.height)?.ok_or_else(missing)?;
    let encoded: Vec<Bytes> = receipts.iter().map(Encode::encode).collect();
    let proof = prove_receipt(&encoded, place.index).ok_or_else(missing)?;
    let receipt = receipts.get(place.index as usize).cloned().ok_or_else(missing)?;
    Ok((receipt, proof))
}

#[cfg(test)]
mod tests {
    use super::*;
    use goodwill_proof::{receipts_root, verify_receipt};
    use goodwill_types::{Amount, Domain, Header, Outcome, SecretKey, TransactionId, codec::List, hash};

    fn stored(n: u8) -> Receipt {
        Receipt {
            id: TransactionId { digest: hash(Domain::Transaction, &[n]) },
            height: 5,
            gas_used: u64::from(n),
            base_fee: Amount::from_units(2),
            donated: Amount::from_units(1),
            tip: Amount::ZERO,
            outcome: Outcome::Done { events: List::default() },
        }
    }

    fn header(receipts: &[Receipt]) -> Header {
        let digest = hash(Domain::Block, b"x");
        let encoded: Vec<Bytes> = receipts.iter().map(Encode::encode).collect();
        Header {
            height: 5,
            epoch: 0,
            view: 5,
            parent_view: 4,
            leader: SecretKey::from_seed([1; 32]).public_key(),
            parent: digest,
            timestamp_ms: 1,
            body_hash: digest,
            receipts_root: receipts_root(&encoded),
            state_root: digest,
            operations_root: digest,
            operations_start: 0,
            operations_end: 1,
        }
    }

    #[test]
    fn each_receipt_of_a_block_is_proven_at_its_place() {
        let receipts: Vec<Receipt> = (0..5).map(stored).collect();
        let index = Index::in_memory().unwrap();
        index.record(5, receipts.clone(), None).unwrap();
        let header = header(&receipts);
        for (expected, at) in receipts.iter().zip(0..) {
            let (receipt, proof) = receipt(&index, Place { height: 5, index: at }).unwrap();
            assert_eq!((&receipt, proof.position), (expected, at));
            verify_receipt(&header, &receipt.encode(), &proof).unwrap();
        }
        for place in [Place { height: 5, index: 5 }, Place { height: 6, index: 0 }] {
            assert_eq!(receipt(&index, place).unwrap_err().0.code, "index");
        }
    }
}
