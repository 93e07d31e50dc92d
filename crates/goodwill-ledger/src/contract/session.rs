//! The state as contracts see it: the transaction's layer, with an overlay for each contract's call.

use super::{
    programs,
    records::{Contract, source_key, storage_key},
};
use crate::{StoreError, state::State};
use goodwill_types::{
    Account, Address, Amount, Event, Key, Value,
    codec::{Encode as _, List, Read},
    contract::{Emitted, Field, Name, OUTPUT_SIZE_MAX, Output, Source},
    receipt::EVENTS_MAX,
};
use goodwill_vm::{ChainFacts, Host, Missing, Program, Refusal, VM_VERSION, limits::LOG_BYTES_MAX};
use std::sync::Arc;

/// What a transaction's contracts have done so far, besides what they wrote.
pub(crate) struct Session {
    facts: ChainFacts,
    /// How to undo what was written in the open overlays.
    undo: Vec<(Key, Option<Option<Value>>)>,
    /// Where each open overlay begins.
    overlays: Vec<Mark>,
    pub(super) events: Vec<Event>,
    /// Bytes of names and values in them.
    pub(super) output_size: usize,
    /// What they printed, where somebody reads it.
    pub(super) log: Option<String>,
    /// What was asked for and is not known.
    pub(super) missing: Vec<Key>,
    /// While a source is compiled: a panic then is the operator's, not the contract's.
    pub(super) compiling: bool,
    /// A record that the rules did not write so.
    pub(super) damage: Option<StoreError>,
}

/// Where an overlay begins.
#[derive(Clone, Copy)]
struct Mark {
    undo: usize,
    events: usize,
    output_size: usize,
}

impl Session {
    pub(super) fn new(facts: ChainFacts, prints: bool) -> Self {
        Self {
            facts,
            undo: Vec::new(),
            overlays: Vec::new(),
            events: Vec::new(),
            output_size: 0,
            log: prints.then(String::new),
            missing: Vec::new(),
            compiling: false,
            damage: None,
        }
    }

    pub(super) const fn facts(&self) -> &ChainFacts {
        &self.facts
    }

    /// Whether its events are more than a receipt holds.
    pub(super) fn overflows(&self) -> bool {
        self.output_size > OUTPUT_SIZE_MAX || self.events.len() > EVENTS_MAX - 2
    }

    /// Adds an event, unless the receipt is too small already: then the transaction will fail.
    fn add(&mut self, event: Event, size: usize) {
        if !self.overflows() {
            self.events.push(event);
        }
        self.output_size = self.output_size.saturating_add(size);
    }
}

/// A session on the state.
pub(super) struct Hosted<'a, 's> {
    pub(super) session: &'a mut Session,
    pub(super) state: &'a mut State<'s>,
}

impl Hosted<'_, '_> {
    fn set(&mut self, key: Key, value: Option<Value>) {
        let before = self.state.set(key, value);
        self.session.undo.push((key, before));
    }

    /// A value of the state.
    fn value(&mut self, key: Key) -> Result<Option<Value>, Missing> {
        match self.state.value(&key) {
            Some(value) => Ok(value.cloned()),
            None => {
                self.session.missing.push(key);
                Err(Missing)
            }
        }
    }

    fn record<T: Read<Cfg = ()>>(&mut self, key: Key) -> Result<Option<T>, Missing> {
        if self.value(key)?.is_none() {
            return Ok(None);
        }
        self.state.read(key).map_err(|damage| {
            self.session.damage = Some(damage);
            Missing
        })
    }

    pub(super) fn account(&mut self, address: &Address) -> Result<Account, Missing> {
        Ok(self.record(Account::key(address))?.unwrap_or_default())
    }

    fn set_account(&mut self, address: &Address, account: &Account) {
        self.set(Account::key(address), Some(account.encode()));
    }

    /// The record of a contract.
    pub(super) fn contract(&mut self, address: &Address) -> Result<Option<Contract>, Missing> {
        self.record(Contract::key(address))
    }

    pub(super) fn set_contract(&mut self, address: &Address, contract: &Contract) {
        self.set(Contract::key(address), Some(contract.encode()));
    }

    pub(super) fn set_source(&mut self, contract: &Contract, source: &Source) {
        self.set(source_key(&contract.source_hash), Some(source.encode()));
    }

    pub(super) fn compile(&mut self, source: &Source) -> Result<Arc<Program>, Refusal> {
        self.session.compiling = true;
        let compiled = programs::compiled(source);
        self.session.compiling = false;
        compiled
    }

    /// What the contract is compiled to.
    fn compiled(&mut self, address: &Address, contract: &Contract) -> Result<Arc<Program>, Missing> {
        if let Some(program) = programs::kept(&contract.source_hash) {
            return Ok(program);
        }
        let source: Option<Source> = self.record(source_key(&contract.source_hash))?;
        let program = source.and_then(|source| self.compile(&source).ok());
        let known = contract.vm_version == VM_VERSION;
        program.filter(|_| known).ok_or_else(|| {
            let reason = "its contract cannot be compiled by this program".into();
            self.session.damage = Some(StoreError { key: Contract::key(address), reason });
            Missing
        })
    }
}

impl Host for Hosted<'_, '_> {
    fn read(&mut self, contract: &Address, path: &[u8]) -> Result<Option<Vec<u8>>, Missing> {
        Ok(self.value(storage_key(contract, path))?.map(|value| value.to_vec()))
    }

    fn write(&mut self, contract: &Address, path: &[u8], value: Option<&[u8]>) {
        self.set(storage_key(contract, path), value.map(Value::copy_from_slice));
    }

    fn balance(&mut self, account: &Address) -> Result<u128, Missing> {
        Ok(self.account(account)?.balance.units.into())
    }

    fn transfer(&mut self, from: &Address, to: &Address, amount: u128) -> Result<bool, Address> {
        let mut payer = self.account(from).map_err(|Missing| *from)?;
        let mut payee = self.account(to).map_err(|Missing| *to)?;
        let amount = u64::try_from(amount).ok().map(Amount::from_units);
        let Some((amount, left)) =
            amount.and_then(|amount| Some((amount, payer.balance.checked_sub(amount)?)))
        else {
            return Ok(false);
        };
        if from != to {
            payer.balance = left;
            self.set_account(from, &payer);
            payee.balance = [payee.balance, amount].into_iter().sum();
            self.set_account(to, &payee);
        }
        if amount > Amount::ZERO {
            self.session.add(Event::Transfer { from: *from, to: *to, amount }, 0);
        }
        Ok(true)
    }

    fn program_gas(&mut self, contract: &Address) -> Result<u64, Missing> {
        let height = self.session.facts.height;
        Ok(self.contract(contract)?.map_or(0, |contract| contract.compile_gas(height)))
    }

    fn program(&mut self, address: &Address) -> Result<Option<Arc<Program>>, Missing> {
        let Some(mut contract) = self.contract(address)? else { return Ok(None) };
        let program = self.compiled(address, &contract)?;
        let height = self.session.facts.height;
        if contract.compile_gas(height) > 0 {
            contract.compiled = height;
            self.set_contract(address, &contract);
        }
        Ok(Some(program))
    }

    fn emit(&mut self, event: goodwill_vm::Event) {
        let goodwill_vm::Event { contract, name, fields } = event;
        let size = name.len() + fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        let field = |(name, value)| Some(Field { name: Name::new(name)?, value: Output::new(value)? });
        let fields = fields.into_iter().map(field).collect::<Option<Vec<_>>>().and_then(List::new);
        match (Name::new(name), fields) {
            (Some(name), Some(fields)) => {
                let emitted = Emitted { contract, name, fields };
                self.session.add(Event::ContractEmitted { emitted }, size);
            }
            _ => self.session.output_size = usize::MAX,
        }
    }

    fn chain(&self) -> ChainFacts {
        self.session.facts
    }

    fn verify_ed25519(&self, public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
        goodwill_vm::signature::verify(public_key, message, signature)
    }

    fn print(&mut self, text: &str) {
        if let Some(log) = self.session.log.as_mut().filter(|log| log.len() + text.len() <= LOG_BYTES_MAX) {
            log.push_str(text);
        }
    }

    fn begin(&mut self) {
        let Session { undo, events, output_size, .. } = &*self.session;
        let mark = Mark { undo: undo.len(), events: events.len(), output_size: *output_size };
        self.session.overlays.push(mark);
    }

    fn commit(&mut self) {
        self.session.overlays.pop();
    }

    fn rollback(&mut self) {
        let Some(mark) = self.session.overlays.pop() else { return };
        for (key, before) in self.session.undo.drain(mark.undo..).rev() {
            self.state.unset(key, before);
        }
        self.session.events.truncate(mark.events);
        self.session.output_size = mark.output_size;
    }
}
