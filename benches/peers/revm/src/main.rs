//! Token transfers on state in memory: a contract in Python on Goodwill's machine, and an ERC-20 on the
//! EVM as revm runs it, in one run on one core. Both check the balance, change two, and emit the event.
//! The best of many batches counts, since the machine may be busy.

use goodwill_vm::{Call, Data, Sandbox, compile_here, gas::CALL_GAS_MAX, sandbox::account};
use revm::{
    Context, ExecuteCommitEvm, MainBuilder, MainContext,
    bytecode::Bytecode,
    context::TxEnv,
    database::InMemoryDB,
    primitives::{Address, Bytes, TxKind, U256, keccak256},
    state::AccountInfo,
};
use std::{sync::Arc, time::Instant};

const TOKEN: &str = include_str!("../../../../crates/goodwill-vm/tests/contracts/token.py");
const BATCHES: u32 = 200;
const BATCH: u32 = 500;
/// `transfer(address,uint256)`.
const SELECTOR: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];

/// Seconds of one transfer in the best batch.
fn best(mut transfer: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..BATCHES {
        let start = Instant::now();
        (0..BATCH).for_each(|_| transfer());
        best = best.min(start.elapsed().as_secs_f64() / f64::from(BATCH));
    }
    best
}

fn goodwill() -> f64 {
    let mut sandbox = Sandbox::new();
    let program = Arc::new(compile_here(TOKEN, "token.py").expect("it compiles"));
    sandbox.install(Sandbox::contract_address(), program);
    let mut call = Call {
        contract: Sandbox::contract_address(),
        sender: account(1),
        value: 0,
        method: "init".into(),
        arguments: vec![Data::Int(1_000_000_000.into())],
        keywords: Vec::new(),
        deploys: true,
    };
    assert!(sandbox.call(&call, CALL_GAS_MAX).result.is_ok());
    call.method = "transfer".into();
    call.arguments = vec![Data::Address(account(2)), Data::Int(1.into())];
    call.deploys = false;
    best(|| {
        assert!(sandbox.call(&call, CALL_GAS_MAX).result.is_ok());
        sandbox.forget_events();
    })
}

/// A token's `transfer` by hand, tighter than a compiler makes it: balances in a mapping in slot 0.
fn token() -> Vec<u8> {
    let mut code = vec![
        0x5f, 0x35, 0x60, 0xe0, 0x1c, 0x63, 0xa9, 0x05, 0x9c, 0xbb, 0x14, 0x60, 0x12, 0x57, // the selector
        0x5f, 0x5f, 0xfd, 0x00, 0x5b, // or revert
        0x33, 0x5f, 0x52, 0x5f, 0x60, 0x20, 0x52, 0x60, 0x40, 0x5f, 0x20, // the sender's slot
        0x80, 0x54, 0x60, 0x24, 0x35, // its balance, the amount
        0x80, 0x82, 0x10, 0x60, 0x0e, 0x57, // too little: revert
        0x90, 0x81, 0x90, 0x03, 0x82, 0x55, // balance - amount
        0x60, 0x04, 0x35, 0x5f, 0x52, 0x60, 0x40, 0x5f, 0x20, // the receiver's slot
        0x80, 0x54, 0x82, 0x01, 0x90, 0x55, // balance + amount
        0x80, 0x5f, 0x52, 0x60, 0x04, 0x35, 0x33, 0x7f, // the event
    ];
    // The revert is jumped to as well.
    code.splice(14..18, [0x5b, 0x5f, 0x5f, 0xfd]);
    code.extend_from_slice(keccak256(b"Transfer(address,address,uint256)").as_slice());
    code.extend_from_slice(&[0x60, 0x20, 0x5f, 0xa3, 0x60, 0x01, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3]);
    code
}

fn slot(holder: Address) -> U256 {
    let mut key = [0; 64];
    key[12..32].copy_from_slice(holder.as_slice());
    keccak256(key).into()
}

fn evm() -> f64 {
    let (contract, sender, receiver) =
        (Address::repeat_byte(0xc0), Address::repeat_byte(1), Address::repeat_byte(2));
    let mut state = InMemoryDB::default();
    let code = Bytecode::new_raw(Bytes::from(token()));
    state.insert_account_info(contract, AccountInfo { nonce: 1, ..AccountInfo::default() }.with_code(code));
    state.insert_account_info(sender, AccountInfo::from_balance(U256::MAX >> 1));
    let supply = U256::from(1_000_000_000);
    state.insert_account_storage(contract, slot(sender), supply).expect("in memory");
    let mut evm = Context::mainnet()
        .with_db(state)
        .modify_cfg_chained(|cfg| cfg.disable_nonce_check = true)
        .build_mainnet();
    let mut data = SELECTOR.to_vec();
    data.extend_from_slice(&[0; 12]);
    data.extend_from_slice(receiver.as_slice());
    data.extend_from_slice(&U256::from(1).to_be_bytes::<32>());
    let transaction = TxEnv {
        caller: sender,
        kind: TxKind::Call(contract),
        data: data.into(),
        gas_limit: 200_000,
        gas_price: 0,
        ..TxEnv::default()
    };
    let time = best(|| {
        let outcome = evm.transact_commit(transaction.clone()).expect("it runs");
        assert!(outcome.is_success() && outcome.logs().len() == 1, "{outcome:?}");
    });
    let moved = evm.ctx.journaled_state.database.cache.accounts[&contract].storage[&slot(receiver)];
    assert_eq!(moved, U256::from(BATCHES * BATCH));
    time
}

fn main() {
    let report = |name: &str, time: f64| println!("{name:<28} {:>7.2} us {:>10.0} a second", time * 1e6, 1.0 / time);
    report("Python on goodwill-vm", goodwill());
    report("ERC-20 on revm", evm());
}
