//! Numbers that nobody can choose: drawn from hashes of the luck.

use goodwill_types::{Digest, Domain, hash};

/// Uniform numbers from a luck.
///
/// spec: numbers 1
pub(crate) struct Numbers {
    domain: Domain,
    /// The luck, the epoch, and the number of the next hash.
    seed: [u8; 48],
    next: u64,
}

impl Numbers {
    pub(crate) fn new(domain: Domain, epoch: u64, luck: &Digest) -> Self {
        let mut seed = [0; 48];
        seed[..32].copy_from_slice(luck.as_ref());
        seed[32..40].copy_from_slice(&epoch.to_be_bytes());
        Self { domain, seed, next: 0 }
    }

    /// A number below `choices`, each as likely: drawn again where it would favour one.
    pub(crate) fn below(&mut self, choices: u64) -> u64 {
        let fair = u64::MAX - u64::MAX % choices;
        loop {
            self.seed[40..].copy_from_slice(&self.next.to_be_bytes());
            self.next += 1;
            let digest = hash(self.domain, &self.seed);
            let draw = u64::from_be_bytes(digest.as_ref()[..8].try_into().expect("8 bytes"));
            if draw < fair {
                return draw % choices;
            }
        }
    }
}

/// A permutation of the seats, each as likely: Fisher-Yates from the top.
///
/// spec: turns 1
pub(crate) fn schedule(seats: usize, epoch: u64, luck: &Digest) -> Vec<u16> {
    let seats = u16::try_from(seats).expect("at most SEATS_MAX seats");
    let mut turns: Vec<u16> = (0..seats).collect();
    let mut numbers = Numbers::new(Domain::Turns, epoch, luck);
    for last in (1..turns.len()).rev() {
        turns.swap(last, numbers.below(last as u64 + 1) as usize);
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn schedules_are_permutations_and_differ() {
        let luck = hash(Domain::Chain, b"luck");
        let mut seen = BTreeSet::new();
        for epoch in 0..50 {
            let mut turns = schedule(7, epoch, &luck);
            seen.insert(turns.clone());
            turns.sort_unstable();
            assert_eq!(turns, (0..7).collect::<Vec<_>>());
        }
        assert!(seen.len() > 45);
    }

    /// 6,000 draws over 6 orders: the chi-square of a fair draw is below 20.5 with p = 0.999.
    #[test]
    fn every_order_is_as_likely() {
        let luck = hash(Domain::Chain, b"fair");
        let mut count = BTreeMap::<_, u64>::new();
        for epoch in 0..6_000 {
            *count.entry(schedule(3, epoch, &luck)).or_default() += 1;
        }
        let chi_square: u64 = count.values().map(|n| n.abs_diff(1_000).pow(2)).sum::<u64>() / 1_000;
        assert_eq!(count.len(), 6);
        assert!(chi_square < 21, "{count:?}");
    }
}
