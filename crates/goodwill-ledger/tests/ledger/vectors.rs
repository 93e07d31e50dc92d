//! Golden vectors: what other implementations must agree on. `GOODWILL_BLESS=1` writes them anew.

use crate::common::{address, key, manifest_text, sandbox};
use goodwill_ledger::Manifest;
use goodwill_types::{
    Action, Address, Amount, Certificate, Committee, Digest, Domain, Header, Memo, Payment, PublicKey,
    Receipt, Seat,
    codec::{Encode, List, Text, decode},
    hash,
};
use goodwill_vm::Data;
use serde_json::{Value, json};
use std::{env, fs, path::Path};

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|b| format!("{b:02x}")).collect()
}

/// Compares with the committed file.
fn golden(name: &str, vectors: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors").join(name);
    let text = serde_json::to_string_pretty(vectors).unwrap() + "\n";
    if env::var_os("GOODWILL_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    assert!(
        committed == text,
        "{} differs from what this release does: it breaks the protocol",
        path.display()
    );
}

fn transfer(payments: &[(u8, u64)], memo: &str) -> Action {
    let payments =
        payments.iter().map(|(n, units)| Payment { to: address(*n), amount: Amount::from_units(*units) });
    Action::Transfer {
        payments: List::new(payments.collect()).unwrap(),
        memo: Memo::new(memo.into()).unwrap(),
    }
}

#[test]
fn hashes_keys_and_addresses() {
    let prefix = "dev".parse().unwrap();
    let keys = [1u8, 2, 200].map(|n| {
        json!({
            "seed": hex([n; 32]),
            "public_key": key(n).public_key().to_string(),
            "address": address(n).display(&prefix),
            "signature_of_abc": hex(key(n).sign(Domain::Transaction, &hash(Domain::Chain, b""), b"abc")),
        })
    });
    let hashes = [Domain::Chain, Domain::Block, Domain::Body, Domain::Transaction, Domain::Receipt, Domain::Turns]
        .map(|domain| json!({ "tag": String::from_utf8_lossy(domain.tag()), "abc": hash(domain, b"abc").to_string() }));
    golden("keys.json", &json!({ "keys": keys, "hashes": hashes }));
}

#[test]
fn transactions_and_their_receipts() {
    let manifest = Manifest::parse(&manifest_text()).unwrap();
    let mut sandbox = sandbox();
    let actions = [
        transfer(&[(2, 1)], ""),
        transfer(&[(2, 1_000_000_000), (3, u64::from(u32::MAX)), (1, 7)], "für Bäume 🌳"),
        transfer(&[(4, u64::MAX)], "more than there is"),
    ];
    let vectors: Vec<Value> = actions
        .into_iter()
        .map(|action| {
            let mut transaction = sandbox.transaction(&key(1).public_key(), action);
            (transaction.fee_per_gas_max, transaction.tip_per_gas) = (20, 3);
            let signed = transaction.sign(&key(1), &manifest.chain_id());
            let receipt = sandbox.submit(signed.clone()).unwrap();
            json!({
                "signed": hex(signed.encode()),
                "id": signed.id().to_string(),
                "receipt": hex(receipt.encode()),
                "leaf": Receipt::leaf(&receipt.encode()).to_string(),
            })
        })
        .collect();
    let chain_id = manifest.chain_id().to_string();
    golden(
        "transactions.json",
        &json!({ "manifest": manifest_text(), "chain_id": chain_id, "transactions": vectors }),
    );
}

#[test]
fn contracts_their_gas_and_what_they_leave() {
    let mut sandbox = sandbox();
    let source = include_str!("../../../../examples/contracts/fungible_token/fungible_token.py");
    let token = Address::of_contract(&address(1), 0);
    let call = |method: &str, arguments: Vec<Data>| Action::CallContract {
        contract: token,
        method: Text::new(method.into()).unwrap(),
        arguments: List::new(arguments.iter().flat_map(Data::encode).collect()).unwrap(),
        value: Amount::ZERO,
    };
    let init = [Data::Str("Acorn".into()), Data::Str("ACN".into()), Data::Int(1_000.into())];
    let to = |units: u64| vec![Data::Address(address(2)), Data::Int(units.into())];
    let actions = [
        Action::DeployContract {
            source: Text::new(source.into()).unwrap(),
            arguments: List::new(init.iter().flat_map(Data::encode).collect()).unwrap(),
            value: Amount::ZERO,
        },
        call("transfer", to(300)),
        call("transfer", to(701)),
        call("describe", Vec::new()),
        call("missing", Vec::new()),
    ];
    let vectors = actions.map(|action| {
        let transaction = sandbox.transaction(&key(1).public_key(), action);
        let signed = transaction.sign(&key(1), &sandbox.manifest().chain_id());
        let block = sandbox.block(vec![signed.clone()]);
        let changes = block.changes.unsorted().map(|(key, value)| (hex(key), value.map(hex)));
        let changes = serde_json::to_string(&changes.collect::<std::collections::BTreeMap<_, _>>()).unwrap();
        json!({
            "signed": hex(signed.encode()),
            "gas_used": block.receipts[0].gas_used,
            "receipt": hex(block.receipts[0].encode()),
            "changes": hash(Domain::Body, changes.as_bytes()).to_string(),
        })
    });
    golden(
        "calls.json",
        &json!({ "manifest": manifest_text(), "contract": hex(token.encode()), "calls": vectors }),
    );
}

#[test]
fn blocks_and_the_state_after_them() {
    let manifest = Manifest::parse(&manifest_text()).unwrap();
    let mut sandbox = sandbox();
    let blocks: Vec<Value> = (0..3u64)
        .map(|n| {
            let transactions = (0..n)
                .map(|_| {
                    let transaction =
                        sandbox.transaction(&key(n as u8).public_key(), transfer(&[(9, 10 + n)], "block"));
                    transaction.sign(&key(n as u8), &manifest.chain_id())
                })
                .take(1)
                .collect();
            let block = sandbox.block(transactions);
            let body = block.body.encode();
            let changes = block.changes.unsorted().map(|(key, value)| (hex(key), value.map(hex)));
            json!({
                "body": hex(&body),
                "body_hash": Header::hash_body(&body).to_string(),
                "receipts": block.receipts.iter().map(|r| hex(r.encode())).collect::<Vec<_>>(),
                "changes": changes.collect::<std::collections::BTreeMap<_, _>>(),
            })
        })
        .collect();
    let header = header(key(200).public_key());
    let committee = goodwill_ledger::genesis_committee(&manifest);
    golden(
        "blocks.json",
        &json!({
            "blocks": blocks,
            "header": hex(header.encode()),
            "header_digest": header.digest().to_string(),
            "committee_of_epoch_0": hex(committee.encode()),
        }),
    );
}

fn header(leader: PublicKey) -> Header {
    let digest = |n: u8| hash(Domain::Chain, &[n]);
    Header {
        height: 7,
        epoch: 1,
        view: 9,
        parent_view: 8,
        leader,
        parent: digest(1),
        timestamp_ms: 1_750_000_003_500,
        body_hash: digest(2),
        receipts_root: digest(3),
        state_root: digest(4),
        operations_root: digest(5),
        operations_start: 3,
        operations_end: 99,
    }
}

/// What decodes has one encoding only: every prefix, extension and changed byte of a valid message
/// is refused, or is another message with its own encoding.
#[test]
fn encodings_are_canonical() {
    let manifest = Manifest::parse(&manifest_text()).unwrap();
    let sandbox = sandbox();
    let signed = sandbox.transaction(&key(1).public_key(), transfer(&[(2, 300), (3, 5)], "memo"));
    let signed = signed.sign(&key(1), &manifest.chain_id());
    check_canonical(&signed);
    check_canonical(&header(key(200).public_key()));
    check_canonical(&goodwill_ledger::genesis_committee(&manifest));
    check_canonical(&Certificate(vec![1, 2, 3].into()));
    check_canonical(&sandbox.simulate(signed).unwrap());
    let seat = Seat { key: key(1).public_key(), node: key(2).public_key() };
    assert!(Committee::new(vec![seat; 2], vec![0]).is_none());
    assert_eq!(header(key(200).public_key()).encode().len(), Header::SIZE);
}

fn check_canonical<T: Encode + goodwill_types::codec::Read<Cfg = ()>>(value: &T) {
    let bytes = value.encode().to_vec();
    let again = decode::<T>(&bytes).expect("what was encoded decodes");
    assert_eq!(again.encode(), bytes);
    for length in 0..bytes.len() {
        assert!(decode::<T>(&bytes[..length]).is_err(), "a prefix of {length} bytes decodes");
    }
    assert!(decode::<T>(&[&bytes[..], &[0]].concat()).is_err(), "trailing bytes decode");
    for (place, bit) in (0..bytes.len()).flat_map(|place| (0..8).map(move |bit| (place, bit))) {
        let mut changed = bytes.clone();
        changed[place] ^= 1 << bit;
        if let Ok(other) = decode::<T>(&changed) {
            assert_eq!(other.encode(), changed, "two encodings of one message (byte {place}, bit {bit})");
        }
    }
}

#[test]
fn digests_print_as_hex() {
    let digest: Digest = hash(Domain::Chain, b"abc");
    assert_eq!(digest.to_string(), hex(digest));
}
