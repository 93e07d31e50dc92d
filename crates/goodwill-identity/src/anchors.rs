//! Whom a chain trusts to say who controls a domain.

use rustls_pki_types::{CertificateDer, TrustAnchor, pem::PemObject as _};
use std::borrow::Cow;
use x509_parser::{certificate::X509Certificate, prelude::FromDer as _};

/// Authorities whose word is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchors(Cow<'static, [TrustAnchor<'static>]>);

/// Why certificates are no trust anchors. Certificates are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAnchor {
    /// There is no certificate.
    #[error("there is no certificate: give at least one, which begins with -----BEGIN CERTIFICATE-----")]
    Missing,
    /// The text between the marks of a certificate is no Base64, or a mark is missing.
    #[error("certificate {certificate} is no valid PEM: {problem}. Copy it again, whole")]
    Pem {
        /// Which one.
        certificate: usize,
        /// What the reader says.
        problem: String,
    },
    /// It cannot be read.
    #[error(
        "certificate {certificate} cannot be read: give an X.509 certificate of version 3, in PEM or DER"
    )]
    Malformed {
        /// Which one.
        certificate: usize,
    },
    /// It is of no authority.
    #[error("certificate {certificate} is not an authority's: give the one that issues, not the domain's")]
    NoAuthority {
        /// Which one.
        certificate: usize,
    },
}

impl Anchors {
    /// The authorities that browsers trust for the public web, as Mozilla listed them when this
    /// software was made.
    pub const fn public() -> Self {
        Self(Cow::Borrowed(webpki_roots::TLS_SERVER_ROOTS))
    }

    /// Authorities of a chain's own, by their certificates in DER.
    ///
    /// # Errors
    /// When there is none, or one is not the certificate of an authority.
    pub fn own(certificates: &[&[u8]]) -> Result<Self, InvalidAnchor> {
        if certificates.is_empty() {
            return Err(InvalidAnchor::Missing);
        }
        let anchors = (1..).zip(certificates).map(|(n, der)| anchor(der, n));
        Ok(Self(anchors.collect::<Result<_, _>>()?))
    }

    /// Authorities of a chain's own, by their certificates in PEM, one after the other.
    ///
    /// # Errors
    /// As [`Self::own`], and when the text is no PEM.
    pub fn from_pem(text: &str) -> Result<Self, InvalidAnchor> {
        let certificates = certificates(text)?;
        Self::own(&certificates.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    pub(crate) fn list(&self) -> &[TrustAnchor<'static>] {
        &self.0
    }
}

/// The certificates of a text in PEM, in DER and in their order. Whatever else it holds is skipped.
///
/// # Errors
/// When there is none, or one cannot be decoded; whether they are valid is not looked at.
pub fn certificates(text: &str) -> Result<Vec<Vec<u8>>, InvalidAnchor> {
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
        let wrong =
            |error| InvalidAnchor::Pem { certificate: found.len() + 1, problem: format!("{error:?}") };
        let der = certificate.map_err(wrong)?;
        found.push(der.to_vec());
    }
    if found.is_empty() { Err(InvalidAnchor::Missing) } else { Ok(found) }
}

fn anchor(der: &[u8], certificate: usize) -> Result<TrustAnchor<'static>, InvalidAnchor> {
    let malformed = InvalidAnchor::Malformed { certificate };
    let Ok((_, parsed)) = X509Certificate::from_der(der) else { return Err(malformed) };
    if !parsed.is_ca() {
        return Err(InvalidAnchor::NoAuthority { certificate });
    }
    let der = CertificateDer::from(der);
    webpki::anchor_from_trusted_cert(&der).map(|anchor| anchor.to_owned()).map_err(|_| malformed)
}
