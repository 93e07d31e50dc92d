//! How long a node checks a proof: `cargo bench -p goodwill-identity`.

use criterion::{Criterion, criterion_group, criterion_main};
use goodwill_identity::{Anchors, TestAuthority, check_chain, prove, verify};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    PKCS_RSA_SHA256,
};
use std::hint::black_box;

const NOW: u64 = 1_786_530_173;
const DOMAIN: &str = "example.org";
const MESSAGE: &[u8] = &[7; 120];
const RSA_2048: &str = include_str!("../tests/data/keys/rsa2048.pem");
const RSA_4096: &str = include_str!("../tests/data/keys/rsa4096.pem");

fn bench_proof(c: &mut Criterion, name: &str, chain: &[&[u8]], key_pem: &str, anchors: &Anchors) {
    let signature = prove(key_pem, MESSAGE).expect("a usable key");
    let check = || verify(black_box(chain), &signature, MESSAGE, DOMAIN, anchors, NOW);
    check().expect("valid");
    c.bench_function(name, |b| b.iter(check));
}

fn ecdsa(c: &mut Criterion) {
    let authority = TestAuthority::new("Test").expect("made");
    let anchors = Anchors::from_pem(authority.certificate_pem()).expect("an authority");
    let issued = authority.issue(DOMAIN, Some("Test"), 0, 2 * NOW).expect("issued");
    let chain: Vec<_> = issued.chain.iter().map(Vec::as_slice).collect();
    bench_proof(c, "ECDSA P-256, 1 certificate and signature", &chain, &issued.key_pem, &anchors);
}

fn rsa(c: &mut Criterion) {
    for (name, pem) in [
        ("RSA 2048, 1 certificate and signature", RSA_2048),
        ("RSA 4096, 1 certificate and signature", RSA_4096),
    ] {
        let key = || KeyPair::from_pem_and_sign_algo(pem, &PKCS_RSA_SHA256).expect("a key");
        let mut root = CertificateParams::default();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(root, key()).expect("signed");
        let mut leaf = CertificateParams::new([DOMAIN.to_owned()]).expect("a name");
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let leaf = leaf.signed_by(&key(), &root).expect("signed");
        let anchors = Anchors::own(&[root.der()]).expect("an authority");
        bench_proof(c, name, &[leaf.der()], pem, &anchors);
    }
}

fn public(c: &mut Criterion) {
    let lets_encrypt: [&[u8]; 3] = [
        include_bytes!("../tests/data/letsencrypt_org_1.der"),
        include_bytes!("../tests/data/letsencrypt_org_2.der"),
        include_bytes!("../tests/data/letsencrypt_org_3.der"),
    ];
    let amazon: [&[u8]; 2] =
        [include_bytes!("../tests/data/amazonaws_1.der"), include_bytes!("../tests/data/amazonaws_2.der")];
    let anchors = Anchors::public();
    for (name, chain, domain) in [
        ("Let's Encrypt, chain of 3 by P-384", &lets_encrypt[..], "letsencrypt.org"),
        ("Amazon, chain of 2 by RSA 2048", &amazon, "amazonaws-china.com"),
    ] {
        let check = || check_chain(black_box(chain), domain, &anchors, NOW);
        check().expect("valid");
        c.bench_function(name, |b| b.iter(check));
    }
}

criterion_group!(benches, ecdsa, rsa, public);
criterion_main!(benches);
