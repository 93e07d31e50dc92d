//! Where the fuzzers begin: encodings of what is valid, made from the golden vectors.

use super::{
    keystore::Fields,
    known::{Known, address, key, known},
};
use bytes::Bytes;
use goodwill_types::{
    Amount, Domain, Header, LuckChain, SecretKey, SignedTransaction, api,
    codec::{Encode as _, decode},
    hash,
    luck::FOUNDER_LUCK_LENGTH,
};
use goodwill_wallet::seal::Cost;
use serde_json::json;

/// A file of the corpus: its target, its name, its bytes. The target takes it as valid.
pub type Seed = (&'static str, String, Vec<u8>);

/// All that can be made from what is in the repository.
pub fn seeds() -> Vec<Seed> {
    let all = [transactions(), blocks(), proofs(), texts(), keystores(), sequences(), requests(), messages()];
    all.concat()
}

fn seed(target: &'static str, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Seed {
    (target, name.into(), bytes.into())
}

/// An input of a target that looks at several kinds.
fn of_kind(target: &'static str, kind: u8, name: &str, bytes: impl AsRef<[u8]>) -> Seed {
    seed(target, format!("{kind}-{name}"), [&[kind], bytes.as_ref()].concat())
}

fn numbered<'a>(
    target: &'static str,
    kind: u8,
    name: &'a str,
    all: &'a [Vec<u8>],
) -> impl Iterator<Item = Seed> + 'a {
    all.iter().enumerate().map(move |(n, bytes)| of_kind(target, kind, &format!("{name}-{n}"), bytes))
}

fn transactions() -> Vec<Seed> {
    let vectors = known().transactions.iter().enumerate();
    vectors.map(|(n, bytes)| seed("transaction", format!("vector-{n}"), bytes.clone())).collect()
}

fn blocks() -> Vec<Seed> {
    let Known { bodies, receipts, header, committee, records, .. } = known();
    let record = |tag: u8| records.iter().find(|(key, _)| key[0] == tag).map(|(_, value)| value);
    let single = [
        of_kind("block", 0, "header", header),
        of_kind("block", 3, "committee", committee),
        of_kind("block", 4, "chain", record(0).expect("a chain")),
        of_kind("block", 5, "account", record(1).expect("an account")),
        of_kind("block", 6, "certificate", known().proven.state.finality.certificate.encode()),
    ];
    let bodies = numbered("block", 1, "body", bodies);
    single.into_iter().chain(bodies).chain(numbered("block", 2, "receipt", receipts)).collect()
}

fn proofs() -> Vec<Seed> {
    let proven = &known().proven;
    let (state, finality) = (&proven.state, &proven.state.finality);
    let single = [
        of_kind("certificate", 0, "finality", finality.encode()),
        of_kind("certificate", 1, "certificate", &finality.certificate.0),
        of_kind("certificate", 2, "committee", proven.committee.encode()),
        of_kind("proof", 0, "state", state.encode()),
        of_kind("proof", 2, "absent", [&[0], &state.entries[0].proof[..]].concat()),
        of_kind("proof", 3, "present", [&[1], &state.entries[1].proof[..]].concat()),
    ];
    let receipt = &known().receipts[0];
    let transaction = [&finality.encode()[..], receipt, &proven.receipt_proofs[0]].concat();
    let single = single.into_iter().chain([of_kind("proof", 4, "transaction", transaction)]);
    single.chain(numbered("proof", 1, "receipt", &proven.receipt_proofs)).collect()
}

fn texts() -> Vec<Seed> {
    let prefix = &known().manifest.address_prefix;
    let words = ["abandon "; 11].concat() + "about";
    let texts = [
        ("address", address(1).display(prefix)),
        ("capitals", address(2).display(prefix).to_uppercase()),
        ("amount", "12.5".into()),
        ("amount-largest", "18446744073.709551615".into()),
        ("units", u64::MAX.to_string()),
        ("key", key(1).public_key().to_string()),
        ("digest", hash(Domain::Chain, b"seed").to_string()),
        ("signed", hex::encode(&known().transactions[0])),
        ("name", "savings-1_a".into()),
        ("words", words),
    ];
    let manifests =
        [("vector", known().manifest_text.as_str()), ("example", include_str!("../../docs/chain.toml"))];
    let manifests = manifests.map(|(name, text)| seed("manifest", name, text));
    let raw_key = seed("address", "raw-key", key(2).public_key().as_bytes().to_vec());
    texts
        .map(|(name, text)| seed("address", name, text))
        .into_iter()
        .chain([raw_key])
        .chain(manifests)
        .collect()
}

fn keystores() -> Vec<Seed> {
    let fields = |sealed: usize, cost| Fields {
        name: "savings".into(),
        prefix: "dev".into(),
        person: 1,
        cost,
        salt: [1; 16],
        nonce: [2; 24],
        sealed: vec![3; sealed],
    };
    let files = [("24-words", fields(48, Cost::FLOOR)), ("12-words", fields(32, Cost::CEILING))];
    files.map(|(name, fields)| of_kind("keystore", 0, name, fields.to_json().to_string())).into()
}

/// Blocks of whatever a hash says.
fn sequences() -> Vec<Seed> {
    let noise = |n: u8, length: usize| -> Vec<u8> {
        let digests = (0u8..).flat_map(|i| hash(Domain::Chain, &[n, i]).as_ref().to_vec());
        [n % 6].into_iter().chain(digests).take(length).collect()
    };
    (0..12).map(|n| seed("ledger", format!("noise-{n}"), noise(n, 200 + 150 * usize::from(n)))).collect()
}

fn requests() -> Vec<Seed> {
    let signed = &known().transactions;
    let one = json!({ "raw": hex::encode(&signed[0]) });
    let unsigned = decode::<SignedTransaction>(&signed[0]).expect("a vector").transaction;
    let list = json!([one, { "raw": hex::encode(&signed[1]) }]);
    let account = address(1).display(&known().manifest.address_prefix);
    let paths = [
        ("status", "/v1/status".to_owned()),
        ("account", format!("/v1/accounts/{account}?proof=true")),
        ("block", "/v1/blocks/latest".into()),
        ("events", "/v1/events".into()),
        ("manifest", "http://localhost/v1/manifest".into()),
    ];
    let waited = [b"wait=final&timeout_ms=5\n", &signed[0][..]].concat();
    let bodies = [
        of_kind("api_query", 1, "one", one.to_string()),
        of_kind("api_query", 1, "list", list.to_string()),
        of_kind("api_query", 2, "one", &signed[0]),
        of_kind("api_query", 2, "list", signed.concat()),
        of_kind("api_query", 3, "waited", waited),
        of_kind("api_query", 6, "signed", one.to_string()),
        of_kind(
            "api_query",
            6,
            "unsigned",
            json!({ "unsigned": hex::encode(unsigned.encode()) }).to_string(),
        ),
        of_kind("api_query", 4, "host", "node.example.org:8080"),
        of_kind("api_query", 4, "address", "[::1]:8080"),
    ];
    paths
        .into_iter()
        .map(|(name, path)| of_kind("api_query", 0, name, path))
        .chain(bodies)
        .chain(answers())
        .collect()
}

fn answers() -> Vec<Seed> {
    let prefix = &known().manifest.address_prefix;
    let receipt: goodwill_types::Receipt = decode(&known().receipts[0]).expect("a vector");
    let inclusion = api::Inclusion::new(&receipt, 3, hash(Domain::Block, b"block"), prefix);
    let signed = decode(&known().transactions[0]).expect("a vector");
    let transaction = api::Transaction::new(signed, Some(inclusion), prefix);
    let account = api::Account {
        address: address(1).display(prefix),
        balance: Amount::from_coins(2).into(),
        nonce: 1,
        next_nonce: 2,
        height: 3,
        proof: Some(vec![1, 2, 3].into()),
    };
    let json = [
        ("transaction", serde_json::to_string(&transaction)),
        ("account", serde_json::to_string(&account)),
        (
            "supply",
            Ok(json!({"height": 1, "genesis": "5", "minted": "0", "cells": {"pool": "5"}}).to_string()),
        ),
        (
            "results",
            Ok(json!([{"id": receipt.id.to_string()}, {"error": {"title": "t", "status": 422}}]).to_string()),
        ),
    ];
    json.map(|(name, text)| of_kind("api_query", 5, name, text.expect("JSON"))).into()
}

/// What the leader of the first block reveals, as a body begins.
fn first_luck() -> Vec<u8> {
    let committee = goodwill_ledger::genesis_committee(&known().manifest);
    let founders = [200, 201].map(key);
    let leads = |founder: &SecretKey| founder.public_key() == committee.leader(1).key;
    let leader = founders.iter().find(|founder| leads(founder)).expect("a founder leads");
    let link = LuckChain::of_founder(leader).reveal(FOUNDER_LUCK_LENGTH);
    [&[1], link.expect("the first link").as_ref()].concat()
}

fn messages() -> Vec<Seed> {
    let Known { transactions, bodies, header, .. } = known();
    let gossip = [&[transactions.len() as u8][..], &transactions.concat()].concat();
    let mut header: Header = decode(header).expect("a vector");
    header.body_hash = Header::hash_body(&bodies[1]);
    let block = [header.encode(), Bytes::copy_from_slice(&bodies[1]).encode()].concat();
    let luck = first_luck();
    let first = [&luck[..], &[1], &transactions[0]].concat();
    vec![
        of_kind("gossip", 0, "gossip", gossip),
        of_kind("gossip", 1, "tip", 7u64.to_be_bytes()),
        of_kind("gossip", 2, "block", block),
        of_kind("gossip", 3, "empty-body", [&luck[..], &[0]].concat()),
        of_kind("gossip", 3, "body", first),
    ]
}
