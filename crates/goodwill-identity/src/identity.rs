//! What a certificate says of who controls the domain.

use crate::InvalidProof;
use sha2::{Digest as _, Sha256};
use x509_parser::{
    certificate::X509Certificate, extensions::ParsedExtension,
    oid_registry::OID_X509_EXT_CERTIFICATE_POLICIES, prelude::FromDer as _,
};

/// What voters see of who controls a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The domain, such as `example.org`.
    pub domain: String,
    /// What the authority checked.
    pub assurance: Assurance,
    /// The organisation that the certificate names, where the authority checked it.
    pub organisation: Option<String>,
    /// Until when the domain's certificate is valid, in seconds since 1970.
    pub valid_until_s: u64,
    /// SHA-256 of the domain's certificate in DER.
    pub certificate: [u8; 32],
}

/// What an authority checked before it issued a certificate, as the certificate says by a policy of
/// the CA/Browser Forum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assurance {
    /// Who controls the domain, and nothing else.
    Domain,
    /// Also which organisation it is.
    Organisation,
    /// Also which organisation it is, by the stricter rules of extended validation.
    Extended,
}

/// The CA/Browser Forum's policy of organisation validation.
const POLICY_ORGANISATION: &str = "2.23.140.1.2.2";
/// The CA/Browser Forum's policy of extended validation.
const POLICY_EXTENDED: &str = "2.23.140.1.1";

impl Identity {
    /// Reads the first certificate of a chain that was verified for `domain`.
    pub(crate) fn read(der: &[u8], domain: &str) -> Result<Self, InvalidProof> {
        let malformed = InvalidProof::Malformed { certificate: 1 };
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| malformed.clone())?;
        check_purpose(&certificate)?;
        let assurance = assurance(&certificate);
        Ok(Self {
            domain: domain.to_owned(),
            assurance,
            organisation: organisation(&certificate).filter(|_| assurance != Assurance::Domain),
            valid_until_s: certificate.validity().not_after.timestamp().try_into().map_err(|_| malformed)?,
            certificate: Sha256::digest(der).into(),
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

fn assurance(certificate: &X509Certificate<'_>) -> Assurance {
    let extension = certificate.get_extension_unique(&OID_X509_EXT_CERTIFICATE_POLICIES);
    let Ok(Some(extension)) = extension else { return Assurance::Domain };
    let ParsedExtension::CertificatePolicies(policies) = extension.parsed_extension() else {
        return Assurance::Domain;
    };
    let has = |oid: &str| policies.iter().any(|policy| policy.policy_id.to_id_string() == oid);
    if has(POLICY_EXTENDED) {
        Assurance::Extended
    } else if has(POLICY_ORGANISATION) {
        Assurance::Organisation
    } else {
        Assurance::Domain
    }
}

/// The one name of an organisation in the subject; two would leave open which one is shown.
fn organisation(certificate: &X509Certificate<'_>) -> Option<String> {
    let mut names = certificate.subject().iter_organization();
    let (Some(name), None) = (names.next(), names.next()) else { return None };
    let name = name.as_str().ok()?.trim();
    let is_shown = !name.is_empty() && !name.chars().any(char::is_control);
    is_shown.then(|| name.to_owned())
}
