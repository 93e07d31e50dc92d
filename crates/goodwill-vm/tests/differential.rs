//! Random contracts, run under CPython with the package and under the machine: equal results,
//! exceptions, events and state. `GOODWILL_PROGRAMS` runs more than the default, `GOODWILL_SEED`
//! others.

use goodwill_vm::{Call, Data, Failure, Sandbox, Step, Type, Vm, literal::parse, sandbox::account};
use serde::Deserialize;
use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

const PROGRAMS: usize = 2_000;
/// Divergences that are shown in full before the test gives up.
const SHOWN: usize = 3;
const CONSTANT_CHANGED: &str = "a constant of the module cannot be changed";
const GAS: u64 = 2_000_000_000;

#[derive(Deserialize)]
struct Case {
    seed: u64,
    source: String,
    calls: Vec<CaseCall>,
    results: Vec<Expected>,
    events: Vec<(String, Vec<(String, String)>)>,
    state: Vec<(String, serde_json::Value)>,
}

#[derive(Deserialize)]
struct CaseCall {
    method: String,
    sender: u8,
    value: u128,
    args: Vec<String>,
    height: u64,
    timestamp: u64,
    epoch: u64,
}

#[derive(Deserialize)]
struct Expected {
    ok: bool,
    result: Option<String>,
    error: Option<String>,
    message: Option<String>,
}

/// What was run, over all programs.
#[derive(Default, Debug)]
struct Counts {
    programs: usize,
    calls: usize,
    returned: usize,
    raised: usize,
    refused: usize,
    divergences: usize,
}

#[test]
#[allow(clippy::disallowed_methods, reason = "how much to run is the caller's")]
fn the_machine_agrees_with_cpython() {
    let number =
        |name: &str, default| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let count = number("GOODWILL_PROGRAMS", PROGRAMS);
    let seed = number("GOODWILL_SEED", 1);
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut generator = Command::new("python3")
        .current_dir(root)
        .args(["python/differential/generate.py", "--seed", &seed.to_string(), "--count", &count.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs the generator");
    let lines = BufReader::new(generator.stdout.take().expect("it is piped")).lines();
    let mut counts = Counts::default();
    for line in lines {
        let case: Case = serde_json::from_str(&line.expect("text")).expect("a program a line");
        counts.programs += 1;
        let result = run(&case, &mut counts);
        if matches!(&result, Err(difference) if difference.contains(CONSTANT_CHANGED)) {
            // CPython lets a contract change its module's constants, which the next call would see there.
            counts.refused += 1;
            continue;
        }
        if let Err(difference) = result {
            counts.divergences += 1;
            println!("=== seed {}\n{}\n--- {difference}\n", case.seed, case.source);
            if counts.divergences >= SHOWN {
                generator.kill().expect("it runs");
                break;
            }
        }
    }
    generator.wait().expect("it ends");
    println!("{counts:?}");
    assert_eq!(counts.divergences, 0, "the machine and CPython differ");
    assert_eq!(counts.programs, count, "the generator stopped early");
}

fn run(case: &Case, counts: &mut Counts) -> Result<(), String> {
    let program = goodwill_vm::compile(&case.source, "contract.py").map_err(|refusal| refusal.to_string())?;
    let mut sandbox = Sandbox::new();
    let contract = Sandbox::contract_address();
    sandbox.install(contract, program.clone());
    (0..8).for_each(|sender| sandbox.fund(account(sender + 1), 1_000_000));
    for (index, (call, expected)) in case.calls.iter().zip(&case.results).enumerate() {
        counts.calls += 1;
        let actual = perform(&mut sandbox, &program, call, index == 0)?;
        if actual.0.is_ok() {
            counts.returned += 1
        } else {
            counts.raised += 1
        }
        compare(&actual.0, expected).map_err(|difference| {
            format!("call {index} {}({}): {difference}\n{}", call.method, call.args.join(", "), actual.1)
        })?;
    }
    compare_events(&sandbox, case)?;
    // A contract whose deployment failed is not there.
    if case.results.first().is_some_and(|first| !first.ok) { Ok(()) } else { compare_state(&sandbox, case) }
}

/// A result's `repr`, or an exception's class and message; and its traceback.
type Actual = (Result<String, (String, String)>, String);

fn perform(
    sandbox: &mut Sandbox,
    program: &std::sync::Arc<goodwill_vm::Program>,
    call: &CaseCall,
    deploys: bool,
) -> Result<Actual, String> {
    let prefix = "dev".parse().expect("a prefix");
    let arguments = call.args.iter().map(|text| parse(text, &prefix)).collect::<Result<Vec<Data>, _>>()?;
    let contract = Sandbox::contract_address();
    sandbox.at(call.height, call.timestamp, call.epoch);
    let call = Call {
        contract,
        sender: account(call.sender + 1),
        value: call.value,
        method: call.method.clone(),
        arguments,
        keywords: Vec::new(),
        deploys,
    };
    let mut vm = Vm::new(program.clone(), &call, GAS, sandbox);
    let Step::Done(outcome) = vm.run(sandbox) else { return Err("the sandbox has everything".into()) };
    Ok(match outcome.result {
        Ok(bytes) => (Ok(sandbox.repr(&contract, &bytes)), String::new()),
        Err(Failure::Raised(raised)) => (Err((raised.class, raised.message)), raised.traceback),
        Err(failure) => return Err(format!("{failure:?}")),
    })
}

fn compare(actual: &Result<String, (String, String)>, expected: &Expected) -> Result<(), String> {
    let wanted = match (&expected.result, &expected.error) {
        (Some(result), _) => format!("returned {result}"),
        (None, Some(error)) => format!("raised {error}: {:?}", expected.message),
        (None, None) => "nothing".into(),
    };
    let equal = match actual {
        Ok(result) => expected.ok && Some(result) == expected.result.as_ref(),
        Err((class, message)) => {
            !expected.ok
                && expected.error.as_ref().is_some_and(|expected| same_class(class, expected))
                && expected.message.as_ref().is_none_or(|expected| expected == message)
        }
    };
    if equal { Ok(()) } else { Err(format!("CPython {wanted}, the machine {actual:?}")) }
}

/// A variable without a value inside a comprehension: CPython 3.11 and earlier raise the base class.
fn same_class(actual: &str, expected: &str) -> bool {
    actual == expected || (actual == "UnboundLocalError" && expected == "NameError")
}

fn compare_events(sandbox: &Sandbox, case: &Case) -> Result<(), String> {
    let contract = Sandbox::contract_address();
    let shown: Vec<(String, Vec<(String, String)>)> = sandbox
        .events()
        .iter()
        .map(|event| {
            let field = |(name, value): &(String, Vec<u8>)| (name.clone(), sandbox.repr(&contract, value));
            (event.name.clone(), event.fields.iter().map(field).collect())
        })
        .collect();
    if shown == case.events {
        Ok(())
    } else {
        Err(format!("events: CPython {:?}, the machine {shown:?}", case.events))
    }
}

/// What an unset field reads as; a dataclass has nothing.
fn zero(kind: &Type) -> Option<Data> {
    Some(match kind {
        Type::Int => Data::Int(0.into()),
        Type::Bool => Data::Bool(false),
        Type::Str => Data::Str(String::new()),
        Type::Bytes => Data::Bytes(Vec::new()),
        Type::Address => Data::Address(goodwill_vm::address::zero()),
        Type::None | Type::Optional(_) | Type::Any => Data::None,
        Type::List(_) => Data::List(Vec::new()),
        Type::Tuples(_) => Data::Tuple(Vec::new()),
        Type::Dict(..) => Data::Dict(Vec::new()),
        Type::Tuple(kinds) => Data::Tuple(kinds.iter().map(zero).collect::<Option<_>>()?),
        Type::Record(_) | Type::Map(..) => return None,
    })
}

/// State as the generator shows it: fields, and entries of Maps by the path of their keys.
fn compare_state(sandbox: &Sandbox, case: &Case) -> Result<(), String> {
    let contract = Sandbox::contract_address();
    let program = sandbox.installed(&contract).expect("installed");
    let fields = program.storage_fields();
    let mut state: Vec<(String, serde_json::Value)> = Vec::new();
    for (number, (name, kind)) in fields.iter().enumerate() {
        let of_field = |path: &&[u8]| usize::from(path[0]) == number;
        let cells = sandbox.cells(contract).filter(|(path, _)| of_field(path));
        if matches!(kind, Type::Map(..)) {
            let mut entries: Vec<[String; 2]> = cells
                .map(|(path, value)| {
                    let keys = Data::decode_all(&path[1..]).expect("keys");
                    let key = match &keys[..] {
                        [key] => key.clone(),
                        keys => Data::Tuple(keys.to_vec()),
                    };
                    [sandbox.repr(&contract, &key.encode()), sandbox.repr(&contract, value)]
                })
                .collect();
            entries.sort();
            if !entries.is_empty() {
                state.push((name.clone(), serde_json::json!(entries)));
            }
        } else {
            let stored = cells.map(|(_, value)| sandbox.repr(&contract, value)).next();
            let shown = stored.or_else(|| zero(kind).map(|zero| sandbox.repr(&contract, &zero.encode())));
            state.extend(shown.map(|shown| (name.clone(), serde_json::json!(shown))));
        }
    }
    let mut expected = case.state.clone();
    expected.retain(|(_, value)| value.as_array().is_none_or(|entries| !entries.is_empty()));
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    state.sort_by(|a, b| a.0.cmp(&b.0));
    if state == expected {
        Ok(())
    } else {
        Err(format!("state: CPython {expected:?}\nthe machine {state:?}"))
    }
}
