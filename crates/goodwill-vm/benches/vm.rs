//! How fast contracts run: token transfers, compilation, and loops beside CPython in the same run; and
//! how many nanoseconds a gas takes in each.
#![allow(missing_docs, reason = "a bench")]
#![allow(clippy::disallowed_types, reason = "time is what is measured")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use goodwill_vm::{Call, Data, Outcome, Sandbox, compile_here, gas::CALL_GAS_MAX, sandbox::account};
use std::{fmt::Write, hint::black_box, process::Command, sync::Arc, time::Instant};

const TOKEN: &str = include_str!("../tests/contracts/token.py");

/// Work that is measured beside CPython: a name, preparation, and a statement of a loop.
const LOOPS: &[(&str, &str, &str)] = &[
    ("arithmetic", "total = 0", "total += i * 3 % 7"),
    ("function calls", "total = 0", "total = add(total, i)"),
    ("method calls", "total = 0\np = Point(1)", "total += p.get()"),
    ("attributes", "p = Point(1)", "p.x = p.x + 1"),
    ("list append", "xs = []", "xs.append(i)"),
    ("list index", "xs = list(range(100))\ntotal = 0", "total += xs[i % 100]"),
    ("list store", "xs = list(range(100))", "xs[i % 100] = i"),
    ("dict store", "d = {}", "d[i % 1000] = i"),
    ("dict load", "d = {k: k for k in range(1000)}\ntotal = 0", "total += d[i % 1000]"),
    (
        "dict of texts",
        "d = {'key' + str(k): k for k in range(100)}\nks = list(d)\ntotal = 0",
        "total += d[ks[i % 100]]",
    ),
    ("text building", "parts = []", "parts.append(str(i))"),
    ("f-strings", "s = ''", "s = f'{i}:{i}'"),
    ("text compare", "s = 'hello world'\nt = 'hello there'\nn = 0", "n += s < t"),
    ("tuples", "t = (0, 0)", "t = (i, i)"),
    ("conditions", "n = 0", "n = n + 1 if i % 2 == 0 and i % 3 != 1 else n"),
    ("exceptions", "n = 0", "n = guarded(i)"),
    ("wide integers", "x = 2**200", "y = x + i"),
    ("wide multiplication", "x = 2**100", "y = x * (x + i)"),
    ("wide division", "x = 2**250", "y = x // (i + 3)"),
    ("text slices", "s = 'abcdefghij' * 10", "t = s[10:50]"),
    ("text find", "s = 'abcdefghij' * 100 + 'z'", "t = s.find('z')"),
    ("text upper", "s = 'abcdefghij' * 10", "t = s.upper()"),
    ("list slices", "xs = list(range(50))", "ys = xs[:25]"),
    ("sort", "xs = [(k * 7919) % 100 for k in range(100)]", "ys = sorted(xs)"),
    ("sum", "xs = list(range(100))", "y = sum(xs)"),
    ("membership", "xs = list(range(100))\nn = 0", "n += 99 in xs"),
    ("sets", "s = set()", "s.add(i % 1000)"),
];

const HELPERS: &str = "def add(a, b):\n    return a + b\n\nclass Point:\n    def __init__(self, x):\n        self.x = x\n    def get(self):\n        return self.x\n\ndef guarded(i):\n    try:\n        raise ValueError(i)\n    except ValueError:\n        return i\n";

fn contract(setup: &str, step: &str) -> String {
    let mut source = format!(
        "from goodwill import Contract, export\n{HELPERS}\nclass Bench(Contract):\n    @export\n    def run(self, count: int):\n"
    );
    for line in setup.lines() {
        _ = writeln!(source, "        {line}");
    }
    _ = writeln!(source, "        for i in range(count):\n            {step}");
    source
}

fn python(setup: &str, step: &str, count: usize) -> f64 {
    let mut source = format!("import time\n{HELPERS}\ndef run(count):\n");
    for line in setup.lines() {
        _ = writeln!(source, "    {line}");
    }
    _ = writeln!(source, "    for i in range(count):\n        {step}");
    _ = writeln!(
        source,
        "best = 9\nfor _ in range(3):\n    start = time.perf_counter()\n    run({count})\n    best = min(best, time.perf_counter() - start)\nprint(best)"
    );
    let output = Command::new("python3").args(["-c", &source]).output().expect("python3 runs");
    String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(f64::NAN)
}

fn call(sandbox: &mut Sandbox, method: &str, arguments: Vec<Data>, deploys: bool) -> Outcome {
    let contract = Sandbox::contract_address();
    let call = Call {
        contract,
        sender: account(1),
        value: 0,
        method: method.into(),
        arguments,
        keywords: Vec::new(),
        deploys,
    };
    sandbox.call(&call, CALL_GAS_MAX)
}

/// Prints each loop's time beside CPython's, and its nanoseconds per 1,000 gas.
fn table() {
    println!(
        "{:<20} {:>9} {:>9} {:>7} {:>12} {:>10}",
        "loop", "ns/step", "CPython", "ratio", "gas/step", "ps/gas"
    );
    for (name, setup, step) in LOOPS {
        let program = Arc::new(compile_here(&contract(setup, step), "bench.py").expect("it compiles"));
        let mut count = 1_000_000;
        let (time, outcome) = loop {
            let mut sandbox = Sandbox::new();
            sandbox.install(Sandbox::contract_address(), Arc::clone(&program));
            let start = Instant::now();
            let outcome = call(&mut sandbox, "run", vec![Data::Int(count.into())], false);
            let time = start.elapsed().as_secs_f64();
            if outcome.result.is_ok() || count < 100 {
                break (time, outcome);
            }
            count /= 4;
        };
        let steps = count as f64;
        let python = python(setup, step, count as usize);
        println!(
            "{name:<20} {:>9.1} {:>9.1} {:>7.2} {:>12.0} {:>10.0}",
            time * 1e9 / steps,
            python * 1e9 / steps,
            time / python,
            outcome.gas_used as f64 / steps,
            time * 1e12 / outcome.gas_used as f64,
        );
    }
}

fn transfers(criterion: &mut Criterion) {
    let program = Arc::new(compile_here(TOKEN, "token.py").expect("it compiles"));
    let mut sandbox = Sandbox::new();
    sandbox.install(Sandbox::contract_address(), program);
    let deployed = call(&mut sandbox, "init", vec![Data::Int(1_000_000_000.into())], true);
    assert!(deployed.result.is_ok(), "{deployed:?}");
    let transfer = Call {
        contract: Sandbox::contract_address(),
        sender: account(1),
        value: 0,
        method: "transfer".into(),
        arguments: vec![Data::Address(account(2)), Data::Int(1.into())],
        keywords: Vec::new(),
        deploys: false,
    };
    let mut group = criterion.benchmark_group("token");
    group.throughput(Throughput::Elements(1));
    group.bench_function("transfer", |bencher| {
        bencher.iter(|| {
            let outcome = sandbox.call(&transfer, CALL_GAS_MAX);
            sandbox.forget_events();
            outcome
        });
    });
    group.bench_function("compile", |bencher| bencher.iter(|| compile_here(black_box(TOKEN), "token.py")));
    group.finish();
}

fn all(criterion: &mut Criterion) {
    table();
    transfers(criterion);
}

criterion_group!(benches, all);
criterion_main!(benches);
