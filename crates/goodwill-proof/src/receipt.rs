//! Is a receipt in a block?

use crate::{FinalityProof, InvalidProof, scheme::Hasher, verify_finality};
use bytes::{BufMut, Bytes};
use commonware_codec::{Buf, Encode as _, EncodeSize, Error, Read, ReadExt, Write};
use commonware_storage::bmt::{Builder, Proof, Tree};
use goodwill_types::{Committee, Digest, Header, Receipt, record};

/// Shows that a receipt stands at a place of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptProof {
    /// The receipt's place among those of its block, from 0.
    pub position: u32,
    path: Proof<Digest>,
}

/// Shows what became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionProof {
    /// Shows that the transaction's block is final.
    pub finality: FinalityProof,
    /// What the transaction used, paid and did; names the transaction.
    pub receipt: Receipt,
    /// Shows that the receipt stands in that block.
    pub place: ReceiptProof,
}

record!(TransactionProof { finality, receipt, place });

/// The root that a header must have for `receipts`, each encoded.
pub fn receipts_root(receipts: &[Bytes]) -> Digest {
    tree(receipts).root()
}

/// Proves the receipt at `position` of a block's `receipts`; `None` if there is none.
pub fn prove_receipt(receipts: &[Bytes], position: u32) -> Option<ReceiptProof> {
    let path = tree(receipts).proof(position).ok()?;
    Some(ReceiptProof { position, path })
}

/// Checks that `receipt`, encoded, is in the block of `header`, which the caller knows to be final.
///
/// # Errors
/// [`InvalidProof::Receipt`].
pub fn verify_receipt(header: &Header, receipt: &[u8], proof: &ReceiptProof) -> Result<(), InvalidProof> {
    let leaf = Receipt::leaf(receipt);
    proof
        .path
        .verify_element_inclusion::<Hasher>(&leaf, proof.position, &header.receipts_root)
        .map_err(|_| InvalidProof::Receipt)
}

/// Checks that a final block of the chain `chain_id` holds the receipt that `proof` claims, and gives
/// the block's header. `committee` must be that of the header's epoch. Whether the receipt is of the
/// transaction that was asked for is for the caller to see.
///
/// # Errors
/// Says which part of the proof is wrong.
pub fn verify_transaction<'a>(
    chain_id: &Digest,
    committee: &Committee,
    proof: &'a TransactionProof,
) -> Result<&'a Header, InvalidProof> {
    let header = verify_finality(chain_id, committee, &proof.finality)?;
    verify_receipt(header, &proof.receipt.encode(), &proof.place).map(|()| header)
}

fn tree(receipts: &[Bytes]) -> Tree<Digest> {
    let mut builder = Builder::<Hasher>::new(receipts.len());
    for receipt in receipts {
        builder.add(&Receipt::leaf(receipt));
    }
    builder.build()
}

impl Write for ReceiptProof {
    fn write(&self, buf: &mut impl BufMut) {
        self.position.write(buf);
        self.path.write(buf);
    }
}

impl EncodeSize for ReceiptProof {
    fn encode_size(&self) -> usize {
        self.position.encode_size() + self.path.encode_size()
    }
}

impl Read for ReceiptProof {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, (): &()) -> Result<Self, Error> {
        Ok(Self { position: ReadExt::read(buf)?, path: Proof::read_cfg(buf, &1)? })
    }
}
