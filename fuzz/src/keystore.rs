//! A wallet's file. Read only: opening one costs 19 MiB of memory and more.

use super::{kind, known::address};
use arbitrary::{Result, Unstructured};
use goodwill_types::Prefix;
use goodwill_wallet::{
    Name,
    keystore::Keystore,
    seal::{Cost, NONCE_SIZE, SALT_SIZE},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A kind, then bytes: 0 the file's text, 1 the fields of a file whose checksum holds.
pub fn keystore(data: &[u8]) -> bool {
    match kind(data) {
        Some((0, text)) => check_text(text).is_some(),
        Some((1, fields)) => Fields::read(&mut Unstructured::new(fields)).is_ok_and(|f| check_fields(&f)),
        _ => false,
    }
}

/// What is read has a cost within bounds, and is written so that it is read again.
fn check_text(text: &[u8]) -> Option<Keystore> {
    let keystore = Keystore::parse(text).ok()?;
    let cost = keystore.header.method.cost;
    assert!((19 * 1024..=1024 * 1024).contains(&cost.memory_kib), "{cost:?}");
    assert!((2..=16).contains(&cost.passes) && (1..=16).contains(&cost.lanes), "{cost:?}");
    assert_eq!(keystore.header.name().to_string().parse(), Ok(keystore.header.name()));
    let json = keystore.to_json();
    assert!(json.len() as u64 <= goodwill_wallet::keystore::FILE_SIZE_MAX);
    assert_eq!(Keystore::parse(json.as_bytes()).as_ref(), Ok(&keystore));
    Some(keystore)
}

/// The fields of a file.
pub(crate) struct Fields {
    pub(crate) name: String,
    pub(crate) prefix: String,
    pub(crate) person: u8,
    pub(crate) cost: Cost,
    pub(crate) salt: [u8; SALT_SIZE],
    pub(crate) nonce: [u8; NONCE_SIZE],
    pub(crate) sealed: Vec<u8>,
}

impl Fields {
    fn read(input: &mut Unstructured<'_>) -> Result<Self> {
        let near = |input: &mut Unstructured<'_>, low: u32, high: u32| match input.int_in_range(0..=3)? {
            0 => input.arbitrary(),
            1 => Ok(low.wrapping_sub(1)),
            2 => Ok(high + 1),
            _ => input.int_in_range(low..=high),
        };
        Ok(Self {
            cost: Cost {
                memory_kib: near(input, Cost::FLOOR.memory_kib, Cost::CEILING.memory_kib)?,
                passes: near(input, Cost::FLOOR.passes, Cost::CEILING.passes)?,
                lanes: near(input, Cost::FLOOR.lanes, Cost::CEILING.lanes)?,
            },
            person: input.arbitrary()?,
            salt: input.arbitrary()?,
            nonce: input.arbitrary()?,
            sealed: vec![input.arbitrary()?; *input.choose(&[48, 32, 31, 33, 49, 0])?],
            name: input.arbitrary()?,
            prefix: input.arbitrary()?,
        })
    }

    fn address(&self) -> Option<String> {
        let prefix: Prefix = self.prefix.parse().ok()?;
        Some(address(self.person).display(&prefix))
    }

    /// The file as a wallet would write it, written by hand.
    pub(crate) fn to_json(&self) -> Value {
        let Cost { memory_kib, passes, lanes } = self.cost;
        json!({
            "version": 1,
            "name": self.name,
            "prefix": self.prefix,
            "address": self.address().unwrap_or_default(),
            "kdf": {
                "name": "argon2id",
                "memory_kib": memory_kib,
                "passes": passes,
                "lanes": lanes,
                "salt": hex::encode(self.salt),
            },
            "cipher": { "name": "xchacha20poly1305", "nonce": hex::encode(self.nonce) },
            "sealed": hex::encode(&self.sealed),
            "checksum": hex::encode(Sha256::digest(self.authenticated())),
        })
    }

    fn authenticated(&self) -> Vec<u8> {
        let text = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
        let Cost { memory_kib, passes, lanes } = self.cost;
        [
            b"goodwill/keystore".to_vec(),
            1u16.to_be_bytes().to_vec(),
            text(&self.name),
            text(&self.prefix),
            address(self.person).to_bytes().to_vec(),
            [memory_kib, passes, lanes].map(u32::to_be_bytes).concat(),
            self.salt.to_vec(),
            self.nonce.to_vec(),
            self.sealed.clone(),
        ]
        .concat()
    }

    /// Whether the file may be read.
    fn is_valid(&self) -> bool {
        let Cost { memory_kib, passes, lanes } = self.cost;
        self.name.parse::<Name>().is_ok()
            && self.prefix.parse::<Prefix>().is_ok()
            && (19 * 1024..=1024 * 1024).contains(&memory_kib)
            && (2..=16).contains(&passes)
            && (1..=16).contains(&lanes)
            && matches!(self.sealed.len(), 32 | 48)
    }
}

/// A file whose checksum holds is read exactly when its fields are within bounds.
fn check_fields(fields: &Fields) -> bool {
    let read = check_text(fields.to_json().to_string().as_bytes());
    assert_eq!(read.is_some(), fields.is_valid(), "{}", fields.to_json());
    if let Some(keystore) = &read {
        assert_eq!(
            (keystore.header.address, keystore.header.method.cost),
            (address(fields.person), fields.cost)
        );
    }
    read.is_some()
}
