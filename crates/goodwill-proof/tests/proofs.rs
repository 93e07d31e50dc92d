//! What a real database and a real committee prove is believed; anything else is not.

use bytes::Bytes;
use commonware_codec::{DecodeExt as _, Encode as _, RangeCfg};
use commonware_consensus::{
    simplex::types::{Finalize, Proposal},
    types::{Epoch, Round, View},
};
use commonware_parallel::Sequential;
use commonware_runtime::{Runner as _, Supervisor as _, buffer::paged::CacheRef, deterministic};
use commonware_storage::{
    journal::contiguous::variable::Config as LogConfig,
    mmr::full::Config as TreeConfig,
    qmdb::{
        current::{VariableConfig, ordered::variable::Db},
        floor::Proportional,
    },
    translator::EightCap,
};
use commonware_utils::{NZU16, NZU64, NZUsize, non_empty};
use goodwill_proof::{
    Entry, FinalityProof, InvalidProof, StateProof, prove_receipt, receipts_root,
    scheme::{CHUNK_SIZE, Family, Finalization, Hasher, Scheme, namespace, participants},
    verify_finality, verify_receipt, verify_state,
};
use goodwill_types::{
    Certificate, Committee, Digest, Domain, Header, Key, Seat, SecretKey, Value, codec::List, hash,
    state::VALUE_SIZE_MAX,
};
use proptest::prelude::*;
use std::sync::LazyLock;

type Database = Db<Family, deterministic::Context, Key, Value, Hasher, EightCap, CHUNK_SIZE, Sequential>;

fn id(name: &str) -> Digest {
    hash(Domain::Chain, name.as_bytes())
}

fn secrets(first: u8) -> Vec<SecretKey> {
    let mut secrets: Vec<_> = (first..first + 4).map(|n| SecretKey::from_seed([n; 32])).collect();
    secrets.sort_by_key(SecretKey::public_key);
    secrets
}

fn committee(secrets: &[SecretKey]) -> Committee {
    let node = SecretKey::from_seed([99; 32]).public_key();
    let seats = secrets.iter().map(|secret| Seat { key: secret.public_key(), node }).collect();
    Committee::new(seats, vec![0, 1, 2, 3]).expect("ascending")
}

fn header(height: u64, parent: Digest, state_root: Digest) -> Header {
    Header {
        height,
        epoch: 3,
        view: height + 1,
        parent_view: height,
        leader: secrets(1)[0].public_key(),
        parent,
        timestamp_ms: 1_000 * height,
        body_hash: Header::hash_body(b"body"),
        receipts_root: receipts_root(&receipts()),
        state_root,
        operations_root: id("operations"),
        operations_start: 0,
        operations_end: 9,
    }
}

fn receipts() -> Vec<Bytes> {
    (0..5u8).map(|n| Bytes::from(vec![n; 10])).collect()
}

/// What three of the four seats sign.
fn certify(header: &Header, secrets: &[SecretKey], chain_id: &Digest) -> Certificate {
    let committee = committee(secrets);
    let points = participants(&committee).expect("on the curve");
    let schemes: Vec<_> = secrets
        .iter()
        .map(|s| Scheme::signer(&namespace(chain_id), points.clone(), s.expose().clone()).expect("a seat"))
        .collect();
    let round = Round::new(Epoch::new(header.epoch), View::new(header.view));
    let proposal = Proposal::new(round, View::new(header.parent_view), header.digest());
    let votes: Vec<_> =
        schemes[..3].iter().map(|scheme| Finalize::sign(scheme, proposal.clone()).expect("signed")).collect();
    let finalization =
        Finalization::from_finalizes(&schemes[0], non_empty![@&votes], &Sequential).expect("a quorum");
    Certificate(finalization.encode())
}

fn settings(context: &deterministic::Context) -> VariableConfig<EightCap, ((), RangeCfg<usize>), Sequential> {
    let _ = context;
    let cache = CacheRef::new(NZU16!(1024), NZUsize!(16));
    VariableConfig {
        merkle_config: TreeConfig {
            journal_partition: "tree-journal".into(),
            metadata_partition: "tree-metadata".into(),
            items_per_blob: NZU64!(64),
            write_buffer: NZUsize!(1024),
            replay_buffer: NZUsize!(1024),
            strategy: Sequential,
            page_cache: cache.clone(),
        },
        journal_config: LogConfig {
            partition: "log".into(),
            items_per_section: NZU64!(64),
            compression: None,
            codec_config: ((), RangeCfg::new(0..=VALUE_SIZE_MAX)),
            page_cache: cache,
            write_buffer: NZUsize!(1024),
            replay_buffer: NZUsize!(1024),
        },
        grafted_metadata_partition: "activity".into(),
        translator: EightCap,
        init_cache: None,
        init_buffer: NZUsize!(1024),
        init_concurrency: (),
    }
}

fn key(n: u64) -> Key {
    Key::new(7, &n.to_be_bytes())
}

fn value(n: u64) -> Value {
    Bytes::from(vec![n as u8; n as usize % 40])
}

/// Proves keys 3 and 4, of which only 4 has a value, against a state of `keys` even keys.
fn prove(keys: u64) -> (Digest, Vec<Entry>) {
    deterministic::Runner::default().start(|context| async move {
        let config = settings(&context);
        let mut db = Database::init(context.child("db"), config, None).await.expect("opened");
        if keys > 0 {
            let mut batch = db.new_batch();
            for n in 0..keys {
                batch = batch.write(key(2 * n), Some(value(2 * n)));
            }
            let sealed = batch.merkleize(&db, None, &mut Proportional).await.expect("sealed");
            db = db.apply_batch(sealed).await.expect("applied");
        }
        let mut entries = Vec::new();
        for key in [key(3), key(4)] {
            let value = db.get(&key).await.expect("read");
            let proof = match value {
                Some(_) => db.key_value_proof(key).await.expect("proven").encode(),
                None => db.exclusion_proof(&key).await.expect("proven").encode(),
            };
            entries.push(Entry { key, value, proof });
        }
        (db.root(), entries)
    })
}

fn state_proof(keys: u64) -> StateProof {
    let (root, entries) = prove(keys);
    let proven = header(7, id("parent"), root);
    let child = header(8, proven.digest(), id("later state"));
    let certificate = certify(&child, &secrets(1), &id("chain"));
    StateProof {
        finality: FinalityProof { headers: List::new(vec![proven, child]).expect("two"), certificate },
        entries: List::new(entries).expect("two"),
    }
}

static PROOF: LazyLock<StateProof> = LazyLock::new(|| state_proof(700));

fn verify(proof: &StateProof) -> Result<goodwill_proof::Verified, InvalidProof> {
    verify_state(&id("chain"), &committee(&secrets(1)), proof)
}

fn refused(change: impl FnOnce(&mut Vec<Entry>)) -> InvalidProof {
    let mut entries = PROOF.entries.to_vec();
    change(&mut entries);
    let entries = List::new(entries).expect("few");
    verify(&StateProof { entries, ..PROOF.clone() }).expect_err("a lie")
}

#[test]
fn believes_what_is_true() {
    for keys in [0, 1, 3, 700] {
        let proof = state_proof(keys);
        let encoded = proof.encode();
        let decoded = StateProof::decode(encoded.clone()).expect("decodes");
        assert_eq!((&decoded, decoded.encode()), (&proof, encoded));
        let verified = verify(&decoded).expect("true");
        assert_eq!(verified.header, decoded.finality.headers[0]);
        assert_eq!(verified.entries[&key(3)], None);
        assert_eq!(verified.entries[&key(4)], (keys > 2).then(|| value(4)));
    }
}

#[test]
fn refuses_another_chain_or_committee() {
    let (chain, ours, theirs) = (id("chain"), committee(&secrets(1)), committee(&secrets(10)));
    assert_eq!(verify_state(&id("other"), &ours, &PROOF), Err(InvalidProof::Signatures));
    assert_eq!(verify_state(&chain, &theirs, &PROOF), Err(InvalidProof::Signatures));
    let fewer = Committee::new(ours.seats[..3].to_vec(), vec![0]).expect("ascending");
    assert_eq!(verify_state(&chain, &fewer, &PROOF), Err(InvalidProof::Encoding));
}

#[test]
fn refuses_other_keys_and_values() {
    assert_eq!(refused(|entries| entries[0].key = key(1)), InvalidProof::Entry(key(1)));
    assert_eq!(refused(|entries| entries[1].value = None), InvalidProof::Entry(key(4)));
    assert_eq!(refused(|entries| entries[0].value = Some(value(1))), InvalidProof::Entry(key(3)));
    assert_eq!(refused(|entries| entries[1].value = Some(value(6))), InvalidProof::Entry(key(4)));
    assert_eq!(refused(|entries| entries.swap(0, 1)), InvalidProof::Order);
    assert_eq!(refused(|entries| entries[1] = entries[0].clone()), InvalidProof::Order);
    let swap_proofs = |entries: &mut Vec<Entry>| {
        let first = entries[0].proof.clone();
        entries[0].proof = entries[1].proof.clone();
        entries[1].proof = first;
    };
    assert_eq!(refused(swap_proofs), InvalidProof::Entry(key(3)));
}

#[test]
fn refuses_broken_finality() {
    let (chain, ours) = (id("chain"), committee(&secrets(1)));
    let check = |headers: Vec<Header>| {
        let headers = List::new(headers).expect("few");
        verify_finality(&chain, &ours, &FinalityProof { headers, ..PROOF.finality.clone() }).cloned()
    };
    let headers = PROOF.finality.headers.to_vec();
    assert_eq!(check(headers.clone()), Ok(headers[0].clone()));
    assert_eq!(check(vec![headers[1].clone()]), Ok(headers[1].clone()));
    assert_eq!(check(vec![headers[0].clone()]), Err(InvalidProof::OtherBlock));
    assert_eq!(check(vec![headers[1].clone(), headers[0].clone()]), Err(InvalidProof::Headers));
    let other_epoch = Header { epoch: 2, ..headers[0].clone() };
    let child = Header { parent: other_epoch.digest(), ..headers[1].clone() };
    assert_eq!(check(vec![other_epoch, child]), Err(InvalidProof::Headers));
}

#[test]
fn receipts_are_proven() {
    let header = header(1, id("parent"), id("state"));
    for (position, receipt) in receipts().iter().enumerate() {
        let proof = prove_receipt(&receipts(), position as u32).expect("there is one");
        let decoded = goodwill_proof::ReceiptProof::decode(proof.encode()).expect("decodes");
        assert_eq!(verify_receipt(&header, receipt, &decoded), Ok(()));
        assert_eq!(verify_receipt(&header, b"another", &proof), Err(InvalidProof::Receipt));
    }
    assert_eq!(prove_receipt(&receipts(), 5), None);
    assert_eq!(prove_receipt(&[], 0), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn refuses_any_flipped_bit(position in any::<prop::sample::Index>(), bit in 0..8u8) {
        let mut bytes = PROOF.encode().to_vec();
        let position = position.index(bytes.len());
        bytes[position] ^= 1 << bit;
        if let Ok(proof) = StateProof::decode(Bytes::from(bytes)) {
            // A flipped bit may turn the question into another one with a true answer: that a
            // neighbour of the key has no value either.
            let answered = |v: &goodwill_proof::Verified| [3, 4].iter().all(|n| v.entries.contains_key(&key(*n)));
            let lie = verify(&proof).is_ok_and(|verified| answered(&verified));
            prop_assert!(!lie, "bit {bit} of byte {position} does not matter");
        }
    }

    #[test]
    fn refuses_what_is_cut_off(length in any::<prop::sample::Index>()) {
        let bytes = PROOF.encode();
        prop_assert!(StateProof::decode(bytes.slice(..length.index(bytes.len()))).is_err());
    }

    #[test]
    fn refuses_a_flipped_bit_in_a_receipt_proof(position in any::<prop::sample::Index>(), bit in 0..8u8) {
        let header = header(1, id("parent"), id("state"));
        let mut bytes = prove_receipt(&receipts(), 2).expect("there is one").encode().to_vec();
        let position = position.index(bytes.len());
        bytes[position] ^= 1 << bit;
        if let Ok(proof) = goodwill_proof::ReceiptProof::decode(Bytes::from(bytes)) {
            prop_assert!(verify_receipt(&header, &receipts()[2], &proof).is_err());
        }
    }

    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400), at in any::<prop::sample::Index>()) {
        let mut entries = PROOF.entries.to_vec();
        let entry = at.index(2);
        entries[entry].proof = Bytes::from(bytes.clone());
        let proof = StateProof { entries: List::new(entries).expect("two"), ..PROOF.clone() };
        prop_assert!(verify(&proof).is_err());
        let _ = StateProof::decode(Bytes::from(bytes));
    }
}

/// Proofs that other implementations must believe. `GOODWILL_BLESS=1` writes them anew.
#[test]
fn vectors() {
    let receipts = receipts();
    let receipt_proofs: Vec<_> = (0..receipts.len() as u32)
        .map(|position| hex::encode(prove_receipt(&receipts, position).expect("there is one").encode()))
        .collect();
    let vectors = serde_json::json!({
        "about": "A state proof: the state holds key 07 || n (8 bytes) for the even n below 1400, each with n mod 40 bytes of n mod 256. The committee signed the second header. Receipts: the root is in each header, the n-th proof is of the n-th receipt.",
        "chain_id": id("chain").to_string(),
        "committee": hex::encode(committee(&secrets(1)).encode()),
        "state_proof": hex::encode(PROOF.encode()),
        "receipts": receipts.iter().map(hex::encode).collect::<Vec<_>>(),
        "receipt_proofs": receipt_proofs,
    });
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/proofs.json");
    let text = serde_json::to_string_pretty(&vectors).expect("JSON") + "\n";
    if std::env::var_os("GOODWILL_BLESS").is_some() {
        std::fs::write(&path, &text).expect("written");
    }
    let committed = std::fs::read_to_string(&path).expect("read");
    assert!(committed == text, "{} differs from what this release proves", path.display());
}
