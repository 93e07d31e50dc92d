//! Watches what is voted: seats that vote against themselves, and certificates that say that this
//! node's seats voted what they did not.

use crate::{
    StateMachine,
    committees::Seated,
    seats::{OwnVotes, Presence, Reach, Signed, Vote, message, signature},
};
use commonware_actor::Feedback;
use commonware_consensus::{
    Reporter,
    simplex::types::{Activity, Notarize, Proposal},
    types::Round,
};
use commonware_cryptography::ed25519::{PublicKey as Point, certificate::Certificate};
use commonware_p2p::Message;
use commonware_utils::sync::Mutex;
use goodwill_proof::scheme::Scheme;
use goodwill_types::{
    Digest, Equivocation, Signature,
    vote::{self, SignedVote},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tokio::sync::mpsc;

/// Attempts around the latest whose votes are remembered, to be held against those that come later.
const VIEWS_KEPT: u64 = 32;

type Reported = Activity<Scheme, Digest>;

/// What a vote says, whoever signed it.
pub(crate) fn said(vote: &Vote) -> vote::Vote {
    match vote {
        Vote::Notarize(vote) => vote::Vote::Notarize { proposal: proposal(&vote.proposal) },
        Vote::Nullify(vote) => vote::Vote::Nullify { round: round(vote.round) },
        Vote::Finalize(vote) => vote::Vote::Finalize { proposal: proposal(&vote.proposal) },
    }
}

fn round(round: Round) -> vote::Round {
    vote::Round { epoch: round.epoch().get(), view: round.view().get() }
}

fn proposal(proposal: &Proposal<Digest>) -> vote::Proposal {
    vote::Proposal {
        round: round(proposal.round),
        parent_view: proposal.parent.get(),
        block: proposal.payload,
    }
}

fn signed(vote: &Vote) -> Option<SignedVote> {
    let Signed { signature, .. } = signature(vote);
    Some(SignedVote { vote: said(vote), signature: signature.get()?.clone() })
}

/// Collects what shows that a seat voted against itself, and tells the machine once of each. It hears
/// every vote before the engine does, which no longer looks at those of an attempt that is decided.
pub(crate) struct Evidence {
    pub(crate) chain_id: Digest,
    pub(crate) seats: Arc<Seated>,
    pub(crate) machine: Arc<dyn StateMachine>,
    pub(crate) own: OwnVotes,
    /// The nodes that this one hears.
    pub(crate) reach: Reach,
    /// Gives the engine votes beside those that arrive.
    pub(crate) echo: mpsc::Sender<Message<Point>>,
    pub(crate) heard: Mutex<Heard>,
    pub(crate) presence: Presence,
}

/// What was heard in an epoch.
#[derive(Default)]
pub(crate) struct Heard {
    /// By view and seat: at most one vote of each kind.
    votes: BTreeMap<(u64, usize), Vec<SignedVote>>,
    /// Seats of which the machine knows.
    told: BTreeSet<usize>,
}

impl Heard {
    /// Keeps a vote; gives one of the same seat that contradicts it.
    fn keep(&mut self, seat: usize, vote: &SignedVote) -> Option<SignedVote> {
        let votes = self.votes.entry((vote.vote.round().view, seat)).or_default();
        let contradicting = votes.iter().position(|other| other.vote.contradicts(&vote.vote));
        if !votes.iter().any(|other| other.vote == vote.vote || vote.vote.contradicts(&other.vote)) {
            votes.push(vote.clone());
        }
        // The newer is kept: whoever signs the first wrongly does not hide behind it.
        contradicting.map(|place| std::mem::replace(&mut votes[place], vote.clone()))
    }

    fn forget_before(&mut self, view: u64) {
        self.votes = self.votes.split_off(&(view, 0));
    }

    /// The votes of a view that contradict `said`.
    fn contradicting(&self, said: &vote::Vote) -> Vec<(usize, SignedVote)> {
        let view = said.round().view;
        let of_view = self.votes.range((view, 0)..=(view, usize::MAX));
        let votes = of_view.flat_map(|((_, seat), votes)| votes.iter().map(|vote| (*seat, vote.clone())));
        votes.filter(|(_, vote)| vote.vote.contradicts(said)).collect()
    }
}

impl Evidence {
    /// A seat voted. Its signature was not looked at.
    pub(crate) fn voted(&self, vote: &Vote) {
        let latest = self.own.latest();
        let seat = usize::from(signature(vote).signer);
        let Some(vote) = signed(vote) else { return };
        // Nobody fills the memory with votes of attempts that are far from here.
        if vote.vote.round().view.abs_diff(latest) > VIEWS_KEPT {
            return;
        }
        if let Some(node) = self.seats.host(seat) {
            self.presence.voted(node, vote.vote.round().view);
        }
        let contradicting = {
            let mut heard = self.heard.lock();
            heard.forget_before(latest.saturating_sub(VIEWS_KEPT));
            heard.keep(seat, &vote)
        };
        if let Some(other) = contradicting {
            self.found(seat, other, vote);
        }
    }

    /// A certificate shows votes that its seats may not have sent to this node.
    fn certified(&self, said: vote::Vote, certificate: &Certificate) {
        let contradicting = self.heard.lock().contradicting(&said);
        for (seat, first) in contradicting {
            if let Some(signature) = signature_of(certificate, seat) {
                self.found(seat, first, SignedVote { vote: said, signature });
            }
        }
    }

    /// Votes of nodes that this one does not hear, as a certificate shows them. Else the engine would
    /// think that they are away, and give up their turns before they begin.
    fn echo(&self, kind: impl Fn(Signed) -> Vote, certificate: &Certificate) {
        for (signer, signature) in certificate.signers.iter().zip(&certificate.signatures) {
            let seat = usize::from(signer);
            let Some(node) = self.seats.host(seat).filter(|node| !self.reach.contains(node)) else {
                continue;
            };
            if self.seats.engine(node) == Some(seat) && !self.own.is_ours(seat) {
                let vote = kind(Signed { signer, signature: signature.clone() });
                let _ = self.echo.try_send(message(&self.seats, &vote));
            }
        }
    }

    fn found(&self, seat: usize, first: SignedVote, second: SignedVote) {
        if self.heard.lock().told.contains(&seat) {
            return;
        }
        let Some(of) = self.seats.committee.seats.get(seat) else { return };
        let evidence = Equivocation { seat: of.key, first, second };
        if evidence.holds(&self.chain_id) && self.heard.lock().told.insert(seat) {
            self.machine.equivocated(evidence);
        }
    }
}

fn signature_of(certificate: &Certificate, seat: usize) -> Option<Signature> {
    let place = certificate.signers.iter().position(|signer| usize::from(signer) == seat)?;
    certificate.signatures.get(place)?.get().cloned()
}

/// Hears what the engine reports before `inner` does.
pub(crate) struct Watch<R> {
    pub(crate) evidence: Arc<Evidence>,
    pub(crate) inner: R,
}

impl<R: Clone> Clone for Watch<R> {
    fn clone(&self) -> Self {
        Self { evidence: self.evidence.clone(), inner: self.inner.clone() }
    }
}

impl<R> Watch<R> {
    /// Only certificates that were verified are reported.
    fn certified(&self, said: vote::Vote, certificate: &Certificate) {
        self.evidence.own.check_certified(&said, &certificate.signers);
        self.evidence.certified(said, certificate);
    }

    /// Votes come from the engine's journal, too: what this node said in an earlier life.
    fn look(&self, activity: &Reported) {
        let own = &self.evidence.own;
        match activity {
            Activity::Notarize(vote) => own.cast(&Vote::Notarize(vote.clone())),
            Activity::Nullify(vote) => own.cast(&Vote::Nullify(vote.clone())),
            Activity::Finalize(vote) => own.cast(&Vote::Finalize(vote.clone())),
            Activity::Notarization(of) => {
                let said = vote::Vote::Notarize { proposal: proposal(&of.proposal) };
                self.certified(said, &of.certificate);
                let proposal = &of.proposal;
                let vote = |attestation| Vote::Notarize(Notarize { proposal: proposal.clone(), attestation });
                self.evidence.echo(vote, &of.certificate);
            }
            Activity::Nullification(of) => {
                self.certified(vote::Vote::Nullify { round: round(of.round) }, &of.certificate);
            }
            Activity::Finalization(of) => {
                let said = vote::Vote::Finalize { proposal: proposal(&of.proposal) };
                self.certified(said, &of.certificate);
            }
            Activity::Certification(_)
            | Activity::ConflictingNotarize(_)
            | Activity::ConflictingFinalize(_)
            | Activity::NullifyFinalize(_) => {}
        }
    }
}

impl<R: Reporter<Activity = Reported>> Reporter for Watch<R> {
    type Activity = Reported;

    fn report(&mut self, activity: Reported) -> Feedback {
        self.look(&activity);
        self.inner.report(activity)
    }
}
