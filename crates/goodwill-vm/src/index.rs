//! An index that is ordered by key, below dicts, sets and storage. No hash, so nobody can make keys
//! collide; every search is logarithmic.

use std::cmp::Ordering;

/// Slots of one chunk before it is split.
const CHUNK: usize = 128;

/// Numbers of entries, ordered by the digests of their keys and then by the full order of keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    /// None is empty, except the first of an empty index.
    chunks: Vec<Vec<Slot>>,
    /// The digest of each chunk's first slot, close together for the search; none if it is empty.
    firsts: Vec<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Any number that is equal for equal keys: most searches compare nothing else.
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

impl Index {
    /// Searches a key; `compare(entry)` orders the entry's key against the one searched.
    #[inline]
    pub(crate) fn find(&self, digest: u64, mut compare: impl FnMut(usize) -> Ordering) -> Place {
        let chunk = match self.firsts.len() {
            0 => return Place { chunk: 0, slot: 0, entry: None, digest },
            1 => 0,
            _ => self.find_chunk(digest, &mut compare),
        };
        let slots = &self.chunks[chunk][..];
        let low = slots.partition_point(|slot| slot.digest < digest);
        let run = slots[low..].iter().take_while(|slot| slot.digest == digest).take(2).count();
        match run {
            0 => Place { chunk, slot: low, entry: None, digest },
            1 => {
                let entry = slots[low].entry as usize;
                match compare(entry) {
                    Ordering::Less => Place { chunk, slot: low + 1, entry: None, digest },
                    Ordering::Greater => Place { chunk, slot: low, entry: None, digest },
                    Ordering::Equal => Place { chunk, slot: low, entry: Some(entry), digest },
                }
            }
            _ => self.find_in_run(chunk, low, digest, &mut compare),
        }
    }

    /// The last chunk whose first key is not above the one searched.
    fn find_chunk(&self, digest: u64, compare: &mut impl FnMut(usize) -> Ordering) -> usize {
        let mut low = self.firsts.partition_point(|first| *first < digest);
        let mut high = low + self.firsts[low..].partition_point(|first| *first == digest);
        while low < high {
            let middle = low.midpoint(high);
            match compare(self.chunks[middle][0].entry as usize) {
                Ordering::Greater => high = middle,
                Ordering::Less | Ordering::Equal => low = middle + 1,
            }
        }
        low.saturating_sub(1)
    }

    /// The search among keys whose digests are equal.
    #[cold]
    fn find_in_run(
        &self,
        chunk: usize,
        start: usize,
        digest: u64,
        compare: &mut impl FnMut(usize) -> Ordering,
    ) -> Place {
        let slots = &self.chunks[chunk][..];
        let (mut low, mut high) =
            (start, start + slots[start..].partition_point(|slot| slot.digest == digest));
        while low < high {
            let middle = low.midpoint(high);
            let entry = slots[middle].entry as usize;
            match compare(entry) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Place { chunk, slot: middle, entry: Some(entry), digest },
            }
        }
        Place { chunk, slot: low, entry: None, digest }
    }

    /// Adds an entry whose key is not there, at the place that [`Self::find`] gave.
    pub(crate) fn insert(&mut self, place: Place, entry: usize) {
        let slot = Slot { digest: place.digest, entry: entry as u32 };
        if self.firsts.is_empty() {
            self.chunks.resize(1, Vec::new());
            self.firsts.push(place.digest);
        }
        let chunk = &mut self.chunks[place.chunk];
        chunk.insert(place.slot, slot);
        self.firsts[place.chunk] = chunk[0].digest;
        if chunk.len() >= CHUNK {
            // Keys that come in order leave full chunks behind; anywhere else that would make small ones.
            let in_order = place.slot + 1 == CHUNK && place.chunk + 1 == self.firsts.len();
            let upper = chunk.split_off(if in_order { CHUNK - 1 } else { CHUNK / 2 });
            self.firsts.insert(place.chunk + 1, upper[0].digest);
            self.chunks.insert(place.chunk + 1, upper);
        }
    }

    /// Removes the entry of a place that [`Self::find`] gave.
    pub(crate) fn remove(&mut self, place: Place) {
        let chunk = &mut self.chunks[place.chunk];
        chunk.remove(place.slot);
        match chunk.first() {
            Some(first) => self.firsts[place.chunk] = first.digest,
            None => {
                self.chunks.remove(place.chunk);
                self.firsts.remove(place.chunk);
            }
        }
    }

    /// Numbers of all entries, in the order of their keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.chunks.iter().flatten().map(|slot| slot.entry as usize)
    }

    /// Gives the entries other numbers.
    pub(crate) fn renumber(&mut self, number: impl Fn(usize) -> u32) {
        self.chunks.iter_mut().flatten().for_each(|slot| slot.entry = number(slot.entry as usize));
    }

    /// Forgets all entries, and keeps the memory of one chunk.
    pub(crate) fn clear(&mut self) {
        self.chunks.truncate(1);
        self.chunks.iter_mut().for_each(Vec::clear);
        self.firsts.clear();
    }
}

/// The first eight bytes as a number, which never orders differently than all of them.
pub(crate) fn prefix(bytes: &[u8]) -> u64 {
    match bytes.first_chunk::<8>() {
        Some(first) => u64::from_be_bytes(*first),
        None => {
            let mut first = [0; 8];
            first[..bytes.len()].copy_from_slice(bytes);
            u64::from_be_bytes(first)
        }
    }
}
