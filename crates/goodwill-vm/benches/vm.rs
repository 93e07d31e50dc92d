//! How fast a token is transferred, and compiled.
#![allow(missing_docs, reason = "a bench")]

mod work;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use goodwill_vm::{compile_here, gas::CALL_GAS_MAX};
use std::hint::black_box;

fn token(criterion: &mut Criterion) {
    let (mut sandbox, transfer) = work::token();
    let mut group = criterion.benchmark_group("token");
    group.throughput(Throughput::Elements(1));
    group.bench_function("transfer", |bencher| {
        bencher.iter(|| {
            let outcome = sandbox.call(&transfer, CALL_GAS_MAX);
            sandbox.forget_events();
            outcome
        });
    });
    group.bench_function("compile", |bencher| {
        bencher.iter(|| compile_here(black_box(work::TOKEN), "token.py"));
    });
    group.finish();
}

criterion_group!(benches, token);
criterion_main!(benches);
