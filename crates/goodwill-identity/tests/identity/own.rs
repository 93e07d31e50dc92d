//! An authority of one's own: what is accepted, and each reason to refuse.

use crate::{DOMAIN, MESSAGE, NOW, Web, authority, check, key, leaf, signature, slices};
use goodwill_identity::{
    Anchors, CERTIFICATES_MAX, InvalidProof, ORGANISATION_SIZE_MAX, PROOF_SIZE_MAX, verify,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, NameConstraints, date_time_ymd,
};
use sha2::{Digest as _, Sha256};

/// What comes of a usual proof with these changes, at a time and for a domain.
fn at(time_s: u64, domain: &str) -> Result<(), InvalidProof> {
    let (web, key) = (Web::new(), key());
    let chain = web.issue(&leaf(DOMAIN), &key);
    verify(&slices(&chain), &signature(&key), MESSAGE, domain, &web.anchors(), time_s).map(drop)
}

fn policy(last: &[u8]) -> CustomExtension {
    let oid = [&[6, last.len() as u8 + 3, 0x67, 0x81, 0x0c], last].concat();
    let information = [&[0x30, oid.len() as u8], &oid[..]].concat();
    let policies = [&[0x30, information.len() as u8], &information[..]].concat();
    CustomExtension::from_oid_content(&[2, 5, 29, 32], policies)
}

#[test]
fn the_holder_of_the_key_is_believed() {
    let (web, key) = (Web::new(), key());
    let chain = web.issue(&leaf(DOMAIN), &key);
    let identity = check(&chain, &signature(&key), &web.anchors()).expect("valid");
    assert_eq!(identity.organisation, None);
    assert_eq!(identity.valid_until_s, 1_790_812_800);
    assert_eq!(identity.certificate, <[u8; 32]>::from(Sha256::digest(&chain[0])));
}

/// What is shown of an organisation of this name, by these last bytes of the policy's number.
fn shown(name: &str, last: &[u8]) -> Option<String> {
    let mut params = leaf(DOMAIN);
    params.distinguished_name.push(DnType::OrganizationName, name);
    params.custom_extensions = vec![policy(last)];
    Web::new().apply(&params).expect("valid").organisation
}

#[test]
fn organisations_are_shown_where_they_were_checked() {
    let name = "Clean Rivers e.V.";
    let mut params = leaf(DOMAIN);
    params.distinguished_name.push(DnType::OrganizationName, name);
    assert_eq!(Web::new().apply(&params).expect("valid").organisation, None);
    assert_eq!(shown(name, &[1, 2, 1]), None);
    assert_eq!(shown(name, &[1, 2, 3]), None);
    for checked in [&[1u8, 2, 2][..], &[1, 1]] {
        assert_eq!(shown(name, checked).as_deref(), Some(name));
    }
}

#[test]
fn names_that_cannot_be_shown_are_left_out() {
    for name in ["   ", "two\nlines"] {
        assert_eq!(shown(name, &[1, 2, 2]), None);
    }
}

#[test]
fn long_names_are_cut_between_characters() {
    for (name, size) in
        [("a".repeat(128), 128), ("a".repeat(129), 128), (format!("a{}", "é".repeat(64)), 127)]
    {
        let cut = shown(&name, &[1, 2, 2]).expect("shown");
        assert!(name.starts_with(&cut) && cut.len() == size && size <= ORGANISATION_SIZE_MAX);
    }
}

#[test]
fn bounds_come_before_reading() {
    let anchors = Web::new().anchors();
    let refused = |chain: &[&[u8]], signature: &[u8]| verify(chain, signature, b"", DOMAIN, &anchors, NOW);
    assert_eq!(refused(&[], b""), Err(InvalidProof::Empty));
    let many = [b"?".as_slice(); CERTIFICATES_MAX + 1];
    assert_eq!(refused(&many, b""), Err(InvalidProof::TooMany { count: CERTIFICATES_MAX + 1 }));
    let large = vec![0; PROOF_SIZE_MAX];
    assert_eq!(refused(&[&large], b"?"), Err(InvalidProof::TooLarge { size: PROOF_SIZE_MAX + 1 }));
    assert_eq!(refused(&[&large], b""), Err(InvalidProof::Malformed { certificate: 1 }));
}

#[test]
fn time() {
    let (first, last) = (1_788_220_800, 1_790_812_800);
    assert_eq!(at(first - 1, DOMAIN), Err(InvalidProof::NotYetValid { not_before_s: first }));
    assert_eq!(at(first, DOMAIN), Ok(()));
    assert_eq!(at(last, DOMAIN), Ok(()));
    let expired = InvalidProof::Expired { not_after_s: last };
    for time_s in [last + 1, u64::MAX] {
        assert_eq!(at(time_s, DOMAIN), Err(expired.clone()));
    }
    assert_eq!(
        expired.to_string(),
        "a certificate expired on Oct  1 00:00:00 2026 +00:00: renew it and prove again"
    );
    let mut issuer = authority("Issuer");
    issuer.not_after = date_time_ymd(2026, 9, 2);
    let web = Web::with(authority("Root"), issuer);
    assert_eq!(web.apply(&leaf(DOMAIN)), Err(InvalidProof::Expired { not_after_s: 1_788_307_200 }));
}

#[test]
fn domains() {
    assert_eq!(at(NOW, "example.com"), Err(InvalidProof::Name));
    assert_eq!(at(NOW, "Example.org"), Err(InvalidProof::DomainSyntax));
    assert_eq!(at(NOW, "org"), Err(InvalidProof::DomainSyntax));
    assert_eq!(at(NOW, "co.uk"), Err(InvalidProof::PublicSuffix));
    assert_eq!(at(NOW, "example.test"), Err(InvalidProof::UnknownSuffix));
    assert_eq!(at(NOW, "www.example.org"), Err(InvalidProof::Subdomain { of: DOMAIN.into() }));
}

#[test]
fn names_must_be_exact() {
    let web = Web::new();
    let named = |names: &[&str]| {
        let mut params = leaf(DOMAIN);
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        params.subject_alt_names = CertificateParams::new(names).expect("names").subject_alt_names;
        web.apply(&params).map(drop)
    };
    assert_eq!(named(&["www.example.org", "example.org"]), Ok(()));
    assert_eq!(named(&["*.example.org", "EXAMPLE.org"]), Ok(()));
    assert_eq!(named(&["www.example.org", "*.www.example.org"]), Err(InvalidProof::Name));
    assert_eq!(named(&["*.example.org"]), Err(InvalidProof::WildcardOnly));
    assert_eq!(named(&["192.0.2.1"]), Err(InvalidProof::Name));
    assert_eq!(named(&[]), Err(InvalidProof::Name));
    let mut common = leaf("example.com");
    common.distinguished_name.push(DnType::CommonName, DOMAIN);
    assert_eq!(web.apply(&common), Err(InvalidProof::Name));
}

/// `*.github.io` would do for a web server at `name.github.io`, which is a domain of its own.
#[test]
fn wildcards_show_nothing() {
    let (web, key) = (Web::new(), key());
    let chain = web.issue(&leaf("*.github.io"), &key);
    let result = verify(&slices(&chain), &signature(&key), MESSAGE, "name.github.io", &web.anchors(), NOW);
    assert_eq!(result, Err(InvalidProof::WildcardOnly));
}

#[test]
fn purposes() {
    let web = Web::new();
    for purposes in [vec![], vec![ExtendedKeyUsagePurpose::ClientAuth], vec![ExtendedKeyUsagePurpose::Any]] {
        let mut params = leaf(DOMAIN);
        params.extended_key_usages = purposes;
        assert_eq!(web.apply(&params), Err(InvalidProof::Purpose));
    }
    let mut mail = authority("Issuer");
    mail.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
    assert_eq!(Web::with(authority("Root"), mail).apply(&leaf(DOMAIN)), Err(InvalidProof::Purpose));
}

#[test]
fn issuers_may_not_do_everything() {
    let refused = |issuer: CertificateParams| Web::with(authority("Root"), issuer).apply(&leaf(DOMAIN));
    let mut nobody = authority("Issuer");
    nobody.is_ca = IsCa::ExplicitNoCa;
    assert_eq!(refused(nobody), Err(InvalidProof::Issuer));
    let mut other = authority("Issuer");
    let permitted_subtrees = vec![GeneralSubtree::DnsName("example.com".into())];
    other.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: vec![] });
    assert_eq!(refused(other), Err(InvalidProof::Issuer));
    let mut unknown = authority("Issuer");
    let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99_999, 1], vec![5, 0]);
    extension.set_criticality(true);
    unknown.custom_extensions = vec![extension];
    assert_eq!(refused(unknown), Err(InvalidProof::Extension { certificate: 2 }));
}

#[test]
fn depth_that_an_issuer_allows() {
    let mut lowest = authority("Issuer");
    lowest.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let web = Web::with(authority("Root"), lowest);
    let below = CertifiedIssuer::signed_by(authority("Below"), key(), &web.issuer).expect("signed");
    let key = key();
    let certificate = leaf(DOMAIN).signed_by(&key, &below).expect("signed");
    let chain = [certificate.der().to_vec(), below.der().to_vec(), web.issuer.der().to_vec()];
    assert_eq!(check(&chain, &signature(&key), &web.anchors()), Err(InvalidProof::Issuer));
}

#[test]
fn an_authority_is_no_domain() {
    let mut params = leaf(DOMAIN);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    assert_eq!(Web::new().apply(&params), Err(InvalidProof::Authority));
}

#[test]
fn chains_lead_from_the_domain_to_an_anchor() {
    let (web, key) = (Web::new(), key());
    let chain = web.issue(&leaf(DOMAIN), &key);
    let (signature, anchors) = (signature(&key), web.anchors());
    let result = |chain: &[Vec<u8>]| check(chain, &signature, &anchors).map(drop);
    let [domain, issuer] = [chain[0].clone(), chain[1].clone()];
    let root = web.root.der().to_vec();
    assert_eq!(result(&[domain.clone(), issuer.clone()]), Ok(()));
    assert_eq!(result(&chain[..1]), Err(InvalidProof::UnknownIssuer));
    assert_eq!(result(&[issuer.clone(), domain.clone()]), Err(InvalidProof::Order { certificate: 2 }));
    assert_eq!(result(&[domain.clone(), root.clone()]), Err(InvalidProof::Order { certificate: 2 }));
    assert_eq!(
        result(&[domain.clone(), issuer.clone(), root]),
        Err(InvalidProof::Unneeded { certificate: 3 })
    );
    let twice = [domain.clone(), issuer.clone(), issuer.clone()];
    assert_eq!(result(&twice), Err(InvalidProof::Order { certificate: 3 }));
    assert_eq!(result(&[domain, issuer[1..].to_vec()]), Err(InvalidProof::Malformed { certificate: 2 }));
    assert_eq!(check(&chain, &signature, &Anchors::public()), Err(InvalidProof::UnknownIssuer));
}

#[test]
fn a_domain_may_be_directly_below_an_anchor() {
    let (web, key) = (Web::new(), key());
    let certificate = leaf(DOMAIN).signed_by(&key, &web.root).expect("signed");
    let chain = [certificate.der().to_vec()];
    assert!(check(&chain, &signature(&key), &web.anchors()).is_ok());
}

/// An authority of the same name, but with another key.
#[test]
fn names_of_authorities_are_not_enough() {
    let (web, impostor, key) = (Web::new(), Web::new(), key());
    let chain = impostor.issue(&leaf(DOMAIN), &key);
    assert_eq!(check(&chain, &signature(&key), &web.anchors()), Err(InvalidProof::ChainSignature));
    let mixed = [chain[0].clone(), web.issuer.der().to_vec()];
    assert_eq!(check(&mixed, &signature(&key), &web.anchors()), Err(InvalidProof::ChainSignature));
}

/// ECDSA with SHA-512 over P-256, as the certificate says of itself.
#[test]
fn algorithms_of_certificates() {
    let (web, key) = (Web::new(), key());
    let mut chain = web.issue(&leaf(DOMAIN), &key);
    let ecdsa = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3];
    let found: Vec<_> = (0..chain[0].len()).filter(|at| chain[0][*at..].starts_with(&ecdsa)).collect();
    assert_eq!(found.len(), 2);
    for at in found {
        chain[0][at + ecdsa.len()] = 4;
    }
    assert_eq!(check(&chain, &signature(&key), &web.anchors()), Err(InvalidProof::ChainAlgorithm));
}

#[test]
fn who_signs_holds_the_key() {
    let (web, holder) = (Web::new(), key());
    let chain = web.issue(&leaf(DOMAIN), &holder);
    let (good, anchors) = (signature(&holder), web.anchors());
    let refused = |signature: &[u8]| check(&chain, signature, &anchors);
    assert!(refused(&good).is_ok());
    for signature in [&signature(&key())[..], &good[1..], &good[..good.len() - 1], &[], &[0; 64]] {
        assert_eq!(refused(signature), Err(InvalidProof::Signature));
    }
    let other = verify(&slices(&chain), &good, b"another account", DOMAIN, &anchors, NOW);
    assert_eq!(other, Err(InvalidProof::Signature));
}

/// Receipts hold them: they are part of the rules.
#[test]
fn words_in_receipts() {
    for (refused, word) in [
        (InvalidProof::Expired { not_after_s: 0 }, "expired"),
        (InvalidProof::NotYetValid { not_before_s: 0 }, "not_yet_valid"),
        (InvalidProof::UnknownIssuer, "unknown_issuer"),
        (InvalidProof::Name, "other_name"),
        (InvalidProof::WildcardOnly, "wildcard"),
        (InvalidProof::Subdomain { of: DOMAIN.into() }, "not_registrable"),
        (InvalidProof::TooLarge { size: 0 }, "too_large"),
        (InvalidProof::Malformed { certificate: 1 }, "malformed"),
        (InvalidProof::Algorithm, "algorithm"),
        (InvalidProof::Signature, "signature"),
        (InvalidProof::Purpose, "purpose"),
    ] {
        assert_eq!(refused.code(), word);
    }
}

#[test]
fn unusual_keys_prove_nothing() {
    let certificate = include_bytes!("../data/p521_1.der");
    let anchors = Anchors::own(&[include_bytes!("../data/p521_root.der")]).expect("an authority");
    let result = verify(&[certificate], &[0; 139], MESSAGE, DOMAIN, &anchors, 1_800_000_000);
    assert_eq!(result, Err(InvalidProof::Algorithm));
}

#[test]
fn anchors_are_authorities() {
    let (web, key) = (Web::new(), key());
    let chain = web.issue(&leaf(DOMAIN), &key);
    let own = |certificates: &[&[u8]]| Anchors::own(certificates).map(drop);
    assert_eq!(own(&[]), Err(InvalidProof::Empty));
    assert_eq!(own(&[web.root.der(), &chain[0]]), Err(InvalidProof::NotAnAuthority { certificate: 2 }));
    assert_eq!(own(&[b"?"]), Err(InvalidProof::Malformed { certificate: 1 }));
    let both = format!("{}and then\n{}", web.root.pem(), web.issuer.pem());
    let anchors = Anchors::from_pem(&both).expect("two authorities");
    assert_eq!(anchors, Anchors::own(&[web.root.der(), web.issuer.der()]).expect("the same"));
    assert_eq!(Anchors::from_pem("words"), Err(InvalidProof::Empty));
    let cut = web.root.pem().replace("-----END CERTIFICATE-----", "");
    let broken = format!("{}{cut}", web.root.pem());
    assert!(matches!(Anchors::from_pem(&broken), Err(InvalidProof::Pem { certificate: 2, .. })));
}
