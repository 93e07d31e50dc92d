//! The reference of the language, made from the compiler's own tables and from what it says of
//! examples: it cannot claim what is not so.

use crate::{builtins::Builtin, classes, compile, gas, limits, methods::METHODS};
use std::fmt::Write;

/// Storage and the chain, with contracts that are compiled.
const STORAGE: &str = include_str!("reference/storage.md");

/// What is accepted: a title, and code inside a method.
const ACCEPTED: &[(&str, &str)] = &[
    ("Conditions", "if a > 1:\n    b = 1\nelif a < 0:\n    b = 2\nelse:\n    b = 3"),
    (
        "Loops",
        "for i in range(3):\n    if i == 1:\n        continue\n    break\nelse:\n    a = 0\nwhile a < 3:\n    a += 1",
    ),
    (
        "Exceptions",
        "try:\n    a = 1 // a\nexcept (ZeroDivisionError, ValueError) as error:\n    raise RuntimeError(\"no\") from error\nelse:\n    b = 1\nfinally:\n    c = 2",
    ),
    ("Assertions", "assert a > 0, \"a must be positive\""),
    (
        "Matching",
        "match a:\n    case 1 | 2:\n        b = \"few\"\n    case [first, *others]:\n        b = first\n    case x if x != 3:\n        b = x\n    case _:\n        b = None",
    ),
    ("Assignment", "b, (c, *d) = 1, (2, 3, 4)\nb += 1\nif (e := a + b) > 2:\n    del d[0]"),
    ("Slices", "b = [1, 2, 3, 4]\nc = b[1:-1] + b[::-1]\nb[:2] = [7]\ndel b[1:]"),
    (
        "Comprehensions",
        "b = [i * i for i in range(5) if i % 2]\nc = {i: str(i) for i in b}\nd = {i for i in b}\ne = sum(i for i in b)",
    ),
    (
        "Functions",
        "def add(x, y=2, *more, z=3):\n    return x + y + sum(more) + z\nb = add(1, 2, 3, z=4) + add(*[1, 2])\nc = sorted([3, 1], key=lambda x: -x)",
    ),
    ("Texts", "b = f\"{a:>10,}|{a!r}|{a:#x}|{'abc':.2}\""),
    (
        "Operators",
        "b = (a ** 2 // 3 % 5 << 2 | 1) & ~a ^ -a\nc = 0 < a <= 10 and a not in (1, 2) or a is None\nd = 1 if c else 2",
    ),
];

/// What is refused at the top of a file.
const REFUSED_ABOVE: &[&str] = &[
    "from typing import Optional",
    "from enum import Enum",
    "from operator import itemgetter",
    "from datetime import datetime",
    "from dataclasses import field",
    "import random",
    "import json",
];

/// What is refused inside the class.
const REFUSED_IN_CLASS: &[&str] =
    &["limit: int = 5", "@property\ndef limit(self):\n    pass", "@staticmethod\ndef twice(x):\n    pass"];

/// What is refused: code inside a method.
const REFUSED: &[&str] = &[
    "b = 1.5",
    "b = a / 2",
    "b = eval(\"1\")",
    "b = open(\"file\")",
    "b = a.__class__",
    "global b",
    "async def f():\n    pass",
    "yield a",
    "with a:\n    pass",
    "import os",
    "class B:\n    pass",
    "b = a is 1",
    "b = (i for i in [1])",
    "b = map(str, [1])",
    "b = hash(a)",
    "b = type(a)",
    "def f(**names):\n    pass",
    "def f(x=[]):\n    pass",
    "raise",
    "self.unknown = 1",
    "b = sorted(self.entries)",
    "for key in self.entries:\n    pass",
    "b = self.entries.items()",
    "b = f\"{a:.2f}\"",
    "b = \"%d\" % a",
    "b = \"{}\".format(a)",
    "ä = 1",
];

/// A contract with code above it, in its class, and in its method.
fn contract(above: &str, inside: &str, body: &str) -> String {
    let mut source = format!("{above}\n");
    source.push_str(
        "from goodwill import Contract, Map, export\n\nclass Example(Contract):\n    entries: Map[int, int]\n",
    );
    for line in inside.lines() {
        _ = writeln!(source, "    {line}");
    }
    source.push_str("    @export\n    def run(self, a: int):\n        pass\n");
    for line in body.lines() {
        _ = writeln!(source, "        {line}");
    }
    source
}

fn example(body: &str) -> String {
    contract("", "", body)
}

/// The reference as Markdown.
///
/// # Panics
/// If the compiler refuses what is said to be accepted, or the other way round.
pub fn reference() -> String {
    let mut out = String::from(
        "# Contracts: language reference\n\n\
         Generated from the compiler; `cargo test -p goodwill-vm` compares it.\n\n\
         A contract is a Python file. It runs under CPython with the `goodwill` package, and on the chain, with\n\
         the same results. The class that is deployed is the last of the file that derives from `Contract`; its\n\
         annotations are its storage.\n\n",
    );
    write_names(&mut out);
    write_storage(&mut out);
    write_accepted(&mut out);
    write_refused(&mut out);
    write_differences(&mut out);
    write_limits(&mut out);
    write_prices(&mut out);
    out
}

fn code_list(names: impl Iterator<Item = &'static str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" ")
}

fn write_names(out: &mut String) {
    _ = writeln!(out, "## Imports\n");
    _ = writeln!(
        out,
        "```python\nfrom goodwill import Contract, Map, Address, export, view, payable, msg, chain, emit, require, RequireError, COIN\nfrom dataclasses import dataclass\n```\n"
    );
    let builtins = Builtin::ALL.iter().map(|(name, _)| *name).filter(|name| Builtin::find(name).is_some());
    _ = writeln!(out, "## Builtin functions\n\n{}\n", code_list(builtins));
    let types = classes::BUILTIN.iter().map(|(name, _)| *name).filter(|name| {
        classes::find(name).is_some_and(|class| !classes::is_below(class, classes::BASE_EXCEPTION))
    });
    _ = writeln!(out, "## Types\n\n{}\n", code_list(types));
    let exceptions = classes::BUILTIN.iter().map(|(name, _)| *name).filter(|name| {
        classes::find(name).is_some_and(|class| classes::is_below(class, classes::BASE_EXCEPTION))
    });
    _ = writeln!(out, "## Exceptions\n\n{}\n", code_list(exceptions));
    _ = writeln!(out, "## Methods\n");
    for (name, methods) in METHODS {
        _ = writeln!(out, "- `{name}`: {}", code_list(methods.iter().map(|method| method.text())));
    }
    _ = writeln!(
        out,
        "\nOf the classes themselves: `dict.fromkeys`, `bytes.fromhex`, `int.from_bytes`, `Address.ZERO`.\n"
    );
}

fn write_storage(out: &mut String) {
    for code in STORAGE.split("```python\n").skip(1).filter_map(|rest| rest.split("```").next()) {
        let compiled = compile(code, "example.py");
        assert!(compiled.is_ok(), "{compiled:?}");
    }
    out.push_str(STORAGE);
}

fn write_accepted(out: &mut String) {
    _ = writeln!(out, "## Accepted\n");
    for (title, body) in ACCEPTED {
        let compiled = compile(&example(body), "example.py");
        assert!(compiled.is_ok(), "{title}: {compiled:?}");
        _ = writeln!(out, "### {title}\n\n```python\n{body}\n```\n");
    }
}

fn write_refused(out: &mut String) {
    _ = writeln!(out, "## Refused at deployment\n\n| code | why | instead |\n|---|---|---|");
    let above = REFUSED_ABOVE.iter().map(|code| (code, contract(code, "", "")));
    let inside = REFUSED_IN_CLASS.iter().map(|code| (code, contract("", code, "")));
    let refused = REFUSED.iter().map(|code| (code, example(code)));
    for (code, source) in above.chain(inside).chain(refused) {
        let refusal = match compile(&source, "example.py") {
            Ok(_) => panic!("{code} is accepted"),
            Err(refusal) => refusal,
        };
        let code = code.replace('\n', " ").replace('|', "\\|");
        let (why, instead) = (refusal.message.replace('|', "\\|"), refusal.hint.replace('|', "\\|"));
        _ = writeln!(out, "| `{code}` | {why} | {instead} |");
    }
    out.push('\n');
}

fn write_differences(out: &mut String) {
    out.push_str(
        "## Where Python is wider\n\n\
         - An integer has 256 bits with its sign; beyond them `OverflowError`. Ranges and indexes have 64.\n\
         - Sets have no order: iterate over `sorted(values)`, and do not show sets of several elements.\n\
         - Lists, dicts and sets of the module are constants: changing them raises `TypeError`.\n\
         - `upper`, `lower`, `isalpha`, `split` and the like know ASCII letters and spaces only.\n\
         - `is` compares with `None`, `True` and `False` only; `%` does not format texts.\n\
         - `map` and `filter` stand where all their elements are taken at once, as generators do.\n\
         - Of Python's own methods a class defines `__init__` only. `repr` of a plain object has no address.\n\
         - Running out of gas or memory ends the call; no `except` or `finally` sees it.\n\n",
    );
}

fn write_limits(out: &mut String) {
    let rows: &[(&str, u64)] = &[
        ("bytes of a file", limits::SOURCE_BYTES_MAX as u64),
        ("nesting of the source", u64::from(limits::PARSE_DEPTH_MAX)),
        ("nesting of an expression, with chains", u64::from(limits::EXPRESSION_DEPTH_MAX)),
        ("calls of functions within each other (`RecursionError`)", limits::CALL_DEPTH_MAX as u64),
        (
            "nesting of values that are compared, shown or stored (`RecursionError`)",
            u64::from(limits::NESTING_MAX),
        ),
        ("bytes of memory of a call", limits::MEMORY_BYTES_MAX),
        ("contracts that wait for each other", limits::CONTRACT_DEPTH_MAX as u64),
        ("bytes of a stored value, argument or result", limits::VALUE_BYTES_MAX as u64),
        ("bytes of a storage key", limits::STORAGE_KEY_BYTES_MAX as u64),
        ("events of a call", limits::EVENTS_MAX as u64),
        ("width in a format", limits::FORMAT_WIDTH_MAX as u64),
        ("gas of a call", gas::CALL_GAS_MAX),
    ];
    _ = writeln!(out, "## Limits\n\n| what | at most |\n|---|---:|");
    for (what, most) in rows {
        _ = writeln!(out, "| {what} | {most} |");
    }
    out.push('\n');
}

fn write_prices(out: &mut String) {
    let rows: &[(&str, u64)] = &[
        ("arithmetic or comparison of small integers", gas::ARITHMETIC),
        ("step of a loop", gas::ITERATE),
        ("element or attribute", gas::ACCESS),
        ("call of a function", gas::CALL),
        ("call of a builtin", gas::NATIVE),
        ("new object", gas::ALLOCATE),
        ("entry of a dict or set", gas::INSERT),
        ("raising", gas::RAISE),
        ("storage cell, first read", gas::STORAGE_READ),
        ("storage cell, read again", gas::STORAGE_CACHED),
        ("storage cell, write", gas::STORAGE_WRITE),
        ("byte written to storage", gas::STORAGE_WRITE_BYTE),
        ("event", gas::EVENT),
        ("transfer of coins", gas::TRANSFER),
        ("call of a contract", gas::ENTER),
        ("hash", gas::HASH),
        (
            "compiling: each byte of the source, at deployment and after 256 blocks without a call",
            gas::COMPILE_BYTE,
        ),
        ("signature", gas::SIGNATURE),
    ];
    _ = writeln!(out, "## Gas\n\n| what | gas |\n|---|---:|");
    for (what, price) in rows {
        _ = writeln!(out, "| {what} | {price} |");
    }
}
