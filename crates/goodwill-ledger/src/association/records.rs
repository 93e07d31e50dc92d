//! What the state holds of associations and polls: its records, and where they are.

use crate::Parameters;
use goodwill_types::{
    Address, Amount, Cause, Change, Digest, Domain, Key, Link,
    amendment::{CHANGES_MAX, ChangeList, REASON_SIZE_MAX},
    association::{DOMAIN_SIZE_MAX, NAME_SIZE_MAX},
    codec::{List, Text, record, variants},
    hash,
};

/// The most polls that are open at once: candidates, approved associations and amendments.
pub const POLLS_MAX: usize = 1_024;

const TAG_PROFILE: u8 = 12;
const TAG_EVIDENCE: u8 = 13;
const TAG_DOMAIN: u8 = 14;
const TAG_POLLS: u8 = 15;
const TAG_TALLY: u8 = 16;
const TAG_BALLOT: u8 = 17;
const TAG_AMENDED: u8 = 19;

/// How an association stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It asked, and is not decided.
    Candidate {},
    /// It receives.
    Approved {},
    /// It is approved, and its payments wait.
    Frozen {},
    /// A vote took its approval away.
    Revoked {},
    /// It was not approved in time, or its mandate ended.
    Lapsed {},
}

variants!(Status {
    0 => Candidate {},
    1 => Approved {},
    2 => Frozen {},
    3 => Revoked {},
    4 => Lapsed {},
});

impl Status {
    /// Its word in the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Candidate {} => "candidate",
            Self::Approved {} => "approved",
            Self::Frozen {} => "frozen",
            Self::Revoked {} => "revoked",
            Self::Lapsed {} => "lapsed",
        }
    }

    /// Whether it gets a share of the donations.
    pub const fn receives(self) -> bool {
        matches!(self, Self::Approved {} | Self::Frozen {})
    }

    /// Whether its poll is open.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Candidate {} | Self::Approved {} | Self::Frozen {})
    }
}

/// How an association stands, and what it received. Never removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Association {
    /// Where it receives.
    pub payout: Address,
    /// How it stands.
    pub status: Status,
    /// The epoch at whose end its status began; that of the application for a candidate.
    pub since: u64,
    /// The last epoch of its poll, or of its mandate.
    pub until: u64,
    /// Whether its payments were frozen in this mandate.
    pub was_frozen: bool,
    /// Whether it asked for another mandate.
    pub renewing: bool,
    /// The account to which it will move.
    pub rotation: Option<Rotation>,
    /// How often it attached evidence.
    pub evidence: u32,
    /// What it deposited and did not get back.
    pub deposit: Amount,
    /// Granted, and not released.
    pub pending: Amount,
    /// Released while it was frozen.
    pub frozen: Amount,
    /// Paid to its account, ever.
    pub received: Amount,
    /// The name under which the state holds its domain.
    pub domain: Digest,
}

record!(Association {
    payout,
    status,
    since: varint,
    until: varint,
    was_frozen,
    renewing,
    rotation,
    evidence: varint,
    deposit,
    pending,
    frozen,
    received,
    domain,
});

/// A move to another account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The new account.
    pub account: Address,
    /// The epoch at whose end the association moves.
    pub epoch: u64,
}

record!(Rotation { account, epoch: varint });

impl Association {
    /// The state key's tag for associations.
    pub const TAG: u8 = 11;

    /// Where the state holds it.
    pub fn key(id: u32) -> Key {
        Key::new(Self::TAG, &id.to_be_bytes())
    }

    /// Where the state holds whose its domain is, as long as it can be approved or is.
    pub(crate) fn domain_key(domain: &Digest) -> Key {
        Key::new(TAG_DOMAIN, &domain[..])
    }

    /// The name under which the state holds a domain.
    pub(crate) fn domain_name(domain: &str) -> Digest {
        hash(Domain::Association, domain.as_bytes())
    }
}

/// Who an association is, as its last proof of identity shows. Never removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What people call it.
    pub name: Text<NAME_SIZE_MAX>,
    /// What it works for.
    pub cause: Cause,
    /// The domain that it controls.
    pub domain: Text<DOMAIN_SIZE_MAX>,
    /// What it does, in its own words.
    pub statement: Link,
    /// The organisation that its certificate names, where an authority checked that.
    pub organisation: Option<Text<128>>,
    /// SHA-256 of its certificate.
    pub certificate: Digest,
    /// Until when the certificate is valid, in seconds since 1970.
    pub valid_until_s: u64,
    /// The height at which this was shown.
    pub height: u64,
}

record!(Profile {
    name,
    cause,
    domain,
    statement,
    organisation,
    certificate,
    valid_until_s: varint,
    height: varint,
});

impl Profile {
    /// Where the state holds it.
    pub fn key(id: u32) -> Key {
        Key::new(TAG_PROFILE, &id.to_be_bytes())
    }
}

/// What an association attached to show that it operates. Never removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Where it can be read.
    pub link: Link,
    /// The height at which it was attached.
    pub height: u64,
}

record!(Evidence { link, height: varint });

/// Where the state holds evidence number `number` of the association `id`.
pub fn evidence_key(id: u32, number: u32) -> Key {
    Key::new(TAG_EVIDENCE, &[id.to_be_bytes(), number.to_be_bytes()].concat())
}

/// An amendment. Never removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amendment {
    /// Who proposed it.
    pub account: Address,
    /// Approved amendments hold from their epoch on.
    pub status: Status,
    /// The epoch in which it was proposed.
    pub since: u64,
    /// From which epoch on it holds.
    pub epoch: u64,
    /// What it changes.
    pub changes: ChangeList,
    /// Why.
    pub reason: Text<REASON_SIZE_MAX>,
    /// What was deposited and not given back.
    pub deposit: Amount,
}

record!(Amendment { account, status, since: varint, epoch: varint, changes, reason, deposit });

impl Amendment {
    /// The state key's tag for amendments.
    pub const TAG: u8 = 18;

    /// Where the state holds it.
    pub fn key(id: u32) -> Key {
        Key::new(Self::TAG, &id.to_be_bytes())
    }
}

/// The numbers of the rules that amendments changed: their latest values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amended {
    /// Ascending by what they change.
    pub changes: List<Change, 0, CHANGES_MAX>,
}

record!(Amended { changes });

impl Amended {
    /// The numbers in force: those of the manifest, but for what was amended.
    pub fn apply(&self, parameters: &Parameters) -> Parameters {
        let mut parameters = parameters.clone();
        self.changes.iter().for_each(|change| parameters.set(change.adjustable, change.value));
        parameters
    }
}

/// Where the state holds what amendments changed.
pub fn amended_key() -> Key {
    Key::new(TAG_AMENDED, &[])
}

/// All open polls, and the votes of the window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Polls {
    /// The number of the next poll.
    pub next: u32,
    /// Live seats, summed over the window.
    pub live: u64,
    /// Epochs of the window in which fewer than two thirds of the seats were live.
    pub quiet: u32,
    /// Epochs of the window so far.
    pub epochs: u32,
    /// Ascending by number.
    pub open: List<Poll, 0, POLLS_MAX>,
}

record!(Polls { next: varint, live: varint, quiet: varint, epochs: varint, open });

impl Polls {
    /// Where the state holds them.
    pub fn key() -> Key {
        Key::new(TAG_POLLS, &[])
    }

    /// The open poll with this number.
    pub fn find(&self, id: u32) -> Option<&Poll> {
        self.open.binary_search_by_key(&id, |poll| poll.id).ok().map(|place| &self.open[place])
    }
}

/// What a poll is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Whether an association is approved.
    Association {},
    /// Whether an amendment is.
    Amendment {},
}

variants!(About { 0 => Association {}, 1 => Amendment {} });

/// An open poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poll {
    /// The number of the association or the amendment.
    pub id: u32,
    /// Which of them.
    pub about: About,
    /// Live seats that said yes, summed over the window.
    pub yes: u64,
    /// Live seats that said no, summed over the window.
    pub no: u64,
}

record!(Poll { id: varint, about, yes: varint, no: varint });

/// What the live seats of an epoch said. Kept as long as the window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Live seats.
    pub live: u32,
    /// Whether fewer than two thirds of the seats were.
    pub quiet: bool,
    /// Ascending by poll; those without votes are left out.
    pub votes: List<Tallied, 0, POLLS_MAX>,
}

record!(Tally { live: varint, quiet, votes });

/// The votes of an epoch in one poll.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tallied {
    /// The poll.
    pub poll: u32,
    /// Live seats that said yes.
    pub yes: u32,
    /// Live seats that said no.
    pub no: u32,
}

record!(Tallied { poll: varint, yes: varint, no: varint });

impl Tally {
    /// Where the state holds that of `epoch`.
    pub fn key(epoch: u64) -> Key {
        Key::new(TAG_TALLY, &epoch.to_be_bytes())
    }
}

/// What a miner says in open polls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ballot {
    /// Ascending by poll.
    pub votes: List<Standing, 0, POLLS_MAX>,
}

record!(Ballot { votes });

/// A vote that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The poll.
    pub poll: u32,
    /// Whether it is for it.
    pub yes: bool,
}

record!(Standing { poll: varint, yes });

impl Ballot {
    /// Where the state holds that of an account.
    pub fn key(account: &Address) -> Key {
        Key::new(TAG_BALLOT, &account.to_bytes())
    }

    /// What it says in a poll.
    pub fn of(&self, poll: u32) -> Option<bool> {
        let place = self.votes.binary_search_by_key(&poll, |vote| vote.poll).ok()?;
        Some(self.votes[place].yes)
    }
}
