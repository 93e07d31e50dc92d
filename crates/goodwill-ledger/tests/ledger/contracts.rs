//! Contracts on the chain: what they move, keep and cost, and that waiting for the state changes nothing.

use crate::common::{address, key, sandbox};
use goodwill_ledger::{
    Executor, Purpose, Sandbox,
    contract::{WARM_BLOCKS, program},
    gas::gas_of,
};
use goodwill_types::{
    Action, Address, Amount, Event, Failure, Key, Known, Outcome, Progress, Receipt, SecretKey,
    SignedTransaction,
    codec::{Encode, List, Text},
};
use goodwill_vm::Data;
use proptest::prelude::*;
use std::sync::Arc;

const TOKEN: &str = include_str!("../../../../examples/contracts/fungible_token/fungible_token.py");

/// Takes coins, gives them on, fails on demand, and calls others.
const PURSE: &str = r#"
from goodwill import Contract, Map, Address, export, view, payable, msg, chain, emit, require


class Purse(Contract):
    count: int
    given: Map[Address, int]
    notes: Map[int, str]

    @export
    @payable
    def put(self, note: str) -> int:
        self.given[msg.sender] += msg.value
        self.notes[self.count] = note
        self.count += 1
        emit("Put", sender=msg.sender, value=msg.value, number=self.count)
        return self.count

    @export
    def take(self, to: Address, amount: int):
        require(self.given[msg.sender] >= amount, "not yours")
        self.given[msg.sender] -= amount
        chain.transfer(to, amount)

    @export
    def spoil(self, to: Address):
        self.count += 1
        chain.transfer(to, self.balance)
        emit("Spoiled")
        raise ValueError("spoiled on purpose")

    @export
    def pass_on(self, other: Address, amount: int) -> int:
        return chain.call(other, "put", "from a friend", value=amount)

    @export
    def try_spoil(self, other: Address, to: Address) -> str:
        try:
            chain.call(other, "spoil", to)
        except ValueError as error:
            return str(error)
        return "nothing"

    @export
    def again(self) -> str:
        try:
            chain.call(self.address, "put", "x")
        except RuntimeError as error:
            return "refused"
        return "entered"

    @export
    def burn(self):
        while True:
            self.count += 1

    @export
    def shout(self, times: int):
        for number in range(times):
            emit("Shout", number=number)

    @view
    def of(self, who: Address) -> int:
        return self.given[who]
"#;

fn int(value: i64) -> Data {
    Data::decode(&{
        let bytes = value.to_be_bytes();
        let first =
            (0..7).find(|n| !matches!((bytes[*n], bytes[n + 1] >> 7), (0, 0) | (255, 1))).unwrap_or(7);
        [&[3, (8 - first) as u8][..], &bytes[first..]].concat()
    })
    .unwrap()
}

fn text(value: &str) -> Data {
    Data::Str(value.into())
}

fn coins(units: u64) -> Amount {
    Amount::from_units(units)
}

fn with_purses() -> (Sandbox, Address, Address) {
    let mut sandbox = sandbox();
    let (first, receipt) = sandbox.deploy(&key(1), PURSE, &[], Amount::ZERO).unwrap();
    assert!(matches!(receipt.outcome, Outcome::Done { .. }), "{receipt:?}");
    let (second, _) = sandbox.deploy(&key(2), PURSE, &[], Amount::ZERO).unwrap();
    (sandbox, first, second)
}

fn events(receipt: &Receipt) -> &[Event] {
    match &receipt.outcome {
        Outcome::Done { events } => events,
        Outcome::Failed { failure } => panic!("{failure}"),
    }
}

fn failure(receipt: &Receipt) -> &Failure {
    match &receipt.outcome {
        Outcome::Failed { failure } => failure,
        done => panic!("{done:?}"),
    }
}

#[test]
fn a_token_is_deployed_and_moved() {
    let mut sandbox = sandbox();
    let arguments = [text("Acorn"), text("ACN"), int(1_000)];
    let (token, receipt) = sandbox.deploy(&key(1), TOKEN, &arguments, Amount::ZERO).unwrap();
    let deployed = &events(&receipt)[0];
    assert!(matches!(deployed, Event::ContractDeployed { contract, .. } if *contract == token));
    let arguments = [Data::Address(address(2)), int(300)];
    let receipt = sandbox.call(&key(1), token, "transfer", &arguments, Amount::ZERO).unwrap();
    let names = events(&receipt).iter().filter_map(|event| match event {
        Event::ContractEmitted { emitted } => Some(emitted.name.to_string()),
        _ => None,
    });
    assert_eq!(names.collect::<Vec<_>>(), ["Transfer"]);
    let balance = |sandbox: &Sandbox, n| {
        let answer = sandbox.query(token, "balance_of", vec![Data::Address(address(n))]);
        answer.repr(&program(TOKEN).unwrap(), &"dev".parse().unwrap()).unwrap()
    };
    assert_eq!((balance(&sandbox, 1), balance(&sandbox, 2)), ("700".into(), "300".into()));
    let before = sandbox.account(&address(1));
    let arguments = [Data::Address(address(2)), int(701)];
    let failed = sandbox.call(&key(1), token, "transfer", &arguments, Amount::ZERO).unwrap();
    let Failure::ContractRaised { error } = failure(&failed) else { panic!("{failed:?}") };
    assert!(error.contains("contract.py\", line ") && error.contains("in transfer"), "{}", &**error);
    let after = sandbox.account(&address(1));
    assert_eq!(after.balance, before.balance.checked_sub(failed.fee()).unwrap());
    assert_eq!((after.nonce, balance(&sandbox, 1)), (before.nonce + 1, "700".into()));
}

#[test]
fn coins_go_in_and_out_and_a_failure_moves_none() {
    let (mut sandbox, purse, other) = with_purses();
    let receipt = sandbox.call(&key(1), purse, "put", &[text("a")], coins(500)).unwrap();
    let moved = Event::Transfer { from: address(1), to: purse, amount: coins(500) };
    assert_eq!(events(&receipt)[0], moved);
    assert!(matches!(events(&receipt).last(), Some(Event::ContractReturned { .. })));
    let arguments = [Data::Address(address(9)), int(200)];
    sandbox.call(&key(1), purse, "take", &arguments, Amount::ZERO).unwrap();
    assert_eq!(sandbox.account(&address(9)).balance, coins(200));
    let spoiled = sandbox.call(&key(2), purse, "spoil", &[Data::Address(address(9))], Amount::ZERO).unwrap();
    assert!(matches!(failure(&spoiled), Failure::ContractRaised { .. }));
    assert_eq!(sandbox.account(&purse).balance, coins(300));
    let unpaid = sandbox.call(&key(2), purse, "take", &arguments, coins(1)).unwrap();
    assert!(matches!(failure(&unpaid), Failure::ContractRaised { error } if error.contains("not payable")));
    let passed = sandbox.call(&key(1), purse, "pass_on", &[Data::Address(other), int(100)], Amount::ZERO);
    assert!(events(&passed.unwrap()).len() >= 2);
    assert_eq!((sandbox.account(&purse).balance, sandbox.account(&other).balance), (coins(200), coins(100)));
    let arguments = [Data::Address(other), Data::Address(address(9))];
    let caught = sandbox.call(&key(1), purse, "try_spoil", &arguments, Amount::ZERO).unwrap();
    assert_eq!(events(&caught).len(), 1, "what the failed call did is forgotten: {caught:?}");
    assert_eq!(sandbox.account(&other).balance, coins(100));
    let again = sandbox.call(&key(1), purse, "again", &[], Amount::ZERO).unwrap();
    let refused = List::new(text("refused").encode()).unwrap();
    assert_eq!(events(&again), [Event::ContractReturned { contract: purse, result: refused }]);
}

#[test]
fn what_cannot_run_is_said() {
    let (mut sandbox, purse, _) = with_purses();
    let (_, refused) = sandbox.deploy(&key(1), "x = 1.5\n", &[], Amount::ZERO).unwrap();
    assert!(
        matches!(failure(&refused), Failure::ContractRefused { error } if error.contains("line 1") || error.contains(":1:"))
    );
    let nowhere = sandbox.call(&key(1), address(3), "put", &[], Amount::ZERO).unwrap();
    assert_eq!(failure(&nowhere), &Failure::NoSuchContract { contract: address(3) });
    let loud = sandbox.call(&key(1), purse, "shout", &[int(1_001)], Amount::ZERO).unwrap();
    assert!(matches!(failure(&loud), Failure::ContractRaised { .. } | Failure::OutputTooLarge {}));
    let before = sandbox.account(&address(1)).balance;
    let burnt = sandbox.call(&key(1), purse, "burn", &[], Amount::ZERO).unwrap();
    assert!(matches!(failure(&burnt), Failure::OutOfGas { .. }));
    assert_eq!(burnt.gas_used, sandbox.manifest().parameters.gas_per_block_max / 2, "all that it may use");
    assert_eq!(sandbox.account(&address(1)).balance, before.checked_sub(burnt.fee()).unwrap());
    let mut bad = sandbox.transaction(
        &key(1).public_key(),
        Action::CallContract {
            contract: purse,
            method: Text::new("put".into()).unwrap(),
            arguments: List::new(vec![200]).unwrap(),
            value: Amount::ZERO,
        },
    );
    assert_eq!(sandbox.sign_and_submit(&key(1), bad.clone()).unwrap_err().code(), "arguments");
    bad.gas_limit = 3_000_000_000;
    assert_eq!(sandbox.sign_and_submit(&key(1), bad).unwrap_err().code(), "gas_limit_too_high");
}

#[test]
fn a_contract_that_was_not_called_for_long_is_compiled_again() {
    let (mut sandbox, purse, _) = with_purses();
    let mut put = || sandbox.call(&key(1), purse, "put", &[text("a")], Amount::ZERO).unwrap();
    put();
    let warm = put().gas_used;
    let height = sandbox.chain().height;
    sandbox.warp(height + WARM_BLOCKS + 1);
    let mut put = || sandbox.call(&key(1), purse, "put", &[text("a")], Amount::ZERO).unwrap();
    let cold = put().gas_used;
    assert!(cold > warm + 2_000 * PURSE.len() as u64, "{cold} {warm}");
    assert!(put().gas_used.abs_diff(warm) < 1_000, "longer numbers only");
}

/// How the state is given to a block: all that it asks for, one key at a time, or everything at once.
#[derive(Clone, Copy, PartialEq)]
enum Feed {
    Asked,
    OneByOne,
    Everything,
}

/// Encoded receipts, and what becomes of the state.
type Effects = (Vec<Vec<u8>>, Vec<(Key, Option<Vec<u8>>)>);

/// What a block of `transactions` does, fed so.
fn executed(
    sandbox: &Sandbox,
    transactions: &[SignedTransaction],
    feed: Feed,
    seen: &mut Vec<Key>,
) -> Effects {
    let named = transactions.iter().map(|t| (t.id(), t.clone())).collect();
    let manifest = Arc::new(sandbox.manifest().clone());
    let mut executor = Executor::new(manifest, sandbox.next(), Purpose::Simulate, named);
    let mut known = Known::new();
    if feed == Feed::Everything {
        seen.iter().for_each(|key| known.insert(*key, sandbox.get(key).cloned()));
    }
    loop {
        match executor.run(&mut known) {
            Progress::Done(block) => {
                let block = block.unwrap();
                let changes = block
                    .changes
                    .into_sorted()
                    .into_iter()
                    .map(|(key, value)| (key, value.map(|v| v.to_vec())));
                return (block.receipts.iter().map(|r| r.encode().to_vec()).collect(), changes.collect());
            }
            Progress::Need(keys) => {
                let many = if feed == Feed::OneByOne { 1 } else { keys.len() };
                for key in keys.into_iter().take(many) {
                    assert!(known.get(&key).is_none(), "asked twice");
                    known.insert(key, sandbox.get(&key).cloned());
                    seen.push(key);
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Put(u64),
    Take(u8, i64),
    Spoil,
    PassOn(i64),
    TrySpoil,
    Pay(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0u64..2_000).prop_map(Step::Put),
        (1u8..6, -5i64..2_000).prop_map(|(to, amount)| Step::Take(to, amount)),
        Just(Step::Spoil),
        (0i64..2_000).prop_map(Step::PassOn),
        Just(Step::TrySpoil),
        (1u64..1_000).prop_map(Step::Pay),
    ]
}

fn signed(
    sandbox: &Sandbox,
    (purse, other): (Address, Address),
    nonces: &mut [u64; 4],
    (who, step): &(u8, Step),
) -> SignedTransaction {
    let call = |method: &str, arguments: &[Data], value: u64| Action::CallContract {
        contract: purse,
        method: Text::new(method.into()).unwrap(),
        arguments: List::new(arguments.iter().flat_map(Data::encode).collect()).unwrap(),
        value: coins(value),
    };
    let action = match step {
        Step::Put(value) => call("put", &[text("note")], *value),
        Step::Take(to, amount) => call("take", &[Data::Address(address(*to)), int(*amount)], 0),
        Step::Spoil => call("spoil", &[Data::Address(address(5))], 0),
        Step::PassOn(amount) => call("pass_on", &[Data::Address(other), int(*amount)], 0),
        Step::TrySpoil => call("try_spoil", &[Data::Address(other), Data::Address(address(5))], 0),
        Step::Pay(units) => Action::transfer(purse, coins(*units)),
    };
    let sender: SecretKey = key(*who);
    let mut transaction = sandbox.transaction(&sender.public_key(), action);
    let nonce = &mut nonces[usize::from(*who)];
    (transaction.nonce, transaction.gas_limit) = (transaction.nonce + *nonce, 5_000_000);
    *nonce += 1;
    transaction.sign(&sender, &sandbox.manifest().chain_id())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The supply is checked by the sandbox after every block.
    #[test]
    fn waiting_for_the_state_changes_nothing(steps in prop::collection::vec((1u8..4, step()), 1..12)) {
        let (mut sandbox, purse, other) = with_purses();
        for half in steps.chunks(steps.len().div_ceil(2)) {
            let mut nonces = [0; 4];
            let block: Vec<_> =
                half.iter().map(|step| signed(&sandbox, (purse, other), &mut nonces, step)).collect();
            let mut seen = Vec::new();
            let asked = executed(&sandbox, &block, Feed::Asked, &mut Vec::new());
            let slow = executed(&sandbox, &block, Feed::OneByOne, &mut seen);
            let fast = executed(&sandbox, &block, Feed::Everything, &mut seen);
            prop_assert_eq!(&asked, &slow);
            prop_assert_eq!(&asked, &fast);
            let done = sandbox.block(block);
            prop_assert_eq!(done.receipts.len(), half.len());
            for (receipt, signed) in done.receipts.iter().zip(&*done.body.transactions) {
                prop_assert!(receipt.gas_used >= gas_of(signed));
                prop_assert!(receipt.gas_used <= signed.transaction.gas_limit);
            }
        }
    }
}
