//! What a certificate says of who controls the domain.

use crate::{InvalidProof, ORGANISATION_SIZE_MAX};
use sha2::{Digest as _, Sha256};
use x509_parser::{
    certificate::X509Certificate, extensions::ParsedExtension,
    oid_registry::OID_X509_EXT_CERTIFICATE_POLICIES, prelude::FromDer as _,
};

/// What voters see of who controls a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The organisation that the certificate names, where it says by a policy of the CA/Browser Forum
    /// that the authority checked it; at most [`ORGANISATION_SIZE_MAX`] bytes of it.
    pub organisation: Option<String>,
    /// SHA-256 of the domain's certificate in DER.
    pub certificate: [u8; 32],
    /// Until when the domain's certificate is valid, in seconds since 1970.
    pub valid_until_s: u64,
}

/// The CA/Browser Forum's policies under which an authority checks the organisation: organisation
/// validation, and the stricter extended validation.
const POLICIES: [&str; 2] = ["2.23.140.1.2.2", "2.23.140.1.1"];

impl Identity {
    /// Reads the first certificate of a chain that was verified.
    pub(crate) fn read(der: &[u8]) -> Result<Self, InvalidProof> {
        let malformed = InvalidProof::Malformed { certificate: 1 };
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| malformed.clone())?;
        check_purpose(&certificate)?;
        let until_s = certificate.validity().not_after.timestamp();
        Ok(Self {
            organisation: organisation(&certificate).filter(|_| is_checked(&certificate)),
            certificate: Sha256::digest(der).into(),
            valid_until_s: until_s.try_into().map_err(|_| malformed)?,
        })
    }
}

/// A certificate that names no purpose at all would do for a web server, but nobody issues such to
/// domains: it is rather one for something else.
fn check_purpose(certificate: &X509Certificate<'_>) -> Result<(), InvalidProof> {
    match certificate.extended_key_usage() {
        Ok(Some(usage)) if usage.value.server_auth => Ok(()),
        Ok(_) => Err(InvalidProof::Purpose),
        Err(_) => Err(InvalidProof::Malformed { certificate: 1 }),
    }
}

/// Did the authority check the organisation?
fn is_checked(certificate: &X509Certificate<'_>) -> bool {
    let extension = certificate.get_extension_unique(&OID_X509_EXT_CERTIFICATE_POLICIES);
    let Ok(Some(extension)) = extension else { return false };
    let ParsedExtension::CertificatePolicies(policies) = extension.parsed_extension() else { return false };
    policies.iter().any(|policy| POLICIES.contains(&policy.policy_id.to_id_string().as_str()))
}

/// The one name of an organisation in the subject; two would leave open which one is shown.
fn organisation(certificate: &X509Certificate<'_>) -> Option<String> {
    let mut names = certificate.subject().iter_organization();
    let (Some(name), None) = (names.next(), names.next()) else { return None };
    let name = name.as_str().ok()?.trim();
    let is_shown = !name.is_empty() && !name.chars().any(char::is_control);
    is_shown.then(|| cut(name).to_owned())
}

fn cut(name: &str) -> &str {
    let bound = ORGANISATION_SIZE_MAX.min(name.len());
    let end = (0..=bound).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    &name[..end]
}
