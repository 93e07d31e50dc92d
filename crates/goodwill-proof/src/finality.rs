//! Is a block final?

use crate::{
    InvalidProof,
    scheme::{Finalization, verifier},
};
use commonware_codec::Decode;
use commonware_parallel::Sequential;
use goodwill_types::{Certificate, Committee, Digest, Header, codec::List, record};

/// The most headers in a proof: the proven one, and up to 64 descendants.
pub const HEADERS_MAX: usize = 65;

/// Shows that a block is final: its header, those of its descendants up to one that was certified,
/// and the certificate. All are of one epoch, so that one committee vouches for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalityProof {
    /// From the proven header up to the certified one.
    pub headers: List<Header, 1, HEADERS_MAX>,
    /// The certificate of the last header.
    pub certificate: Certificate,
}

impl FinalityProof {
    /// The header that it shows to be final, once verified.
    pub fn header(&self) -> &Header {
        &self.headers[0]
    }
}

record!(FinalityProof { headers, certificate });

/// Checks that `committee`, which must be that of the header's epoch, made the header final on the
/// chain `chain_id`.
///
/// # Errors
/// Says which link of the proof is broken.
pub fn verify_finality<'a>(
    chain_id: &Digest,
    committee: &Committee,
    proof: &'a FinalityProof,
) -> Result<&'a Header, InvalidProof> {
    check_chain(&proof.headers)?;
    let certified = proof.headers.last().expect("at least one header");
    check_certificate(chain_id, committee, certified, &proof.certificate)?;
    Ok(proof.header())
}

/// Each header names the one before as its parent, all in one epoch.
fn check_chain(headers: &[Header]) -> Result<(), InvalidProof> {
    let linked = headers.windows(2).all(|pair| {
        let (parent, child) = (&pair[0], &pair[1]);
        child.parent == parent.digest()
            && Some(child.height) == parent.height.checked_add(1)
            && child.epoch == parent.epoch
    });
    linked.then_some(()).ok_or(InvalidProof::Headers)
}

/// The view is not compared: the last block of an epoch may be finalized in a later view than that
/// in which it was first proposed.
fn check_certificate(
    chain_id: &Digest,
    committee: &Committee,
    header: &Header,
    certificate: &Certificate,
) -> Result<(), InvalidProof> {
    let finalization = Finalization::decode_cfg(certificate.0.clone(), &committee.seats.len())
        .map_err(|_| InvalidProof::Encoding)?;
    let proposal = &finalization.proposal;
    if proposal.payload != header.digest() || proposal.round.epoch().get() != header.epoch {
        return Err(InvalidProof::OtherBlock);
    }
    let scheme = verifier(chain_id, committee).ok_or(InvalidProof::Committee)?;
    let signed = finalization.verify(&mut rand::rng(), &scheme, &Sequential);
    signed.then_some(()).ok_or(InvalidProof::Signatures)
}
