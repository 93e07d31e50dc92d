//! What the committee signs with, shared with the engine so that both agree.

use commonware_consensus::simplex::{scheme::ed25519, types};
use commonware_cryptography::{Sha256, ed25519::PublicKey as Point};
use commonware_storage::{
    mmr,
    qmdb::{
        any::value::VariableEncoding,
        current::ordered::proof::constant::{ExclusionProof, KeyValueProof},
    },
};
use commonware_utils::ordered::Set;
use goodwill_types::{Committee, Digest, Domain, Key, Value};

/// Certificates are lists of ed25519 signatures: small committees, and a faulty signer can be named.
pub type Scheme = ed25519::Scheme;
/// A certificate that a block is final.
pub type Finalization = types::Finalization<Scheme, Digest>;
/// The hash of all trees.
pub type Hasher = Sha256;
/// The shape of the state's tree.
pub type Family = mmr::Family;
/// Proof that a key has a value.
pub type Inclusion = KeyValueProof<Family, Key, Digest, CHUNK_SIZE>;
/// Proof that a key has none.
pub type Exclusion = ExclusionProof<Family, Key, VariableEncoding<Value>, Digest, CHUNK_SIZE>;

/// Bytes of the state's activity bitmap that are proven together.
pub const CHUNK_SIZE: usize = 32;

/// What every vote on this chain is signed under.
pub fn namespace(chain_id: &Digest) -> Vec<u8> {
    [Domain::Consensus.tag(), chain_id.as_ref()].concat()
}

/// The seats' keys as the engine knows them, in the committee's order; `None` if one is no
/// point of the curve.
pub fn participants(committee: &Committee) -> Option<Set<Point>> {
    let keys = committee.seats.iter().map(|seat| Point::try_from(&seat.key));
    let points: Vec<_> = keys.collect::<Result<_, _>>().ok()?;
    // Both sides order keys by their bytes, so a seat's index is the same in both.
    Set::try_from(points).ok()
}

/// Verifies the certificates of `committee`; `None` if one of its keys is no point of the curve.
pub fn verifier(chain_id: &Digest, committee: &Committee) -> Option<Scheme> {
    Some(Scheme::verifier(&namespace(chain_id), participants(committee)?))
}
