//! Names as numbers. Those that the machine itself asks for have numbers that are known at compile
//! time, so that no text is compared while a contract runs.

use crate::value::NameId;

macro_rules! known {
    ($($name:ident)*) => {
        /// A name that the machine knows.
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "they are spelled as in Python")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u16)]
        pub(crate) enum Known { $($name),* }

        /// The known names, in the order of their numbers, which is that of their texts.
        const ALL: &[(&str, Known)] = &[$((stringify!($name), Known::$name)),*];
    };
}

known! {
    ZERO __init__ add address append args balance bit_length blake3 call capitalize center clear copy
    count decode difference difference_update discard encode endswith epoch extend find from_bytes
    fromhex fromkeys get height hex index insert intersection intersection_update isalnum isalpha
    isascii isdecimal isdigit isdisjoint islower isspace issubset issuperset isupper items join keys
    ljust lower lstrip partition pop popitem remove removeprefix removesuffix replace reverse rfind
    rindex rjust rpartition rsplit rstrip sender setdefault sha256 sort split splitlines startswith
    strip swapcase symmetric_difference timestamp title to_bytes transfer union update upper value
    values verify_ed25519 zfill
}

/// Texts of all known names.
pub(crate) fn known_count() -> usize {
    ALL.len()
}

impl Known {
    /// The known name with this number.
    #[inline]
    pub(crate) fn of(name: NameId) -> Option<Self> {
        ALL.get(usize::from(name)).map(|(_, known)| *known)
    }

    /// The known name with this text.
    pub(crate) fn named(text: &str) -> Option<Self> {
        ALL.binary_search_by(|(name, _)| (*name).cmp(text)).ok().map(|at| ALL[at].1)
    }

    /// Its number.
    pub(crate) const fn id(self) -> NameId {
        self as NameId
    }

    /// Its text.
    pub(crate) fn text(self) -> &'static str {
        ALL[self as usize].0
    }
}

#[test]
fn known_names_are_sorted() {
    assert!(ALL.is_sorted_by(|a, b| a.0 < b.0));
}
