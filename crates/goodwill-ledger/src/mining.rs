//! Who makes the blocks: the committee of an epoch, and whose turn it is.

use crate::manifest::Manifest;
use goodwill_types::{Address, BlockContext, Committee, Digest, Domain, Key, PublicKey, hash};

const TAG_COMMITTEE: u8 = 2;

/// The epoch of the block at `height`; genesis belongs to epoch 0.
pub fn epoch_of(height: u64, blocks_per_epoch: u64) -> u64 {
    height / blocks_per_epoch
}

/// Where the state holds the committee of `epoch`, from the last block of the epoch before.
pub fn committee_key(epoch: u64) -> Key {
    Key::new(TAG_COMMITTEE, &epoch.to_be_bytes())
}

/// The committee of `epoch`: the founders, one seat each, in shuffled turns.
///
/// spec: committee 1
pub(crate) fn founders_committee(manifest: &Manifest, epoch: u64, luck: &Digest) -> Committee {
    let seats: Vec<PublicKey> = manifest.founders.iter().map(|f| f.node_key).collect();
    let schedule = schedule(seats.len(), epoch, luck);
    Committee::new(seats, schedule).expect("the manifest's founders are strictly ascending")
}

/// The account of the miner whose turn the block was.
pub(crate) fn leader_account(manifest: &Manifest, committee: &Committee, context: &BlockContext) -> Address {
    let seat = committee.seats[committee.turn(context.view)];
    let founder = manifest.founders.iter().find(|f| f.node_key == seat);
    founder.expect("a seat is a founder's").account
}

/// A permutation of the seats, uniform over the hashes of `luck`: Fisher-Yates from the top, each
/// index drawn by rejection.
///
/// spec: committee 2
fn schedule(seats: usize, epoch: u64, luck: &Digest) -> Vec<u16> {
    let seats = u16::try_from(seats).expect("at most SEATS_MAX seats");
    let mut turns: Vec<u16> = (0..seats).collect();
    let mut draws = (0u64..).map(|n| {
        let seed = [luck.as_ref(), &epoch.to_be_bytes(), &n.to_be_bytes()].concat();
        let digest = hash(Domain::Turns, &seed);
        u64::from_be_bytes(digest.as_ref()[..8].try_into().expect("8 bytes"))
    });
    for last in (1..turns.len()).rev() {
        let choices = last as u64 + 1;
        let fair = u64::MAX - u64::MAX % choices;
        let draw = draws.find(|draw| *draw < fair).expect("draws never end");
        turns.swap(last, (draw % choices) as usize);
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_permutations_and_differ() {
        let luck = hash(Domain::Chain, b"luck");
        let mut seen = std::collections::BTreeSet::new();
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
        let mut count = std::collections::BTreeMap::<_, u64>::new();
        for epoch in 0..6_000 {
            *count.entry(schedule(3, epoch, &luck)).or_default() += 1;
        }
        let chi_square: u64 = count.values().map(|n| n.abs_diff(1_000).pow(2)).sum::<u64>() / 1_000;
        assert_eq!(count.len(), 6);
        assert!(chi_square < 21, "{count:?}");
    }
}
