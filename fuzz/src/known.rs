//! What the targets know to be true: the golden vectors, and who signs with which key.

use goodwill_ledger::Manifest;
use goodwill_proof::StateProof;
use goodwill_types::{
    Address, Committee, Digest, Key, PublicKey, SecretKey, Value,
    codec::{Read, decode},
};
use serde_json::Value as Json;
use std::{collections::BTreeMap, sync::LazyLock};

const TRANSACTIONS: &str = include_str!("../../vectors/transactions.json");
const BLOCKS: &str = include_str!("../../vectors/blocks.json");
const PROOFS: &str = include_str!("../../vectors/proofs.json");

/// The golden vectors.
pub struct Known {
    /// The text of a manifest.
    pub manifest_text: String,
    /// Its chain.
    pub manifest: Manifest,
    /// Signed transactions of that chain, encoded.
    pub transactions: Vec<Vec<u8>>,
    /// Receipts, encoded.
    pub receipts: Vec<Vec<u8>>,
    /// Bodies of blocks, encoded.
    pub bodies: Vec<Vec<u8>>,
    /// The state's records after blocks.
    pub records: Vec<(Vec<u8>, Vec<u8>)>,
    /// A header, encoded.
    pub header: Vec<u8>,
    /// A committee, encoded.
    pub committee: Vec<u8>,
    /// What is proven.
    pub proven: Proven,
    secrets: BTreeMap<PublicKey, SecretKey>,
}

/// Proofs, and what is true.
pub struct Proven {
    /// The chain.
    pub chain_id: Digest,
    /// Its committee.
    pub committee: Committee,
    /// A proof about two keys, with two headers of which the second is certified.
    pub state: StateProof,
    /// The receipts of each of its blocks.
    pub receipts: Vec<Vec<u8>>,
    /// The proof of each receipt.
    pub receipt_proofs: Vec<Vec<u8>>,
}

impl Proven {
    /// What the proven state says: a value for the even numbers below 1,400.
    pub fn truth(&self, key: &Key) -> Option<Value> {
        let n = u64::from_be_bytes(key[1..9].try_into().expect("8 bytes"));
        let present = *key == Key::new(7, &n.to_be_bytes()) && n < 1_400 && n % 2 == 0;
        present.then(|| vec![n as u8; n as usize % 40].into())
    }
}

impl Known {
    /// The key behind `public`, if it is a person's.
    pub fn secret(&self, public: &PublicKey) -> Option<&SecretKey> {
        self.secrets.get(public)
    }
}

/// The n-th person's key.
pub fn key(n: u8) -> SecretKey {
    SecretKey::from_seed([n; 32])
}

/// The n-th person's address.
pub fn address(n: u8) -> Address {
    // Deriving keys would take most of the time.
    static ADDRESSES: LazyLock<Vec<Address>> =
        LazyLock::new(|| (0..=u8::MAX).map(|n| Address::of(&key(n).public_key())).collect());
    ADDRESSES[usize::from(n)]
}

/// The golden vectors.
pub fn known() -> &'static Known {
    static KNOWN: LazyLock<Known> = LazyLock::new(load);
    &KNOWN
}

fn load() -> Known {
    let [transactions, blocks, proofs] = [TRANSACTIONS, BLOCKS, PROOFS].map(json);
    let manifest_text = text(&transactions["manifest"]).to_owned();
    let signed = list(&transactions["transactions"]);
    let blocks_list = list(&blocks["blocks"]);
    let receipts = blocks_list.iter().flat_map(|b| list(&b["receipts"]).iter().map(bytes));
    Known {
        manifest: Manifest::parse(&manifest_text).expect("a manifest"),
        manifest_text,
        transactions: signed.iter().map(|t| bytes(&t["signed"])).collect(),
        receipts: signed.iter().map(|t| bytes(&t["receipt"])).chain(receipts).collect(),
        bodies: blocks_list.iter().map(|b| bytes(&b["body"])).collect(),
        records: blocks_list.iter().flat_map(|b| records(&b["changes"])).collect(),
        header: bytes(&blocks["header"]),
        committee: bytes(&blocks["committee_of_epoch_0"]),
        proven: Proven {
            chain_id: typed(&proofs["chain_id"]),
            committee: typed(&proofs["committee"]),
            state: typed(&proofs["state_proof"]),
            receipts: list(&proofs["receipts"]).iter().map(bytes).collect(),
            receipt_proofs: list(&proofs["receipt_proofs"]).iter().map(bytes).collect(),
        },
        secrets: (1..=9).chain([200, 201]).map(|n| (key(n).public_key(), key(n))).collect(),
    }
}

fn records(changes: &Json) -> Vec<(Vec<u8>, Vec<u8>)> {
    let changes = changes.as_object().expect("an object");
    changes.iter().map(|(key, value)| (hex::decode(key).expect("hexadecimal"), bytes(value))).collect()
}

fn json(text: &str) -> Json {
    serde_json::from_str(text).expect("JSON")
}

fn list(json: &Json) -> &[Json] {
    json.as_array().expect("a list")
}

fn text(json: &Json) -> &str {
    json.as_str().expect("a text")
}

fn bytes(json: &Json) -> Vec<u8> {
    hex::decode(text(json)).expect("hexadecimal")
}

fn typed<T: Read<Cfg = ()>>(json: &Json) -> T {
    decode(&bytes(json)).expect("an encoding")
}
