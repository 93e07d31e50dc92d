//! What the state does not hold: where each transaction is, and the receipts of each block. In
//! redb, durable before the block's state is, so that a crash leaves no gap.
//!
//! Receipts are written with each block. Where a transaction is follows from them, and is written for
//! many blocks at once: transaction ids are random, and a few of them touch as much of the file as many.

use goodwill_proof::StateProof;
use goodwill_types::{
    Receipt, TransactionId,
    block::TRANSACTIONS_PER_BLOCK_MAX,
    codec::{Encode, List, decode},
};
use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable as _, StorageBackend, TableDefinition,
    WriteTransaction, backends::InMemoryBackend,
};
use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Transaction id -> height, place in the block. Not of the newest blocks.
const TRANSACTIONS: TableDefinition<'_, [u8; 32], (u64, u32)> = TableDefinition::new("transactions");
/// Height -> checksum, and the receipts of the block, in order. Blocks without any are left out.
const RECEIPTS: TableDefinition<'_, u64, (u32, &[u8])> = TableDefinition::new("receipts");
/// The height of the last block whose transactions are in [`TRANSACTIONS`].
const PLACED: TableDefinition<'_, (), u64> = TableDefinition::new("placed");

/// Epoch -> the proof of who comes after its committee.
const HANDOVERS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("handovers");

mod emitted;
pub use emitted::{EmittedPlace, PAGE_MAX};

/// How much memory the index may use for its cache, in bytes.
const CACHE_BYTES: usize = 4 << 20;
/// How many transactions are placed at once.
const UNPLACED_MAX: usize = 32_768;

type Receipts = List<Receipt, 0, TRANSACTIONS_PER_BLOCK_MAX>;

/// The index of a node.
#[derive(Debug)]
pub struct Index {
    database: Database,
    /// Where the transactions of the newest blocks are.
    unplaced: Mutex<HashMap<TransactionId, Place>>,
}

/// Where a final transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The height of its block.
    pub height: u64,
    /// Its place in the block, from 0.
    pub index: u32,
}

/// The index cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the transaction index cannot be used: {0}")]
pub struct IndexError(String);

impl<E: Into<redb::Error>> From<E> for IndexError {
    fn from(error: E) -> Self {
        Self(error.into().to_string())
    }
}

impl Index {
    /// Opens or creates the index in the file `path`.
    ///
    /// # Errors
    /// When it is damaged, in use by another process, or the disk fails.
    pub fn open(path: &Path) -> Result<Self, IndexError> {
        let named = |error: &dyn std::fmt::Display| {
            IndexError(format!(
                "{}: {error}; if the file is damaged, copy the data folder of another node, or begin with an empty one",
                path.display()
            ))
        };
        create(path).map_err(|error| named(&error))?;
        match Database::builder().set_cache_size(CACHE_BYTES).open(path) {
            Ok(database) => Self::prepare(database).map_err(|IndexError(error)| named(&error)),
            Err(DatabaseError::DatabaseAlreadyOpen) => {
                Err(IndexError(format!("{} is in use by another process", path.display())))
            }
            Err(error) => Err(named(&error)),
        }
    }

    /// An index that ends with the process: for simulations.
    ///
    /// # Errors
    /// None in practice.
    pub fn in_memory() -> Result<Self, IndexError> {
        Self::on(InMemoryBackend::new())
    }

    fn on(backend: impl StorageBackend) -> Result<Self, IndexError> {
        Self::prepare(Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(backend)?)
    }

    fn prepare(database: Database) -> Result<Self, IndexError> {
        let write = database.begin_write()?;
        let placed = {
            write.open_table(TRANSACTIONS)?;
            write.open_table(HANDOVERS)?;
            write.open_table(emitted::EMITTED)?;
            let placed = write.open_table(PLACED)?;
            placed.get(())?.map_or(0, |height| height.value())
        };
        let mut unplaced = HashMap::new();
        for entry in write.open_table(RECEIPTS)?.range(placed + 1..)? {
            let (height, record) = entry?;
            let height = height.value();
            unplaced.extend(places(height, &read_receipts(height, record.value())?));
        }
        write.commit()?;
        Ok(Self { database, unplaced: Mutex::new(unplaced) })
    }

    /// Stores the receipts of the block at `height`, durably; again is the same as once. Forgets the
    /// block at `forget`.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn record(&self, height: u64, receipts: Vec<Receipt>, forget: Option<u64>) -> Result<(), IndexError> {
        if receipts.is_empty() && forget.is_none() {
            return Ok(());
        }
        let receipts = Receipts::new(receipts).ok_or_else(|| IndexError("too many receipts".into()))?;
        // Readers do not wait for the disk.
        let full = {
            let mut unplaced = self.unplaced();
            unplaced.extend(places(height, &receipts));
            (unplaced.len() > UNPLACED_MAX).then(|| unplaced.clone())
        };
        let write = self.database.begin_write()?;
        if !receipts.is_empty() {
            let bytes = receipts.encode();
            write.open_table(RECEIPTS)?.insert(height, (crc32fast::hash(&bytes), &bytes[..]))?;
            emitted::record(&write, height, &receipts)?;
        }
        if let Some(unplaced) = &full {
            place(&write, unplaced, height)?;
        }
        let forgotten = forget.map(|height| forget_block(&write, height)).transpose()?;
        write.commit()?;
        let mut unplaced = self.unplaced();
        if full.is_some() {
            *unplaced = HashMap::new();
        }
        for id in forgotten.iter().flatten() {
            unplaced.remove(id);
        }
        Ok(())
    }

    /// Where the transaction `id` is, if it is final.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn find(&self, id: &TransactionId) -> Result<Option<Place>, IndexError> {
        if let Some(place) = self.unplaced().get(id) {
            return Ok(Some(*place));
        }
        let table = self.database.begin_read()?.open_table(TRANSACTIONS)?;
        let place = table.get(id_key(id))?.map(|place| place.value());
        Ok(place.map(|(height, index)| Place { height, index }))
    }

    /// The receipts of the block at `height`; none for a block without transactions, and for one that
    /// was forgotten.
    ///
    /// # Errors
    /// When they are damaged, or the disk fails.
    pub fn receipts(&self, height: u64) -> Result<Option<Receipts>, IndexError> {
        let table = self.database.begin_read()?.open_table(RECEIPTS)?;
        table.get(height)?.map(|record| read_receipts(height, record.value())).transpose()
    }

    /// Stores the proof of who comes after the committee of `epoch`. Nothing is lost where it is
    /// missing: other nodes have it too.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn record_handover(&self, epoch: u64, proof: &StateProof) -> Result<(), IndexError> {
        let write = self.database.begin_write()?;
        write.open_table(HANDOVERS)?.insert(epoch, &proof.encode()[..])?;
        Ok(write.commit()?)
    }

    /// The proof of who comes after the committee of `epoch`, encoded.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn handover(&self, epoch: u64) -> Result<Option<Vec<u8>>, IndexError> {
        let table = self.database.begin_read()?.open_table(HANDOVERS)?;
        Ok(table.get(epoch)?.map(|proof| proof.value().to_vec()))
    }

    fn unplaced(&self) -> MutexGuard<'_, HashMap<TransactionId, Place>> {
        self.unplaced.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes the file, unless it is there: as a whole, so that a crash leaves no half of it.
fn create(path: &Path) -> Result<(), IndexError> {
    let io = |error: io::Error| IndexError(error.to_string());
    if path.try_exists().map_err(io)? {
        return Ok(());
    }
    let new: PathBuf = path.with_extension("new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
        _ => {}
    }
    drop(Index::prepare(Database::create(&new)?)?);
    fs::rename(&new, path).map_err(io)
}

fn places(height: u64, receipts: &[Receipt]) -> impl Iterator<Item = (TransactionId, Place)> {
    receipts.iter().zip(0u32..).map(move |(receipt, index)| (receipt.id, Place { height, index }))
}

/// Writes where the transactions of all blocks up to `height` are.
fn place(
    write: &WriteTransaction,
    unplaced: &HashMap<TransactionId, Place>,
    height: u64,
) -> Result<(), IndexError> {
    let mut sorted: Vec<_> = unplaced.iter().map(|(id, place)| (id_key(id), place)).collect();
    sorted.sort_unstable_by_key(|(id, _)| *id);
    let mut table = write.open_table(TRANSACTIONS)?;
    for (id, place) in sorted {
        table.insert(id, (place.height, place.index))?;
    }
    write.open_table(PLACED)?.insert((), height)?;
    Ok(())
}

/// Gives the transactions of the block.
fn forget_block(write: &WriteTransaction, height: u64) -> Result<Vec<TransactionId>, IndexError> {
    let mut blocks = write.open_table(RECEIPTS)?;
    let forgotten = blocks.remove(height)?.map(|record| read_receipts(height, record.value())).transpose()?;
    if let Some(receipts) = &forgotten {
        emitted::forget(write, height, receipts)?;
    }
    let mut transactions = write.open_table(TRANSACTIONS)?;
    let ids: Vec<_> = forgotten.iter().flat_map(|receipts| receipts.iter()).map(|r| r.id).collect();
    for id in &ids {
        transactions.remove(id_key(id))?;
    }
    Ok(ids)
}

fn id_key(id: &TransactionId) -> [u8; 32] {
    id.digest.as_ref().try_into().expect("a digest has 32 bytes")
}

fn read_receipts(height: u64, (checksum, bytes): (u32, &[u8])) -> Result<Receipts, IndexError> {
    let damaged = |reason: &dyn std::fmt::Display| {
        IndexError(format!(
            "the receipts of block {height} are damaged ({reason}): copy the data folder of another node, or begin with an empty one"
        ))
    };
    if crc32fast::hash(bytes) != checksum {
        return Err(damaged(&"their checksum differs"));
    }
    decode(bytes).map_err(|error| damaged(&error))
}

#[cfg(test)]
mod faults;

#[cfg(test)]
mod tests {
    use super::*;
    use goodwill_types::{Amount, Domain, Outcome, hash};

    fn receipt(height: u64, n: u8) -> Receipt {
        Receipt {
            id: TransactionId { digest: hash(Domain::Transaction, &[n]) },
            height,
            gas_used: 1,
            base_fee: Amount::from_units(2),
            donated: Amount::from_units(1),
            tip: Amount::ZERO,
            outcome: Outcome::Done { events: List::default() },
        }
    }

    #[test]
    fn what_is_recorded_is_found_also_after_reopening_and_forgotten_when_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.redb");
        let (first, second) = (receipt(1, 1), receipt(2, 2));
        {
            let index = Index::open(&path).unwrap();
            index.record(1, vec![first.clone()], None).unwrap();
            index.record(1, vec![first.clone()], None).unwrap();
            assert!(Index::open(&path).unwrap_err().to_string().contains("in use by another process"));
        }
        let index = Index::open(&path).unwrap();
        assert_eq!(index.find(&first.id).unwrap(), Some(Place { height: 1, index: 0 }));
        assert_eq!(index.receipts(1).unwrap().unwrap().to_vec(), std::slice::from_ref(&first));
        index.record(2, vec![second.clone()], Some(1)).unwrap();
        assert_eq!((index.find(&first.id).unwrap(), index.receipts(1).unwrap()), (None, None));
        assert_eq!(index.find(&second.id).unwrap(), Some(Place { height: 2, index: 0 }));
    }

    #[test]
    fn a_damaged_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.redb");
        std::fs::write(&path, b"this is not a database, and longer than a magic number").unwrap();
        assert!(Index::open(&path).unwrap_err().to_string().contains("index.redb"));
    }

    #[test]
    fn many_are_placed_at_once_and_found_before_and_after() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.redb");
        let receipts = |height: u64| {
            let receipt = |n: u64| Receipt {
                id: TransactionId {
                    digest: hash(Domain::Transaction, &[height.to_be_bytes(), n.to_be_bytes()].concat()),
                },
                ..receipt(height, 0)
            };
            (0..UNPLACED_MAX as u64 / 2).map(receipt).collect::<Vec<_>>()
        };
        let check = |index: &Index| {
            for height in 1..=4 {
                for (id, place) in places(height, &receipts(height)).step_by(997) {
                    assert_eq!(index.find(&id).unwrap(), Some(place));
                }
            }
        };
        {
            let index = Index::open(&path).unwrap();
            (1..=4).for_each(|height| index.record(height, receipts(height), None).unwrap());
            assert_eq!(index.unplaced().len(), UNPLACED_MAX / 2, "the first three were placed");
            check(&index);
        }
        let index = Index::open(&path).unwrap();
        assert_eq!(index.unplaced().len(), UNPLACED_MAX / 2, "found again in the receipts");
        check(&index);
        index.record(5, Vec::new(), Some(1)).unwrap();
        index.record(6, Vec::new(), Some(4)).unwrap();
        for height in [1, 4] {
            assert_eq!(index.find(&receipts(height)[0].id).unwrap(), None);
        }
        check_heights(&index, &[2, 3]);
    }

    fn check_heights(index: &Index, heights: &[u64]) {
        for height in 1..=6 {
            assert_eq!(index.receipts(height).unwrap().is_some(), heights.contains(&height));
        }
    }
}
