//! What does the state say under a key?

use crate::{
    FinalityProof, InvalidProof,
    scheme::{Exclusion, Hasher, Inclusion},
    verify_finality,
};
use bytes::{BufMut, Bytes};
use commonware_codec::{Buf, Decode, EncodeSize, Error, RangeCfg, Read, ReadExt, Write};
use commonware_storage::qmdb::any::value::VariableEncoding;
use goodwill_types::{Committee, Digest, Header, Key, Value, codec::List, record, state::VALUE_SIZE_MAX};
use std::collections::BTreeMap;

/// The most keys in a proof.
pub const ENTRIES_MAX: usize = 16;
/// The largest proof of one entry, in bytes: that a key has no value shows a neighbour with its value.
pub const PROOF_SIZE_MAX: usize = VALUE_SIZE_MAX + 8 * 1024;
/// Digests in a proof of one entry: a path and the peaks of a tree of up to 2^62 operations.
const DIGESTS_MAX: usize = 128;

/// What a final block's state says under some keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateProof {
    /// Shows that the block whose state this is is final.
    pub finality: FinalityProof,
    /// What the state says, in strictly ascending order of the keys.
    pub entries: List<Entry, 0, ENTRIES_MAX>,
}

/// What the state says under one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// Its value; `None`: the state has no such key.
    pub value: Option<Value>,
    /// An [`Inclusion`] when there is a value, else an [`Exclusion`], encoded.
    pub proof: Bytes,
}

/// What a proof proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The final header.
    pub header: Header,
    /// What the header's state says.
    pub entries: BTreeMap<Key, Option<Value>>,
}

/// Checks that the state after a final block of the chain `chain_id` says what `proof` claims.
/// `committee` must be that of the header's epoch. What was asked for must be looked up in the
/// result: a proof about other keys is as true.
///
/// # Errors
/// Says which part of the proof is wrong.
pub fn verify_state(
    chain_id: &Digest,
    committee: &Committee,
    proof: &StateProof,
) -> Result<Verified, InvalidProof> {
    let header = verify_finality(chain_id, committee, &proof.finality)?.clone();
    if !proof.entries.is_sorted_by(|a, b| a.key < b.key) {
        return Err(InvalidProof::Order);
    }
    for entry in proof.entries.iter() {
        check_entry(entry, &header.state_root).ok_or(InvalidProof::Entry(entry.key))?;
    }
    let entries = proof.entries.iter().map(|entry| (entry.key, entry.value.clone())).collect();
    Ok(Verified { header, entries })
}

fn check_entry(entry: &Entry, root: &Digest) -> Option<()> {
    let holds = match &entry.value {
        Some(value) => {
            let proof = Inclusion::decode_cfg(entry.proof.clone(), &(DIGESTS_MAX, ())).ok()?;
            proof.verify::<Hasher, VariableEncoding<Value>>(entry.key, value.clone(), root)
        }
        None => {
            let value = RangeCfg::new(0..=VALUE_SIZE_MAX);
            let cfg = (DIGESTS_MAX, ((), value), value);
            Exclusion::decode_cfg(entry.proof.clone(), &cfg).ok()?.verify::<Hasher>(&entry.key, root)
        }
    };
    holds.then_some(())
}

record!(StateProof { finality, entries });

impl Write for Entry {
    fn write(&self, buf: &mut impl BufMut) {
        self.key.write(buf);
        self.value.write(buf);
        self.proof.write(buf);
    }
}

impl EncodeSize for Entry {
    fn encode_size(&self) -> usize {
        self.key.encode_size() + self.value.encode_size() + self.proof.encode_size()
    }
}

impl Read for Entry {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, (): &()) -> Result<Self, Error> {
        Ok(Self {
            key: ReadExt::read(buf)?,
            value: Option::read_cfg(buf, &RangeCfg::new(0..=VALUE_SIZE_MAX))?,
            proof: Bytes::read_cfg(buf, &RangeCfg::new(1..=PROOF_SIZE_MAX))?,
        })
    }
}
