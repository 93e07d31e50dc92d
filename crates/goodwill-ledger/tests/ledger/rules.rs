//! Every rule of a transaction, and every refusal.

use crate::common::{address, key, manifest_text, sandbox, sandbox_of};
use goodwill_ledger::{Cell, InvalidTransaction, Sandbox, gas::gas_of};
use goodwill_types::{
    Action, Amount, Event, Failure, Memo, Outcome, Payment, Receipt, SignedTransaction, Transaction,
    codec::{EncodeSize as _, List},
};

fn pay(sandbox: &Sandbox, from: u8, to: u8, units: u64) -> Transaction {
    sandbox.transaction(&key(from).public_key(), Action::transfer(address(to), Amount::from_units(units)))
}

fn sign(sandbox: &Sandbox, from: u8, transaction: Transaction) -> SignedTransaction {
    transaction.sign(&key(from), &sandbox.manifest().chain_id())
}

fn events(receipt: &Receipt) -> &[Event] {
    match &receipt.outcome {
        Outcome::Done { events } => events,
        Outcome::Failed { failure } => panic!("{failure}"),
    }
}

#[test]
fn a_payment_moves_coins_and_pays_its_fee() {
    let mut sandbox = sandbox();
    let before = sandbox.account(&address(1)).balance;
    let mut transaction = pay(&sandbox, 1, 9, 5_000);
    transaction.fee_per_gas_max += 3;
    transaction.tip_per_gas = 2;
    let receipt = sandbox.sign_and_submit(&key(1), transaction).unwrap();

    let gas = receipt.gas_used;
    assert_eq!((receipt.base_fee.units, receipt.tip.units), (gas * 10, gas * 2));
    assert_eq!(receipt.donated.units, gas * 5);
    assert_eq!(sandbox.account(&address(9)).balance.units, 5_000);
    assert_eq!(sandbox.account(&address(1)).balance.units, before.units - 5_000 - receipt.fee().units);
    assert_eq!(sandbox.account(&address(1)).nonce, 1);
    let leaders = [200, 201].map(|n| sandbox.account(&address(n)).balance.units);
    assert_eq!(leaders.iter().sum::<u64>(), receipt.tip.units);
    let supply = sandbox.chain().supply;
    assert_eq!(supply.cell(Cell::Pool), receipt.donated);
    assert_eq!(supply.cell(Cell::BaseFees).units, receipt.base_fee.units - receipt.donated.units);
}

#[test]
fn a_tip_gives_way_to_the_base_fee() {
    let mut sandbox = sandbox();
    let mut transaction = pay(&sandbox, 1, 2, 1);
    transaction.fee_per_gas_max += 1;
    transaction.tip_per_gas = 1_000;
    let receipt = sandbox.sign_and_submit(&key(1), transaction).unwrap();
    assert_eq!(receipt.tip.units, receipt.gas_used);
}

#[test]
fn many_recipients_are_paid_at_once_the_sender_among_them() {
    let mut sandbox = sandbox();
    let payments = [(4, 10), (5, 20), (4, 30), (1, 40)]
        .map(|(to, units)| Payment { to: address(to), amount: Amount::from_units(units) });
    let action = Action::Transfer {
        payments: List::new(payments.to_vec()).unwrap(),
        memo: Memo::new("für alle".into()).unwrap(),
    };
    let transaction = sandbox.transaction(&key(1).public_key(), action);
    let receipt = sandbox.sign_and_submit(&key(1), transaction).unwrap();
    assert_eq!(events(&receipt).len(), 4);
    assert_eq!([4, 5].map(|n| sandbox.account(&address(n)).balance.units), [40, 20]);
    assert_eq!(
        sandbox.account(&address(1)).balance.units,
        Amount::from_coins(1_000).units - 60 - receipt.fee().units
    );
}

#[test]
fn a_transfer_of_more_than_there_is_fails_and_pays() {
    let mut sandbox = sandbox();
    let before = sandbox.account(&address(1)).balance;
    let receipt = sandbox.sign_and_submit(&key(1), pay(&sandbox, 1, 2, before.units)).unwrap();
    let rest = before.checked_sub(receipt.fee()).unwrap();
    assert_eq!(
        receipt.outcome,
        Outcome::Failed { failure: Failure::InsufficientBalance { balance: rest, wanted: before } }
    );
    assert_eq!((sandbox.account(&address(1)).balance, sandbox.account(&address(1)).nonce), (rest, 1));
    assert_eq!(sandbox.account(&address(2)).balance, Amount::from_coins(1_000));
}

#[test]
fn the_last_unit_can_be_given() {
    let mut sandbox = sandbox();
    let mut transaction = pay(&sandbox, 1, 2, 1);
    transaction.gas_limit = gas_of(&sign(&sandbox, 1, transaction.clone())) + 1_000;
    let fee = sandbox.simulate(sign(&sandbox, 1, transaction.clone())).unwrap().fee();
    let all = Amount::from_coins(1_000).units - fee.units;
    transaction.action = Action::transfer(address(2), Amount::from_units(all));
    let fee = sandbox.simulate(sign(&sandbox, 1, transaction.clone())).unwrap().fee();
    let all = Amount::from_coins(1_000).units - fee.units;
    transaction.action = Action::transfer(address(2), Amount::from_units(all));
    let receipt = sandbox.sign_and_submit(&key(1), transaction).unwrap();
    assert_eq!(events(&receipt).len(), 1);
    assert_eq!(sandbox.account(&address(1)).balance, Amount::ZERO);
}

type Change = fn(&mut Transaction);

/// Each way in which a transaction may not be included, by its stable code.
#[test]
fn refusals() {
    let mut sandbox = sandbox();
    sandbox.sign_and_submit(&key(1), pay(&sandbox, 1, 2, 1)).unwrap();
    sandbox.warp(20);
    let alter = |change: Change| {
        let mut transaction = pay(&sandbox, 1, 2, 1);
        change(&mut transaction);
        sandbox.simulate(sign(&sandbox, 1, transaction)).map(|_| ()).map_err(|e| (e.code(), e.to_string()))
    };
    let cases: [(&str, &str, Change); 8] = [
        ("expired", "valid up to height 20", |t| t.last_height = 20),
        ("nonce_used", "next nonce is 1", |t| t.nonce = 0),
        ("nonce_ahead", "next nonce is 1", |t| t.nonce = 2),
        ("gas_limit_too_low", "this transaction uses", |t| t.gas_limit = 1_000),
        ("gas_limit_too_high", "of a whole block", |t| t.gas_limit = u64::MAX),
        ("fee_too_low", "the base fee is 10", |t| t.fee_per_gas_max = 9),
        ("fee_unaffordable", "the fee may reach", |t| t.fee_per_gas_max = u64::MAX),
        ("zero_payment", "payment 0 is of nothing", |t| {
            t.action = Action::transfer(address(2), Amount::ZERO)
        }),
    ];
    for (code, message, change) in cases {
        let (got, text) = alter(change).expect_err(code);
        assert_eq!(got, code);
        assert!(text.contains(message), "{text}");
    }
    let beggar = sign(&sandbox, 99, pay(&sandbox, 99, 2, 1));
    assert_eq!(sandbox.simulate(beggar).unwrap_err().code(), "fee_unaffordable");
    assert_eq!(alter(|t| t.last_height = 21), Ok(()));
}

#[test]
fn a_signature_of_another_chain_or_key_is_refused() {
    let mut sandbox = sandbox();
    let other = goodwill_types::hash(goodwill_types::Domain::Chain, b"another chain");
    let foreign = pay(&sandbox, 1, 2, 1).sign(&key(1), &other);
    assert_eq!(sandbox.submit(foreign), Err(InvalidTransaction::Signature));
    let stolen = pay(&sandbox, 1, 2, 1).sign(&key(2), &sandbox.manifest().chain_id());
    assert_eq!(sandbox.submit(stolen), Err(InvalidTransaction::Signature));
}

#[test]
fn a_transaction_counts_once() {
    let mut sandbox = sandbox();
    let signed = sign(&sandbox, 1, pay(&sandbox, 1, 2, 1));
    sandbox.submit(signed.clone()).unwrap();
    assert_eq!(sandbox.submit(signed), Err(InvalidTransaction::NonceUsed { nonce: 0, expected: 1 }));
}

#[test]
fn a_full_block_raises_the_base_fee_and_an_empty_one_lowers_it() {
    let mut sandbox = sandbox();
    let gas = gas_of(&sign(&sandbox, 1, pay(&sandbox, 1, 2, 1)));
    let transactions = (0..sandbox.manifest().parameters.gas_per_block_max / gas)
        .map(|nonce| {
            let mut transaction = pay(&sandbox, 1, 2, 1);
            (transaction.nonce, transaction.gas_limit) = (nonce, gas + 1_000);
            sign(&sandbox, 1, transaction)
        })
        .collect();
    let block = sandbox.block(transactions);
    assert!(block.body.transactions.len() > 1_000);
    assert_eq!(sandbox.chain().base_fee_per_gas, 11);
    sandbox.warp(sandbox.chain().height + 1);
    assert_eq!(sandbox.chain().base_fee_per_gas, 10);
}

#[test]
fn a_proposal_leaves_out_what_does_not_fit_or_hold() {
    let mut sandbox = sandbox();
    let gas_of_block = sandbox.manifest().parameters.gas_per_block_max;
    let gas = gas_of(&sign(&sandbox, 1, pay(&sandbox, 1, 2, 1)));
    let many = gas_of_block / gas + 10;
    let mut transactions: Vec<_> = (0..many)
        .map(|nonce| {
            let mut transaction = pay(&sandbox, 1, 2, 1);
            (transaction.nonce, transaction.gas_limit) = (nonce, gas + 1_000);
            sign(&sandbox, 1, transaction)
        })
        .collect();
    let mut bad = pay(&sandbox, 2, 1, 1);
    bad.nonce = 7;
    transactions.insert(0, sign(&sandbox, 2, bad));
    let block = sandbox.block(transactions);
    assert_eq!(block.left_out.len(), 1);
    let included = block.body.transactions.len() as u64;
    assert!(included < many && included > many - 30, "{included} of {many}");
    assert!(sandbox.chain().gas_used <= gas_of_block);
}

/// spec: blocks 2. To the byte: a body that fits exactly is whole, one byte more is too much.
#[test]
fn a_body_may_be_as_large_as_the_limit_and_no_larger() {
    let text = manifest_text().replace("[parameters]", "[parameters]\nbody_size_max = 16384");
    let sandbox = sandbox_of(&text);
    let with_memo = |nonce: u64, memo: usize| {
        let memo = Memo::new("m".repeat(memo)).unwrap();
        let payment = Payment { to: address(9), amount: Amount::from_units(1) };
        let action = Action::Transfer { payments: List::new(vec![payment]).unwrap(), memo };
        let transaction = sandbox.transaction(&key(1).public_key(), action);
        let fees = Transaction { nonce, gas_limit: 200_000, ..transaction };
        sign(&sandbox, 1, fees)
    };
    let (mut fitting, mut left) = (Vec::new(), 16_384 - 38);
    while left > with_memo(0, 0).encode_size() + 140 {
        fitting.push(with_memo(fitting.len() as u64, 100));
        left -= fitting.last().unwrap().encode_size();
    }
    let nonce = fitting.len() as u64;
    let memo = (0..=140).find(|memo| with_memo(nonce, *memo).encode_size() == left).expect("a memo fills it");
    for (memo, fits) in [(memo, true), (memo + 1, false)] {
        let transactions = [&fitting[..], &[with_memo(nonce, memo)]].concat();
        let block = sandbox.clone().block(transactions);
        assert_eq!(block.body.transactions.len() == fitting.len() + 1, fits);
        assert!(block.body.encode_size() <= 16_384);
    }
}
