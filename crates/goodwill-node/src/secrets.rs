//! What the node's seats sign with and reveal. Fresh for each epoch, on disk before anybody learns
//! of them, and erased once no committee needs them: who steals the disk later cannot sign the past.
//!
//! A seat that votes twice in one attempt is punished, so a node whose folder is new stays silent
//! in the epoch in which the folder was made: it may have voted there with a disk that is lost.

use goodwill_types::{
    Committee, Digest, Domain, LuckChain, NewSeat, PublicKey, SecretKey, hash, transaction::consent,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    ops::Range,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

/// When the folder was made, in milliseconds since 1970.
const BORN_FILE: &str = "born";
/// The first epoch, after the one in which the folder was made, in which the node may vote.
const VOTES_FILE: &str = "votes-from";

/// The secrets of a node's seats.
#[derive(Debug)]
pub struct Secrets {
    /// `None` in simulations.
    folder: Option<PathBuf>,
    /// What the secrets are made of in simulations; else they are random.
    seed: Option<Digest>,
    luck_length: u32,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    /// The node's own key, where it is a founder's.
    founder: Option<SecretKey>,
    seats: BTreeMap<u64, Vec<SecretKey>>,
    luck: BTreeMap<PublicKey, LuckChain>,
    born_ms: u64,
    votes_from: Option<u64>,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held").field("epochs", &self.seats.keys()).finish_non_exhaustive()
    }
}

/// A seat's secrets, as they are stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    key: String,
    luck: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredSeats {
    seats: Vec<Stored>,
}

/// Secrets that were made for an epoch.
struct Made {
    key: SecretKey,
    luck: [u8; 32],
}

impl Secrets {
    /// Secrets that are lost when the process ends and follow from a `seed`, for simulations.
    /// `founder`: the node's key, where it is a founder's.
    pub fn seeded(seed: Digest, founder: Option<SecretKey>, luck_length: u32) -> Self {
        Self { seed: Some(seed), ..Self::empty(founder, luck_length) }
    }

    fn empty(founder: Option<SecretKey>, luck_length: u32) -> Self {
        let mut held = Held::default();
        if let Some(key) = founder {
            held.luck.insert(key.public_key(), LuckChain::of_founder(&key));
            held.founder = Some(key);
        }
        Self { folder: None, seed: None, luck_length, held: held.into() }
    }

    /// Reads the secrets in `folder`, which is made if missing.
    ///
    /// # Errors
    /// When the disk fails, or a file is not what was written: seats must not be made anew then.
    pub fn open(folder: &Path, founder: Option<SecretKey>, luck_length: u32) -> io::Result<Self> {
        create_private(folder)?;
        let secrets = Self { folder: Some(folder.into()), ..Self::empty(founder, luck_length) };
        {
            let mut held = secrets.lock();
            held.born_ms = match read_number(&folder.join(BORN_FILE))? {
                Some(born) => born,
                None => {
                    let now = SystemTime::now().duration_since(UNIX_EPOCH);
                    let born = now.map_or(0, |now| now.as_millis() as u64);
                    write_private(&folder.join(BORN_FILE), &born.to_string())?;
                    born
                }
            };
            held.votes_from = read_number(&folder.join(VOTES_FILE))?;
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                if let Some(epoch) = epoch_of(&path) {
                    held.keep(epoch, read_seats(&path)?, luck_length);
                }
            }
        }
        Ok(secrets)
    }

    /// The seats of `epoch` with these `numbers`, for the miner `account`, with their consents. Those that
    /// were made before are given again, so that nothing is made twice. On disk when this returns.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn make(
        &self,
        epoch: u64,
        numbers: Range<u32>,
        account: &goodwill_types::Address,
        chain_id: &Digest,
    ) -> io::Result<Vec<NewSeat>> {
        let mut held = self.lock();
        let before = held.seats.get(&epoch).map_or(0, |seats| seats.len() as u32);
        if before < numbers.end {
            let new: Vec<_> = (before..numbers.end).map(|number| self.new_seat(epoch, number)).collect();
            if let Some(folder) = &self.folder {
                let path = folder.join(file_of(epoch));
                let old = if before > 0 { read_seats(&path)? } else { Vec::new() };
                write_private(&path, &text_of(old.iter().chain(&new)))?;
            }
            held.keep(epoch, new, self.luck_length);
        }
        let message = consent(epoch, account);
        let numbers = numbers.start as usize..numbers.end as usize;
        let seats = held.seats.get(&epoch).and_then(|seats| seats.get(numbers)).unwrap_or_default();
        Ok(seats
            .iter()
            .map(|key| NewSeat {
                key: key.public_key(),
                luck_tip: held.luck[&key.public_key()].tip(),
                consent: key.sign(Domain::Seat, chain_id, &message),
            })
            .collect())
    }

    /// What the node signs with in `epoch`; nothing where it may have voted with a disk that is lost.
    /// Secrets that neither this committee nor a later one needs are erased.
    pub fn enter(&self, epoch: u64, committee: &Committee) -> Vec<SecretKey> {
        let mut held = self.lock();
        let serves = |key: &SecretKey| committee.position(&key.public_key()).is_some();
        let over: Vec<u64> = held
            .seats
            .iter()
            .filter(|(of, seats)| **of < epoch && !seats.iter().any(serves))
            .map(|(of, _)| *of)
            .collect();
        for epoch in over {
            self.erase(&mut held, epoch);
        }
        if self.folder.is_some() && epoch > 0 && held.votes_from.is_none_or(|from| from > epoch) {
            return Vec::new();
        }
        let seats = held.seats.range(..=epoch).flat_map(|(_, seats)| seats);
        seats.chain(&held.founder).filter(|key| serves(key)).cloned().collect()
    }

    fn new_seat(&self, epoch: u64, number: u32) -> Made {
        let Some(seed) = self.seed else {
            return Made { key: SecretKey::generate(), luck: SecretKey::generate().to_seed() };
        };
        let secret = |domain| {
            let named = [seed.as_ref(), &epoch.to_be_bytes(), &number.to_be_bytes()].concat();
            <[u8; 32]>::try_from(hash(domain, &named).as_ref()).expect("a digest has 32 bytes")
        };
        Made { key: SecretKey::from_seed(secret(Domain::Seat)), luck: secret(Domain::Luck) }
    }

    fn erase(&self, held: &mut Held, epoch: u64) {
        for key in held.seats.remove(&epoch).unwrap_or_default() {
            held.luck.remove(&key.public_key());
        }
        if let Some(folder) = &self.folder {
            // What cannot be erased now is tried again at the next start.
            let _ = fs::remove_file(folder.join(file_of(epoch)));
        }
    }

    /// What a seat reveals that has `left` links left.
    pub fn reveal(&self, seat: &PublicKey, left: u32) -> Option<Digest> {
        self.lock().luck.get(seat)?.reveal(left)
    }

    /// The last block of the epoch before `epoch`, made at `timestamp_ms`, is final: from here on the
    /// node may vote, if it was not made later.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn passed(&self, epoch: u64, timestamp_ms: u64) -> io::Result<()> {
        let mut held = self.lock();
        if held.votes_from.is_none() && timestamp_ms > held.born_ms {
            if let Some(folder) = &self.folder {
                write_private(&folder.join(VOTES_FILE), &epoch.to_string())?;
            }
            held.votes_from = Some(epoch);
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn keep(&mut self, epoch: u64, made: Vec<Made>, luck_length: u32) {
        for Made { key, luck } in &made {
            let chain = LuckChain::new(Digest::from(*luck), luck_length);
            self.luck.insert(key.public_key(), chain);
        }
        self.seats.entry(epoch).or_default().extend(made.into_iter().map(|made| made.key));
    }
}

fn file_of(epoch: u64) -> String {
    format!("{epoch}.toml")
}

fn epoch_of(path: &Path) -> Option<u64> {
    let is_toml = path.extension().is_some_and(|extension| extension == "toml");
    path.file_stem().filter(|_| is_toml)?.to_str()?.parse().ok()
}

fn text_of<'a>(made: impl Iterator<Item = &'a Made>) -> String {
    let stored = |made: &Made| Stored { key: hex::encode(made.key.to_seed()), luck: hex::encode(made.luck) };
    let seats = StoredSeats { seats: made.map(stored).collect() };
    toml::to_string(&seats).expect("texts are TOML")
}

fn read_seats(path: &Path) -> io::Result<Vec<Made>> {
    let damaged = || damaged(path);
    let stored: StoredSeats = toml::from_str(&fs::read_to_string(path)?).map_err(|_| damaged())?;
    let seed = |text: &str| {
        let mut seed = [0; 32];
        hex::decode_to_slice(text, &mut seed).map(|()| seed).map_err(|_| damaged())
    };
    let seats = stored.seats.iter();
    seats.map(|s| Ok(Made { key: SecretKey::from_seed(seed(&s.key)?), luck: seed(&s.luck)? })).collect()
}

fn read_number(path: &Path) -> io::Result<Option<u64>> {
    match fs::read_to_string(path) {
        Ok(text) => text.trim().parse().map(Some).map_err(|_| damaged(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn damaged(path: &Path) -> io::Error {
    let text = format!("{} is damaged: restore it, or remove the folder of the seats", path.display());
    io::Error::new(io::ErrorKind::InvalidData, text)
}

fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Writes a file as a whole or not at all, readable by its owner only; on disk when this returns.
pub(crate) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use goodwill_types::{Address, Seat};
    use std::collections::BTreeSet;

    fn chain() -> Digest {
        hash(Domain::Chain, b"test")
    }

    fn account() -> Address {
        Address::of(&SecretKey::from_seed([9; 32]).public_key())
    }

    fn committee(keys: &[PublicKey]) -> Committee {
        let mut seats: Vec<_> = keys.iter().map(|key| Seat { key: *key, node: *key }).collect();
        seats.sort_by_key(|seat| seat.key);
        Committee::new(seats, vec![0]).unwrap()
    }

    fn keys(seats: &[NewSeat]) -> Vec<PublicKey> {
        seats.iter().map(|seat| seat.key).collect()
    }

    #[test]
    fn secrets_survive_a_restart_and_are_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Secrets::open(folder.path(), None, 16).unwrap();
        let seats = secrets.make(5, 0..3, &account(), &chain()).unwrap();
        let again = Secrets::open(folder.path(), None, 16).unwrap();
        assert_eq!(again.make(5, 0..3, &account(), &chain()).unwrap(), seats);
        assert_eq!(again.reveal(&seats[0].key, 16), secrets.reveal(&seats[0].key, 16));
        assert_ne!(keys(&again.make(6, 0..3, &account(), &chain()).unwrap()), keys(&seats));
    }

    #[test]
    fn more_seats_of_an_epoch_are_others_and_the_first_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Secrets::open(folder.path(), None, 16).unwrap();
        let first = secrets.make(5, 0..2, &account(), &chain()).unwrap();
        let more = secrets.make(5, 2..5, &account(), &chain()).unwrap();
        let again = Secrets::open(folder.path(), None, 16).unwrap();
        assert_eq!(again.make(5, 0..5, &account(), &chain()).unwrap(), [first, more].concat());
        let all: BTreeSet<_> =
            keys(&again.make(5, 0..5, &account(), &chain()).unwrap()).into_iter().collect();
        assert_eq!(all.len(), 5);
    }

    #[test]
    fn secrets_are_erased_once_no_committee_needs_them() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Secrets::open(folder.path(), None, 16).unwrap();
        let seats = secrets.make(5, 0..2, &account(), &chain()).unwrap();
        secrets.passed(5, u64::MAX).unwrap();
        let with = committee(&keys(&seats));
        assert_eq!(secrets.enter(5, &with).len(), 2);
        assert_eq!(secrets.enter(6, &with).len(), 2, "as caretakers");
        let without = committee(&[SecretKey::from_seed([1; 32]).public_key()]);
        assert!(secrets.enter(7, &without).is_empty());
        assert_eq!(secrets.reveal(&seats[0].key, 16), None);
        assert!(!folder.path().join("5.toml").exists());
    }

    #[test]
    fn a_new_folder_stays_silent_until_the_next_epoch() {
        let founder = SecretKey::from_seed([1; 32]);
        let all = committee(&[founder.public_key()]);
        let folder = tempfile::tempdir().unwrap();
        let secrets = Secrets::open(folder.path(), Some(founder.clone()), 16).unwrap();
        assert_eq!(secrets.enter(0, &all).len(), 1, "a chain must be able to begin");
        secrets.passed(7, 1_000).unwrap();
        assert!(secrets.enter(7, &all).is_empty(), "epoch 7 began before the folder was made");
        secrets.passed(8, u64::MAX).unwrap();
        assert_eq!(secrets.enter(8, &all).len(), 1);
        let again = Secrets::open(folder.path(), Some(founder), 16).unwrap();
        assert_eq!(again.enter(8, &all).len(), 1, "and after a restart");
    }

    #[test]
    fn damaged_secrets_are_not_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        Secrets::open(folder.path(), None, 16).unwrap().make(5, 0..1, &account(), &chain()).unwrap();
        fs::write(folder.path().join("5.toml"), "seats = 1").unwrap();
        let error = Secrets::open(folder.path(), None, 16).unwrap_err();
        assert!(error.to_string().contains("is damaged"), "{error}");
    }
}
