//! No byte can be changed, and no bytes make it panic.

use crate::{DOMAIN, MESSAGE, NOW, Web, check, key, leaf, signature, slices};
use goodwill_identity::{Anchors, InvalidProof, certificates, check_domain, prove, verify};
use proptest::prelude::*;
use rcgen::{CustomExtension, DnType};
use std::sync::LazyLock;

struct Proof {
    anchors: Anchors,
    chain: Vec<Vec<u8>>,
    signature: Vec<u8>,
}

static PROOF: LazyLock<Proof> = LazyLock::new(|| {
    let (web, key) = (Web::new(), key());
    let chain = web.issue(&leaf(DOMAIN), &key);
    Proof { anchors: web.anchors(), chain, signature: signature(&key) }
});

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[bit / 8] ^= 1 << (bit % 8);
    changed
}

#[test]
fn each_bit_of_a_certificate_counts() {
    let proof = &*PROOF;
    assert!(check(&proof.chain, &proof.signature, &proof.anchors).is_ok());
    for (at, der) in proof.chain.iter().enumerate() {
        for bit in 0..der.len() * 8 {
            let mut chain = proof.chain.clone();
            chain[at] = flipped(der, bit);
            let result = check(&chain, &proof.signature, &proof.anchors);
            assert!(result.is_err(), "bit {bit} of certificate {}", at + 1);
        }
    }
}

#[test]
fn each_bit_of_the_signature_counts() {
    let proof = &*PROOF;
    for bit in 0..proof.signature.len() * 8 {
        let result = check(&proof.chain, &flipped(&proof.signature, bit), &proof.anchors);
        assert_eq!(result, Err(InvalidProof::Signature), "bit {bit}");
    }
}

#[test]
fn each_bit_of_the_message_counts() {
    let proof = &*PROOF;
    for bit in 0..MESSAGE.len() * 8 {
        let message = flipped(MESSAGE, bit);
        let result = verify(&slices(&proof.chain), &proof.signature, &message, DOMAIN, &proof.anchors, NOW);
        assert_eq!(result, Err(InvalidProof::Signature), "bit {bit}");
    }
}

/// A valid chain in which a stretch is replaced, removed or inserted, without regard for what it means.
fn spliced() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let bytes = prop::collection::vec(any::<u8>(), 0..24);
    (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0usize..24, bytes).prop_map(
        |(which, start, removed, inserted)| {
            let mut chain = PROOF.chain.clone();
            let der = which.get_mut(&mut chain);
            let start = start.index(der.len());
            let end = (start + removed).min(der.len());
            der.splice(start..end, inserted);
            chain
        },
    )
}

/// Policies, purposes, names and limits.
const EXTENSIONS: [u64; 4] = [32, 37, 17, 19];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// What an authority signed without looking.
    #[test]
    fn signed_nonsense_does_not_panic(
        which in prop::sample::select(EXTENSIONS.to_vec()),
        content in prop::collection::vec(any::<u8>(), 0..60),
        organisation in "\\PC{0,40}",
    ) {
        let mut params = leaf(DOMAIN);
        match which {
            17 => params.subject_alt_names.clear(),
            37 => params.extended_key_usages.clear(),
            _ => {}
        }
        params.distinguished_name.push(DnType::OrganizationName, organisation);
        params.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, which], content)];
        let result = WEB.apply(&params);
        prop_assert!(result.is_err() || [32, 19].contains(&which));
    }
}

static WEB: LazyLock<Web> = LazyLock::new(Web::new);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn random_bytes_are_refused(
        chain in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 0..6),
        signature in prop::collection::vec(any::<u8>(), 0..100),
        domain in "\\PC{0,20}|[a-z0-9.-]{0,300}|example\\.org",
        time_s: u64,
    ) {
        prop_assert!(verify(&slices(&chain), &signature, MESSAGE, &domain, &PROOF.anchors, time_s).is_err());
    }

    #[test]
    fn spliced_chains_are_refused(chain in spliced()) {
        let result = check(&chain, &PROOF.signature, &PROOF.anchors);
        prop_assert_eq!(result.is_ok(), chain == PROOF.chain);
    }

    #[test]
    fn random_signatures_are_refused(signature in prop::collection::vec(any::<u8>(), 0..1_024)) {
        prop_assert_eq!(check(&PROOF.chain, &signature, &PROOF.anchors), Err(InvalidProof::Signature));
    }

    #[test]
    fn random_texts_are_no_keys_nor_certificates(text in "(-----(BEGIN|END) (CERTIFICATE|PRIVATE KEY)-----|\\PC|\n){0,40}") {
        prop_assert!(Anchors::from_pem(&text).is_err());
        prop_assert!(prove(&text, MESSAGE).is_err());
        let _ = certificates(&text);
    }

    #[test]
    fn random_certificates_are_no_anchors(der in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(Anchors::own(&[&der]).is_err());
    }

    #[test]
    fn random_names_do_not_panic(name in "\\PC{0,300}|([a-z0-9-]{0,8}\\.){0,30}(com|uk|io|jp)") {
        let _ = check_domain(&name);
    }
}
