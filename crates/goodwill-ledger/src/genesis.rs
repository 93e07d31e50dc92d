//! The beginning: a chain's id, and what the first block writes before its transactions.

use crate::{
    ChainState, Manifest, Supply, mining,
    state::{State, chain_key},
};
use goodwill_types::{Account, Amount, Committee, Digest, Domain, codec::Encode, hash};

/// The chain's id: the hash of its canonical manifest.
///
/// spec: genesis 1
pub fn chain_id(manifest: &Manifest) -> Digest {
    hash(Domain::Chain, &manifest.canonical().encode())
}

/// The committee of epoch 0.
pub fn genesis_committee(manifest: &Manifest) -> Committee {
    mining::founders_committee(manifest)
}

/// The state before the first block: the first coins, the first committee, the first epochs.
///
/// spec: genesis 2
pub(crate) fn apply_genesis(state: &mut State<'_>, manifest: &Manifest) {
    for grant in &manifest.distribution.grants {
        state.set_account(&grant.account, &Account { balance: grant.amount, nonce: 0 });
    }
    mining::begin(state, manifest);
    state.write(chain_key(), &genesis_chain_state(manifest));
    state.keep();
}

/// The chain's record before the first block.
pub(crate) fn genesis_chain_state(manifest: &Manifest) -> ChainState {
    let genesis: Amount = manifest.distribution.grants.iter().map(|grant| grant.amount).sum();
    ChainState {
        height: 0,
        timestamp_ms: manifest.genesis_time_ms,
        base_fee_per_gas: manifest.parameters.base_fee_min,
        gas_used: 0,
        luck: manifest.chain_id(),
        pots: Default::default(),
        epoch_gas: 0,
        paid_turns: 0,
        supply: Supply::issued(genesis),
    }
}
