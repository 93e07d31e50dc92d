//! Who serves: the committee of an epoch, formed by the last block of the epoch before.

use super::{
    price,
    records::{
        Draws, Epoch, FounderLuck, Owner, Owners, SeatRecord, TakenSeats, draws_key, founder_key, owners_key,
        taken_seats_key,
    },
    shuffle::schedule,
};
use crate::{Manifest, Parameters, StoreError, state::State};
use goodwill_types::{Amount, Committee, Digest, PublicKey, Seat, luck::FOUNDER_LUCK_LENGTH};
use std::collections::BTreeMap;

/// A seat of a committee that is being formed.
struct Serving {
    node: PublicKey,
    owner: Owner,
    record: SeatRecord,
}

/// Seats by key.
type Bench = BTreeMap<PublicKey, Serving>;

/// What the state holds before the first block: the founders' luck, the first epochs, the first
/// committee.
///
/// spec: genesis 3
pub(crate) fn begin(state: &mut State<'_>, manifest: &Manifest) {
    for (index, founder) in manifest.founders.iter().enumerate() {
        let luck = FounderLuck { luck: founder.luck_tip, left: FOUNDER_LUCK_LENGTH };
        state.write(founder_key(index), &luck);
    }
    for epoch in 0..3 {
        state.write(Epoch::key(epoch), &price::open(&manifest.parameters, epoch, Amount::ZERO));
    }
    let power_mw = manifest.founders.iter().map(|founder| u64::from(founder.power_mw)).sum();
    let record = Epoch { power_mw, ..price::open(&manifest.parameters, 0, Amount::ZERO) };
    seat(state, 0, record, founders(manifest), &manifest.chain_id());
}

/// The committee of epoch 0.
pub(crate) fn founders_committee(manifest: &Manifest) -> Committee {
    committee(0, &founders(manifest), &manifest.chain_id())
}

/// The founders at the beginning, one seat each.
fn founders(manifest: &Manifest) -> Bench {
    let seats = manifest.founders.iter().map(|founder| {
        let record = SeatRecord::new(founder.luck_tip, FOUNDER_LUCK_LENGTH);
        let owner = Owner { miner: founder.account, paid: false };
        (founder.node_key, Serving { node: founder.node_key, owner, record })
    });
    seats.collect()
}

/// Forms the committee of `epoch` from the seats taken up, and caretakers where they are few.
///
/// spec: committee 1 to 4
pub(crate) fn form(
    state: &mut State<'_>,
    manifest: &Manifest,
    epoch: u64,
    luck: &Digest,
) -> Result<(), StoreError> {
    let mut bench = paid_seats(state, &manifest.parameters, epoch)?;
    let mut record: Epoch = state.must(Epoch::key(epoch))?;
    record.taken_up = bench.len() as u32;
    keep_founders_luck(state, manifest, epoch - 1)?;
    let seats_min = manifest.parameters.seats_min as usize;
    if bench.len() < seats_min {
        founders_again(state, manifest, &mut bench, seats_min)?;
        live_seats(state, &mut bench, epoch - 1, seats_min)?;
    }
    state.remove(taken_seats_key(epoch));
    record.power_mw = declared_power(state, manifest, &bench, epoch)?;
    seat(state, epoch, record, bench, luck);
    Ok(())
}

/// spec: committee 1
fn paid_seats(state: &State<'_>, parameters: &Parameters, epoch: u64) -> Result<Bench, StoreError> {
    let taken = state.read::<TakenSeats>(taken_seats_key(epoch))?.unwrap_or_default();
    let seats = taken.iter().map(|seat| {
        let record = SeatRecord::new(seat.luck_tip, parameters.luck_length());
        let owner = Owner { miner: seat.miner, paid: true };
        (seat.key, Serving { node: seat.node, owner, record })
    });
    Ok(seats.collect())
}

/// Those whose paid seats made blocks in the epoch before go on as caretakers, in the order of their
/// turns, once, and unless they have new seats: who keeps buying a few slots must not gather seats.
///
/// spec: committee 3
fn live_seats(state: &State<'_>, bench: &mut Bench, before: u64, seats_min: usize) -> Result<(), StoreError> {
    let committee: Committee = state.must(Committee::key(before))?;
    let owners: Owners = state.must(owners_key(before))?;
    for turn in committee.schedule.iter() {
        let index = usize::from(*turn);
        let done: SeatRecord = state.must(SeatRecord::key(before, index))?;
        let (Seat { key, node }, owner) = (committee.seats[index], owners[index]);
        let serves = bench.values().any(|serving| serving.owner.paid && serving.owner.miner == owner.miner);
        if bench.len() < seats_min && owner.paid && done.is_live() && !serves {
            let owner = Owner { paid: false, ..owner };
            let record = SeatRecord::new(done.luck, done.left);
            bench.entry(key).or_insert(Serving { node, owner, record });
        }
    }
    Ok(())
}

/// spec: committee 2
fn founders_again(
    state: &State<'_>,
    manifest: &Manifest,
    bench: &mut Bench,
    seats_min: usize,
) -> Result<(), StoreError> {
    for (index, founder) in manifest.founders.iter().enumerate() {
        let FounderLuck { luck, left } = state.must(founder_key(index))?;
        if bench.len() < seats_min || bench.is_empty() {
            let owner = Owner { miner: founder.account, paid: false };
            let record = SeatRecord::new(luck, left);
            let node = founder.node_key;
            bench.entry(node).or_insert(Serving { node, owner, record });
        }
    }
    Ok(())
}

/// What the miners of a committee and its founders declare, each machine once, in milliwatts.
///
/// spec: energy 1
fn declared_power(
    state: &State<'_>,
    manifest: &Manifest,
    bench: &Bench,
    epoch: u64,
) -> Result<u64, StoreError> {
    let mut declared = BTreeMap::new();
    for epoch in [epoch - 1, epoch] {
        let draws = state.read::<Draws>(draws_key(epoch))?.unwrap_or_default();
        let served = draws.iter().filter(|drawn| drawn.taken_up > 0);
        declared.extend(served.map(|drawn| (drawn.account, drawn.power_mw)));
    }
    let founders: BTreeMap<_, _> = manifest.founders.iter().map(|f| (f.node_key, f.power_mw)).collect();
    let machines: BTreeMap<PublicKey, u32> = bench
        .iter()
        .map(|(key, serving)| {
            let founder = founders.get(key).filter(|_| !serving.owner.paid);
            let power = founder.or_else(|| declared.get(&serving.owner.miner));
            (serving.node, power.copied().unwrap_or(0))
        })
        .collect();
    Ok(machines.values().map(|power| u64::from(*power)).sum())
}

/// How much of their luck the founders revealed in `epoch`.
fn keep_founders_luck(state: &mut State<'_>, manifest: &Manifest, epoch: u64) -> Result<(), StoreError> {
    let committee: Committee = state.must(Committee::key(epoch))?;
    let owners: Owners = state.must(owners_key(epoch))?;
    for (number, founder) in manifest.founders.iter().enumerate() {
        let Some(index) = committee.position(&founder.node_key) else { continue };
        // A founder may have taken up a seat of the same key, with a luck of its own.
        if !owners[index].paid {
            let SeatRecord { luck, left, .. } = state.must(SeatRecord::key(epoch, index))?;
            state.write(founder_key(number), &FounderLuck { luck, left });
        }
    }
    Ok(())
}

/// Writes the committee, whose its seats are, and what they have done: nothing yet.
fn seat(state: &mut State<'_>, epoch: u64, record: Epoch, bench: Bench, luck: &Digest) {
    let record = Epoch { seats: bench.len() as u32, ..record };
    state.write(Epoch::key(epoch), &record);
    state.write(Committee::key(epoch), &committee(epoch, &bench, luck));
    let owners = Owners::new(bench.values().map(|serving| serving.owner).collect());
    state.write(owners_key(epoch), &owners.expect("at most SEATS_MAX seats"));
    for (index, serving) in bench.values().enumerate() {
        state.write(SeatRecord::key(epoch, index), &serving.record);
    }
}

fn committee(epoch: u64, bench: &Bench, luck: &Digest) -> Committee {
    let seats = bench.iter().map(|(key, serving)| Seat { key: *key, node: serving.node }).collect();
    let schedule = schedule(bench.len(), epoch, luck);
    Committee::new(seats, schedule).expect("1 to SEATS_MAX seats, by key")
}
