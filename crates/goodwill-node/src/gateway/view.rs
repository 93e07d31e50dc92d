//! One state, read as often as a handler needs.

use super::{Gateway, Problem};
use crate::admission::decode_value;
use goodwill_engine::READ_KEYS_MAX;
use goodwill_ledger::{
    Parameters,
    association::{Amended, amended_key},
};
use goodwill_types::{Address, Header, Key, Value, codec::Read};
use std::collections::BTreeMap;

/// One state, read as often as needed.
pub(super) struct View<'a> {
    pub(super) gateway: &'a Gateway,
    pub(super) header: Header,
    /// `None` is to be read, an empty value is known not to be.
    values: BTreeMap<Key, Option<Value>>,
}

/// How often a read is tried again because a block came in between.
const ATTEMPTS: usize = 5;

impl<'a> View<'a> {
    /// Reads what `plan` asks for, until it asks for nothing new. All of it is of one state.
    pub(super) async fn read(gateway: &'a Gateway, plan: impl Fn(&mut Self)) -> Result<Self, Problem> {
        for _ in 0..ATTEMPTS {
            let header = gateway.engine.tip().await;
            let header =
                header.ok_or_else(|| Problem::unavailable("not_ready", "the node opens its state"))?;
            let mut view = Self { gateway, header, values: BTreeMap::new() };
            if view.complete(&plan).await? {
                return Ok(view);
            }
        }
        Err(Problem::unavailable("busy", "blocks come faster than the state can be read"))
    }

    /// `false` when a block came in between.
    async fn complete(&mut self, plan: impl Fn(&mut Self)) -> Result<bool, Problem> {
        loop {
            plan(self);
            let missing = self.values.iter().filter(|(_, value)| value.is_none());
            let missing: Vec<Key> = missing.map(|(key, _)| *key).collect();
            if missing.is_empty() {
                return Ok(true);
            }
            for keys in missing.chunks(READ_KEYS_MAX) {
                let (header, values) = self.gateway.engine.read(keys.to_vec()).await?;
                if header.height != self.header.height {
                    return Ok(false);
                }
                let values = values.into_iter().map(|value| Some(value.unwrap_or_default()));
                self.values.extend(keys.iter().copied().zip(values));
            }
        }
    }

    /// A record, if it was read and there is one; else it is read next.
    pub(super) fn look<T: Read<Cfg = ()>>(&mut self, key: Key) -> Option<T> {
        let value = self.values.entry(key).or_default();
        decode_value(value.as_ref().filter(|value| !value.is_empty()))
    }

    pub(super) fn parameters(&self) -> &'a Parameters {
        &self.gateway.chain.manifest.parameters
    }

    /// The numbers of the rules in force.
    pub(super) fn in_force(&mut self) -> Parameters {
        let amended: Amended = self.look(amended_key()).unwrap_or_default();
        amended.apply(self.parameters())
    }

    pub(super) fn text(&self, address: &Address) -> String {
        address.display(&self.gateway.chain.manifest.address_prefix)
    }
}
