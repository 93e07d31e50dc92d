//! Why a proof was refused.

use goodwill_types::Key;

/// Why a proof proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProof {
    /// The headers between the proven and the certified one do not follow each other.
    #[error("the headers are no chain within one epoch")]
    Headers,
    /// A key of the committee is no point of the curve.
    #[error("the committee has a seat whose key is invalid")]
    Committee,
    /// The certificate cannot be read.
    #[error("the certificate cannot be read")]
    Encoding,
    /// The certificate is for another block or another epoch.
    #[error("the certificate is for another block")]
    OtherBlock,
    /// The certificate lacks a quorum of valid signatures of this committee on this chain.
    #[error("the certificate is not signed by a quorum of the committee on this chain")]
    Signatures,
    /// The entries are not in strictly ascending order of their keys.
    #[error("the entries are not in ascending order of their keys")]
    Order,
    /// An entry's proof does not lead from its key and value to the header's state root.
    #[error("the state does not say this of the key {0:?}")]
    Entry(Key),
    /// The receipt's proof does not lead to the header's root of receipts.
    #[error("the block does not hold this receipt at this place")]
    Receipt,
}
