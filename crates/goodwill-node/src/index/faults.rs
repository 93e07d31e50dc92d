//! The index on a disk that fails: what was recorded is found again after power cuts and failed
//! operations, and turned bits are found by a check. `GOODWILL_DISK_FAULTS` says how many seeds of each
//! trouble.

use super::*;
use goodwill_types::{Amount, Domain, Outcome, hash};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use redb::StorageBackend;
use std::{
    io::{Error, Result as IoResult},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard},
};

const HEIGHTS: u64 = 12;
/// More operations than recording all heights takes are of no use.
const OPERATIONS_MAX: u64 = 150;
const SECTOR_SIZE: usize = 512;
/// `EIO`, `ENOSPC`.
const IO_ERROR: i32 = 5;
const NO_SPACE: i32 = 28;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// The power is cut; what was not synced is lost.
    Lost,
    /// The power is cut; of what was not synced, a part survives.
    Torn,
    /// One operation fails.
    Failed,
    /// From one operation on, there is no space.
    Full,
    /// Bits of the file turn while it rests.
    Flipped,
    /// Syncs do nothing: shows that the test finds out.
    Lying,
}

#[derive(Clone, Debug)]
struct Disk(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// What is read back.
    seen: Vec<u8>,
    /// What outlives a power cut.
    stored: Vec<u8>,
    unsynced: Vec<Change>,
    trouble: Option<Trouble>,
    /// Operations until the trouble.
    left: u64,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

impl Change {
    fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Write(offset, bytes) => {
                file.resize(file.len().max(offset + bytes.len()), 0);
                file[*offset..offset + bytes.len()].copy_from_slice(bytes);
            }
            Self::Length(length) => file.resize(*length, 0),
        }
    }
}

impl Disk {
    fn new(stored: Vec<u8>, trouble: Option<Trouble>, left: u64) -> Self {
        let state = State { seen: stored.clone(), stored, unsynced: Vec::new(), trouble, left };
        Self(Arc::new(Mutex::new(state)))
    }

    fn admit(&self, writes: bool) -> IoResult<MutexGuard<'_, State>> {
        let mut state = self.0.lock().unwrap();
        let now = state.left == 1;
        state.left = state.left.saturating_sub(1);
        let since = state.left == 0;
        match state.trouble {
            Some(Trouble::Failed) if now => Err(Error::from_raw_os_error(IO_ERROR)),
            Some(Trouble::Full) if since && writes => Err(Error::from_raw_os_error(NO_SPACE)),
            // There is no power: the process learns of nothing any more.
            Some(Trouble::Lost | Trouble::Torn | Trouble::Lying) if since => {
                Err(Error::from_raw_os_error(IO_ERROR))
            }
            _ => Ok(state),
        }
    }

    fn change(&self, change: Change) -> IoResult<()> {
        let mut state = self.admit(true)?;
        change.apply(&mut state.seen);
        state.unsynced.push(change);
        Ok(())
    }

    /// What the next process finds.
    fn crash(&self, random: &mut StdRng) -> Vec<u8> {
        let state = self.0.lock().unwrap();
        let mut file = state.stored.clone();
        match state.trouble {
            Some(Trouble::Torn) => {
                torn(random, &state.unsynced).iter().for_each(|left| left.apply(&mut file))
            }
            // These are no power cuts: what the system was given, it writes in the end.
            Some(Trouble::Failed | Trouble::Full) => file = state.seen.clone(),
            Some(Trouble::Flipped) => {
                for _ in 0..random.random_range(1..=3) {
                    let offset = random.random_range(0..file.len());
                    file[offset] ^= 1 << random.random_range(0..8);
                }
            }
            _ => {}
        }
        file
    }
}

fn torn(random: &mut StdRng, changes: &[Change]) -> Vec<Change> {
    let mut left = Vec::new();
    for change in changes {
        match change {
            Change::Write(offset, bytes) => {
                let sectors = bytes.chunks(SECTOR_SIZE).enumerate().filter(|_| random.random_bool(0.5));
                left.extend(sectors.map(|(n, part)| Change::Write(offset + n * SECTOR_SIZE, part.to_vec())));
            }
            Change::Length(_) if random.random_bool(0.5) => left.push(change.clone()),
            Change::Length(_) => {}
        }
    }
    left
}

impl StorageBackend for Disk {
    fn len(&self) -> IoResult<u64> {
        Ok(self.admit(false)?.seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> IoResult<()> {
        let state = self.admit(false)?;
        let end = offset as usize + out.len();
        let bytes = state.seen.get(offset as usize..end);
        out.copy_from_slice(bytes.ok_or_else(|| Error::from(std::io::ErrorKind::UnexpectedEof))?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> IoResult<()> {
        self.change(Change::Length(length as usize))
    }

    fn sync_data(&self) -> IoResult<()> {
        let mut state = self.admit(true)?;
        if state.trouble != Some(Trouble::Lying) {
            state.stored = state.seen.clone();
            state.unsynced.clear();
        }
        Ok(())
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> IoResult<()> {
        self.change(Change::Write(offset as usize, bytes.to_vec()))
    }
}

fn receipts(height: u64) -> Vec<Receipt> {
    let receipt = |n: u64| Receipt {
        id: TransactionId {
            digest: hash(Domain::Transaction, &[height.to_be_bytes(), n.to_be_bytes()].concat()),
        },
        height,
        gas_used: n,
        base_fee: Amount::from_units(2),
        donated: Amount::from_units(1),
        tip: Amount::ZERO,
        outcome: Outcome::Done { events: List::default() },
    };
    (0..height % 3 * 20 + 1).map(receipt).collect()
}

/// Records until the disk fails. The number of heights that were recorded.
fn record(disk: &Disk) -> u64 {
    let Ok(index) = Index::on(disk.clone()) else { return 0 };
    (1..=HEIGHTS).take_while(|height| index.record(*height, receipts(*height), None).is_ok()).count() as u64
}

/// What the reopened index says, held against what was recorded.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Recovered,
    Stopped(String),
    Wrong(String),
}

/// `checked`: after a check of the whole file.
fn verdict(file: Vec<u8>, recorded: u64, checked: bool) -> Verdict {
    let asked = catch_unwind(AssertUnwindSafe(|| {
        let mut index = Index::on(Disk::new(file, None, 0))?;
        if checked && !index.database.check_integrity()? {
            return Err(IndexError("the check found damage".into()));
        }
        for height in 1..=HEIGHTS {
            if let Some(wrong) = ask(&index, height, height <= recorded)? {
                return Ok(Verdict::Wrong(wrong));
            }
        }
        Ok(Verdict::Recovered)
    }));
    // A panic in the library ends the node as an error does.
    let panicked = |_| Verdict::Stopped("a panic".into());
    asked.map_or_else(panicked, |asked| asked.unwrap_or_else(|error| Verdict::Stopped(error.to_string())))
}

/// What is wrong about a height that was recorded, or perhaps was.
fn ask(index: &Index, height: u64, recorded: bool) -> Result<Option<String>, IndexError> {
    let expected = receipts(height);
    let found = index.receipts(height)?.map(|found| found.to_vec());
    if found.is_none() && recorded {
        return Ok(Some(format!("height {height} is lost")));
    }
    if found.as_ref().is_some_and(|found| *found != expected) {
        return Ok(Some(format!("height {height} has other receipts")));
    }
    for (receipt, place) in expected.iter().zip(0u32..) {
        let expected = found.is_some().then_some(Place { height, index: place });
        if index.find(&receipt.id)? != expected {
            return Ok(Some(format!("transaction {place} of height {height} is elsewhere")));
        }
    }
    Ok(None)
}

/// One index that was made before its disk failed.
fn run(trouble: Trouble, seed: u64) -> Verdict {
    let mut random = StdRng::seed_from_u64(seed);
    let made = Disk::new(Vec::new(), None, 0);
    drop(Index::on(made.clone()).expect("the disk is whole"));
    let left = match trouble {
        Trouble::Flipped => u64::MAX,
        _ => random.random_range(1..=OPERATIONS_MAX),
    };
    let disk = Disk::new(made.crash(&mut random), Some(trouble), left);
    let recorded = record(&disk);
    verdict(disk.crash(&mut random), recorded, trouble == Trouble::Flipped)
}

fn seeds() -> u64 {
    std::env::var("GOODWILL_DISK_FAULTS").map_or(40, |seeds| seeds.parse().expect("a number"))
}

#[test]
fn what_was_recorded_outlives_power_cuts_and_failing_disks() {
    for trouble in [Trouble::Lost, Trouble::Torn, Trouble::Failed, Trouble::Full] {
        for seed in 0..seeds() {
            assert_eq!(run(trouble, seed), Verdict::Recovered, "{trouble:?}, seed {seed}");
        }
    }
}

/// Only the library's check of the whole file tells: what is merely opened and read may be wrong.
#[test]
fn a_check_finds_turned_bits() {
    for seed in 0..seeds() {
        let verdict = run(Trouble::Flipped, seed);
        assert!(!matches!(verdict, Verdict::Wrong(_)), "seed {seed}: {verdict:?}");
    }
}

#[test]
fn a_disk_that_lies_is_found_out() {
    assert!((0..40).any(|seed| matches!(run(Trouble::Lying, seed), Verdict::Wrong(_))));
}
