//! Associations: who may receive donations, how they show who they are, and what is said of them.

use crate::{
    Address, Digest, Domain,
    codec::{List, Text, record, variants},
};
use std::fmt;

/// The longest name, in bytes of UTF-8.
pub const NAME_SIZE_MAX: usize = 64;
/// The longest domain name.
pub const DOMAIN_SIZE_MAX: usize = 253;
/// The longest address of a document, in bytes.
pub const URI_SIZE_MAX: usize = 200;
/// The largest proof of identity, in bytes: certificates and signature.
pub const PROOF_SIZE_MAX: usize = 16 * 1024;
/// The most certificates from a domain's to the one below a trust anchor.
pub const CERTIFICATES_MAX: usize = 4;
/// The most links to evidence that an association can attach.
pub const EVIDENCE_MAX: u32 = 64;

/// For what good an association works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Climate and nature.
    Climate {},
    /// Hunger.
    Hunger {},
    /// Disease.
    Disease {},
    /// Children.
    Children {},
    /// The human condition.
    Humanity {},
}

variants!(Cause {
    0 => Climate {},
    1 => Hunger {},
    2 => Disease {},
    3 => Children {},
    4 => Humanity {},
});

impl Cause {
    /// All causes.
    pub const ALL: [Self; 5] =
        [Self::Climate {}, Self::Hunger {}, Self::Disease {}, Self::Children {}, Self::Humanity {}];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Climate {} => "climate",
            Self::Hunger {} => "hunger",
            Self::Disease {} => "disease",
            Self::Children {} => "children",
            Self::Humanity {} => "humanity",
        }
    }

    /// The cause that a word means.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.word() == word)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a miner says in a poll. It stands until it is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// For it.
    Yes {},
    /// Against it.
    No {},
    /// Nothing, from now on.
    Withdraw {},
}

variants!(Choice { 0 => Yes {}, 1 => No {}, 2 => Withdraw {} });

impl Choice {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Yes {} => "yes",
            Self::No {} => "no",
            Self::Withdraw {} => "withdraw",
        }
    }

    /// The choice that a word means.
    pub fn of(word: &str) -> Option<Self> {
        [Self::Yes {}, Self::No {}, Self::Withdraw {}].into_iter().find(|choice| choice.word() == word)
    }
}

/// A document outside the chain, and what it must hash to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it can be read.
    pub uri: Text<URI_SIZE_MAX>,
    /// SHA-256 of its bytes.
    pub hash: Digest,
}

record!(Link { uri, hash });

/// A certificate in DER.
pub type Certificate = List<u8, 1, PROOF_SIZE_MAX>;

/// Shows who controls a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityProof {
    /// By a web certificate.
    X509 {
        /// The domain's certificate, then each issuer's, up to the one below a trust anchor.
        chain: List<Certificate, 1, CERTIFICATES_MAX>,
        /// By the key of the domain's certificate over the [`claim`].
        signature: List<u8, 1, 1_024>,
    },
}

variants!(IdentityProof { 0 => X509 { chain, signature } });

/// What the key of a domain's certificate signs, so that `account` receives for it on the chain
/// `chain_id`, with a statement that hashes to `statement`: a tag, what is named here in this
/// order, and the domain last.
pub fn claim(chain_id: &Digest, account: &Address, statement: &Digest, domain: &str) -> Vec<u8> {
    let tag = Domain::Association.tag();
    [&[tag.len() as u8], tag, chain_id, &account.to_bytes(), statement, domain.as_bytes()].concat()
}

/// Who wants to receive donations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// What people call it.
    pub name: Text<NAME_SIZE_MAX>,
    /// What it works for.
    pub cause: Cause,
    /// The domain that it controls, such as `example.org`.
    pub domain: Text<DOMAIN_SIZE_MAX>,
    /// What it does, in its own words.
    pub statement: Link,
    /// That it controls the domain, and that the sender's account is its own.
    pub proof: IdentityProof,
}

record!(Application { name, cause, domain, statement, proof });
