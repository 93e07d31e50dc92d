//! `chain.toml`.

use goodwill_ledger::{Executor, Manifest, Purpose, genesis_committee};
use goodwill_types::{Amount, BlockContext, Known, Progress};
use std::sync::Arc;

/// Chains with more grants and founders are not tried: each is a signature's worth of time.
const TRIED_MAX: usize = 64;

/// The text of a manifest.
pub fn manifest(data: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(data) else { return false };
    match Manifest::parse(text) {
        Ok(manifest) => {
            check_bounds(&manifest);
            check_identity(&manifest, text);
            check_genesis(manifest);
            true
        }
        Err(error) => {
            assert!((1..=1 + text.matches('\n').count()).contains(&error.line), "{error}");
            assert!(!error.problem.is_empty() && !error.remedy.is_empty());
            false
        }
    }
}

/// spec: manifest 2 and 3
fn check_bounds(manifest: &Manifest) {
    let p = &manifest.parameters;
    assert!((1..=600_000).contains(&p.block_time_ms));
    assert!((8..=1 << 16).contains(&p.blocks_per_epoch));
    assert!((1..=512).contains(&p.slots_per_epoch) && (1..=p.slots_per_epoch).contains(&p.seats_min));
    assert!(p.blocks_per_epoch.is_multiple_of(p.slots_per_epoch.into()));
    assert!(p.subsidy >= p.subsidy_tail);
    let full = u128::from(p.paid_turns()) * u128::from(p.subsidy_tail.units);
    assert!(full / 5 >= 1_000, "a slot brings nothing");
    assert!((160_000..=1 << 50).contains(&p.gas_per_block_max));
    assert!((16 << 10..=16 << 20).contains(&p.body_size_max));
    assert!((1..=1_000_000).contains(&p.base_fee_min));
    assert!((1_000..=10_000).contains(&p.pollution_tax_bp));
    assert!((1..=512).contains(&manifest.founders.len()));
    assert!(manifest.founders.windows(2).all(|pair| pair[0].node_key < pair[1].node_key));
    let grants = &manifest.distribution.grants;
    assert!((1..=10_000).contains(&grants.len()));
    assert!(grants.windows(2).all(|pair| pair[0].account < pair[1].account));
    assert!(grants.iter().all(|grant| grant.amount > Amount::ZERO));
    let total: u128 = grants.iter().map(|grant| u128::from(grant.amount.units)).sum();
    assert!(total < 1 << 63);
}

/// spec: genesis 1. Comments and layout do not count, any word does.
fn check_identity(manifest: &Manifest, text: &str) {
    let commented = Manifest::parse(&format!("# a comment\n\n{text}\n# another\n"));
    assert_eq!(commented.as_ref(), Ok(manifest));
    assert_eq!(goodwill_ledger::chain_id(manifest), manifest.chain_id());
    let mut later = manifest.clone();
    later.genesis_time_ms ^= 1;
    assert_ne!(goodwill_ledger::chain_id(&later), manifest.chain_id());
}

/// The chain begins, and its books are right.
fn check_genesis(manifest: Manifest) {
    if manifest.founders.len() + manifest.distribution.grants.len() <= TRIED_MAX {
        assert_eq!(genesis_committee(&manifest).seats.len(), manifest.founders.len());
        let context = BlockContext {
            height: 1,
            epoch: 0,
            view: 1,
            parent_view: 0,
            timestamp_ms: manifest.genesis_time_ms + manifest.parameters.block_time_ms,
        };
        let mut executor = Executor::new(Arc::new(manifest), context, Purpose::Simulate, Vec::new());
        let mut known = Known::new();
        let block = loop {
            match executor.run(&mut known) {
                Progress::Need(keys) => keys.into_iter().for_each(|key| known.insert(key, None)),
                Progress::Done(block) => break block.expect("an empty block holds"),
            }
        };
        assert!(block.chain.height == 1 && block.chain.supply.balances());
    }
}
