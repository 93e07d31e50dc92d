//! How many machine instructions things take, counted by Valgrind: the same on a busy machine.
//! Without arguments it runs itself under Valgrind for each work; with a work and a count it does it.
#![allow(missing_docs, reason = "a bench")]

mod work;

use goodwill_vm::{Data, compile_here, gas::CALL_GAS_MAX};
use std::{hint::black_box, process::Command, sync::Arc};

fn transfers(count: u32) {
    let (mut sandbox, transfer) = work::token();
    for _ in 0..count {
        assert!(sandbox.call(&transfer, CALL_GAS_MAX).result.is_ok());
        sandbox.forget_events();
    }
}

fn compiles(count: u32) {
    for _ in 0..count {
        assert!(compile_here(black_box(work::TOKEN), "token.py").is_ok());
    }
}

fn steps(name: &str, count: u32) {
    let (_, setup, step) = work::LOOPS.iter().find(|(of, ..)| *of == name).expect("a loop");
    let program = Arc::new(compile_here(&work::contract(setup, step), "bench.py").expect("it compiles"));
    let outcome = work::call(&mut work::installed(&program), "run", vec![Data::Int(count.into())], false);
    assert!(outcome.result.is_ok(), "{outcome:?}");
}

fn work(name: &str, count: u32) {
    match name {
        "transfer" => transfers(count),
        "compile" => compiles(count),
        name => steps(name, count),
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
    let loops = work::LOOPS.iter().map(|(name, ..)| (*name, 500));
    for (name, count) in [("transfer", 2_000), ("compile", 50)].into_iter().chain(loops) {
        if arguments.first().is_some_and(|wanted| !name.contains(wanted)) {
            continue;
        }
        let each = (counted(name, 2 * count) - counted(name, count)) / i64::from(count);
        println!("{name:<20} {each:>9} instructions");
    }
}
