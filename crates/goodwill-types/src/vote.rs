//! Votes as the engine signs them: two that contradict each other show that a seat equivocated.

use crate::{
    Digest, Domain, PublicKey, SecretKey, Signature,
    codec::{Encode, record, variants},
    keys::{Signed, verify_under},
};

/// What a seat voted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vote {
    /// A block may be built on.
    Notarize {
        /// Which.
        proposal: Proposal,
    },
    /// Nothing came of an attempt.
    Nullify {
        /// Which attempt.
        round: Round,
    },
    /// A block is final.
    Finalize {
        /// Which.
        proposal: Proposal,
    },
}

variants!(Vote { 0 => Notarize { proposal }, 1 => Nullify { round }, 2 => Finalize { proposal } });

/// An attempt of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// The epoch.
    pub epoch: u64,
    /// The attempt.
    pub view: u64,
}

record!(Round { epoch: varint, view: varint });

/// A block that is voted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// When it was proposed.
    pub round: Round,
    /// The attempt in which its parent was proposed.
    pub parent_view: u64,
    /// The digest of its header.
    pub block: Digest,
}

record!(Proposal { round, parent_view: varint, block });

impl Vote {
    /// The attempt that it is about.
    pub const fn round(&self) -> Round {
        match self {
            Self::Notarize { proposal } | Self::Finalize { proposal } => proposal.round,
            Self::Nullify { round } => *round,
        }
    }

    /// Whether no honest seat casts both votes: two blocks in one attempt, or a block that is final
    /// in an attempt of which nothing came.
    pub fn contradicts(&self, other: &Self) -> bool {
        self.round() == other.round()
            && match (self, other) {
                (Self::Notarize { proposal: a }, Self::Notarize { proposal: b })
                | (Self::Finalize { proposal: a }, Self::Finalize { proposal: b }) => a != b,
                (Self::Nullify { .. }, Self::Finalize { .. })
                | (Self::Finalize { .. }, Self::Nullify { .. }) => true,
                _ => false,
            }
    }

    /// Casts the vote for the seat whose key is `key`, as the engine does.
    pub fn sign(self, key: &SecretKey, chain_id: &Digest) -> SignedVote {
        let (namespace, message) = self.signed(chain_id);
        SignedVote { vote: self, signature: key.sign_under(&namespace, &message) }
    }

    /// What the vote is signed under on the chain `chain_id`, and the signed message.
    fn signed(&self, chain_id: &Digest) -> (Vec<u8>, Vec<u8>) {
        let (suffix, message): (&[u8], _) = match self {
            Self::Notarize { proposal } => (b"_NOTARIZE", proposal.encode()),
            Self::Nullify { round } => (b"_NULLIFY", round.encode()),
            Self::Finalize { proposal } => (b"_FINALIZE", proposal.encode()),
        };
        ([Domain::Consensus.tag(), chain_id.as_ref(), suffix].concat(), message.to_vec())
    }
}

/// A vote with its seat's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedVote {
    /// What was voted.
    pub vote: Vote,
    /// The signature.
    pub signature: Signature,
}

record!(SignedVote { vote, signature });

/// Two votes of one seat that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equivocation {
    /// The seat's key.
    pub seat: PublicKey,
    /// One vote.
    pub first: SignedVote,
    /// The other.
    pub second: SignedVote,
}

record!(Equivocation { seat, first, second });

impl Equivocation {
    /// The epoch of the votes.
    pub const fn epoch(&self) -> u64 {
        self.first.vote.round().epoch
    }

    /// Whether the seat cast both votes on the chain `chain_id`, and they contradict each other.
    pub fn holds(&self, chain_id: &Digest) -> bool {
        let cast = |SignedVote { vote, signature }: &SignedVote| {
            let (namespace, message) = vote.signed(chain_id);
            verify_under(&namespace, &Signed { signer: &self.seat, message: &message, signature })
        };
        self.first.vote.contradicts(&self.second.vote) && cast(&self.first) && cast(&self.second)
    }
}
