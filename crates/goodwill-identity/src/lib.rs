//! Shows who controls a domain: a web certificate that leads up to a trust anchor, and a signature by
//! its key over a message. Verification is a function of bytes and of a time that the caller gives:
//! no network, no disk, no clock, so that all nodes agree for ever. Proofs come from strangers, so
//! their size is bounded before they are read, and no bytes make it panic.
//!
//! What a proof shows is control of a name, not goodness. What it cannot show:
//! - **Revocation.** Lists and answers about revoked certificates come over the network, where two
//!   nodes may see different ones; so they are not asked for. Whoever steals a key can prove with its
//!   certificate until that expires. What bounds the harm is that certificates live for weeks, and
//!   that a poll judges each application.
//! - **The validity of an anchor.** An anchor is trusted because the chain lists it, as long as it does.
//!
//! The anchors of the public web, the list of public suffixes and the code that reads certificates are
//! part of the rules: their versions are pinned, and another one is another set of rules.

mod anchors;
mod domain;
mod identity;
mod invalid;
#[cfg(feature = "issue")]
mod issue;
mod verify;

pub use anchors::{Anchors, certificates};
pub use domain::check_domain;
pub use identity::Identity;
pub use invalid::InvalidProof;
#[cfg(feature = "issue")]
pub use issue::{Issued, NotIssued, TestAuthority, UnusableKey, prove};
pub use verify::{check_chain, verify};

/// The largest proof, in bytes: certificates and signature.
pub const PROOF_SIZE_MAX: usize = 16 * 1024;
/// The most certificates from a domain's up to the one below a trust anchor.
pub const CERTIFICATES_MAX: usize = 4;
/// The longest domain name, in bytes.
pub const DOMAIN_SIZE_MAX: usize = 253;
/// The longest name of an organisation that is shown, in bytes of UTF-8: what is longer is cut.
pub const ORGANISATION_SIZE_MAX: usize = 128;
