//! The transactions that were submitted to this node and were not final yet, so that it offers them
//! again after it was stopped or killed. Not synchronized with the disk: after a power failure the
//! last ones may be missing, and their senders submit them again.

use goodwill_types::{
    SignedTransaction,
    codec::{Copying, EncodeSize as _, ReadExt as _, Write as _},
};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

/// How much may be superfluous before the file is written anew, in bytes.
const SUPERFLUOUS_MAX: u64 = 4 << 20;
/// The largest file that is read, in bytes: more than a full mempool and what may be superfluous.
const READ_MAX: u64 = 256 << 20;

/// The journal's file.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    size: u64,
}

impl Journal {
    /// Opens or creates the journal, and gives what is in it. Whatever comes after a record that was
    /// not written completely is dropped.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(path: &Path) -> io::Result<(Self, Vec<SignedTransaction>)> {
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        let mut bytes = Vec::new();
        (&mut file).take(READ_MAX).read_to_end(&mut bytes)?;
        let (transactions, complete) = decode_complete(&bytes);
        file.set_len(complete)?;
        Ok((Self { path: path.into(), file, size: complete }, transactions))
    }

    /// Adds transactions.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn append(&mut self, transactions: &[SignedTransaction]) -> io::Result<()> {
        let bytes = encode(transactions);
        self.file.write_all(&bytes)?;
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Whether much of it is not needed any more, when `waiting` bytes still are.
    pub fn is_superfluous(&self, waiting: u64) -> bool {
        self.size > 2 * waiting + SUPERFLUOUS_MAX
    }

    /// Keeps only these transactions.
    ///
    /// # Errors
    /// When the disk is full or fails; the journal is as before then.
    pub fn replace(&mut self, transactions: &[SignedTransaction]) -> io::Result<()> {
        let (bytes, new) = (encode(transactions), self.path.with_extension("new"));
        fs::write(&new, &bytes)?;
        fs::rename(&new, &self.path)?;
        self.file = OpenOptions::new().append(true).open(&self.path)?;
        self.size = bytes.len() as u64;
        Ok(())
    }
}

fn encode(transactions: &[SignedTransaction]) -> Vec<u8> {
    let size = transactions.iter().map(|signed| signed.encode_size()).sum();
    let mut bytes = Vec::with_capacity(size);
    transactions.iter().for_each(|signed| signed.write(&mut bytes));
    bytes
}

/// The transactions in `bytes`, and how many bytes they take.
fn decode_complete(bytes: &[u8]) -> (Vec<SignedTransaction>, u64) {
    let (mut rest, mut transactions) = (Copying(bytes), Vec::new());
    let mut complete = 0;
    while let Ok(signed) = SignedTransaction::read(&mut rest) {
        complete += signed.encode_size() as u64;
        transactions.push(signed);
    }
    (transactions, complete)
}

#[cfg(test)]
mod tests {
    use super::*;
    use goodwill_types::{Action, Address, Amount, Domain, SecretKey, Transaction, hash};

    fn signed(nonce: u64) -> SignedTransaction {
        let key = SecretKey::from_seed([1; 32]);
        Transaction {
            sender: key.public_key(),
            nonce,
            last_height: 1,
            gas_limit: 1,
            fee_per_gas_max: 1,
            tip_per_gas: 0,
            action: Action::transfer(Address::of(&key.public_key()), Amount::from_units(1)),
        }
        .sign(&key, &hash(Domain::Chain, b"journal"))
    }

    #[test]
    fn what_was_added_is_there_again_and_what_was_cut_off_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let (mut journal, none) = Journal::open(&path).unwrap();
        assert_eq!(none, []);
        journal.append(&[signed(1)]).unwrap();
        journal.append(&[signed(2), signed(3)]).unwrap();
        let size = fs::metadata(&path).unwrap().len();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(size - 1).unwrap();
        let (mut journal, two) = Journal::open(&path).unwrap();
        assert_eq!(two, [signed(1), signed(2)]);
        journal.append(&[signed(4)]).unwrap();
        assert_eq!(Journal::open(&path).unwrap().1, [signed(1), signed(2), signed(4)]);
    }

    #[test]
    fn it_can_be_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let (mut journal, _) = Journal::open(&path).unwrap();
        journal.append(&[signed(1), signed(2)]).unwrap();
        assert!(!journal.is_superfluous(0));
        journal.replace(&[signed(2)]).unwrap();
        journal.append(&[signed(3)]).unwrap();
        assert_eq!(Journal::open(&path).unwrap().1, [signed(2), signed(3)]);
    }
}
