//! Verifies what a Goodwill chain proves: that a block is final, that a record of the state is what
//! a final block says, that a receipt is in a block. It only verifies: no network, no disk, no
//! clock. Proofs come from strangers, so reading them is bounded and checking them never panics.
//!
//! Trust flows in one direction: a known chain id and the committee of an epoch (whose seats the
//! caller knows, from the manifest or from a proven earlier state) vouch for a header, the header
//! for the state and the receipts.

mod finality;
mod invalid;
mod receipt;
pub mod scheme;
mod state;

pub use finality::{FinalityProof, HEADERS_MAX, verify_finality};
pub use invalid::InvalidProof;
pub use receipt::{
    ReceiptProof, TransactionProof, prove_receipt, receipts_root, verify_receipt, verify_transaction,
};
pub use state::{ENTRIES_MAX, Entry, PROOF_SIZE_MAX, StateProof, Verified, verify_state};
