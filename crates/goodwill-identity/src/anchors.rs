//! Whom a chain trusts to say who controls a domain.

use crate::InvalidProof;
use rustls_pki_types::{CertificateDer, TrustAnchor, pem::PemObject as _};
use std::borrow::Cow;
use x509_parser::{certificate::X509Certificate, prelude::FromDer as _};

/// Authorities whose word is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchors(Cow<'static, [TrustAnchor<'static>]>);

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
    pub fn own(certificates: &[&[u8]]) -> Result<Self, InvalidProof> {
        if certificates.is_empty() {
            return Err(InvalidProof::Empty);
        }
        let anchors = (1..).zip(certificates).map(|(n, der)| anchor(der, n));
        Ok(Self(anchors.collect::<Result<_, _>>()?))
    }

    /// Authorities of a chain's own, by their certificates in PEM, one after the other.
    ///
    /// # Errors
    /// As [`Self::own`], and when the text is no PEM.
    pub fn from_pem(text: &str) -> Result<Self, InvalidProof> {
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
pub fn certificates(text: &str) -> Result<Vec<Vec<u8>>, InvalidProof> {
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
        let wrong = |error| InvalidProof::Pem { certificate: found.len() + 1, problem: format!("{error:?}") };
        let der = certificate.map_err(wrong)?;
        found.push(der.to_vec());
    }
    if found.is_empty() { Err(InvalidProof::Empty) } else { Ok(found) }
}

fn anchor(der: &[u8], certificate: usize) -> Result<TrustAnchor<'static>, InvalidProof> {
    let malformed = InvalidProof::Malformed { certificate };
    let Ok((_, parsed)) = X509Certificate::from_der(der) else { return Err(malformed) };
    if !parsed.is_ca() {
        return Err(InvalidProof::NotAnAuthority { certificate });
    }
    let der = CertificateDer::from(der);
    webpki::anchor_from_trusted_cert(&der).map(|anchor| anchor.to_owned()).map_err(|_| malformed)
}
