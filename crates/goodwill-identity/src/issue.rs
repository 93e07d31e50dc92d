//! Makes what is verified: certificates by an authority of one's own, and signatures by people's keys.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _,
};
use rustls::{SignatureScheme, crypto::ring::sign::any_supported_type};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use time::OffsetDateTime;
use x509_parser::{certificate::X509Certificate, prelude::FromDer as _};

/// An authority that vouches for any domain, so only to be trusted by a development chain or a test.
pub struct TestAuthority {
    certificate_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A domain's certificate and its key.
#[derive(Clone)]
pub struct Issued {
    /// The certificates in DER, as [`verify`](crate::verify) takes them.
    pub chain: Vec<Vec<u8>>,
    /// The same in PEM.
    pub chain_pem: String,
    /// The secret key in PEM, PKCS#8.
    pub key_pem: String,
}

/// Why a certificate could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotIssued {
    /// The authority's certificate or key cannot be used.
    #[error("the authority's certificate and key cannot be used: {0}. Make new ones")]
    Authority(String),
    /// A time is not between the years 1 and 9999.
    #[error("second {0} since 1970 is too far away for a certificate")]
    Time(u64),
    /// What the certificate would say cannot be said.
    #[error("the certificate cannot be made: {0}")]
    Certificate(String),
}

/// Why a key cannot sign a proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableKey {
    /// It is encrypted.
    #[error(
        "the key is encrypted: decrypt it with `openssl pkey -in KEY -out PLAIN`, and delete PLAIN afterwards"
    )]
    Encrypted,
    /// There is none.
    #[error("there is no secret key in PEM: give the file that begins with -----BEGIN PRIVATE KEY-----")]
    Missing,
    /// It is of a kind that is not accepted, or broken.
    #[error(
        "the key cannot be used: give an ECDSA (P-256, P-384), RSA (2048 to 4096 bits) or Ed25519 key in PEM"
    )]
    Kind,
}

/// The policy of domain validation, 2.23.140.1.2.1, as the extension's DER.
const POLICY_DOMAIN: [u8; 12] = [0x30, 10, 0x30, 8, 6, 6, 0x67, 0x81, 0x0c, 1, 2, 1];
/// The policy of organisation validation, 2.23.140.1.2.2, likewise.
const POLICY_ORGANISATION: [u8; 12] = [0x30, 10, 0x30, 8, 6, 6, 0x67, 0x81, 0x0c, 1, 2, 2];
/// The extension of policies.
const POLICIES: [u64; 4] = [2, 5, 29, 32];

/// With what a key signs, as far as its kind allows.
const SCHEMES: [SignatureScheme; 4] = [
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::ED25519,
    SignatureScheme::RSA_PKCS1_SHA256,
];

impl TestAuthority {
    /// A new one with a random key, which people know as `name`.
    ///
    /// # Errors
    /// When the name cannot be written into a certificate.
    pub fn new(name: &str) -> Result<Self, NotIssued> {
        let key = KeyPair::generate().map_err(cannot)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate_pem = params.self_signed(&key).map_err(cannot)?.pem();
        Ok(Self { certificate_pem, issuer: Issuer::new(params, key) })
    }

    /// One that was kept.
    ///
    /// # Errors
    /// When either cannot be read.
    pub fn from_pem(certificate_pem: &str, key_pem: &str) -> Result<Self, NotIssued> {
        let wrong = |error: rcgen::Error| NotIssued::Authority(error.to_string());
        let key = KeyPair::from_pem(key_pem).map_err(wrong)?;
        if !is_key_of(&key, certificate_pem) {
            return Err(NotIssued::Authority("the key is not the certificate's".to_owned()));
        }
        let issuer = Issuer::from_ca_cert_pem(certificate_pem, key).map_err(wrong)?;
        Ok(Self { certificate_pem: certificate_pem.to_owned(), issuer })
    }

    /// Its certificate in PEM: the trust anchor of a development chain.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Its secret key in PEM.
    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// A certificate for `domain`, with a new key; for an `organisation`, it says that somebody checked
    /// that, too. Times are in seconds since 1970.
    ///
    /// # Errors
    /// When the domain cannot be written into a certificate, or a time.
    pub fn issue(
        &self,
        domain: &str,
        organisation: Option<&str>,
        not_before_s: u64,
        not_after_s: u64,
    ) -> Result<Issued, NotIssued> {
        let key = KeyPair::generate().map_err(cannot)?;
        let mut params = params(domain, organisation).map_err(cannot)?;
        (params.not_before, params.not_after) = (time(not_before_s)?, time(not_after_s)?);
        let certificate = params.signed_by(&key, &self.issuer).map_err(cannot)?;
        Ok(Issued {
            chain: vec![certificate.der().to_vec()],
            chain_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        })
    }
}

fn is_key_of(key: &KeyPair, certificate_pem: &str) -> bool {
    let Ok(der) = CertificateDer::from_pem_slice(certificate_pem.as_bytes()) else { return false };
    let parsed = X509Certificate::from_der(&der);
    parsed.is_ok_and(|(_, certificate)| certificate.public_key().raw == key.subject_public_key_info())
}

fn params(domain: &str, organisation: Option<&str>) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new([domain.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let mut policy = POLICY_DOMAIN;
    if let Some(name) = organisation {
        params.distinguished_name.push(DnType::OrganizationName, name);
        policy = POLICY_ORGANISATION;
    }
    params.custom_extensions = vec![CustomExtension::from_oid_content(&POLICIES, policy.to_vec())];
    Ok(params)
}

fn time(time_s: u64) -> Result<OffsetDateTime, NotIssued> {
    let time = i64::try_from(time_s).ok().and_then(|time| OffsetDateTime::from_unix_timestamp(time).ok());
    time.ok_or(NotIssued::Time(time_s))
}

fn cannot(error: rcgen::Error) -> NotIssued {
    NotIssued::Certificate(error.to_string())
}

/// Signs `message` by the key in `key_pem` (PKCS#8, SEC 1 or PKCS#1), so that
/// [`verify`](crate::verify) accepts it with the key's certificate.
///
/// # Errors
/// When there is no key, or of a kind that is not accepted.
pub fn prove(key_pem: &str, message: &[u8]) -> Result<Vec<u8>, UnusableKey> {
    if key_pem.contains("ENCRYPTED") {
        return Err(UnusableKey::Encrypted);
    }
    let der = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).map_err(|_| UnusableKey::Missing)?;
    let key = any_supported_type(&der).map_err(|_| UnusableKey::Kind)?;
    let signer = key.choose_scheme(&SCHEMES).ok_or(UnusableKey::Kind)?;
    signer.sign(message).map_err(|_| UnusableKey::Kind)
}
