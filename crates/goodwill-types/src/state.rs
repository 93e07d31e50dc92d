//! The vocabulary of the authenticated state, and how pure rules ask for it.

use crate::hash::{Domain, hash};
use bytes::{BufMut, Bytes};
use commonware_codec::{Buf, Error, FixedSize, Read, ReadExt, Write};
use std::{fmt, ops::Deref};

/// A value of the state, as encoded by the rules.
pub type Value = Bytes;

/// The largest value that the state accepts, in bytes.
pub const VALUE_SIZE_MAX: usize = 128 * 1024;

/// A key of the state: a tag for the kind of record, then the record's name, padded with zeros.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; Self::SIZE]);

impl Key {
    /// The key of the record `name` of kind `tag`. Names of more than 31 bytes are hashed, so a
    /// kind of record must use names of one length, or only long ones.
    pub fn new(tag: u8, name: &[u8]) -> Self {
        let mut key = [0; Self::SIZE];
        key[0] = tag;
        match key[1..].get_mut(..name.len()) {
            Some(place) => place.copy_from_slice(name),
            None => key[1..].copy_from_slice(&hash(Domain::StateKey, &[&[tag], name].concat())[..31]),
        }
        Self(key)
    }
}

impl FixedSize for Key {
    const SIZE: usize = 32;
}

impl Write for Key {
    fn write(&self, buf: &mut impl BufMut) {
        self.0.write(buf);
    }
}

impl Read for Key {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, (): &()) -> Result<Self, Error> {
        Ok(Self(ReadExt::read(buf)?))
    }
}

impl Deref for Key {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Key {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

#[expect(clippy::disallowed_types, reason = "asked for keys: where it is walked, what comes out is sorted")]
type Values = std::collections::HashMap<Key, Option<Value>, ahash::RandomState>;

/// What a transaction or a block changes: the new value of each key, `None` for removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes(Values);

impl Changes {
    /// Nothing changed yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `None` when the key did not change, `Some(None)` when it was removed.
    pub fn get(&self, key: &Key) -> Option<Option<&Value>> {
        self.0.get(key).map(Option::as_ref)
    }

    /// Sets a key, and gives the change that this replaces.
    pub fn insert(&mut self, key: Key, value: Option<Value>) -> Option<Option<Value>> {
        self.0.insert(key, value)
    }

    /// Takes a change out.
    pub fn take(&mut self, key: &Key) -> Option<Option<Value>> {
        self.0.remove(key)
    }

    /// Changes once more.
    pub fn absorb(&mut self, later: Self) {
        match self.is_empty() {
            true => *self = later,
            false => self.0.extend(later.0),
        }
    }

    /// All changes, in no order: for what does not depend on it.
    pub fn unsorted(&self) -> impl Iterator<Item = (&Key, Option<&Value>)> {
        self.0.iter().map(|(key, value)| (key, value.as_ref()))
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// All changes, ascending by key.
    pub fn into_sorted(self) -> Vec<(Key, Option<Value>)> {
        let mut changes: Vec<_> = self.0.into_iter().collect();
        changes.sort_unstable_by_key(|(key, _)| *key);
        changes
    }
}

/// The part of the state that has been fetched so far: each key's value, or that it has none.
#[derive(Clone, Debug, Default)]
pub struct Known(Values);

impl Known {
    /// Nothing known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records what the state holds under `key`.
    pub fn insert(&mut self, key: Key, value: Option<Value>) {
        self.0.insert(key, value);
    }

    /// `None` when the key was not fetched yet, `Some(None)` when the state has no such key.
    pub fn get(&self, key: &Key) -> Option<Option<&Value>> {
        self.0.get(key).map(Option::as_ref)
    }
}

/// How far a pure computation over the state has come.
#[derive(Clone, Debug)]
pub enum Progress<T> {
    /// It needs these keys, none of which is known: fetch them into [`Known`] and run it again.
    Need(Vec<Key>),
    /// It is done.
    Done(T),
}

impl<T> Progress<T> {
    /// The same with another result.
    pub fn map<U>(self, result: impl FnOnce(T) -> U) -> Progress<U> {
        match self {
            Self::Need(keys) => Progress::Need(keys),
            Self::Done(done) => Progress::Done(result(done)),
        }
    }
}
