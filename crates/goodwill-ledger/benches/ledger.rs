//! The ledger's inner loops, the codec, and hashing: `cargo bench -p goodwill-ledger`.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use goodwill_ledger::{
    ExecutedBlock, Executor, Manifest, Purpose, Reveal,
    contract::encode,
    manifest::{Member, development_manifest},
};
use goodwill_types::{
    Action, Address, Amount, BlockContext, Body, Domain, Known, LuckChain, Outcome, Progress, SecretKey,
    SignedTransaction, Transaction, TransactionId,
    codec::{Encode as _, List, Text, decode},
    hash,
    luck::FOUNDER_LUCK_LENGTH,
    transaction::verify_signatures,
};
use goodwill_vm::Data;
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
    let founder = Member::new("miner", &key(0), address(0));
    let accounts: Vec<_> = (0..ACCOUNTS).map(address).collect();
    let unlimited = [("gas_per_block_max", 1 << 40), ("body_size_max", 8 << 20)];
    let text = development_manifest(&[founder], &accounts, Amount::from_coins(1), 0, &unlimited, None);
    Arc::new(Manifest::parse(&text).expect("a valid manifest"))
}

fn signed(
    manifest: &Manifest,
    sender: usize,
    nonce: u64,
    gas_limit: u64,
    action: Action,
) -> (TransactionId, SignedTransaction) {
    let key = key(sender);
    let sender = key.public_key();
    let (last_height, fee_per_gas_max, tip_per_gas) = (1 << 20, 20, 0);
    let signed = Transaction { sender, nonce, last_height, gas_limit, fee_per_gas_max, tip_per_gas, action }
        .sign(&key, &manifest.chain_id());
    (signed.id(), signed)
}

fn address(number: usize) -> Address {
    Address::of(&key(number).public_key())
}

fn transfers(manifest: &Manifest) -> Named {
    let transfer = |number: usize| {
        let action = Action::transfer(address(number * 7_919 % ACCOUNTS), Amount::from_units(1));
        signed(manifest, number % ACCOUNTS, (number / ACCOUNTS) as u64, 200_000, action)
    };
    (0..BLOCK).map(transfer).collect()
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
    for (key, value) in done.changes.into_sorted() {
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
    let founder = Member::new("miner", &key(0), address(0));
    let accounts: Vec<_> = (0..ORDERING).map(address).collect();
    let unlimited = [("gas_per_block_max", 1 << 40), ("body_size_max", 16 << 20)];
    let text = development_manifest(&[founder], &accounts, Amount::from_coins(10), 0, &unlimited, None);
    let manifest = Arc::new(Manifest::parse(&text).expect("a valid manifest"));
    let order = |number: usize| {
        let action = Action::OrderSlots { epoch: 2, count: 1, price_max: Amount::from_coins(10) };
        signed(&manifest, number, 0, 400_000, action)
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
                |mut known| run(&manifest, &mut known, height, &purpose, Vec::new()).changes.is_empty(),
                BatchSize::LargeInput,
            )
        });
    }
    group.finish();
}

/// The example of a token.
const TOKEN: &str = include_str!("../../../examples/contracts/fungible_token/fungible_token.py");
/// How many tokens there are.
const SUPPLY: u64 = 1 << 40;
/// Accounts that hold tokens.
const HOLDERS: usize = 10_000;
/// The most gas that a call of the token uses.
const CALL_GAS: u64 = 1_000_000;

/// The state in which every holder has tokens, and the token's address.
fn with_tokens() -> (Arc<Manifest>, Known, Address) {
    let accounts: Vec<_> = (0..HOLDERS).map(address).collect();
    let founder = Member::new("miner", &key(0), address(0));
    let unlimited = [("gas_per_block_max", 1 << 40), ("body_size_max", 16 << 20)];
    let text = development_manifest(&[founder], &accounts, Amount::from_coins(1_000), 0, &unlimited, None);
    let manifest = Arc::new(Manifest::parse(&text).expect("a valid manifest"));
    let deployment = Action::DeployContract {
        source: Text::new(TOKEN.into()).expect("it fits"),
        arguments: encode(&[Data::Str("Acorn".into()), Data::Str("ACN".into()), Data::Int(SUPPLY.into())])
            .expect("they are short"),
        value: Amount::ZERO,
    };
    let mut known = genesis(&manifest);
    go_on(&manifest, &mut known, 2, vec![signed(&manifest, 0, 0, 1 << 30, deployment)]);
    let token = Address::of_contract(&address(0), 0);
    let gift = |number| signed(&manifest, 0, number as u64, CALL_GAS, give(token, number, 1_000));
    go_on(&manifest, &mut known, 3, (1..HOLDERS).map(gift).collect());
    (manifest, known, token)
}

fn give(token: Address, to: usize, amount: u64) -> Action {
    let arguments = [Data::Address(address(to)), Data::Int(amount.into())];
    Action::CallContract {
        contract: token,
        method: Text::new("transfer".into()).expect("it is short"),
        arguments: encode(&arguments).expect("they are short"),
        value: Amount::ZERO,
    }
}

/// Blocks of calls, each from another holder to another one.
fn contracts(criterion: &mut Criterion) {
    let (manifest, known, token) = with_tokens();
    let mut group = criterion.benchmark_group("contract_calls");
    group.sample_size(10);
    for calls in [100, HOLDERS] {
        let call = |number| {
            let nonce = if number == 0 { HOLDERS as u64 } else { 0 };
            signed(&manifest, number, nonce, CALL_GAS, give(token, number * 7_919 % HOLDERS, 1))
        };
        let block: Named = (0..calls).map(call).collect();
        let purpose = Purpose::Propose { reveal: reveal() };
        let execute = |block: Named| run(&manifest, &mut known.clone(), 4, &purpose, block).receipts;
        let done = execute(block.clone());
        assert!(
            done.len() == calls && done.iter().all(|receipt| matches!(receipt.outcome, Outcome::Done { .. }))
        );
        group.throughput(Throughput::Elements(calls as u64));
        group.bench_function(calls.to_string(), |bencher| {
            bencher.iter_batched(
                || (known.clone(), block.clone()),
                |(mut known, block)| (run(&manifest, &mut known, 4, &purpose, block), known),
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

criterion_group!(ledger, benches, boundaries, contracts);
criterion_main!(ledger);
