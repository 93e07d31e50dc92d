//! Does this certificate's holder control the domain, and did the holder sign this?

use crate::{Anchors, CERTIFICATES_MAX, Identity, InvalidProof, PROOF_SIZE_MAX, check_domain};
use rustls_pki_types::{CertificateDer, DnsName, ServerName, SignatureVerificationAlgorithm, UnixTime};
use std::time::Duration;
use webpki::{EndEntityCert, Error, KeyUsage, aws_lc_rs};

/// By what authorities may sign certificates.
const CHAIN_ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    aws_lc_rs::ECDSA_P256_SHA256,
    aws_lc_rs::ECDSA_P256_SHA384,
    aws_lc_rs::ECDSA_P384_SHA256,
    aws_lc_rs::ECDSA_P384_SHA384,
    aws_lc_rs::ED25519,
    aws_lc_rs::RSA_PKCS1_2048_8192_SHA256,
    aws_lc_rs::RSA_PKCS1_2048_8192_SHA384,
    aws_lc_rs::RSA_PKCS1_2048_8192_SHA512,
    aws_lc_rs::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    aws_lc_rs::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    aws_lc_rs::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
];

/// By what a domain's key may sign the message: two for each kind of key, one for Ed25519. The proof
/// does not say which; those of the key's kind are tried.
const MESSAGE_ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    aws_lc_rs::ECDSA_P256_SHA256,
    aws_lc_rs::ECDSA_P256_SHA384,
    aws_lc_rs::ECDSA_P384_SHA256,
    aws_lc_rs::ECDSA_P384_SHA384,
    aws_lc_rs::ED25519,
    aws_lc_rs::RSA_PKCS1_2048_8192_SHA256,
    aws_lc_rs::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
];

/// Checks that whoever controls `domain` at `time_s`, in seconds since 1970, signed `message`: as
/// [`check_chain`], and that `signature` is by the key of the chain's first certificate.
///
/// # Errors
/// Says what is wrong, and what to do.
pub fn verify(
    chain: &[&[u8]],
    signature: &[u8],
    message: &[u8],
    domain: &str,
    anchors: &Anchors,
    time_s: u64,
) -> Result<Identity, InvalidProof> {
    check_size(chain, signature)?;
    let identity = check_chain(chain, domain, anchors, time_s)?;
    check_signature(chain[0], message, signature)?;
    Ok(identity)
}

/// Checks that `chain`, in DER, the domain's certificate first and then each one's issuer, leads up to
/// one of the `anchors`; that all of it is valid at `time_s`, in seconds since 1970, and needed; and
/// that the first certificate is for web servers and names `domain` itself.
///
/// # Errors
/// Says what is wrong, and what to do.
pub fn check_chain(
    chain: &[&[u8]],
    domain: &str,
    anchors: &Anchors,
    time_s: u64,
) -> Result<Identity, InvalidProof> {
    check_size(chain, &[])?;
    check_domain(domain)?;
    let ders: Vec<_> = chain.iter().map(|der| CertificateDer::from(*der)).collect();
    let certificates = parse(&ders)?;
    check_order(&certificates)?;
    check_path(&certificates[0], &ders[1..], anchors, time_s)?;
    check_name(&certificates[0], domain)?;
    Identity::read(chain[0])
}

fn check_size(chain: &[&[u8]], signature: &[u8]) -> Result<(), InvalidProof> {
    match chain.len() {
        0 => return Err(InvalidProof::Empty),
        1..=CERTIFICATES_MAX => {}
        count => return Err(InvalidProof::TooMany { count }),
    }
    let size = chain.iter().fold(signature.len(), |size, der| size.saturating_add(der.len()));
    if size > PROOF_SIZE_MAX { Err(InvalidProof::TooLarge { size }) } else { Ok(()) }
}

fn parse<'a>(ders: &'a [CertificateDer<'a>]) -> Result<Vec<EndEntityCert<'a>>, InvalidProof> {
    let parse = |(certificate, der)| {
        EndEntityCert::try_from(der).map_err(|error| InvalidProof::of_parsing(&error, certificate))
    };
    (1..).zip(ders).map(parse).collect()
}

/// Each certificate issued the one before it, by their names.
fn check_order(certificates: &[EndEntityCert<'_>]) -> Result<(), InvalidProof> {
    let stranger = certificates.windows(2).position(|pair| pair[0].issuer() != pair[1].subject());
    stranger.map_or(Ok(()), |index| Err(InvalidProof::Order { certificate: index + 2 }))
}

/// Also refuses certificates that the path does not need: each byte of a proof counts.
fn check_path(
    first: &EndEntityCert<'_>,
    issuers: &[CertificateDer<'_>],
    anchors: &Anchors,
    time_s: u64,
) -> Result<(), InvalidProof> {
    let time = UnixTime::since_unix_epoch(Duration::from_secs(time_s));
    let usage = KeyUsage::server_auth();
    let path = first
        .verify_for_usage(CHAIN_ALGORITHMS, anchors.list(), issuers, time, usage, None, None)
        .map_err(|error| InvalidProof::of_chain(&error))?;
    let needed = path.intermediate_certificates().count();
    if needed < issuers.len() { Err(InvalidProof::Unneeded { certificate: needed + 2 }) } else { Ok(()) }
}

/// A wildcard would do for a web server, but shows less: who holds `*.org.uk` is not who holds a name.
fn check_name(certificate: &EndEntityCert<'_>, domain: &str) -> Result<(), InvalidProof> {
    let names = || certificate.valid_dns_names();
    let name = DnsName::try_from(domain).map_err(|_| InvalidProof::DomainSyntax)?;
    let is_named = certificate.verify_is_valid_for_subject_name(&ServerName::DnsName(name)).is_ok();
    if is_named && names().any(|name| name.eq_ignore_ascii_case(domain)) {
        return Ok(());
    }
    let is_of_parts = |name: &str| name.strip_prefix("*.").is_some_and(|of| of.eq_ignore_ascii_case(domain));
    Err(if is_named || names().any(is_of_parts) { InvalidProof::WildcardOnly } else { InvalidProof::Name })
}

fn check_signature(der: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidProof> {
    let der = CertificateDer::from(der);
    let certificate = EndEntityCert::try_from(&der).map_err(|error| InvalidProof::of_parsing(&error, 1))?;
    let mut refused = InvalidProof::Algorithm;
    for algorithm in MESSAGE_ALGORITHMS {
        match certificate.verify_signature(*algorithm, message, signature) {
            Ok(()) => return Ok(()),
            Err(Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_)) => {}
            Err(_) => refused = InvalidProof::Signature,
        }
    }
    Err(refused)
}
