//! A wallet as a file: who it is, openly, and its words, sealed.
//!
//! The open part is authenticated with the sealed one. A checksum over both tells damage from a
//! wrong passphrase before the passphrase is tried.

use crate::{
    derive::{Path, derive},
    mnemonic::Words,
    seal::{Cost, CostError, Method, TAG_SIZE},
};
use goodwill_types::{
    Address, Prefix,
    codec::{Encode as _, Text, record},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};

/// The largest file that is read, in bytes: many times what a wallet needs.
pub const FILE_SIZE_MAX: u64 = 16 * 1024;

const VERSION: u16 = 1;
const KDF: &str = "argon2id";
const CIPHER: &str = "xchacha20poly1305";
const CONTEXT: &[u8] = b"goodwill/keystore";

/// A wallet's name: 1 to 32 of `a-z`, `0-9`, `-`, `_`, the first a letter or digit. So it is a file
/// name on every system, and never a path or an option.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(String);

/// Why a text is not a wallet's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} cannot be a wallet's name: take 1 to 32 of a-z, 0-9, - and _, beginning with a letter or digit"
)]
pub struct NameError(pub String);

/// The open part of a wallet's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    version: u16,
    name: Text<32>,
    prefix: Text<16>,
    /// The address of the wallet's first key.
    pub address: Address,
    /// How the words are sealed.
    pub method: Method,
}

record!(Header { version, name, prefix, address, method });

/// A wallet's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keystore {
    /// The open part.
    pub header: Header,
    sealed: Vec<u8>,
}

/// Why bytes are not a wallet's file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Made by a later release.
    #[error(
        "it has format {0}, and this release reads format {VERSION}: use the release that wrote it, or a newer one"
    )]
    Version(u64),
    /// Cut, changed, or something else altogether.
    #[error("it is damaged ({0}): restore the file from a backup, or the wallet from its words")]
    Damaged(String),
    /// Sealed too weakly, or so that it cannot be opened here.
    #[error(transparent)]
    Cost(#[from] CostError),
}

impl Keystore {
    /// Seals `words` under `passphrase`.
    ///
    /// # Errors
    /// When the cost is out of bounds.
    pub fn seal(
        name: &Name,
        prefix: &Prefix,
        words: &Words,
        passphrase: &str,
        cost: Cost,
    ) -> Result<Self, CostError> {
        let header = Header {
            version: VERSION,
            name: text(&name.0),
            prefix: text(&prefix.to_string()),
            address: Address::of(&derive(&words.seed(), Path::FIRST).public_key()),
            method: Method::random(cost)?,
        };
        let sealed = header.method.seal(passphrase, &header.authenticated(), &words.entropy());
        Ok(Self { header, sealed })
    }

    /// The words; `None` when the passphrase is wrong. (Or somebody changed the file and made its
    /// checksum hold again: nobody can tell the two apart.)
    pub fn open(&self, passphrase: &str) -> Option<Words> {
        let entropy = self.header.method.open(passphrase, &self.header.authenticated(), &self.sealed)?;
        Words::from_entropy(&entropy)
    }

    /// The file's text.
    pub fn to_json(&self) -> String {
        let Header { version, method, .. } = &self.header;
        let file = File {
            version: u64::from(*version),
            name: self.header.name.to_string(),
            prefix: self.header.prefix.to_string(),
            address: self.header.address.display(&self.header.prefix()),
            kdf: Kdf { name: KDF.into(), cost: method.cost, salt: hex::encode(method.salt) },
            cipher: Cipher { name: CIPHER.into(), nonce: hex::encode(method.nonce) },
            sealed: hex::encode(&self.sealed),
            checksum: hex::encode(self.checksum()),
        };
        serde_json::to_string_pretty(&file).expect("strings and numbers are JSON") + "\n"
    }

    /// Reads a file's text. Its parameters are within bounds afterwards.
    ///
    /// # Errors
    /// Unknown formats, damage, and parameters out of bounds.
    pub fn parse(json: &[u8]) -> Result<Self, FormatError> {
        let Versioned { version } = serde_json::from_slice(json).map_err(damaged)?;
        if version != u64::from(VERSION) {
            return Err(FormatError::Version(version));
        }
        let file: File = serde_json::from_slice(json).map_err(damaged)?;
        let (sealed, checksum) = (hex::decode(&file.sealed).map_err(damaged)?, file.checksum.clone());
        let keystore = Self { header: file.header()?, sealed };
        if !matches!(keystore.sealed.len().checked_sub(TAG_SIZE), Some(16 | 32)) {
            return Err(damaged("the sealed part has a wrong length"));
        }
        if hex::encode(keystore.checksum()) != checksum {
            return Err(damaged("its checksum does not hold"));
        }
        Ok(keystore)
    }

    fn checksum(&self) -> [u8; 32] {
        Sha256::new().chain_update(self.header.authenticated()).chain_update(&self.sealed).finalize().into()
    }
}

impl Header {
    /// The wallet's name.
    pub fn name(&self) -> Name {
        Name(self.name.to_string())
    }

    /// The address prefix of the chain that the wallet was made for. Its keys work on any chain.
    pub fn prefix(&self) -> Prefix {
        self.prefix.parse().expect("checked where it entered")
    }

    fn authenticated(&self) -> Vec<u8> {
        [CONTEXT, &self.encode()].concat()
    }
}

fn damaged(reason: impl fmt::Display) -> FormatError {
    FormatError::Damaged(reason.to_string())
}

#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u64,
    name: String,
    prefix: String,
    address: String,
    kdf: Kdf,
    cipher: Cipher,
    sealed: String,
    checksum: String,
}

#[derive(Serialize, Deserialize)]
struct Kdf {
    name: String,
    #[serde(flatten)]
    cost: Cost,
    salt: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cipher {
    name: String,
    nonce: String,
}

impl File {
    fn header(self) -> Result<Header, FormatError> {
        if (&*self.kdf.name, &*self.cipher.name) != (KDF, CIPHER) {
            return Err(damaged(format!("this format uses {KDF} and {CIPHER} only")));
        }
        let prefix: Prefix = self.prefix.parse().map_err(damaged)?;
        let name: Name = self.name.parse().map_err(damaged)?;
        Ok(Header {
            version: VERSION,
            name: text(&name.0),
            address: Address::parse(&self.address, &prefix).map_err(damaged)?,
            prefix: text(&self.prefix),
            method: Method {
                cost: self.kdf.cost.check()?,
                salt: bytes(&self.kdf.salt)?,
                nonce: bytes(&self.cipher.nonce)?,
            },
        })
    }
}

/// A name or a prefix, which are short.
fn text<const MAX: usize>(short: &str) -> Text<MAX> {
    Text::new(short.into()).expect("names and prefixes are checked where they enter")
}

fn bytes<const SIZE: usize>(text: &str) -> Result<[u8; SIZE], FormatError> {
    let mut bytes = [0; SIZE];
    hex::decode_to_slice(text, &mut bytes).map_err(damaged)?;
    Ok(bytes)
}

impl FromStr for Name {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let first = text.bytes().next().is_some_and(plain);
        let all = text.bytes().all(|b| plain(b) || b == b'-' || b == b'_');
        let name = first && all && text.len() <= 32;
        name.then(|| Self(text.into())).ok_or_else(|| NameError(text.into()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use std::sync::LazyLock;

    /// One Argon2 run for all tests that only read.
    static KEYSTORE: LazyLock<(Words, Keystore)> = LazyLock::new(|| {
        let (name, prefix) = ("savings".parse().unwrap(), "dev".parse().unwrap());
        let words = Words::random();
        let keystore = Keystore::seal(&name, &prefix, &words, "a passphrase", Cost::FLOOR).unwrap();
        (words, keystore)
    });

    fn edited(edit: impl FnOnce(&mut Value)) -> Result<Keystore, FormatError> {
        let mut json = serde_json::from_str(&KEYSTORE.1.to_json()).unwrap();
        edit(&mut json);
        Keystore::parse(json.to_string().as_bytes())
    }

    #[test]
    fn it_opens_with_its_passphrase_only() {
        let (words, keystore) = &*KEYSTORE;
        let read = Keystore::parse(keystore.to_json().as_bytes()).unwrap();
        assert_eq!(read, *keystore);
        assert_eq!(read.open("a passphrase").as_ref(), Some(words));
        assert_eq!(read.open("another"), None);
        assert_eq!(
            (read.header.name().to_string(), read.header.prefix().to_string()),
            ("savings".into(), "dev".into())
        );
    }

    #[test]
    fn the_words_are_not_in_the_file() {
        let (words, keystore) = &*KEYSTORE;
        assert!(!keystore.to_json().contains(&hex::encode(words.entropy())));
    }

    #[test]
    fn what_the_header_says_is_sealed_too() {
        let (_, keystore) = &*KEYSTORE;
        let mut forged = keystore.clone();
        forged.header.name = Text::new("other".into()).unwrap();
        let read = Keystore::parse(forged.to_json().as_bytes()).expect("the forger made the checksum hold");
        assert_eq!(read.open("a passphrase"), None);
    }

    #[test]
    fn damage_is_told_from_a_wrong_passphrase() {
        let damaged = |edit: fn(&mut Value)| matches!(edited(edit), Err(FormatError::Damaged(_)));
        assert!(damaged(|json| json["name"] = json!("other")));
        assert!(damaged(|json| json["prefix"] = json!("other")));
        assert!(damaged(|json| json["kdf"]["passes"] = json!(4)));
        assert!(damaged(|json| json["kdf"]["salt"] = json!("00".repeat(16))));
        assert!(damaged(|json| json["kdf"]["salt"] = json!("00".repeat(4))));
        assert!(damaged(|json| json["kdf"]["name"] = json!("scrypt")));
        assert!(damaged(|json| json["cipher"]["nonce"] = json!("00".repeat(24))));
        assert!(damaged(|json| json["sealed"] = json!("00".repeat(48))));
        assert!(damaged(|json| json["sealed"] = json!("")));
        assert!(damaged(|json| json["more"] = json!(1)));
    }

    #[test]
    fn later_formats_are_named() {
        assert_eq!(edited(|json| *json = json!({"version": 2, "new": 1})), Err(FormatError::Version(2)));
    }

    #[test]
    fn huge_and_tiny_costs_are_refused_without_trying() {
        for (field, value, high) in [
            ("memory_kib", u32::MAX, true),
            ("passes", u32::MAX, true),
            ("lanes", 1 << 24, true),
            ("memory_kib", 64, false),
            ("passes", 1, false),
        ] {
            let refused = edited(|json| json["kdf"][field] = json!(value));
            let Err(FormatError::Cost(error)) = refused else { panic!("{field} {value}: {refused:?}") };
            assert_eq!(matches!(error, CostError::TooHigh(_)), high);
        }
    }

    #[test]
    fn names_are_never_paths_or_options() {
        for bad in
            ["", ".", "..", "../x", "a/b", "a\\b", "-x", "_x", "A", "é", "a b", "a.b", "a\0", &"a".repeat(33)]
        {
            assert_eq!(bad.parse::<Name>(), Err(NameError(bad.into())));
        }
        for good in ["a", "savings", "1", "a-b_c", &"a".repeat(32)] {
            assert_eq!(good.parse::<Name>().unwrap().to_string(), good);
        }
    }

    proptest! {
        #[test]
        fn cut_or_changed_files_are_refused(at in 0..600usize, byte: u8, cut: bool) {
            let mut json = KEYSTORE.1.to_json().trim_end().as_bytes().to_vec();
            let at = at % json.len();
            if cut { json.truncate(at) } else { json[at] = byte }
            // White space and the case of hexadecimal digits may change: they say the same.
            if let Ok(read) = Keystore::parse(&json) {
                prop_assert_eq!(&read, &KEYSTORE.1);
            }
        }

        #[test]
        fn any_bytes_are_answered(json: Vec<u8>) {
            prop_assert!(Keystore::parse(&json).is_err());
        }
    }
}
