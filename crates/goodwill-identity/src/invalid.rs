//! Why a proof was refused.

use crate::{CERTIFICATES_MAX, DOMAIN_SIZE_MAX, PROOF_SIZE_MAX};
use webpki::Error;
use x509_parser::time::ASN1Time;

/// Why a proof does not show who controls the domain, or why certificates are no trust anchors.
/// Certificates are counted from 1, in a proof the domain's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProof {
    /// There is no certificate.
    #[error(
        "there is no certificate: give the domain's, then each issuer's; in PEM they begin with -----BEGIN CERTIFICATE-----"
    )]
    Empty,
    /// Too many certificates.
    #[error("there are {count} certificates, at most {CERTIFICATES_MAX} are read: leave out the last ones")]
    TooMany {
        /// How many.
        count: usize,
    },
    /// Too many bytes.
    #[error(
        "the proof has {size} bytes, at most {PROOF_SIZE_MAX} are read: leave out certificates, or use ECDSA ones"
    )]
    TooLarge {
        /// How many, of certificates and signature.
        size: usize,
    },
    /// The domain is not written as it must be.
    #[error(
        "this is no domain name: write it in lower case, as example.org, without a final dot, at most \
         {DOMAIN_SIZE_MAX} bytes, international names in punycode"
    )]
    DomainSyntax,
    /// The domain is a public suffix.
    #[error(
        "this is a public suffix, under which anybody can register: use the domain that is yours under it"
    )]
    PublicSuffix,
    /// The domain is under no suffix of the list.
    #[error("the domain ends in no public suffix that this chain knows: use a domain of the public web")]
    UnknownSuffix,
    /// The domain is a part of another one.
    #[error("this is a part of the domain {of}: apply as {of}, with a certificate that names it")]
    Subdomain {
        /// The domain that was registered.
        of: String,
    },
    /// A certificate cannot be read.
    #[error(
        "certificate {certificate} cannot be read: give X.509 certificates of version 3, as authorities issue them"
    )]
    Malformed {
        /// Which one.
        certificate: usize,
    },
    /// The text between the marks of a certificate is no Base64, or a mark is missing.
    #[error("certificate {certificate} is no valid PEM: {problem}. Copy it again, whole")]
    Pem {
        /// Which one.
        certificate: usize,
        /// What the reader says.
        problem: String,
    },
    /// A trust anchor is not the certificate of an authority.
    #[error("certificate {certificate} is not an authority's: give the one that issues, not the domain's")]
    NotAnAuthority {
        /// Which one.
        certificate: usize,
    },
    /// A certificate demands something that is not understood.
    #[error(
        "certificate {certificate} has a critical extension that is not understood: ask the authority for a usual one"
    )]
    Extension {
        /// Which one.
        certificate: usize,
    },
    /// A certificate is not the issuer of the one before it.
    #[error(
        "certificate {certificate} did not issue the one before it: give the domain's first, then each one's issuer"
    )]
    Order {
        /// Which one.
        certificate: usize,
    },
    /// A certificate is not needed.
    #[error(
        "certificate {certificate} is not needed, as a trusted authority issued the one before it: leave it out"
    )]
    Unneeded {
        /// The first such.
        certificate: usize,
    },
    /// No trust anchor issued the chain.
    #[error(
        "no authority that this chain trusts issued the last certificate: add its issuer, or use another authority"
    )]
    UnknownIssuer,
    /// An authority is known to be bad.
    #[error("the key of a certificate is known to be compromised: use a certificate of another authority")]
    Distrusted,
    /// A certificate has expired.
    #[error("a certificate expired on {}: renew it and prove again", date(.not_after_s))]
    Expired {
        /// When, in seconds since 1970.
        not_after_s: u64,
    },
    /// A certificate is not valid yet.
    #[error("a certificate is valid only from {}: wait until then", date(.not_before_s))]
    NotYetValid {
        /// When it will be, in seconds since 1970.
        not_before_s: u64,
    },
    /// A certificate is not signed by its issuer.
    #[error("a certificate is not signed by the key of its issuer: give the chain as the authority sent it")]
    ChainSignature,
    /// A certificate is signed in a way that is not accepted.
    #[error(
        "a certificate is signed by an algorithm that is not accepted: use ECDSA (P-256, P-384), RSA (2048 to 8192 \
         bits, SHA-256 to SHA-512) or Ed25519"
    )]
    ChainAlgorithm,
    /// An issuer may not issue this.
    #[error("an issuer in the chain may not issue this certificate: ask the authority for a usual one")]
    Issuer,
    /// The first certificate is that of an authority.
    #[error("the first certificate is an authority's: give the domain's first")]
    Authority,
    /// The certificate is not for web servers.
    #[error("the certificate is not for a web server: use the one with which the domain's web site answers")]
    Purpose,
    /// The certificate is of another name.
    #[error("the certificate does not name the domain: use one that lists it among its alternative names")]
    Name,
    /// The certificate has the domain only by a wildcard.
    #[error("the certificate has the domain only by a wildcard: use one that lists the domain itself")]
    WildcardOnly,
    /// The domain's key is of a kind with which nothing may be signed here.
    #[error(
        "the key of the certificate is of no accepted kind: use ECDSA (P-256, P-384), RSA (2048 to 8192 bits) or Ed25519"
    )]
    Algorithm,
    /// The signature is not that of the domain's key over the message.
    #[error(
        "the signature is not by the certificate's key over this application: sign again, with the certificate's own \
         key, for this chain, account, statement and domain"
    )]
    Signature,
}

impl InvalidProof {
    /// The reason in a word of at most 32 bytes. Receipts hold it, so it is part of the rules.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "no_certificate",
            Self::TooMany { .. } => "too_many",
            Self::TooLarge { .. } => "too_large",
            Self::DomainSyntax => "not_a_domain",
            Self::PublicSuffix | Self::UnknownSuffix | Self::Subdomain { .. } => "not_registrable",
            Self::Malformed { .. } => "malformed",
            Self::Pem { .. } => "pem",
            Self::NotAnAuthority { .. } => "not_an_authority",
            Self::Extension { .. } => "unknown_extension",
            Self::Order { .. } => "order",
            Self::Unneeded { .. } => "unneeded",
            Self::UnknownIssuer => "unknown_issuer",
            Self::Distrusted => "distrusted",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::ChainSignature => "chain_signature",
            Self::ChainAlgorithm => "chain_algorithm",
            Self::Issuer => "issuer",
            Self::Authority => "authority",
            Self::Purpose => "purpose",
            Self::Name => "other_name",
            Self::WildcardOnly => "wildcard",
            Self::Algorithm => "algorithm",
            Self::Signature => "signature",
        }
    }

    /// Why a certificate cannot be read.
    pub(crate) fn of_parsing(error: &Error, certificate: usize) -> Self {
        match error {
            Error::UnsupportedCriticalExtension => Self::Extension { certificate },
            _ => Self::Malformed { certificate },
        }
    }

    /// Why certificates, each of which can be read, lead to no anchor.
    pub(crate) fn of_chain(error: &Error) -> Self {
        match error {
            Error::CertExpired { not_after, .. } => Self::Expired { not_after_s: not_after.as_secs() },
            Error::CertNotValidYet { not_before, .. } => {
                Self::NotYetValid { not_before_s: not_before.as_secs() }
            }
            Error::UnknownIssuer => Self::UnknownIssuer,
            Error::CertDistrusted => Self::Distrusted,
            Error::InvalidSignatureForPublicKey => Self::ChainSignature,
            Error::UnsupportedSignatureAlgorithmContext(_)
            | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => Self::ChainAlgorithm,
            Error::EmptyEkuExtension | Error::RequiredEkuNotFoundContext(_) => Self::Purpose,
            Error::CaUsedAsEndEntity => Self::Authority,
            // What is left is about what issuers may do: their constraints, of path and of name. The
            // list is the library's and open; no certificate is accepted by not being known here.
            _ => Self::Issuer,
        }
    }
}

fn date(time_s: &u64) -> String {
    let time = i64::try_from(*time_s).ok().and_then(|time| ASN1Time::from_timestamp(time).ok());
    time.map_or_else(|| format!("second {time_s} since 1970"), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(date(&1_790_812_800), "Oct  1 00:00:00 2026 +00:00");
        assert_eq!(date(&u64::MAX), "second 18446744073709551615 since 1970");
    }
}
