//! The best times of transfers and compilations, each loop's time beside CPython's in the same run, and how much time a gas buys: the dearest and the
//! cheapest should be within a factor of four.
#![allow(missing_docs, reason = "a bench")]
#![allow(clippy::disallowed_types, reason = "time is what is measured")]

mod work;

use goodwill_vm::{Data, compile_here, gas::CALL_GAS_MAX};
use std::{hint::black_box, process::Command, sync::Arc, time::Instant};

/// Each is measured so often, and the best counts: the machine may be busy.
const ROUNDS: u32 = 7;

fn python(setup: &str, step: &str, count: u32) -> f64 {
    let source = work::python(setup, step, count, ROUNDS);
    let output = Command::new("python3").args(["-c", &source]).output().expect("python3 runs");
    String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(f64::NAN)
}

/// The least of many times of some work, in seconds for each.
fn best(batch: u32, mut work: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..200 {
        let start = Instant::now();
        (0..batch).for_each(|_| work());
        best = best.min(start.elapsed().as_secs_f64() / f64::from(batch));
    }
    best
}

fn transfers() {
    let (mut sandbox, transfer) = work::token();
    let time = best(500, || {
        assert!(sandbox.call(&transfer, CALL_GAS_MAX).result.is_ok());
        sandbox.forget_events();
    });
    println!("token transfer: {:.2} us, {:.0} a second", time * 1e6, 1.0 / time);
    let time = best(10, || assert!(compile_here(black_box(work::TOKEN), "token.py").is_ok()));
    println!("token compiled: {:.1} us", time * 1e6);
}

fn main() {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    transfers();
    println!("loop                   ns/step   CPython   ratio     gas/step     ps/gas");
    let (mut least, mut most) = (f64::MAX, 0.0_f64);
    for (name, setup, step) in work::LOOPS {
        if wanted.as_ref().is_some_and(|wanted| !name.contains(wanted)) {
            continue;
        }
        let program = Arc::new(compile_here(&work::contract(setup, step), "bench.py").expect("it compiles"));
        let mut sandbox = work::installed(&program);
        let (mut count, mut best, mut gas, mut round) = (200_000_u32, f64::MAX, 0, 0);
        while round < ROUNDS {
            let start = Instant::now();
            let outcome = work::call(&mut sandbox, "run", vec![Data::Int(count.into())], false);
            let time = start.elapsed().as_secs_f64();
            if outcome.result.is_err() {
                count /= 4;
                continue;
            }
            (best, gas, round) = (best.min(time), outcome.gas_used, round + 1);
        }
        let (steps, python) = (f64::from(count), python(setup, step, count));
        let per_gas = best * 1e12 / gas as f64;
        (least, most) = (least.min(per_gas), most.max(per_gas));
        println!(
            "{name:<20} {:>9.1} {:>9.1} {:>7.2} {:>12.0} {per_gas:>10.0}",
            best * 1e9 / steps,
            python * 1e9 / steps,
            best / python,
            gas as f64 / steps,
        );
    }
    println!("time for a gas: {least:.0} to {most:.0} ps, a factor of {:.1}", most / least);
}
