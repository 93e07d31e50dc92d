//! The table below dicts and sets: entries in the order of insertion, and an index ordered by key.

use crate::{
    index::{Index, Place},
    value::Value,
};
use std::cmp::Ordering;

/// Entries in the order of insertion, found by key.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// Key and value; a key of `Unbound` marks a removed entry.
    entries: Vec<(Value, Value)>,
    index: Index,
    length: usize,
    /// Module constants cannot be changed.
    pub(crate) frozen: bool,
}

impl Table {
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Entries with those that were removed: the range of [`Self::entry`].
    pub(crate) fn capacity(&self) -> usize {
        self.entries.len()
    }

    /// The entry at this position, unless it was removed.
    #[inline]
    pub(crate) fn entry(&self, position: usize) -> Option<(Value, Value)> {
        self.entries.get(position).copied().filter(|(key, _)| *key != Value::Unbound)
    }

    /// Entries in the order of insertion.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (Value, Value)> + '_ {
        self.entries.iter().copied().filter(|(key, _)| *key != Value::Unbound)
    }

    /// Searches a key; `compare(k)` orders the entry's key `k` against the one searched.
    #[inline]
    pub(crate) fn find(&self, digest: u64, mut compare: impl FnMut(Value) -> Ordering) -> Place {
        self.index.find(digest, |entry| compare(self.entries[entry].0))
    }

    /// The value of an entry that was found.
    #[inline]
    pub(crate) fn value(&self, entry: usize) -> Value {
        self.entries[entry].1
    }

    /// Replaces the value of an entry that was found.
    pub(crate) fn replace(&mut self, entry: usize, value: Value) {
        self.entries[entry].1 = value;
    }

    /// Adds a key that is not there, at the place that [`Self::find`] gave.
    pub(crate) fn insert(&mut self, place: Place, key: Value, value: Value) {
        self.index.insert(place, self.entries.len());
        self.entries.push((key, value));
        self.length += 1;
    }

    /// Removes the entry of a place that [`Self::find`] gave, and returns it.
    pub(crate) fn remove(&mut self, place: Place) -> Option<(Value, Value)> {
        let entry = place.entry?;
        let removed = std::mem::replace(&mut self.entries[entry], (Value::Unbound, Value::Unbound));
        self.length -= 1;
        self.index.remove(place);
        if self.entries.len() > 32 && self.entries.len() > 2 * self.length {
            self.compact();
        }
        Some(removed)
    }

    /// Forgets removed entries. It happens once for so many removals as there are entries.
    fn compact(&mut self) {
        let mut moved = Vec::with_capacity(self.entries.len());
        let mut next = 0;
        for (key, _) in &self.entries {
            moved.push(next);
            next += u32::from(*key != Value::Unbound);
        }
        self.entries.retain(|(key, _)| *key != Value::Unbound);
        self.index.renumber(|entry| moved[entry]);
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.index.clear();
        self.length = 0;
    }
}

impl Clone for Table {
    /// A copy that can be changed.
    fn clone(&self) -> Self {
        Self { entries: self.entries.clone(), index: self.index.clone(), length: self.length, frozen: false }
    }
}
