//! The ledger's inner loops, the codec, and hashing: `cargo bench -p goodwill-ledger`.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use goodwill_ledger::{
    ExecutedBlock, Executor, Manifest, Purpose, Reveal,
    manifest::{Member, development_manifest},
};
use goodwill_types::{
    Action, Address, Amount, BlockContext, Body, Domain, Known, LuckChain, Progress, SecretKey,
    SignedTransaction, Transaction, TransactionId,
    codec::{Encode as _, List, decode},
    hash,
    luck::FOUNDER_LUCK_LENGTH,
    transaction::verify_signatures,
};
use std::{hint::black_box, sync::Arc};

/// Transactions in a block.
const BLOCK: usize = 8_192;
/// Accounts that send and receive.
const ACCOUNTS: usize = 4_000;

type Named = Vec<(TransactionId, SignedTransaction)>;

fn key(number: usize) -> SecretKey {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&(number as u64).to_be_bytes());
    SecretKey::from_seed(seed)
}

fn manifest() -> Arc<Manifest> {
    let founder = Member::new("miner", &key(0), Address::of(&key(0).public_key()));
    let accounts: Vec<_> = (0..ACCOUNTS).map(|number| Address::of(&key(number).public_key())).collect();
    let unlimited = [("gas_per_block_max", 1 << 40), ("body_size_max", 8 << 20)];
    let text = development_manifest(&[founder], &accounts, Amount::from_coins(1), 0, &unlimited, None);
    Arc::new(Manifest::parse(&text).expect("a valid manifest"))
}

fn transfers(manifest: &Manifest) -> Named {
    (0..BLOCK)
        .map(|number| {
            let (from, to) = (key(number % ACCOUNTS), key(number * 7_919 % ACCOUNTS));
            let signed = Transaction {
                sender: from.public_key(),
                nonce: (number / ACCOUNTS) as u64,
                last_height: 1 << 20,
                gas_limit: 200_000,
                fee_per_gas_max: 20,
                tip_per_gas: 0,
                action: Action::transfer(Address::of(&to.public_key()), Amount::from_units(1)),
            }
            .sign(&from, &manifest.chain_id());
            (signed.id(), signed)
        })
        .collect()
}

/// What the only founder reveals.
fn reveal() -> Reveal {
    let luck = LuckChain::of_founder(&key(0));
    Arc::new(move |_, left| luck.reveal(left))
}

/// Blocks of an epoch of the development chain.
const EPOCH: u64 = 40;

fn context(height: u64) -> BlockContext {
    let (epoch, offset) = (height / EPOCH, height % EPOCH);
    BlockContext { height, epoch, view: offset + 1, parent_view: offset, timestamp_ms: height * 1_000 }
}

/// The state after genesis.
fn genesis(manifest: &Arc<Manifest>) -> Known {
    let mut known = Known::new();
    go_on(manifest, &mut known, 1, Vec::new());
    known
}

/// Makes the block at `height`, and goes on with its state.
fn go_on(manifest: &Arc<Manifest>, known: &mut Known, height: u64, transactions: Named) {
    let done = run(manifest, known, height, &Purpose::Propose { reveal: reveal() }, transactions);
    for (key, value) in done.changes {
        known.insert(key, value);
    }
}

fn run(
    manifest: &Arc<Manifest>,
    known: &mut Known,
    height: u64,
    purpose: &Purpose,
    transactions: Named,
) -> ExecutedBlock {
    let mut executor = Executor::new(manifest.clone(), context(height), purpose.clone(), transactions);
    loop {
        match executor.run(known) {
            Progress::Need(keys) => keys.into_iter().for_each(|key| known.insert(key, None)),
            Progress::Done(done) => break done.expect("the block holds"),
        }
    }
}

fn execute(manifest: &Arc<Manifest>, known: &Known, purpose: &Purpose, transactions: Named) -> usize {
    run(manifest, &mut known.clone(), 2, purpose, transactions).receipts.len()
}

/// Accounts that order a slot each.
const ORDERING: usize = 10_000;

/// The state before the draw of what 10,000 accounts ordered, and before the end of its epoch.
fn before_draw() -> (Arc<Manifest>, Known, Known) {
    let founder = Member::new("miner", &key(0), Address::of(&key(0).public_key()));
    let accounts: Vec<_> = (0..ORDERING).map(|number| Address::of(&key(number).public_key())).collect();
    let unlimited = [("gas_per_block_max", 1 << 40), ("body_size_max", 16 << 20)];
    let text = development_manifest(&[founder], &accounts, Amount::from_coins(10), 0, &unlimited, None);
    let manifest = Arc::new(Manifest::parse(&text).expect("a valid manifest"));
    let order = |number: usize| {
        let (key, price_max) = (key(number), Amount::from_coins(10));
        let signed = Transaction {
            sender: key.public_key(),
            nonce: 0,
            last_height: 1 << 20,
            gas_limit: 400_000,
            fee_per_gas_max: 20,
            tip_per_gas: 0,
            action: Action::OrderSlots { epoch: 2, count: 1, price_max },
        }
        .sign(&key, &manifest.chain_id());
        (signed.id(), signed)
    };
    let mut known = genesis(&manifest);
    go_on(&manifest, &mut known, 2, (0..ORDERING).map(order).collect());
    let draw = manifest.parameters.draw_height(2);
    (3..draw).for_each(|height| go_on(&manifest, &mut known, height, Vec::new()));
    let mut last = known.clone();
    (draw..2 * EPOCH - 1).for_each(|height| go_on(&manifest, &mut last, height, Vec::new()));
    (manifest, known, last)
}

/// spec: draw, committee
fn boundaries(criterion: &mut Criterion) {
    let (manifest, before_draw, before_last) = before_draw();
    let mut group = criterion.benchmark_group("10,000 accounts order");
    group.sample_size(10);
    let blocks =
        [("draw", before_draw, manifest.parameters.draw_height(2)), ("boundary", before_last, 2 * EPOCH - 1)];
    for (name, known, height) in blocks {
        let purpose = Purpose::Propose { reveal: reveal() };
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || known.clone(),
                |mut known| run(&manifest, &mut known, height, &purpose, Vec::new()).changes.len(),
                BatchSize::LargeInput,
            )
        });
    }
    group.finish();
}

fn benches(criterion: &mut Criterion) {
    let manifest = manifest();
    let known = genesis(&manifest);
    let transactions = transfers(&manifest);
    let signed: Vec<_> = transactions.iter().map(|(_, signed)| signed.clone()).collect();
    let luck = reveal()(&key(0).public_key(), FOUNDER_LUCK_LENGTH - 1);
    let body = Body { luck, transactions: List::new(signed.clone()).expect("fits") };
    let bytes = body.encode();

    let mut group = criterion.benchmark_group("block");
    group.throughput(Throughput::Elements(BLOCK as u64)).sample_size(10);
    for purpose in [Purpose::Propose { reveal: reveal() }, Purpose::Verify { luck }] {
        group.bench_function(format!("execute to {purpose:?}"), |bencher| {
            bencher.iter_batched(
                || transactions.clone(),
                |transactions| assert_eq!(execute(&manifest, &known, &purpose, transactions), BLOCK),
                BatchSize::LargeInput,
            )
        });
    }
    group.bench_function("decode", |bencher| bencher.iter(|| decode::<Body>(black_box(&bytes)).unwrap()));
    group.bench_function("encode", |bencher| bencher.iter(|| black_box(&body).encode()));
    group.bench_function("ids", |bencher| {
        bencher.iter(|| signed.iter().map(SignedTransaction::id).collect::<Vec<_>>())
    });
    group.bench_function("verify signatures, batches of 1024", |bencher| {
        let chain_id = manifest.chain_id();
        bencher.iter(|| {
            signed.chunks(1_024).map(|batch| verify_signatures(&chain_id, batch).len()).sum::<usize>()
        })
    });
    group.finish();

    let mut group = criterion.benchmark_group("hash");
    for size in [64, 136, 1_024] {
        let message = vec![7; size];
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(format!("{size} bytes"), |bencher| {
            bencher.iter(|| hash(Domain::Transaction, black_box(&message)))
        });
    }
}

criterion_group!(ledger, benches, boundaries);
criterion_main!(ledger);
