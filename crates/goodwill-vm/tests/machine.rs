//! The machine against hosts: suspension, calls between contracts, tracebacks, refusals, the interface.

use goodwill_types::Address;
use goodwill_vm::{
    Call, ChainFacts, Data, Event, Failure, Host, Key, Missing, Outcome, Program, Sandbox, Step, Vm, compile,
    gas::CALL_GAS_MAX, sandbox::account, trial::run_method,
};
use std::{collections::BTreeSet, sync::Arc};

const TOKEN: &str = include_str!("contracts/token.py");

fn contract() -> Address {
    Sandbox::contract_address()
}

fn call(method: &str, arguments: Vec<Data>) -> Call {
    Call {
        contract: contract(),
        sender: account(1),
        value: 0,
        method: method.into(),
        arguments,
        keywords: Vec::new(),
        deploys: method == "init",
    }
}

fn token() -> (Sandbox, Arc<Program>) {
    let program = compile(TOKEN, "token.py").unwrap();
    let mut sandbox = Sandbox::new();
    sandbox.install(contract(), Arc::clone(&program));
    let outcome = sandbox.call(&call("init", vec![Data::Int(1_000.into())]), CALL_GAS_MAX);
    assert!(outcome.result.is_ok(), "{outcome:?}");
    (sandbox, program)
}

fn transfer(amount: i64) -> Call {
    call("transfer", vec![Data::Address(account(2)), Data::Int(amount.into())])
}

#[test]
fn a_token_moves() {
    let (mut sandbox, _) = token();
    assert!(sandbox.call(&transfer(30), CALL_GAS_MAX).result.is_ok());
    let balance = sandbox.call(&call("balance_of", vec![Data::Address(account(2))]), CALL_GAS_MAX);
    assert_eq!(balance.result.map(|bytes| Data::decode(&bytes)), Ok(Some(Data::Int(30.into()))));
    assert_eq!(sandbox.events().len(), 1);
}

#[test]
fn errors_are_tracebacks() {
    let (mut sandbox, _) = token();
    let before = sandbox.digest();
    let Err(Failure::Raised(raised)) = sandbox.call(&transfer(5_000), CALL_GAS_MAX).result else { panic!() };
    let expected = "Traceback (most recent call last):\n  File \"token.py\", line 23, in transfer\n    \
                    raise ValueError(f\"insufficient balance: {self.balances[msg.sender]} < {amount}\")\n\
                    ValueError: insufficient balance: 1000 < 5000";
    assert_eq!(raised.traceback, expected);
    assert_eq!(sandbox.digest(), before, "what failed changed nothing");
}

#[test]
fn gas_is_exact() {
    let (mut sandbox, _) = token();
    let before = sandbox.call(&transfer(1), CALL_GAS_MAX);
    let used = sandbox.call(&transfer(1), CALL_GAS_MAX).gas_used;
    assert!(before.result.is_ok());
    assert!(sandbox.call(&transfer(1), used).result.is_ok());
    let short = sandbox.call(&transfer(1), used - 1);
    assert_eq!((short.result, short.gas_used), (Err(Failure::OutOfGas), used - 1));
}

/// A host that has nothing until it was asked for it once.
struct Forgetful {
    inner: Sandbox,
    fetched: BTreeSet<Key>,
}

impl Forgetful {
    fn has(&self, key: &Key) -> Result<(), Missing> {
        if self.fetched.contains(key) { Ok(()) } else { Err(Missing) }
    }
}

impl Host for Forgetful {
    fn read(&mut self, contract: &Address, path: &[u8]) -> Result<Option<Vec<u8>>, Missing> {
        self.has(&Key::Storage { contract: *contract, path: path.to_vec() })?;
        self.inner.read(contract, path)
    }
    fn write(&mut self, contract: &Address, path: &[u8], value: Option<&[u8]>) {
        self.inner.write(contract, path, value);
    }
    fn balance(&mut self, account: &Address) -> Result<u128, Missing> {
        self.has(&Key::Account(*account))?;
        self.inner.balance(account)
    }
    fn transfer(&mut self, from: &Address, to: &Address, amount: u128) -> Result<bool, Address> {
        for account in [from, to] {
            self.has(&Key::Account(*account)).map_err(|_| *account)?;
        }
        self.inner.transfer(from, to, amount)
    }
    fn program(&mut self, contract: &Address) -> Result<Option<Arc<Program>>, Missing> {
        self.has(&Key::Program(*contract))?;
        self.inner.program(contract)
    }
    fn emit(&mut self, event: Event) {
        self.inner.emit(event);
    }
    fn chain(&self) -> ChainFacts {
        self.inner.chain()
    }
    fn verify_ed25519(&self, public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
        self.inner.verify_ed25519(public_key, message, signature)
    }
    fn print(&mut self, text: &str) {
        self.inner.print(text);
    }
    fn begin(&mut self) {
        self.inner.begin();
    }
    fn commit(&mut self) {
        self.inner.commit();
    }
    fn rollback(&mut self) {
        self.inner.rollback();
    }
}

const BANK: &str = "\
from goodwill import Contract, Map, Address, export, view, payable, msg, chain, emit
from dataclasses import dataclass

@dataclass
class Note:
    text: str
    count: int = 0

class Bank(Contract):
    notes: Map[str, Note]
    total: int
    names: list[str]

    @export
    @payable
    def put(self, name: str, other: Address, *more: str) -> int:
        if name not in self.notes:
            self.notes[name] = Note(name)
        self.notes[name].count += msg.value
        self.total += sum([self.notes[name].count for n in [1, 2]])
        self.names.append(name)
        self.names += more
        try:
            chain.call(other, 'fails', value=1)
        except ValueError as error:
            emit('Caught', text=str(error))
        answer = chain.call(other, 'double', self.total, value=2)
        chain.transfer(msg.sender, 1)
        del self.notes[name]
        return answer + self.balance + chain.balance(other)
";

const OTHER: &str = "\
from goodwill import Contract, export, payable, msg, chain

class Other(Contract):
    calls: int

    @export
    @payable
    def double(self, number: int) -> int:
        self.calls += 1
        return number * 2 + msg.value * 1000 + self.balance * 100000

    @export
    @payable
    def fails(self):
        self.calls += 100
        raise ValueError('no')
";

fn bank() -> (Sandbox, Arc<Program>, Call) {
    let mut sandbox = Sandbox::new();
    let program = compile(BANK, "bank.py").unwrap();
    sandbox.install(contract(), Arc::clone(&program));
    sandbox.install(account(9), compile(OTHER, "other.py").unwrap());
    sandbox.fund(account(1), 1_000);
    let arguments = vec![Data::Str("a".into()), Data::Address(account(9)), Data::Str("b".into())];
    (sandbox, program, Call { value: 10, ..call("put", arguments) })
}

#[test]
fn a_call_that_waits_for_data_is_the_same_call() {
    let (mut direct, program, call) = bank();
    let expected: Outcome = direct.call(&call, CALL_GAS_MAX);
    assert!(expected.result.is_ok(), "{expected:?}");
    let (inner, ..) = bank();
    let mut host = Forgetful { inner, fetched: BTreeSet::new() };
    let mut vm = Vm::new(program, &call, CALL_GAS_MAX, &host);
    let mut waits = 0;
    let outcome = loop {
        match vm.run(&mut host) {
            Step::Done(outcome) => break outcome,
            Step::Need(keys) => {
                waits += 1;
                host.fetched.extend(keys);
            }
        }
    };
    assert_eq!(outcome, expected);
    assert_eq!(host.inner.digest(), direct.digest());
    assert!(waits >= 7, "{waits}");
}

#[test]
fn what_a_called_contract_fails_at_is_undone() {
    let (mut sandbox, _, call) = bank();
    let outcome = sandbox.call(&call, CALL_GAS_MAX);
    // 20 * 2 + 2 * 1000 + 2 * 100000, then 7 coins here and 2 there.
    assert_eq!(outcome.result.map(|bytes| Data::decode(&bytes)), Ok(Some(Data::Int((202_040 + 9).into()))));
    assert_eq!((sandbox.coins(&contract()), sandbox.coins(&account(9))), (7, 2));
    let cells: Vec<_> = sandbox.cells(account(9)).map(|(_, value)| Data::decode(value)).collect();
    assert_eq!(cells, [Some(Data::Int(1.into()))]);
}

#[test]
fn refusals_say_where_and_what_instead() {
    let source =
        "from goodwill import Contract\n\nclass A(Contract):\n    def f(self):\n        return 1 / 2\n";
    let refusal = compile(source, "a.py").unwrap_err();
    let expected = "a.py:5:16: / is not supported: it makes numbers with a fraction\n            return 1 / 2\n                   ^\nhint: use // for whole division";
    assert_eq!(refusal.to_string(), expected);
}

#[test]
fn the_interface_comes_from_the_hints() {
    let abi = compile(TOKEN, "token.py").unwrap().abi();
    assert_eq!(abi["contract"], "Token");
    assert_eq!(abi["methods"][0]["name"], "balance_of");
    assert_eq!(abi["methods"][0]["returns"], "int");
    assert_eq!(abi["fields"][2]["type"], "Map[Address, int]");
}

#[test]
fn one_method_runs_without_a_network() {
    let source = "from goodwill import Contract, export\nclass A(Contract):\n    @export\n    def add(self, a: int, b: int = 2) -> int:\n        return a + b\n";
    let report = run_method(source, "add", &["40"], CALL_GAS_MAX);
    assert_eq!((report.ok, report.result.as_deref()), (true, Some("42")));
    let report = run_method(source, "add", &["'x'"], CALL_GAS_MAX);
    assert!(report.error.unwrap().ends_with("TypeError: add: argument 'a': expected int, got str"));
}
