//! Which records a block reads, as far as those read so far tell. Asked until nothing is missing, so
//! that a block is executed in one go, once.

use crate::{
    Manifest, StoreError,
    contract::{Contract, is_kept, source_key},
    state::State,
};
use goodwill_types::{Account, Action, Address, BlockContext, Key, codec::Read};
use std::collections::BTreeSet;

/// Collects the keys that are not fetched yet.
pub(crate) struct Plan<'a> {
    state: &'a State<'a>,
    missing: BTreeSet<Key>,
}

impl<'a> Plan<'a> {
    pub(crate) const fn new(state: &'a State<'a>) -> Self {
        Self { state, missing: BTreeSet::new() }
    }

    /// What is missing.
    pub(crate) fn missing(self) -> Vec<Key> {
        self.missing.into_iter().collect()
    }

    pub(crate) fn want(&mut self, key: Key) {
        if self.state.value(&key).is_none() {
            self.missing.insert(key);
        }
    }

    /// A record on which depends what else is needed. `None` where there is none, or not yet.
    pub(crate) fn look<T: Read<Cfg = ()>>(&mut self, key: Key) -> Result<Option<T>, StoreError> {
        match self.state.value(&key) {
            Some(_) => self.state.read(key),
            None => {
                self.missing.insert(key);
                Ok(None)
            }
        }
    }

    /// What a block needs besides its transactions.
    pub(crate) fn block(&mut self, manifest: &Manifest, context: &BlockContext) -> Result<(), StoreError> {
        self.mining(manifest, context)?;
        match manifest.parameters.is_last(context.height) {
            true => self.end_of_polls(&manifest.parameters, context.epoch),
            false => Ok(()),
        }
    }

    /// The records of the contract that a transaction deploys or calls.
    pub(crate) fn contract(&mut self, address: &Address) -> Result<(), StoreError> {
        let contract = self.look::<Contract>(Contract::key(address))?;
        self.want(Account::key(address));
        if let Some(contract) = contract.filter(|contract| !is_kept(contract)) {
            self.want(source_key(&contract.source_hash));
        }
        Ok(())
    }

    /// What an action needs besides the accounts that it names. The block has so many `orders`.
    pub(crate) fn action(
        &mut self,
        manifest: &Manifest,
        context: &BlockContext,
        sender: Address,
        action: &Action,
        orders: u32,
    ) -> Result<(), StoreError> {
        self.mining_action(sender, action, orders)?;
        self.poll_action(&manifest.parameters, context.height, sender, action)
    }
}
