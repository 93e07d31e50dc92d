//! Domain-separated SHA-256.

pub use commonware_cryptography::sha256::Digest;
use commonware_cryptography::{Hasher as _, Sha256};

/// What a hash or a signature is for. One of a domain never means anything in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// A chain's id, from its canonical genesis manifest.
    Chain,
    /// A block, from its header.
    Block,
    /// A block's body, as named in its header.
    Body,
    /// A transaction: its signature, and its id.
    Transaction,
    /// A receipt, as a leaf of the receipts' tree.
    Receipt,
    /// An address, from a public key.
    Address,
    /// A state key whose name is too long to stand for itself.
    StateKey,
    /// The engine's votes.
    Consensus,
    /// The turns of an epoch, from its luck.
    Turns,
    /// The chain's luck, and the hash chains that it is folded from.
    Luck,
    /// Which orders are filled, from the luck.
    Draw,
    /// A node's and a seat's consent to serve.
    Seat,
    /// What the key of an association's domain signs, and the domain's name in the state.
    Association,
    /// Handshakes between nodes.
    Mesh,
    /// A contract's address, from who deployed it and the nonce.
    Contract,
    /// A contract's source.
    Source,
}

impl Domain {
    /// The tag, in ASCII. Tags are part of the protocol.
    pub const fn tag(self) -> &'static [u8] {
        match self {
            Self::Chain => b"goodwill/chain",
            Self::Block => b"goodwill/block",
            Self::Body => b"goodwill/body",
            Self::Transaction => b"goodwill/transaction",
            Self::Receipt => b"goodwill/receipt",
            Self::Address => b"goodwill/address",
            Self::StateKey => b"goodwill/state-key",
            Self::Consensus => b"goodwill/consensus",
            Self::Turns => b"goodwill/turns",
            Self::Luck => b"goodwill/luck",
            Self::Draw => b"goodwill/draw",
            Self::Seat => b"goodwill/seat",
            Self::Association => b"goodwill/association",
            Self::Mesh => b"goodwill/mesh",
            Self::Contract => b"goodwill/contract",
            Self::Source => b"goodwill/source",
        }
    }
}

/// `SHA-256(length of the tag as one byte || tag || message)`: laid out as the bytes that are signed.
pub fn hash(domain: Domain, message: &[u8]) -> Digest {
    let tag = domain.tag();
    Sha256::hash(&[&[tag.len() as u8], tag, message])
}
