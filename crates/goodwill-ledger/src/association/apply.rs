//! What an association asks for: to be approved, to be renewed, to move; and its evidence.

use super::records::{
    About, Association, Evidence, POLLS_MAX, Poll, Polls, Profile, Rotation, Status, evidence_key,
};
use crate::{ChainState, Manifest, Parameters, StoreError, state::State, supply::Cell};
use goodwill_identity::{Identity, verify};
use goodwill_types::{
    Address, Amount, Application, Cause, Event, Failure, IdentityProof, Link,
    association::{DOMAIN_SIZE_MAX, EVIDENCE_MAX, NAME_SIZE_MAX, claim},
    codec::{List, Text},
};

/// Who asks, and what it is checked against.
pub(crate) struct Asked<'a> {
    pub(crate) chain: &'a ChainState,
    pub(crate) manifest: &'a Manifest,
    /// Who asks.
    pub(crate) sender: Address,
}

impl Asked<'_> {
    fn epoch(&self) -> u64 {
        self.manifest.parameters.epoch_of(self.chain.height + 1)
    }

    /// Who controls `domain` and wants `account` to receive, at the time of the last block.
    ///
    /// spec: identity 1 to 6
    fn identify(
        &self,
        proof: &IdentityProof,
        account: &Address,
        statement: &Link,
        domain: &str,
    ) -> Result<Identity, Failure> {
        let IdentityProof::X509 { chain, signature } = proof;
        let message = claim(&self.manifest.chain_id(), account, &statement.hash, domain);
        let chain: Vec<&[u8]> = chain.iter().map(|certificate| &certificate[..]).collect();
        let time_s = self.chain.timestamp_ms / 1_000;
        verify(&chain, signature, &message, domain, self.manifest.anchors(), time_s).map_err(|error| {
            Failure::IdentityRefused { reason: Text::new(error.code().into()).expect("a short word") }
        })
    }
}

/// Opens a poll on who asks to receive.
///
/// spec: associations 1 to 3
pub(crate) fn apply_application(
    state: &mut State<'_>,
    asked: &Asked<'_>,
    application: &Application,
) -> Result<Result<Event, Failure>, StoreError> {
    let Application { name, cause, domain, statement, proof } = application;
    let (account, parameters) = (asked.sender, &asked.manifest.parameters);
    let name_of_domain = Association::domain_name(domain);
    if let Some(id) = state.read::<u32>(Association::domain_key(&name_of_domain))? {
        return Ok(Err(Failure::DomainTaken { id }));
    }
    let identity = match asked.identify(proof, &account, statement, domain) {
        Ok(identity) => identity,
        Err(failure) => return Ok(Err(failure)),
    };
    let deposit = match take_deposit(state, parameters, &account)? {
        Ok(deposit) => deposit,
        Err(failure) => return Ok(Err(failure)),
    };
    let id = match open_poll(state, About::Association {})? {
        Ok(id) => id,
        Err(failure) => return Ok(Err(failure)),
    };
    let since = asked.epoch();
    let association = Association {
        payout: account,
        status: Status::Candidate {},
        since,
        until: since + parameters.poll_epochs,
        was_frozen: false,
        renewing: false,
        rotation: None,
        evidence: 0,
        deposit,
        pending: Amount::ZERO,
        frozen: Amount::ZERO,
        received: Amount::ZERO,
        domain: name_of_domain,
    };
    let stated = (name.clone(), *cause, domain.clone(), statement.clone());
    let profile = shown(identity, stated, asked.chain.height + 1);
    state.write(Association::key(id), &association);
    state.write(Profile::key(id), &profile);
    state.write(Association::domain_key(&name_of_domain), &id);
    Ok(Ok(Event::AssociationApplied { id, account, deposit }))
}

/// What an association says of itself: name, cause, domain, statement.
type Stated = (Text<NAME_SIZE_MAX>, Cause, Text<DOMAIN_SIZE_MAX>, Link);

/// Who it is by the proof that it gave.
fn shown(identity: Identity, (name, cause, domain, statement): Stated, height: u64) -> Profile {
    Profile {
        name,
        cause,
        domain,
        statement,
        organisation: identity.organisation.and_then(Text::new),
        certificate: identity.certificate.into(),
        valid_until_s: identity.valid_until_s,
        height,
    }
}

/// Takes what a poll costs until it is decided.
pub(super) fn take_deposit(
    state: &mut State<'_>,
    parameters: &Parameters,
    account: &Address,
) -> Result<Result<Amount, Failure>, StoreError> {
    let deposit = parameters.deposit;
    let mut payer = state.account(account)?;
    let Some(rest) = payer.balance.checked_sub(deposit) else {
        return Ok(Err(Failure::InsufficientBalance { balance: payer.balance, wanted: deposit }));
    };
    payer.balance = rest;
    state.set_account(account, &payer);
    state.book(Cell::Accounts, Cell::Deposits, deposit);
    Ok(Ok(deposit))
}

/// Opens a poll, and gives it the next number.
pub(super) fn open_poll(state: &mut State<'_>, about: About) -> Result<Result<u32, Failure>, StoreError> {
    let mut polls: Polls = state.read(Polls::key())?.unwrap_or_default();
    let id = polls.next;
    let mut open = std::mem::take(&mut polls.open).into_vec();
    open.push(Poll { id, about, yes: 0, no: 0 });
    let Some(open) = List::new(open) else {
        return Ok(Err(Failure::PollsFull { max: POLLS_MAX as u32 }));
    };
    (polls.next, polls.open) = (id + 1, open);
    state.write(Polls::key(), &polls);
    Ok(Ok(id))
}

/// The association, if it is open.
fn open_association(state: &State<'_>, id: u32) -> Result<Result<Association, Failure>, StoreError> {
    let association = state.read::<Association>(Association::key(id))?;
    let open = association.filter(|association| association.status.is_open());
    Ok(open.ok_or(Failure::NoSuchAssociation { id }))
}

/// The association, if it is open and the sender's.
fn own_association(
    state: &State<'_>,
    id: u32,
    sender: &Address,
) -> Result<Result<Association, Failure>, StoreError> {
    Ok(open_association(state, id)?.and_then(|association| match association.payout == *sender {
        true => Ok(association),
        false => Err(Failure::NotTheAssociation { id }),
    }))
}

/// spec: associations 10
pub(crate) fn apply_evidence(
    state: &mut State<'_>,
    asked: &Asked<'_>,
    id: u32,
    link: &Link,
) -> Result<Result<Event, Failure>, StoreError> {
    let mut association = match own_association(state, id, &asked.sender)? {
        Ok(association) => association,
        Err(failure) => return Ok(Err(failure)),
    };
    let number = association.evidence;
    if number == EVIDENCE_MAX {
        return Ok(Err(Failure::EvidenceFull { max: EVIDENCE_MAX }));
    }
    association.evidence += 1;
    let evidence = Evidence { link: link.clone(), height: asked.chain.height + 1 };
    state.write(evidence_key(id, number), &evidence);
    state.write(Association::key(id), &association);
    Ok(Ok(Event::EvidenceAttached { id, number }))
}

/// spec: associations 9
pub(crate) fn apply_renewal(
    state: &mut State<'_>,
    asked: &Asked<'_>,
    id: u32,
    statement: &Link,
    proof: &IdentityProof,
) -> Result<Result<Event, Failure>, StoreError> {
    let mut association = match own_association(state, id, &asked.sender)? {
        Ok(association) => association,
        Err(failure) => return Ok(Err(failure)),
    };
    let before: Profile = state.must(Profile::key(id))?;
    let identity = match asked.identify(proof, &association.payout, statement, &before.domain) {
        Ok(identity) => identity,
        Err(failure) => return Ok(Err(failure)),
    };
    let Profile { name, cause, domain, .. } = before;
    let profile = shown(identity, (name, cause, domain, statement.clone()), asked.chain.height + 1);
    association.renewing = association.status.receives();
    state.write(Profile::key(id), &profile);
    state.write(Association::key(id), &association);
    Ok(Ok(Event::RenewalAsked { id }))
}

/// spec: associations 11. Whoever controls the domain can ask: the account's key may be lost.
pub(crate) fn apply_rotation(
    state: &mut State<'_>,
    asked: &Asked<'_>,
    id: u32,
    account: Address,
    proof: &IdentityProof,
) -> Result<Result<Event, Failure>, StoreError> {
    let mut association = match open_association(state, id)? {
        Ok(association) => association,
        Err(failure) => return Ok(Err(failure)),
    };
    let profile: Profile = state.must(Profile::key(id))?;
    if let Err(failure) = asked.identify(proof, &account, &profile.statement, &profile.domain) {
        return Ok(Err(failure));
    }
    let epoch = asked.epoch() + asked.manifest.parameters.release_delay;
    association.rotation = Some(Rotation { account, epoch });
    state.write(Association::key(id), &association);
    Ok(Ok(Event::RotationAsked { id, account, epoch }))
}
