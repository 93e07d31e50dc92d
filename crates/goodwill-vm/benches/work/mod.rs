//! The work that the benches measure.
#![allow(dead_code, reason = "not every bench measures everything")]

use goodwill_vm::{Call, Data, Outcome, Program, Sandbox, compile_here, gas::CALL_GAS_MAX, sandbox::account};
use std::{fmt::Write, sync::Arc};

/// A token as they all are.
pub(crate) const TOKEN: &str = include_str!("../../tests/contracts/token.py");

/// Work that is measured beside CPython: a name, preparation, and a statement of a loop.
pub(crate) const LOOPS: &[(&str, &str, &str)] = &[
    ("arithmetic", "total = 0", "total += i * 3 % 7"),
    ("loop", "pass", "pass"),
    ("branches", "n = 0", "if i < 500: n = i"),
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
    ("tuple keys", "d = {}", "d[(i % 100, 1)] = i"),
    ("text iteration", "s = 'abcdefghij' * 10\nn = 0", "for c in s: n += 1"),
    ("dict iteration", "d = {k: k for k in range(100)}\nn = 0", "for k, v in d.items(): n += v"),
    ("comprehension", "xs = list(range(100))", "ys = [x + 1 for x in xs]"),
    ("text split", "s = 'ab cd ef gh ij ' * 10", "ys = s.split()"),
    ("text join", "xs = ['abc'] * 50", "s = ','.join(xs)"),
    ("text replace", "s = 'abcdefghij' * 10", "t = s.replace('cd', 'xyz')"),
    ("text of lists", "xs = list(range(50))", "t = str(xs)"),
    ("int of text", "s = '123456789'", "y = int(s)"),
    ("bytes slices", "b = b'abcdefghij' * 10", "c = b[10:50]"),
    ("closures", "k = 3\nf = lambda x: x + k", "y = f(i)"),
    ("keywords", "y = 0", "y = add(a=i, b=1)"),
    ("min", "xs = list(range(100))", "y = min(xs)"),
    ("set algebra", "s = set(range(100))\nt = set(range(50, 150))", "u = s & t"),
    ("long texts equal", "s = 'ab' * 5000 + 'x'\nt = 'ab' * 5000 + 'x'\nn = 0", "n += s == t"),
    ("objects", "y = 0", "p = Point(i)"),
    ("powers", "y = 0", "y = 3 ** (i % 100)"),
    ("wide text", "x = 2**250", "t = str(x + i)"),
    ("slice store", "xs = list(range(1000))", "xs[5:6] = [i]"),
    ("pop front", "xs = list(range(1000))", "xs.append(xs.pop(0))"),
    ("enumerate", "xs = list(range(100))\nn = 0", "for a, b in enumerate(xs): n += b"),
    ("isinstance", "n = 0", "n += isinstance(i, int)"),
];

/// What the loops call.
pub(crate) const HELPERS: &str = "def add(a, b):\n    return a + b\n\nclass Point:\n    def __init__(self, x):\n        self.x = x\n    def get(self):\n        return self.x\n\ndef guarded(i):\n    try:\n        raise ValueError(i)\n    except ValueError:\n        return i\n";

/// A contract whose method `run` does a step so often.
pub(crate) fn contract(setup: &str, step: &str) -> String {
    let mut source = format!(
        "from goodwill import Contract, export\n{HELPERS}\nclass Bench(Contract):\n    @export\n    def run(self, count: int):\n"
    );
    write_loop(&mut source, "        ", setup, step);
    source
}

/// A file for CPython that prints the least of some times, in seconds.
pub(crate) fn python(setup: &str, step: &str, count: u32, rounds: u32) -> String {
    let mut source = format!("import time\n{HELPERS}\ndef run(count):\n");
    write_loop(&mut source, "    ", setup, step);
    _ = write!(
        source,
        "best = 99\nfor _ in range({rounds}):\n    start = time.perf_counter()\n    run({count})\n    best = min(best, time.perf_counter() - start)\nprint(best)\n"
    );
    source
}

fn write_loop(source: &mut String, indent: &str, setup: &str, step: &str) {
    for line in setup.lines() {
        _ = writeln!(source, "{indent}{line}");
    }
    _ = writeln!(source, "{indent}for i in range(count):\n{indent}    {step}");
}

/// Runs a method of the contract that is installed.
pub(crate) fn call(sandbox: &mut Sandbox, method: &str, arguments: Vec<Data>, deploys: bool) -> Outcome {
    sandbox.call(&the_call(method, arguments, deploys), CALL_GAS_MAX)
}

/// A call of the contract that is installed.
pub(crate) fn the_call(method: &str, arguments: Vec<Data>, deploys: bool) -> Call {
    Call {
        contract: Sandbox::contract_address(),
        sender: account(1),
        value: 0,
        method: method.into(),
        arguments,
        keywords: Vec::new(),
        deploys,
    }
}

/// A sandbox with a contract.
pub(crate) fn installed(program: &Arc<Program>) -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.install(Sandbox::contract_address(), Arc::clone(program));
    sandbox
}

/// A sandbox with the token, whose coins the first account has, and a transfer of one of them.
pub(crate) fn token() -> (Sandbox, Call) {
    let mut sandbox = installed(&Arc::new(compile_here(TOKEN, "token.py").expect("it compiles")));
    let deployed = call(&mut sandbox, "init", vec![Data::Int(1_000_000_000.into())], true);
    assert!(deployed.result.is_ok(), "{deployed:?}");
    (sandbox, the_call("transfer", vec![Data::Address(account(2)), Data::Int(1.into())], false))
}
