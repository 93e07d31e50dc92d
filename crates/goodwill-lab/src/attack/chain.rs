//! Chains to attack: the ledger itself, with known keys.

use super::Trial;
use goodwill_identity::{Issued, TestAuthority, prove};
use goodwill_node::ledger::{
    Manifest, Sandbox,
    manifest::{Member, development_manifest},
    mining::{Draws, Owners, draws_key, owners_key},
};
use goodwill_types::{
    Action, Address, Amount, Application, Cause, Choice, Digest, Domain, Event, Failure, IdentityProof, Link,
    Outcome, PublicKey, Receipt, SecretKey,
    association::claim,
    codec::{List, Text, decode},
    hash,
};

/// When the chains begin, in seconds since 1970.
const GENESIS_S: u64 = 1_750_000_000;
/// What everybody has at first.
const COINS: Amount = Amount::from_coins(1_000_000);

impl Trial {
    /// The key of somebody.
    pub(crate) fn key(&self, name: &str, number: u64) -> SecretKey {
        let secret = self.digest(name, number);
        SecretKey::from_seed(secret.as_ref().try_into().expect("32 bytes"))
    }

    /// Something random.
    pub(crate) fn digest(&self, name: &str, number: u64) -> Digest {
        let secret = [&self.seed.to_be_bytes()[..], &number.to_be_bytes(), name.as_bytes()].concat();
        hash(Domain::Seat, &secret)
    }
}

/// The account of a key.
pub(crate) fn account(key: &SecretKey) -> Address {
    Address::of(&key.public_key())
}

/// Who founds a chain, who has coins, and which of its parameters are not those of `goodwill dev`.
pub(crate) struct Setting<'a> {
    pub(crate) founders: Vec<SecretKey>,
    pub(crate) people: &'a [SecretKey],
    pub(crate) parameters: &'a [(&'a str, u64)],
    pub(crate) authority: Option<&'a TestAuthority>,
}

impl Setting<'_> {
    /// The chain's rules.
    pub(crate) fn manifest(&self) -> Manifest {
        let member = |(n, key): (usize, &SecretKey)| Member::new(format!("founder-{n}"), key, account(key));
        let members: Vec<_> = self.founders.iter().enumerate().map(member).collect();
        let accounts: Vec<_> = self.founders.iter().chain(self.people).map(account).collect();
        let anchor = self.authority.map(TestAuthority::certificate_pem);
        let text =
            development_manifest(&members, &accounts, COINS, GENESIS_S * 1_000, self.parameters, anchor);
        Manifest::parse(&text).expect("a manifest of the lab")
    }

    /// The chain after its first block, with a luck that follows from the seed.
    pub(crate) fn begin(&self, trial: &Trial) -> Sandbox {
        let mut sandbox = Sandbox::new(self.manifest(), &self.founders);
        sandbox.set_luck(trial.digest("luck", 0));
        sandbox
    }
}

/// Does `action` in a block of its own.
pub(crate) fn act(sandbox: &mut Sandbox, key: &SecretKey, action: Action) -> Result<Receipt, String> {
    let transaction = sandbox.transaction(&key.public_key(), action);
    sandbox.sign_and_submit(key, transaction).map_err(|invalid| invalid.to_string())
}

/// Does `action`, which must work.
pub(crate) fn must(sandbox: &mut Sandbox, key: &SecretKey, action: Action) -> Result<Event, String> {
    done(act(sandbox, key, action)?)
}

/// What a receipt says was done.
pub(crate) fn done(receipt: Receipt) -> Result<Event, String> {
    match receipt.outcome {
        Outcome::Done { events } => events.first().cloned().ok_or_else(|| "nothing happened".into()),
        Outcome::Failed { failure } => Err(failure.to_string()),
    }
}

/// Why an action that must not work does not.
pub(crate) fn refusal(receipt: Receipt, tried: &str) -> Result<Failure, String> {
    match receipt.outcome {
        Outcome::Failed { failure } => Ok(failure),
        Outcome::Done { .. } => Err(format!("{tried} worked")),
    }
}

/// Holds, or says what did not.
pub(crate) fn ensure(holds: bool, otherwise: &str) -> Result<(), String> {
    holds.then_some(()).ok_or_else(|| otherwise.into())
}

/// The chain's present epoch.
pub(crate) fn epoch(sandbox: &Sandbox) -> u64 {
    sandbox.manifest().parameters.epoch_of(sandbox.chain().height)
}

/// Makes empty blocks up to the first of the next epoch.
pub(crate) fn next_epoch(sandbox: &mut Sandbox) {
    let first = sandbox.manifest().parameters.heights(epoch(sandbox) + 1).next().expect("not empty");
    sandbox.warp(first);
}

/// Makes empty blocks up to the last of the present epoch.
pub(crate) fn end_epoch(sandbox: &mut Sandbox) {
    sandbox.warp(*sandbox.manifest().parameters.heights(epoch(sandbox)).end());
}

/// Orders slots for the epoch that can be ordered.
pub(crate) fn order(sandbox: &mut Sandbox, key: &SecretKey, count: u32) -> Result<(), String> {
    let receipt = sandbox.order(key, count).map_err(|invalid| invalid.to_string())?;
    done(receipt).map(drop)
}

/// Orders slots for all, and serves them: makes blocks up to the first of the epoch for which they
/// were ordered, and gives that epoch.
pub(crate) fn serve(sandbox: &mut Sandbox, orders: &[(&SecretKey, u32)]) -> Result<u64, String> {
    let wanted = sandbox.manifest().parameters.ordering(sandbox.chain().height + 1);
    for (key, count) in orders {
        order(sandbox, key, *count)?;
    }
    sandbox.warp(sandbox.manifest().parameters.draw_height(wanted));
    for (key, _) in orders {
        if let Some(receipt) = sandbox.take_up(key, key) {
            done(receipt.map_err(|invalid| invalid.to_string())?)?;
        }
    }
    sandbox.warp(*sandbox.manifest().parameters.heights(wanted).start());
    Ok(wanted)
}

/// How many slots of `epoch` were drawn for `account`.
pub(crate) fn slots(sandbox: &Sandbox, epoch: u64, account: &Address) -> u32 {
    let draws =
        sandbox.get(&draws_key(epoch)).map(|value| decode::<Draws>(value).expect("the ledger wrote it"));
    let draws = draws.unwrap_or_default();
    draws.iter().find(|drawn| drawn.account == *account).map_or(0, |drawn| drawn.slots)
}

/// The seats of `account` in `epoch`, which must not be forgotten.
pub(crate) fn seats(sandbox: &Sandbox, epoch: u64, account: &Address) -> Vec<PublicKey> {
    let (Some(committee), Some(owners)) = (sandbox.committee(epoch), sandbox.get(&owners_key(epoch))) else {
        return Vec::new();
    };
    let owners: Owners = decode(owners).expect("the ledger wrote it");
    let owned = committee.seats.iter().zip(owners.iter()).filter(|(_, owner)| owner.miner == *account);
    owned.map(|(seat, _)| seat.key).collect()
}

/// An authority that vouches for any domain.
pub(crate) fn authority() -> TestAuthority {
    TestAuthority::new("Authority of the attack lab").expect("a plain name")
}

/// A certificate for `domain`.
pub(crate) fn issue(authority: &TestAuthority, domain: &str) -> Issued {
    let issued = authority.issue(domain, None, GENESIS_S - 3_600, GENESIS_S + 86_400 * 365);
    issued.expect("a domain's name can be written")
}

fn link(domain: &str) -> Link {
    let uri = format!("https://{domain}/statement");
    Link { uri: Text::new(uri).expect("short"), hash: hash(Domain::Body, domain.as_bytes()) }
}

/// Shows with `issued` that who controls `domain` wants `account` to receive, on the sandbox's chain.
pub(crate) fn proof(sandbox: &Sandbox, issued: &Issued, account: &Address, domain: &str) -> IdentityProof {
    let message = claim(&sandbox.manifest().chain_id(), account, &link(domain).hash, domain);
    let signature = prove(&issued.key_pem, &message).expect("its own key");
    let chain = issued.chain.iter().map(|der| List::new(der.clone()).expect("small"));
    IdentityProof::X509 {
        chain: List::new(chain.collect()).expect("one certificate"),
        signature: List::new(signature).expect("short"),
    }
}

/// Applies for `domain` with the certificate `issued`.
pub(crate) fn application(sandbox: &Sandbox, key: &SecretKey, issued: &Issued, domain: &str) -> Action {
    let application = Application {
        name: Text::new(format!("Association of {domain}")).expect("short"),
        cause: Cause::Climate {},
        domain: Text::new(domain.into()).expect("short"),
        statement: link(domain),
        proof: proof(sandbox, issued, &account(key), domain),
    };
    Action::ApplyAssociation { application: application.into() }
}

/// Applies for `domain`, and gives the association's number.
pub(crate) fn apply(
    sandbox: &mut Sandbox,
    authority: &TestAuthority,
    key: &SecretKey,
    domain: &str,
) -> Result<u32, String> {
    let action = application(sandbox, key, &issue(authority, domain), domain);
    match must(sandbox, key, action)? {
        Event::AssociationApplied { id, .. } => Ok(id),
        other => Err(format!("instead of an application: {other:?}")),
    }
}

/// All of `voters` say the same.
pub(crate) fn vote(
    sandbox: &mut Sandbox,
    voters: &[&SecretKey],
    poll: u32,
    choice: Choice,
) -> Result<(), String> {
    for voter in voters {
        must(sandbox, voter, Action::Vote { poll, choice })?;
    }
    Ok(())
}
