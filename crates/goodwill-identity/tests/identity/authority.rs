//! The authority of a development chain.

use crate::{DOMAIN, MESSAGE, NOW, check, slices};
use goodwill_identity::{Anchors, InvalidProof, NotIssued, TestAuthority, certificates, prove, verify};

const DAY: u64 = 86_400;

#[test]
fn it_vouches_for_domains() {
    let authority = TestAuthority::new("Test").expect("made");
    let anchors = Anchors::from_pem(authority.certificate_pem()).expect("an authority");
    for organisation in [None, Some("Forêts")] {
        let issued = authority.issue(DOMAIN, organisation, NOW - DAY, NOW + DAY).expect("issued");
        assert_eq!(certificates(&issued.chain_pem).expect("PEM"), issued.chain);
        let signature = prove(&issued.key_pem, MESSAGE).expect("a usable key");
        let identity = check(&issued.chain, &signature, &anchors).expect("valid");
        assert_eq!(identity.organisation.as_deref(), organisation);
        assert_eq!(identity.valid_until_s, NOW + DAY);
        let later = verify(&slices(&issued.chain), &signature, MESSAGE, DOMAIN, &anchors, NOW + DAY + 1);
        assert_eq!(later, Err(InvalidProof::Expired { not_after_s: NOW + DAY }));
    }
}

#[test]
fn it_can_be_kept() {
    let first = TestAuthority::new("Test").expect("made");
    let kept = TestAuthority::from_pem(first.certificate_pem(), &first.key_pem()).expect("read");
    let issued = kept.issue(DOMAIN, None, NOW, NOW).expect("issued");
    let signature = prove(&issued.key_pem, MESSAGE).expect("a usable key");
    let anchors = Anchors::from_pem(first.certificate_pem()).expect("an authority");
    assert!(check(&issued.chain, &signature, &anchors).is_ok());
}

#[test]
fn it_says_what_is_wrong() {
    let (one, two) = (TestAuthority::new("One").expect("made"), TestAuthority::new("Two").expect("made"));
    for (certificate, key) in
        [(one.certificate_pem(), two.key_pem()), ("?", one.key_pem()), (one.certificate_pem(), "?".into())]
    {
        let refused = TestAuthority::from_pem(certificate, &key).map(drop);
        assert!(matches!(refused, Err(NotIssued::Authority(_))));
    }
    assert_eq!(one.issue(DOMAIN, None, 0, u64::MAX).map(drop), Err(NotIssued::Time(u64::MAX)));
    let international = one.issue("bücher.de", None, 0, NOW).map(drop);
    assert!(matches!(international, Err(NotIssued::Certificate(_))));
}
