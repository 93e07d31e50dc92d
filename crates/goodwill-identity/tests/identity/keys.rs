//! Keys as people have them sign what is accepted.

use crate::{DOMAIN, MESSAGE, NOW, Web, check, leaf, slices};
use goodwill_identity::{InvalidProof, UnusableKey, prove, verify};
use rcgen::KeyPair;

const P256: &str = include_str!("../data/keys/p256.pem");
const P256_SEC1: &str = include_str!("../data/keys/p256_sec1.pem");
const P384: &str = include_str!("../data/keys/p384.pem");
const RSA: &str = include_str!("../data/keys/rsa2048.pem");

#[test]
fn each_kind_and_shape() {
    for (kind, certified, signing) in [
        ("ECDSA P-256", P256, P256),
        ("ECDSA P-256, SEC 1", P256, P256_SEC1),
        ("ECDSA P-384", P384, P384),
        ("Ed25519", include_str!("../data/keys/ed25519.pem"), include_str!("../data/keys/ed25519.pem")),
        ("RSA 2048", RSA, RSA),
        ("RSA 2048, PKCS#1", RSA, include_str!("../data/keys/rsa2048_pkcs1.pem")),
        ("RSA 4096", include_str!("../data/keys/rsa4096.pem"), include_str!("../data/keys/rsa4096.pem")),
    ] {
        let web = Web::new();
        let chain = web.issue(&leaf(DOMAIN), &KeyPair::from_pem(certified).expect(kind));
        let signature = prove(signing, MESSAGE).expect(kind);
        assert!(check(&chain, &signature, &web.anchors()).is_ok(), "{kind}");
        let other = verify(&slices(&chain), &signature, b"else", DOMAIN, &web.anchors(), NOW);
        assert_eq!(other, Err(InvalidProof::Signature), "{kind}");
        let strange = prove(&KeyPair::generate().expect("a key").serialize_pem(), MESSAGE).expect(kind);
        assert_eq!(check(&chain, &strange, &web.anchors()), Err(InvalidProof::Signature), "{kind}");
    }
}

#[test]
fn keys_that_cannot_sign() {
    let refused = |pem: &str| prove(pem, MESSAGE).expect_err("not usable");
    assert_eq!(refused(include_str!("../data/keys/p256_encrypted.pem")), UnusableKey::Encrypted);
    assert_eq!(refused("no key"), UnusableKey::Missing);
    assert_eq!(refused(""), UnusableKey::Missing);
    let mark = |end: &str| format!("-----{end} PRIVATE KEY-----");
    let broken = format!("{}\nAAAA\n{}\n", mark("BEGIN"), mark("END"));
    assert_eq!(refused(&broken), UnusableKey::Kind);
}

/// As OpenSSL signs: `openssl dgst -sha256 -sign KEY`, over [`MESSAGE`]; and the same with PSS.
#[test]
fn signatures_by_openssl() {
    let web = Web::new();
    for (key, signature) in [
        (P256, include_bytes!("../data/p256.sig").as_slice()),
        (P384, include_bytes!("../data/p384.sig")),
        (RSA, include_bytes!("../data/rsa2048.sig")),
        (RSA, include_bytes!("../data/rsa2048_pss.sig")),
    ] {
        let chain = web.issue(&leaf(DOMAIN), &KeyPair::from_pem(key).expect("a key"));
        assert!(check(&chain, signature, &web.anchors()).is_ok());
    }
}
