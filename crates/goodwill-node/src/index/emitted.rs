//! Where the events of contracts are: by contract, and by contract and name.

use super::{Index, IndexError, Receipts};
use goodwill_types::{Address, Domain, Event, Outcome, Receipt, contract::Emitted, hash};
use redb::{ReadableDatabase as _, TableDefinition, WriteTransaction};

/// A contract, zeros or a part of the name's hash, and an [`EmittedPlace`], all big-endian -> nothing.
pub(super) const EMITTED: TableDefinition<'_, &[u8], ()> = TableDefinition::new("emitted");

/// The most events in an answer.
pub const PAGE_MAX: usize = 100;
/// Bytes of a name's hash.
const NAME_SIZE: usize = 8;
/// Bytes of an encoded place.
const PLACE_SIZE: usize = 16;

/// Where an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EmittedPlace {
    /// The height of its block.
    pub height: u64,
    /// The place of its transaction in the block, from 0.
    pub index: u32,
    /// Its place among the events of the transaction, from 0.
    pub event: u32,
}

impl EmittedPlace {
    /// Its bytes: a cursor.
    pub fn to_bytes(self) -> [u8; PLACE_SIZE] {
        let mut bytes = [0; PLACE_SIZE];
        bytes[..8].copy_from_slice(&self.height.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.index.to_be_bytes());
        bytes[12..].copy_from_slice(&self.event.to_be_bytes());
        bytes
    }

    /// The place of these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (height, rest) = bytes.split_first_chunk::<8>()?;
        let (index, event) = rest.split_first_chunk::<4>()?;
        Some(Self {
            height: u64::from_be_bytes(*height),
            index: u32::from_be_bytes(*index),
            event: u32::from_be_bytes(event.try_into().ok()?),
        })
    }
}

/// All events of a contract, or those of a name: hashes of names can meet, so names are compared again.
fn prefix(contract: &Address, name: Option<&str>) -> Vec<u8> {
    let part = name.map_or([0; NAME_SIZE], |name| {
        let digest = hash(Domain::Receipt, name.as_bytes());
        digest.as_ref()[..NAME_SIZE].try_into().expect("a digest is longer")
    });
    [&contract.to_bytes()[..], &part].concat()
}

/// What the contracts of a block emitted.
fn all(height: u64, receipts: &[Receipt]) -> impl Iterator<Item = (EmittedPlace, &Emitted)> {
    receipts.iter().zip(0u32..).flat_map(move |(receipt, index)| {
        let events = match &receipt.outcome {
            Outcome::Done { events } => &events[..],
            Outcome::Failed { .. } => &[],
        };
        events.iter().zip(0u32..).filter_map(move |(happened, event)| match happened {
            Event::ContractEmitted { emitted } => Some((EmittedPlace { height, index, event }, emitted)),
            _ => None,
        })
    })
}

fn keys(place: EmittedPlace, emitted: &Emitted) -> [Vec<u8>; 2] {
    [None, Some(&*emitted.name)]
        .map(|name| [prefix(&emitted.contract, name), place.to_bytes().to_vec()].concat())
}

pub(super) fn record(write: &WriteTransaction, height: u64, receipts: &Receipts) -> Result<(), IndexError> {
    let mut table = write.open_table(EMITTED)?;
    for (place, emitted) in all(height, receipts) {
        for key in keys(place, emitted) {
            table.insert(&key[..], ())?;
        }
    }
    Ok(())
}

pub(super) fn forget(write: &WriteTransaction, height: u64, receipts: &Receipts) -> Result<(), IndexError> {
    let mut table = write.open_table(EMITTED)?;
    for (place, emitted) in all(height, receipts) {
        for key in keys(place, emitted) {
            table.remove(&key[..])?;
        }
    }
    Ok(())
}

impl Index {
    /// Where the newest events of a contract before `before` are, at most [`PAGE_MAX`] and the newest
    /// first. Those of a `name` only, where one is given; another name may seldom be among them.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn emitted(
        &self,
        contract: &Address,
        name: Option<&str>,
        before: Option<EmittedPlace>,
    ) -> Result<Vec<EmittedPlace>, IndexError> {
        let table = self.database.begin_read()?.open_table(EMITTED)?;
        let prefix = prefix(contract, name);
        let end = before.map_or([0xff; PLACE_SIZE], EmittedPlace::to_bytes);
        let (first, end) = ([&prefix[..], &[0; PLACE_SIZE]].concat(), [&prefix[..], &end].concat());
        let mut places = Vec::new();
        for entry in table.range(&first[..]..&end[..])?.rev().take(PAGE_MAX) {
            places.extend(EmittedPlace::from_bytes(&entry?.0.value()[prefix.len()..]));
        }
        Ok(places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use goodwill_types::{
        Amount, SecretKey, TransactionId,
        codec::{List, Text},
    };

    #[test]
    fn events_are_found_by_contract_and_name_in_pages() {
        let index = Index::in_memory().unwrap();
        let contract = |n: u8| Address::of(&SecretKey::from_seed([n; 32]).public_key());
        let event = |n: u8, name: &str| Event::ContractEmitted {
            emitted: Emitted {
                contract: contract(n),
                name: Text::new(name.into()).unwrap(),
                fields: List::default(),
            },
        };
        let receipt = |height: u64| Receipt {
            id: TransactionId { digest: hash(Domain::Transaction, &height.to_be_bytes()) },
            height,
            gas_used: 1,
            base_fee: Amount::ZERO,
            donated: Amount::ZERO,
            tip: Amount::ZERO,
            outcome: Outcome::Done {
                events: List::new(vec![event(1, "A"), event(2, "A"), event(1, "B")]).unwrap(),
            },
        };
        (1..=80).for_each(|height| index.record(height, vec![receipt(height)], None).unwrap());
        let newest = index.emitted(&contract(1), None, None).unwrap();
        assert_eq!((newest.len(), newest[0]), (PAGE_MAX, EmittedPlace { height: 80, index: 0, event: 2 }));
        let rest = index.emitted(&contract(1), None, newest.last().copied()).unwrap();
        assert_eq!((rest.len(), rest[59]), (60, EmittedPlace { height: 1, index: 0, event: 0 }));
        assert_eq!(index.emitted(&contract(1), Some("B"), None).unwrap().len(), 80);
        assert_eq!(index.emitted(&contract(2), Some("B"), None).unwrap(), []);
        index.record(81, Vec::new(), Some(80)).unwrap();
        assert_eq!(index.emitted(&contract(2), None, None).unwrap()[0].height, 79);
        assert_eq!(EmittedPlace::from_bytes(&newest[3].to_bytes()), Some(newest[3]));
    }
}
