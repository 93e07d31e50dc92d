//! The table below dicts and sets: entries in the order of insertion, and an index ordered by key.
//! No hash, so nobody can make keys collide; every search is logarithmic.

use crate::value::Value;
use std::cmp::Ordering;

/// Keys of one chunk of the index before it is split.
const CHUNK: usize = 128;

/// Entries in the order of insertion, found by key.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// Key and value; a key of `Unbound` marks a removed entry.
    entries: Vec<(Value, Value)>,
    /// Sorted by digest, then by the full order; chunks are never empty.
    chunks: Vec<Vec<Slot>>,
    length: usize,
    /// Module constants cannot be changed.
    pub(crate) frozen: bool,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Any function of the key that is equal for equal keys: most searches compare nothing else.
    digest: u64,
    entry: u32,
}

/// Where a key is, or where it would be put.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    chunk: usize,
    slot: usize,
    /// The entry, if the key is there.
    pub(crate) entry: Option<usize>,
    digest: u64,
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
    pub(crate) fn find<E>(
        &self,
        digest: u64,
        mut compare: impl FnMut(Value) -> Result<Ordering, E>,
    ) -> Result<Place, E> {
        let chunk = match self.chunks.len() {
            0 => return Ok(Place { chunk: 0, slot: 0, entry: None, digest }),
            1 => 0,
            _ => self.find_chunk(digest, &mut compare)?,
        };
        let slots = self.chunks.get(chunk).map_or(&[][..], Vec::as_slice);
        let (mut low, mut high) = (0, slots.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.order(slots[middle], digest, &mut compare)? {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => {
                    let entry = Some(slots[middle].entry as usize);
                    return Ok(Place { chunk, slot: middle, entry, digest });
                }
            }
        }
        Ok(Place { chunk, slot: low, entry: None, digest })
    }

    /// The last chunk whose first key is not above the one searched.
    fn find_chunk<E>(
        &self,
        digest: u64,
        compare: &mut impl FnMut(Value) -> Result<Ordering, E>,
    ) -> Result<usize, E> {
        let (mut low, mut high) = (1, self.chunks.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.order(self.chunks[middle][0], digest, compare)? {
                Ordering::Greater => high = middle,
                Ordering::Less | Ordering::Equal => low = middle + 1,
            }
        }
        Ok(low - 1)
    }

    #[inline]
    fn order<E>(
        &self,
        slot: Slot,
        digest: u64,
        compare: &mut impl FnMut(Value) -> Result<Ordering, E>,
    ) -> Result<Ordering, E> {
        match slot.digest.cmp(&digest) {
            Ordering::Equal => compare(self.entries[slot.entry as usize].0),
            order => Ok(order),
        }
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
        let slot = Slot { digest: place.digest, entry: self.entries.len() as u32 };
        self.entries.push((key, value));
        self.length += 1;
        if self.chunks.is_empty() {
            self.chunks.push(Vec::new());
        }
        let chunk = &mut self.chunks[place.chunk];
        chunk.insert(place.slot, slot);
        if chunk.len() >= CHUNK {
            let upper = chunk.split_off(CHUNK / 2);
            self.chunks.insert(place.chunk + 1, upper);
        }
    }

    /// Removes the entry of a place that [`Self::find`] gave, and returns it.
    pub(crate) fn remove(&mut self, place: Place) -> Option<(Value, Value)> {
        let entry = place.entry?;
        let removed = std::mem::replace(&mut self.entries[entry], (Value::Unbound, Value::Unbound));
        self.length -= 1;
        self.chunks[place.chunk].remove(place.slot);
        if self.chunks[place.chunk].is_empty() {
            self.chunks.remove(place.chunk);
        }
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
        for slot in self.chunks.iter_mut().flatten() {
            slot.entry = moved[slot.entry as usize];
        }
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.chunks.clear();
        self.length = 0;
    }
}

impl Clone for Table {
    /// A copy that can be changed.
    fn clone(&self) -> Self {
        Self {
            entries: self.entries.clone(),
            chunks: self.chunks.clone(),
            length: self.length,
            frozen: false,
        }
    }
}
