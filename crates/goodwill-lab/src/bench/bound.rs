//! The bound of the machine: no transfer is faster than the verification of its signature.

use goodwill_types::{
    Action, Address, Amount, Domain, SecretKey, SignedTransaction, Transaction, hash,
    transaction::verify_signatures,
};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Signatures in a batch: more gain little.
const BATCH: usize = 1_024;
/// How long it is measured.
const MEASURED: Duration = Duration::from_secs(2);

/// Signatures that all cores together verify in a second, in batches.
pub(super) fn verify_batch_per_s() -> f64 {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let workers: Vec<_> = (0..cores).map(|core| thread::spawn(move || verify_for(core as u8))).collect();
    workers.into_iter().map(|worker| worker.join().expect("verifying does not panic")).sum()
}

fn verify_for(core: u8) -> f64 {
    let chain_id = hash(Domain::Chain, b"bound");
    let batch: Vec<SignedTransaction> = (0..BATCH).map(|i| signed(core, i as u64)).collect();
    let (started, mut verified) = (Instant::now(), 0);
    while started.elapsed() < MEASURED {
        assert!(verify_signatures(&chain_id, &batch).into_iter().all(|holds| holds));
        verified += BATCH;
    }
    verified as f64 / started.elapsed().as_secs_f64()
}

fn signed(core: u8, nonce: u64) -> SignedTransaction {
    let mut seed = [core; 32];
    seed[..8].copy_from_slice(&nonce.to_be_bytes());
    let key = SecretKey::from_seed(seed);
    let action = Action::transfer(Address::of(&key.public_key()), Amount::from_units(1));
    Transaction {
        sender: key.public_key(),
        nonce,
        last_height: 1,
        gas_limit: 1,
        fee_per_gas_max: 1,
        tip_per_gas: 0,
        action,
    }
    .sign(&key, &hash(Domain::Chain, b"bound"))
}
