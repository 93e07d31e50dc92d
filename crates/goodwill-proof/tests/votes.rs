//! Votes as consensus makes them are what `goodwill_types::vote` says: the same bytes are signed, so two
//! real votes of a seat that contradict each other are evidence.

use commonware_codec::{DecodeExt as _, Encode as _};
use commonware_consensus::{
    simplex::types::{Finalize, Notarize, Nullify, Proposal, Vote as Cast},
    types::{Epoch, Round, View},
};
use commonware_cryptography::{certificate::Attestation, ed25519::PublicKey as Point};
use commonware_utils::ordered::Set;
use goodwill_proof::scheme::{Scheme, namespace};
use goodwill_types::{
    Digest, Domain, Equivocation, SecretKey, hash,
    vote::{self, SignedVote, Vote},
};

fn id(name: &str) -> Digest {
    hash(Domain::Chain, name.as_bytes())
}

fn secret() -> SecretKey {
    SecretKey::from_seed([7; 32])
}

fn scheme() -> Scheme {
    let point = Point::try_from(&secret().public_key()).expect("on the curve");
    let seats = Set::try_from([point]).expect("one seat");
    Scheme::signer(&namespace(&id("chain")), seats, secret().expose().clone()).expect("a seat")
}

fn round(view: u64) -> Round {
    Round::new(Epoch::new(300), View::new(view))
}

fn proposal(view: u64, block: &str) -> Proposal<Digest> {
    Proposal::new(round(view), View::new(view - 1), id(block))
}

fn said(proposal: &Proposal<Digest>) -> vote::Proposal {
    let round = vote::Round { epoch: 300, view: proposal.round.view().get() };
    vote::Proposal { round, parent_view: proposal.parent.get(), block: proposal.payload }
}

fn signed(vote: Vote, attestation: &Attestation<Scheme>) -> SignedVote {
    SignedVote { vote, signature: attestation.signature.get().expect("a signature").clone() }
}

fn notarize(block: &str) -> SignedVote {
    let vote = Notarize::sign(&scheme(), proposal(70_000, block)).expect("signed");
    signed(Vote::Notarize { proposal: said(&vote.proposal) }, &vote.attestation)
}

fn finalize(block: &str) -> SignedVote {
    let vote = Finalize::sign(&scheme(), proposal(70_000, block)).expect("signed");
    signed(Vote::Finalize { proposal: said(&vote.proposal) }, &vote.attestation)
}

fn nullify() -> SignedVote {
    let vote = Nullify::sign::<Digest>(&scheme(), round(70_000)).expect("signed");
    let round = vote::Round { epoch: 300, view: 70_000 };
    signed(Vote::Nullify { round }, &vote.attestation)
}

fn holds(first: SignedVote, second: SignedVote) -> bool {
    let evidence = Equivocation { seat: secret().public_key(), first, second };
    assert!(!evidence.holds(&id("another chain")));
    evidence.holds(&id("chain"))
}

#[test]
fn real_votes_are_evidence() {
    assert!(holds(notarize("a"), notarize("b")));
    assert!(holds(finalize("a"), finalize("b")));
    assert!(holds(nullify(), finalize("a")));
    assert!(holds(finalize("a"), nullify()));
}

#[test]
fn what_honest_seats_vote_is_none() {
    assert!(!holds(notarize("a"), notarize("a")));
    assert!(!holds(notarize("a"), finalize("a")));
    assert!(!holds(notarize("a"), nullify()));
    let forged = SignedVote { signature: notarize("a").signature, ..finalize("b") };
    assert!(!holds(finalize("a"), forged));
}

/// A vote's encoding is that of the engine without the seat's index, which the evidence names by key.
#[test]
fn encodings_agree() {
    let cast = Notarize::sign(&scheme(), proposal(70_000, "a")).expect("signed");
    let ours = notarize("a").encode();
    let theirs = Cast::<Scheme, Digest>::Notarize(cast.clone()).encode();
    let index = cast.attestation.signer.encode().len();
    let body = ours.len() - 64;
    assert_eq!(ours[..body], theirs[..body]);
    assert_eq!(ours[body..], theirs[body + index..]);
    assert_eq!(SignedVote::decode(ours).expect("decodes"), notarize("a"));
}
