//! Which names are domains that somebody registered.

use crate::{DOMAIN_SIZE_MAX, InvalidProof};

/// Checks that `domain` is one that somebody can register as a whole, such as `example.org`: written
/// in lower case ASCII (international names in punycode), without a final dot, with exactly one label
/// more than a suffix of the public suffix list.
///
/// Both sections of the list count, so under `github.io` each person's own `name.github.io` is a
/// domain and `github.io` is a suffix: who controls one name there does not control the others. Names
/// under suffixes that the list does not know are refused, as nobody can say who registers there.
///
/// # Errors
/// Says why it is none, and which one to use instead if there is one.
pub fn check_domain(domain: &str) -> Result<(), InvalidProof> {
    if !is_name(domain) {
        return Err(InvalidProof::DomainSyntax);
    }
    let Some(found) = psl::domain(domain.as_bytes()) else { return Err(InvalidProof::PublicSuffix) };
    if !found.suffix().is_known() {
        return Err(InvalidProof::UnknownSuffix);
    }
    let registrable = found.as_bytes();
    if registrable == domain.as_bytes() {
        return Ok(());
    }
    Err(InvalidProof::Subdomain { of: String::from_utf8_lossy(registrable).into_owned() })
}

fn is_name(domain: &str) -> bool {
    (1..=DOMAIN_SIZE_MAX).contains(&domain.len()) && domain.contains('.') && domain.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&label.len())
        && label.bytes().all(allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_registered() {
        for domain in [
            "example.org",
            "good.co.uk",
            "name.github.io",
            "xn--bcher-kva.de",
            "xn--80ak6aa92e.xn--p1ai",
            "a1.gov.uk",
            "www.ck",
            "anything.else.ck",
        ] {
            assert_eq!(check_domain(domain), Ok(()), "{domain}");
        }
    }

    #[test]
    fn suffixes_are_not() {
        for domain in ["co.uk", "github.io", "xn--55qx5d.cn", "else.ck", "gov.uk"] {
            assert_eq!(check_domain(domain), Err(InvalidProof::PublicSuffix), "{domain}");
        }
        for domain in ["example.test", "example.localhost", "10.0.0.1", "host.internal", "a.b.c.invalid"] {
            assert_eq!(check_domain(domain), Err(InvalidProof::UnknownSuffix), "{domain}");
        }
    }

    #[test]
    fn subdomains_name_their_domain() {
        for (domain, of) in [
            ("www.example.org", "example.org"),
            ("a.b.good.co.uk", "good.co.uk"),
            ("blog.name.github.io", "name.github.io"),
        ] {
            assert_eq!(check_domain(domain), Err(InvalidProof::Subdomain { of: of.into() }));
        }
    }

    #[test]
    fn one_spelling_only() {
        let long = format!("{}.org", "a".repeat(64));
        let longest = format!("{}org", "a.".repeat(126));
        assert_eq!(longest.len(), 255);
        for domain in [
            "",
            ".",
            "org",
            "Example.org",
            "example.org.",
            ".example.org",
            "example..org",
            "-a.org",
            "a-.org",
            "bücher.de",
            "*.example.org",
            "a_b.org",
            "a b.org",
            "example.org\0",
            &long,
            &longest,
        ] {
            assert_eq!(check_domain(domain), Err(InvalidProof::DomainSyntax), "{domain:?}");
        }
    }
}
