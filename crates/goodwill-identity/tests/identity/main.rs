//! Proofs by certificates that lead up to an anchor are believed; anything else is refused.

mod authority;
mod hostile;
mod keys;
mod own;
mod public;

use goodwill_identity::{Anchors, Identity, InvalidProof, prove, verify};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, date_time_ymd,
};

const DOMAIN: &str = "example.org";
const MESSAGE: &[u8] = b"this account receives for this domain";
/// 2026-09-21, in the middle of what [`leaf`] is valid.
const NOW: u64 = 1_790_000_000;

/// A root, and an authority under it that issues to domains.
struct Web {
    root: CertifiedIssuer<'static, KeyPair>,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Web {
    fn new() -> Self {
        Self::with(authority("Root"), authority("Issuer"))
    }

    fn with(root: CertificateParams, issuer: CertificateParams) -> Self {
        let root = CertifiedIssuer::self_signed(root, key()).expect("signed");
        let issuer = CertifiedIssuer::signed_by(issuer, key(), &root).expect("signed");
        Self { root, issuer }
    }

    fn anchors(&self) -> Anchors {
        Anchors::own(&[self.root.der()]).expect("an authority")
    }

    /// The chain of a certificate that says `params`, for `key`.
    fn issue(&self, params: &CertificateParams, key: &KeyPair) -> Vec<Vec<u8>> {
        let certificate = params.signed_by(key, &self.issuer).expect("signed");
        vec![certificate.der().to_vec(), self.issuer.der().to_vec()]
    }

    /// What comes of an application by the holder of a certificate that says `params`.
    fn apply(&self, params: &CertificateParams) -> Result<Identity, InvalidProof> {
        let key = key();
        check(&self.issue(params, &key), &signature(&key), &self.anchors())
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

fn signature(key: &KeyPair) -> Vec<u8> {
    prove(&key.serialize_pem(), MESSAGE).expect("a usable key")
}

fn slices(chain: &[Vec<u8>]) -> Vec<&[u8]> {
    chain.iter().map(Vec::as_slice).collect()
}

fn check(chain: &[Vec<u8>], signature: &[u8], anchors: &Anchors) -> Result<Identity, InvalidProof> {
    verify(&slices(chain), signature, MESSAGE, DOMAIN, anchors, NOW)
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// What a usual certificate of a domain says.
fn leaf(domain: &str) -> CertificateParams {
    let mut params = CertificateParams::new([domain.to_owned()]).expect("a name");
    params.distinguished_name = DistinguishedName::new();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = date_time_ymd(2026, 9, 1);
    params.not_after = date_time_ymd(2026, 10, 1);
    params
}
