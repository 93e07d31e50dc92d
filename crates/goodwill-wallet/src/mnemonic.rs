//! The words that a wallet is restored from: BIP-39, English.

use bip39::{Error, Language, Mnemonic};
use std::fmt;
use zeroize::{Zeroize as _, Zeroizing};

/// Bytes of entropy behind 24 words.
const ENTROPY_SIZE: usize = 32;

/// The secret words of a wallet: 24, or 12 where they were imported. Not printed, zeroed when
/// dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Words(Mnemonic);

/// What every key of a wallet is derived from. Not printed, zeroed when dropped.
#[derive(Clone)]
pub struct Seed(Zeroizing<[u8; 64]>);

/// Why a text is not the words of a wallet. Never repeats a word: what is nearly a secret is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// Neither 12 nor 24 words.
    #[error("a wallet has 24 words, or 12; these are {0}: write all of them in their order, with spaces")]
    Count(usize),
    /// A word that is not in the list.
    #[error("word {0} is not in the English BIP-39 list: check its spelling")]
    Unknown(usize),
    /// All words are known, but do not belong together.
    #[error("the words do not belong together: one is wrong, or two are in the wrong order")]
    Checksum,
}

impl Words {
    /// Draws 24 words at random.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: no key may be made then.
    pub fn random() -> Self {
        let mut entropy = Zeroizing::new([0; ENTROPY_SIZE]);
        getrandom::fill(&mut *entropy).expect("the operating system gives randomness");
        Self::from_entropy(&*entropy).expect("32 bytes are 24 words")
    }

    /// The words for 16 or 32 bytes of entropy; `None` for other lengths.
    pub fn from_entropy(entropy: &[u8]) -> Option<Self> {
        let length = matches!(entropy.len(), 16 | 32).then_some(entropy)?;
        Mnemonic::from_entropy_in(Language::English, length).ok().map(Self)
    }

    /// Reads words as a person types them: in any case, with any white space between them.
    ///
    /// # Errors
    /// Says which word is unknown, by its position, or that they do not belong together.
    pub fn parse(text: &str) -> Result<Self, WordsError> {
        let count = text.split_whitespace().count();
        if !matches!(count, 12 | 24) {
            return Err(WordsError::Count(count));
        }
        let mut plain = Zeroizing::new(String::with_capacity(text.len()));
        for word in text.split_whitespace() {
            push(&mut plain, word);
        }
        plain.make_ascii_lowercase();
        Mnemonic::parse_in_normalized(Language::English, &plain).map(Self).map_err(|error| match error {
            Error::UnknownWord(index) => WordsError::Unknown(index + 1),
            Error::BadWordCount(count) => WordsError::Count(count),
            _ => WordsError::Checksum,
        })
    }

    /// The entropy behind the words: 16 or 32 bytes.
    pub fn entropy(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.to_entropy())
    }

    /// The words on one line, to be shown to their owner only.
    pub fn reveal(&self) -> Zeroizing<String> {
        // The longest word has 8 letters: no growing, which would leave a copy behind.
        let mut line = Zeroizing::new(String::with_capacity(24 * 9));
        for word in self.0.words() {
            push(&mut line, word);
        }
        line
    }

    /// The seed of these words. The words alone suffice: BIP-39's optional extra passphrase is empty.
    pub fn seed(&self) -> Seed {
        self.seed_with("")
    }

    fn seed_with(&self, passphrase: &str) -> Seed {
        let mut bytes = self.0.to_seed_normalized(passphrase);
        let seed = Seed(Zeroizing::new(bytes));
        bytes.zeroize();
        seed
    }
}

fn push(line: &mut String, word: &str) {
    if !line.is_empty() {
        line.push(' ');
    }
    line.push_str(word);
}

impl Seed {
    /// Its 64 bytes.
    pub(crate) fn expose(&self) -> &[u8; 64] {
        &self.0
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Words(..)")
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::vectors;
    use proptest::prelude::*;

    #[test]
    fn the_official_vectors_hold() {
        for vector in &vectors().bip39 {
            let words = Words::parse(&vector.words).unwrap();
            assert_eq!(hex::encode(words.entropy()), vector.entropy);
            assert_eq!(*words.reveal(), vector.words);
            assert_eq!(hex::encode(words.seed_with("TREZOR").expose()), vector.seed);
        }
    }

    #[test]
    fn refusals_point_at_the_word_without_repeating_it() {
        let good = ["abandon"; 11].join(" ");
        assert_eq!(Words::parse(&good), Err(WordsError::Count(11)));
        assert_eq!(Words::parse(&format!("{good} abandon")), Err(WordsError::Checksum));
        assert_eq!(Words::parse(&format!("{good} secretz")), Err(WordsError::Unknown(12)));
        assert_eq!(Words::parse(&["abandon"; 15].join(" ")), Err(WordsError::Count(15)));
        assert_eq!(Words::parse(""), Err(WordsError::Count(0)));
        assert!(Words::parse(&format!("  {}\n\tABOUT ", good.to_uppercase())).is_ok());
        assert!(!WordsError::Unknown(12).to_string().contains("secretz"));
    }

    #[test]
    fn random_words_are_24_and_differ_and_are_not_printed() {
        let (one, other) = (Words::random(), Words::random());
        assert_eq!(one.reveal().split(' ').count(), 24);
        assert_ne!(one, other);
        assert_eq!(format!("{one:?} {:?}", one.seed()), "Words(..) Seed(..)");
    }

    proptest! {
        #[test]
        fn words_round_trip(long: [u8; 32], short: [u8; 16]) {
            for entropy in [&long[..], &short[..]] {
                let words = Words::from_entropy(entropy).unwrap();
                prop_assert_eq!(Words::parse(&words.reveal()), Ok(words.clone()));
                prop_assert_eq!(&words.entropy()[..], entropy);
            }
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,200}") {
            let _ = Words::parse(&text);
        }
    }
}
