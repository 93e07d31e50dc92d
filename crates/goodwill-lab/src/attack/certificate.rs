//! Certificates as a committee signs them, made of any seats' votes.

use goodwill_proof::FinalityProof;
use goodwill_types::{
    Certificate, Committee, Digest, Domain, Header, Seat, SecretKey, Signature,
    block::SEATS_MAX,
    codec::{Encode as _, List},
    hash,
    vote::{Proposal, Round, SignedVote, Vote},
};
use std::collections::BTreeMap;

/// The vote of `seat` that the block of `header` is final.
pub(crate) fn finalize(header: &Header, seat: &SecretKey, chain_id: &Digest) -> SignedVote {
    let round = Round { epoch: header.epoch, view: header.view };
    let proposal = Proposal { round, parent_view: header.parent_view, block: header.digest() };
    Vote::Finalize { proposal }.sign(seat, chain_id)
}

/// What the votes of `signers`, all of the committee, make: as the engine encodes it, whether they are
/// enough or not. The proposal; the number of seats and a bit for each; the signatures by seat.
pub(crate) fn certify(
    header: &Header,
    committee: &Committee,
    signers: &[&SecretKey],
    chain_id: &Digest,
) -> Certificate {
    let by_seat: BTreeMap<usize, Signature> = signers
        .iter()
        .filter_map(|signer| {
            let seat = committee.position(&signer.public_key())?;
            Some((seat, finalize(header, signer, chain_id).signature))
        })
        .collect();
    let round = Round { epoch: header.epoch, view: header.view };
    let proposal = Proposal { round, parent_view: header.parent_view, block: header.digest() };
    let seats = committee.seats.len();
    let mut bits = vec![0_u8; seats.div_ceil(8)];
    by_seat.keys().for_each(|seat| bits[seat / 8] |= 1 << (seat % 8));
    let signatures: List<Signature, 0, SEATS_MAX> =
        List::new(by_seat.into_values().collect()).expect("at most one of each seat");
    let parts = [&proposal.encode()[..], &(seats as u64).to_be_bytes(), &bits, &signatures.encode()];
    Certificate(parts.concat().into())
}

/// Shows that the block of `header` is final, if the certificate does.
pub(crate) fn finality(header: &Header, certificate: Certificate) -> FinalityProof {
    FinalityProof { headers: List::new(vec![header.clone()]).expect("one header"), certificate }
}

/// A committee of a node with these seats.
pub(crate) fn committee(keys: &[SecretKey]) -> Committee {
    let mut seats: Vec<_> =
        keys.iter().map(SecretKey::public_key).map(|key| Seat { key, node: key }).collect();
    seats.sort_by_key(|seat| seat.key);
    let schedule = (0..).take(seats.len()).collect();
    Committee::new(seats, schedule).expect("sorted")
}

/// A block of `committee` that says `what`.
pub(crate) fn header(committee: &Committee, epoch: u64, timestamp_ms: u64, what: &[u8]) -> Header {
    let digest = hash(Domain::Block, what);
    let view = 5;
    Header {
        height: 1_000 * epoch + 5,
        epoch,
        view,
        parent_view: view - 1,
        leader: committee.leader(view).key,
        parent: hash(Domain::Block, b"parent"),
        timestamp_ms,
        body_hash: Header::hash_body(what),
        receipts_root: goodwill_proof::receipts_root(&[]),
        state_root: digest,
        operations_root: digest,
        operations_start: 0,
        operations_end: 9,
    }
}
