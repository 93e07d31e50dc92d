//! What the state does not hold: where each transaction is, and the receipts of each block. In
//! redb, durable before the block's state is, so that a crash leaves no gap.

use goodwill_types::{
    Receipt, TransactionId,
    block::TRANSACTIONS_PER_BLOCK_MAX,
    codec::{Encode, List, decode},
};
use redb::{Database, DatabaseError, ReadableDatabase, TableDefinition, backends::InMemoryBackend};
use std::path::Path;

/// Transaction id -> height, place in the block.
const TRANSACTIONS: TableDefinition<'_, [u8; 32], (u64, u32)> = TableDefinition::new("transactions");
/// Height -> the receipts of the block, in order.
const RECEIPTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("receipts");

/// How much memory the index may use for its cache, in bytes.
const CACHE_BYTES: usize = 4 << 20;

type Receipts = List<Receipt, 0, TRANSACTIONS_PER_BLOCK_MAX>;

/// The index of a node.
#[derive(Debug)]
pub struct Index {
    database: Database,
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
        match Database::builder().set_cache_size(CACHE_BYTES).create(path) {
            Ok(database) => Self::prepare(database),
            Err(DatabaseError::DatabaseAlreadyOpen) => {
                Err(IndexError(format!("{} is in use by another process", path.display())))
            }
            Err(error) => Err(IndexError(format!("{}: {error}", path.display()))),
        }
    }

    /// An index that ends with the process: for simulations.
    ///
    /// # Errors
    /// None in practice.
    pub fn in_memory() -> Result<Self, IndexError> {
        Self::prepare(Database::builder().create_with_backend(InMemoryBackend::new())?)
    }

    fn prepare(database: Database) -> Result<Self, IndexError> {
        let write = database.begin_write()?;
        write.open_table(TRANSACTIONS)?;
        write.open_table(RECEIPTS)?;
        write.commit()?;
        Ok(Self { database })
    }

    /// Stores the receipts of the block at `height`, durably; again is the same as once. Forgets the
    /// block at `forget`.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn record(&self, height: u64, receipts: Vec<Receipt>, forget: Option<u64>) -> Result<(), IndexError> {
        let write = self.database.begin_write()?;
        {
            let (mut transactions, mut blocks) =
                (write.open_table(TRANSACTIONS)?, write.open_table(RECEIPTS)?);
            for (receipt, index) in receipts.iter().zip(0u32..) {
                transactions.insert(id_key(&receipt.id), (height, index))?;
            }
            let receipts = Receipts::new(receipts).ok_or_else(|| IndexError("too many receipts".into()))?;
            blocks.insert(height, &receipts.encode()[..])?;
            let forgotten = match forget {
                Some(height) => {
                    blocks.remove(height)?.map(|value| decode_receipts(value.value())).transpose()?
                }
                None => None,
            };
            for receipt in forgotten.iter().flat_map(|receipts| receipts.iter()) {
                transactions.remove(id_key(&receipt.id))?;
            }
        }
        Ok(write.commit()?)
    }

    /// Where the transaction `id` is, if it is final.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn find(&self, id: &TransactionId) -> Result<Option<Place>, IndexError> {
        let table = self.database.begin_read()?.open_table(TRANSACTIONS)?;
        let place = table.get(id_key(id))?.map(|place| place.value());
        Ok(place.map(|(height, index)| Place { height, index }))
    }

    /// The receipts of the block at `height`.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn receipts(&self, height: u64) -> Result<Option<Receipts>, IndexError> {
        let table = self.database.begin_read()?.open_table(RECEIPTS)?;
        table.get(height)?.map(|value| decode_receipts(value.value())).transpose()
    }
}

fn id_key(id: &TransactionId) -> [u8; 32] {
    id.digest.as_ref().try_into().expect("a digest has 32 bytes")
}

fn decode_receipts(bytes: &[u8]) -> Result<Receipts, IndexError> {
    decode(bytes).map_err(|error| IndexError(format!("a damaged record: {error}")))
}

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
}
