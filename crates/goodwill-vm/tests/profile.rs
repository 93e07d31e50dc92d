//! Gas by lines: the sum is the call's gas to the unit, and profiling changes nothing.

use goodwill_vm::{
    Call, Data, Sandbox, compile,
    gas::CALL_GAS_MAX,
    literal::parse,
    profile::Spent,
    sandbox::account,
    trial::{Trial, TrialCall},
};
use std::{fs, path::PathBuf};

const BOTH: &str = "\
from goodwill import Contract, Address, export, view, chain

def double(x: int) -> int:
    return x + x

class Both(Contract):
    total: int

    @export
    def work(self, other: Address, count: int) -> int:
        numbers = [double(i) for i in range(count)]
        try:
            self.total += 1 // 0
        except ZeroDivisionError:
            self.total += sum(numbers)
        finally:
            self.total += 1
        try:
            chain.call(other, 'work', self.address, 1)
        except RuntimeError:
            pass
        while self.total < 200:
            self.total += 50
        return self.total

    @view
    def fails(self):
        raise ValueError('no')
";

fn call(contract: u8, method: &str, arguments: Vec<Data>) -> Call {
    Call {
        contract: account(contract),
        sender: account(1),
        value: 0,
        method: method.into(),
        arguments,
        keywords: Vec::new(),
        deploys: false,
    }
}

fn both() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.install(account(0xC0), compile(BOTH, "one.py").unwrap());
    sandbox.install(account(0xC1), compile(BOTH, "two.py").unwrap());
    sandbox
}

fn sum(spent: &[Spent]) -> u64 {
    spent.iter().map(|spent| spent.gas).sum()
}

fn of(spent: &[Spent], file: &str, line: u32) -> Spent {
    spent.iter().find(|spent| (spent.file.as_str(), spent.line) == (file, line)).cloned().unwrap_or_default()
}

/// With and without a profile: the same outcome and state, and the sum is the gas.
fn same(make: &dyn Fn() -> Sandbox, call: &Call, gas: u64) -> Vec<Spent> {
    let (mut plain, mut profiled) = (make(), make());
    let expected = plain.call(call, gas);
    let (outcome, spent) = profiled.profile_call(call, gas);
    assert_eq!((outcome, profiled.digest()), (expected.clone(), plain.digest()));
    assert_eq!(sum(&spent), expected.gas_used, "{} with {gas}: {spent:?}", call.method);
    spent
}

#[test]
fn calls_of_other_contracts_exceptions_and_comprehensions_add_up() {
    let work = call(0xC0, "work", vec![Data::Address(account(0xC1)), Data::Int(10.into())]);
    let spent = same(&both, &work, CALL_GAS_MAX);
    assert_eq!(of(&spent, "one.py", 4).hits, 10, "a function's line is counted where it stands");
    assert_eq!(of(&spent, "two.py", 4).hits, 1, "the other contract's under its file");
    assert_eq!(of(&spent, "one.py", 25), Spent::default(), "what did not run has no row");
    assert!(of(&spent, "", 0).gas > 0, "entering and writing state");
    same(&both, &call(0xC0, "fails", Vec::new()), CALL_GAS_MAX);
    same(&both, &call(0xC0, "missing", Vec::new()), CALL_GAS_MAX);
}

#[test]
fn a_call_that_runs_out_of_gas_adds_up_wherever_it_ends() {
    let work = call(0xC0, "work", vec![Data::Address(account(0xC1)), Data::Int(10.into())]);
    for gas in (0..400_000).step_by(1_733) {
        same(&both, &work, gas);
    }
}

#[test]
fn methods_of_all_examples_add_up() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/contracts"));
    let mut methods = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let source = fs::read_to_string(folder.join(format!("{name}.py"))).unwrap();
        let program = compile(&source, &format!("{name}.py")).unwrap();
        let make = || {
            let mut sandbox = Sandbox::new();
            sandbox.install(account(0xC0), program.clone());
            sandbox
        };
        let abi = program.abi();
        for method in abi["methods"].as_array().unwrap() {
            let arguments = method["parameters"].as_array().unwrap().iter().map(argument).collect();
            let name = method["name"].as_str().unwrap();
            let mut call = call(0xC0, name, arguments);
            call.deploys = name == "init";
            same(&make, &call, CALL_GAS_MAX);
            methods += 1;
        }
    }
    assert!(methods > 60, "{methods}");
}

/// Something of the kind that a parameter wants.
fn argument(parameter: &serde_json::Value) -> Data {
    let text = match parameter["type"].as_str().unwrap_or_default() {
        "int" => "1",
        "str" => "'a'",
        "bytes" => "b'a'",
        "bool" => "True",
        kind if kind.starts_with("list") => "[]",
        kind if kind.starts_with("dict") => "{}",
        _ => return Data::Address(account(1)),
    };
    parse(text, &"dev".parse().unwrap()).unwrap()
}

#[test]
fn a_trial_deploys_with_arguments() {
    let deployed = [TrialCall::new("init", &["1000"])];
    let trial = Trial {
        source: include_str!("contracts/token.py"),
        file: "token.py",
        before: &deployed,
        call: TrialCall::new("missing", &[]),
        gas: CALL_GAS_MAX,
    };
    assert!(trial.run().error.unwrap().contains("no exported method"));
    let wrong = [TrialCall::new("init", &["[]"])];
    let (report, spent) = Trial { before: &wrong, ..trial }.profile();
    assert_eq!(spent, Vec::new(), "the call was not made");
    assert!(report.error.unwrap().starts_with("init, which comes before, failed:\nTraceback"));
}
