//! How many machine instructions things take, counted by Valgrind: the same on a busy machine.
//! Without arguments it runs itself under Valgrind for each work; with a work and a count it does it.
#![allow(missing_docs, reason = "a bench")]

use goodwill_vm::{Call, Data, Sandbox, compile_here, gas::CALL_GAS_MAX, sandbox::account};
use std::{hint::black_box, process::Command, sync::Arc};

const TOKEN: &str = include_str!("../tests/contracts/token.py");

/// Work that is counted, and how often it is done.
const WORK: &[(&str, u32)] = &[("transfer", 2_000), ("compile", 50)];

fn transfers(count: u32) {
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
    call.deploys = false;
    call.arguments = vec![Data::Address(account(2)), Data::Int(1.into())];
    for _ in 0..count {
        assert!(sandbox.call(&call, CALL_GAS_MAX).result.is_ok());
        sandbox.forget_events();
    }
}

fn compiles(count: u32) {
    for _ in 0..count {
        assert!(compile_here(black_box(TOKEN), "token.py").is_ok());
    }
}

fn work(name: &str, count: u32) {
    match name {
        "transfer" => transfers(count),
        _ => compiles(count),
    }
}

/// Instructions of the whole run, as Valgrind reports them.
fn counted(name: &str, count: u32) -> i64 {
    let own = std::env::current_exe().expect("it runs");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(own)
        .args([name, &count.to_string()])
        .output()
        .expect("valgrind is installed");
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    let total = report.lines().find_map(|line| line.split_once("Collected : ")).expect("a total");
    total.1.trim().parse().expect("a number")
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [name, count] = &arguments[..] {
        return work(name, count.parse().expect("a count"));
    }
    for (name, count) in WORK {
        let each = (counted(name, 2 * count) - counted(name, *count)) / i64::from(*count);
        println!("{name:<10} {each:>9} instructions");
    }
}
