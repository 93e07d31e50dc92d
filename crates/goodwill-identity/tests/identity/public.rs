//! Real certificates of the public web, whose keys nobody here has: what is checked but the signature.

use crate::{DOMAIN, MESSAGE, Web, key, leaf};
use goodwill_identity::{Anchors, InvalidProof, check_chain, verify};
use std::collections::BTreeSet;

/// 2026-08-12, when all certificates of Let's Encrypt and Amazon here are valid.
const THEN: u64 = 1_786_530_173;
const LETS_ENCRYPT: [&[u8]; 4] = [
    include_bytes!("../data/letsencrypt_org_1.der"),
    include_bytes!("../data/letsencrypt_org_2.der"),
    include_bytes!("../data/letsencrypt_org_3.der"),
    include_bytes!("../data/letsencrypt_org_4.der"),
];
const AMAZON: [&[u8]; 2] =
    [include_bytes!("../data/amazonaws_1.der"), include_bytes!("../data/amazonaws_2.der")];
const CLOUDFLARE: [&[u8]; 2] =
    [include_bytes!("../data/cloudflare_dns_1.der"), include_bytes!("../data/cloudflare_dns_2.der")];
const DIGICERT: &[u8] = include_bytes!("../data/cloudflare_dns_root.der");

fn result(chain: &[&[u8]], domain: &str, time_s: u64) -> Result<(), InvalidProof> {
    check_chain(chain, domain, &Anchors::public(), time_s).map(drop)
}

#[test]
fn lets_encrypt() {
    let chain = &LETS_ENCRYPT[..3];
    let identity = check_chain(chain, "letsencrypt.org", &Anchors::public(), THEN).expect("valid");
    assert_eq!(identity.organisation, None);
    assert_eq!(identity.valid_until_s, 1_791_127_473);
    assert_eq!(
        hex::encode(identity.certificate),
        "a82dfa155d33e22a00fde0a2f6464623578d5b101d09923bd1b7f67f1714cecd"
    );
    for domain in ["letsencrypt.com", "lencr.org"] {
        assert_eq!(result(chain, domain, THEN), Ok(()));
    }
}

#[test]
fn other_times_and_names() {
    let chain = &LETS_ENCRYPT[..3];
    let expired = InvalidProof::Expired { not_after_s: 1_791_127_473 };
    assert_eq!(result(chain, "letsencrypt.org", 1_791_127_474), Err(expired));
    assert!(matches!(result(chain, "letsencrypt.org", 0), Err(InvalidProof::NotYetValid { .. })));
    assert_eq!(result(chain, "example.org", THEN), Err(InvalidProof::Name));
    let part = InvalidProof::Subdomain { of: "letsencrypt.org".into() };
    assert_eq!(result(chain, "www.letsencrypt.org", THEN), Err(part));
}

#[test]
fn no_more_and_no_less_than_needed() {
    let domain = "letsencrypt.org";
    assert_eq!(result(&LETS_ENCRYPT, domain, THEN), Err(InvalidProof::Unneeded { certificate: 4 }));
    for count in [1, 2] {
        assert_eq!(result(&LETS_ENCRYPT[..count], domain, THEN), Err(InvalidProof::UnknownIssuer));
    }
    let [first, second, third, _] = LETS_ENCRYPT;
    assert_eq!(result(&[first, third, second], domain, THEN), Err(InvalidProof::Order { certificate: 2 }));
    assert_eq!(result(&[second, third], domain, THEN), Err(InvalidProof::Authority));
}

/// Its chain also names a domain and parts of another one.
#[test]
fn amazon_by_rsa() {
    assert_eq!(result(&AMAZON, "amazonaws-china.com", THEN), Ok(()));
    assert_eq!(result(&AMAZON, "amazon.com", THEN), Err(InvalidProof::Name));
    let part = InvalidProof::Subdomain { of: "amazon.com".into() };
    assert_eq!(result(&AMAZON, "aws.amazon.com", THEN), Err(part));
}

#[test]
fn an_organisation() {
    let anchors = Anchors::own(&[DIGICERT]).expect("an authority");
    let identity = check_chain(&CLOUDFLARE, "cloudflare-dns.com", &anchors, 1_650_000_000).expect("valid");
    assert_eq!(identity.organisation.as_deref(), Some("Cloudflare, Inc."));
    let public = result(&CLOUDFLARE, "cloudflare-dns.com", 1_650_000_000);
    assert_eq!(public, Err(InvalidProof::UnknownIssuer));
}

#[test]
fn a_chain_without_its_key_proves_nothing() {
    let refused = |signature: &[u8]| {
        verify(&LETS_ENCRYPT[..3], signature, MESSAGE, "letsencrypt.org", &Anchors::public(), THEN)
    };
    assert_eq!(refused(&crate::signature(&key())), Err(InvalidProof::Signature));
    assert_eq!(refused(&[]), Err(InvalidProof::Signature));
}

/// The real intermediate with a certificate that another authority of its name issued.
#[test]
fn resigned_by_another() {
    let (web, key) = (Web::new(), key());
    let forged = &web.issue(&leaf(DOMAIN), &key)[0];
    let chain: [&[u8]; 3] = [forged, LETS_ENCRYPT[1], LETS_ENCRYPT[2]];
    assert_eq!(result(&chain, DOMAIN, 1_790_000_000), Err(InvalidProof::Order { certificate: 2 }));
    let mut swapped = LETS_ENCRYPT[0].to_vec();
    let size = swapped.len();
    swapped[size - 40..].copy_from_slice(&LETS_ENCRYPT[1][LETS_ENCRYPT[1].len() - 40..]);
    let chain: [&[u8]; 3] = [&swapped, LETS_ENCRYPT[1], LETS_ENCRYPT[2]];
    assert_eq!(result(&chain, "letsencrypt.org", THEN), Err(InvalidProof::ChainSignature));
}

#[test]
fn truncated() {
    for (at, der) in AMAZON.iter().enumerate() {
        for size in 0..der.len() {
            let mut chain = AMAZON;
            chain[at] = &der[..size];
            let malformed = InvalidProof::Malformed { certificate: at + 1 };
            assert_eq!(result(&chain, "amazonaws-china.com", THEN), Err(malformed), "{size} bytes");
        }
    }
}

/// Every `step`th bit of a chain, flipped, is refused.
fn flip(chain: &[&[u8]], domain: &str, step: usize) {
    let mut seen = BTreeSet::new();
    for (at, der) in chain.iter().enumerate() {
        for bit in (0..der.len() * 8).step_by(step) {
            let mut changed = der.to_vec();
            changed[bit / 8] ^= 1 << (bit % 8);
            let mut chain = chain.to_vec();
            chain[at] = &changed;
            let refused = result(&chain, domain, THEN).expect_err("a changed certificate is refused");
            seen.insert(refused.code());
        }
    }
    assert!(seen.contains("chain_signature") && seen.contains("malformed"));
}

#[test]
fn each_bit_counts() {
    flip(&AMAZON, "amazonaws-china.com", 1);
    flip(&LETS_ENCRYPT[..3], "letsencrypt.org", 11);
}
