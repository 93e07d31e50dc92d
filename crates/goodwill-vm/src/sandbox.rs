//! A chain in memory for contracts: no network, no blocks, no fees.

use crate::{
    data::Data,
    host::{ChainFacts, Event, Host, Missing},
    profile::{Profile, Spent},
    program::Program,
    signature,
    vm::{Call, Failure, Outcome, Step, Vm},
};
use goodwill_types::{Address, Prefix};
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, sync::Arc};

/// State that a call can change and roll back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct State {
    cells: BTreeMap<Address, BTreeMap<Vec<u8>, Vec<u8>>>,
    balances: BTreeMap<Address, u128>,
    events: Vec<Event>,
}

impl State {
    /// Sets or removes a cell; returns what was there.
    fn set_cell(&mut self, contract: &Address, path: &[u8], value: Option<Vec<u8>>) -> Option<Vec<u8>> {
        let cells = match self.cells.get_mut(contract) {
            Some(cells) => cells,
            None => self.cells.entry(*contract).or_default(),
        };
        match (cells.get_mut(path), value) {
            (Some(cell), Some(value)) => Some(std::mem::replace(cell, value)),
            (None, Some(value)) => cells.insert(path.to_vec(), value),
            (_, None) => cells.remove(path),
        }
    }
}

/// How an overlay is undone.
#[derive(Debug)]
enum Undo {
    Cell(Address, Vec<u8>, Option<Vec<u8>>),
    Balance(Address, Option<u128>),
}

/// A chain in memory.
#[derive(Debug)]
pub struct Sandbox {
    state: State,
    undo: Vec<Undo>,
    overlays: Vec<(usize, usize)>,
    programs: BTreeMap<Address, Arc<Program>>,
    /// Memory of the last call.
    vm: Option<Vm>,
    facts: ChainFacts,
    profile: Option<Profile>,
    /// What contracts printed.
    pub log: String,
}

/// A chain in memory at one moment, see [`Sandbox::snapshot`].
#[derive(Clone, Debug)]
pub struct Snapshot {
    state: State,
    programs: BTreeMap<Address, Arc<Program>>,
}

/// The account of this name: the one that the Python package's fixtures give.
pub fn named_account(name: &str) -> Address {
    let hash = Sha256::digest([b"account ", name.as_bytes()].concat());
    let mut bytes = [0; crate::address::ADDRESS_BYTES];
    bytes[1..].copy_from_slice(&hash[..crate::address::ADDRESS_BYTES - 1]);
    crate::address::from_bytes(&bytes).expect("version 0 is an address")
}

/// The address whose 20 bytes all are `byte`.
pub fn account(byte: u8) -> Address {
    let mut bytes = [byte; crate::address::ADDRESS_BYTES];
    bytes[0] = 0;
    crate::address::from_bytes(&bytes).expect("version 0 is an address")
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Sandbox {
    /// An empty chain at height 1, with the prefix `dev`.
    pub fn new() -> Self {
        let prefix = "dev".parse().expect("three letters are a prefix");
        Self {
            state: State::default(),
            undo: Vec::new(),
            overlays: Vec::new(),
            programs: BTreeMap::new(),
            vm: None,
            facts: ChainFacts { height: 1, timestamp_ms: 1_000, epoch: 0, prefix },
            profile: None,
            log: String::new(),
        }
    }

    /// Sets what contracts know of their block.
    pub fn at(&mut self, height: u64, timestamp_ms: u64, epoch: u64) -> &mut Self {
        self.facts = ChainFacts { height, timestamp_ms, epoch, ..self.facts };
        self
    }

    /// Gives an account coins.
    pub fn fund(&mut self, account: Address, amount: u128) {
        self.state.balances.insert(account, amount);
    }

    /// Puts a program at an address, without running `init`.
    pub fn install(&mut self, contract: Address, program: Arc<Program>) {
        self.programs.insert(contract, program);
    }

    /// Takes a program away, as after an `init` that failed.
    pub fn uninstall(&mut self, contract: &Address) {
        self.programs.remove(contract);
    }

    /// The present state and programs, to come back to.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { state: self.state.clone(), programs: self.programs.clone() }
    }

    /// Comes back to a snapshot.
    pub fn restore(&mut self, snapshot: &Snapshot) {
        self.state = snapshot.state.clone();
        self.programs = snapshot.programs.clone();
    }

    /// Whether an account was ever given coins, even none.
    pub fn knows(&self, account: &Address) -> bool {
        self.state.balances.contains_key(account)
    }

    /// The program at an address.
    pub fn installed(&self, contract: &Address) -> Option<&Arc<Program>> {
        self.programs.get(contract)
    }

    /// Events so far.
    pub fn events(&self) -> &[Event] {
        &self.state.events
    }

    /// Forgets the events so far.
    pub fn forget_events(&mut self) {
        self.state.events.clear();
    }

    /// Cells of a contract's storage: paths and encoded values.
    pub fn cells(&self, contract: Address) -> impl Iterator<Item = (&[u8], &[u8])> {
        let all = self.state.cells.get(&contract).into_iter().flatten();
        all.map(|(path, value)| (path.as_slice(), value.as_slice()))
    }

    /// An account's coins.
    pub fn coins(&self, account: &Address) -> u128 {
        self.state.balances.get(account).copied().unwrap_or(0)
    }

    /// A hash of all state and events, to compare machines and runs.
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        let mut feed = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        for (contract, cells) in &self.state.cells {
            for (path, value) in cells {
                feed(&contract.to_bytes());
                feed(path);
                feed(value);
            }
        }
        for (account, balance) in &self.state.balances {
            feed(&account.to_bytes());
            feed(&balance.to_le_bytes());
        }
        for event in &self.state.events {
            feed(&event.contract.to_bytes());
            feed(event.name.as_bytes());
            for (name, value) in &event.fields {
                feed(name.as_bytes());
                feed(value);
            }
        }
        *hasher.finalize().as_bytes()
    }

    /// Runs a call to its end.
    pub fn call(&mut self, call: &Call, gas: u64) -> Outcome {
        let Some(program) = self.programs.get(&call.contract).map(Arc::clone) else {
            return Outcome {
                result: Err(Failure::Broken("no contract there")),
                gas_used: 0,
                memory_bytes: 0,
            };
        };
        let mut vm = match self.vm.take() {
            Some(mut vm) => {
                vm.renew(program, call, gas, self);
                vm
            }
            None => Vm::new(program, call, gas, self),
        };
        let step = vm.run(self);
        self.vm = Some(vm);
        self.undo.clear();
        match step {
            Step::Done(outcome) => outcome,
            Step::Need(_) => Outcome {
                result: Err(Failure::Broken("the sandbox has everything")),
                gas_used: 0,
                memory_bytes: 0,
            },
        }
    }

    /// Runs a call to its end, and says what each line of each file cost; the sum is the call's gas.
    pub fn profile_call(&mut self, call: &Call, gas: u64) -> (Outcome, Vec<Spent>) {
        self.profile = Some(Profile::new(gas));
        let outcome = self.call(call, gas);
        let profile = self.profile.take().unwrap_or_else(|| Profile::new(gas));
        let spent = profile.finish(gas.saturating_sub(outcome.gas_used));
        (outcome, spent)
    }

    /// `repr` of an encoded value of a contract.
    pub fn repr(&self, contract: &Address, bytes: &[u8]) -> String {
        let fields = |name: &str| {
            self.programs.get(contract).map_or_else(Vec::new, |program| program.record_fields(name))
        };
        match Data::decode(bytes) {
            Some(data) => data.repr(&self.facts.prefix, &fields),
            None => "<damaged>".into(),
        }
    }

    /// How addresses begin.
    pub fn prefix(&self) -> Prefix {
        self.facts.prefix
    }

    /// Where the last call was when its gas or memory was used up, see [`Vm::trapped_at`].
    pub fn trapped_at(&self) -> Option<String> {
        self.vm.as_ref().and_then(Vm::trapped_at)
    }

    /// A contract's address in [`crate::trial`] and the differential run: 20 bytes `0xC0`.
    pub fn contract_address() -> Address {
        account(0xC0)
    }
}

impl Host for Sandbox {
    fn read(&mut self, contract: &Address, path: &[u8]) -> Result<Option<Vec<u8>>, Missing> {
        Ok(self.state.cells.get(contract).and_then(|cells| cells.get(path)).cloned())
    }

    fn write(&mut self, contract: &Address, path: &[u8], value: Option<&[u8]>) {
        let old = self.state.set_cell(contract, path, value.map(<[u8]>::to_vec));
        self.undo.push(Undo::Cell(*contract, path.to_vec(), old));
    }

    fn balance(&mut self, account: &Address) -> Result<u128, Missing> {
        Ok(self.coins(account))
    }

    fn transfer(&mut self, from: &Address, to: &Address, amount: u128) -> Result<bool, Address> {
        let Some(left) = self.coins(from).checked_sub(amount) else { return Ok(false) };
        self.set_balance(*from, left);
        let Some(sum) = self.coins(to).checked_add(amount) else { return Ok(false) };
        self.set_balance(*to, sum);
        Ok(true)
    }

    fn program(&mut self, contract: &Address) -> Result<Option<Arc<Program>>, Missing> {
        Ok(self.programs.get(contract).map(Arc::clone))
    }

    fn emit(&mut self, event: Event) {
        self.state.events.push(event);
    }

    fn chain(&self) -> ChainFacts {
        self.facts
    }

    fn verify_ed25519(&self, public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
        signature::verify(public_key, message, signature)
    }

    fn print(&mut self, text: &str) {
        self.log.push_str(text);
    }

    fn profile(&mut self) -> Option<&mut Profile> {
        self.profile.as_mut()
    }

    fn begin(&mut self) {
        self.overlays.push((self.undo.len(), self.state.events.len()));
    }

    fn commit(&mut self) {
        self.overlays.pop();
    }

    fn rollback(&mut self) {
        let Some((changes, events)) = self.overlays.pop() else { return };
        self.state.events.truncate(events);
        for undo in self.undo.drain(changes..).rev() {
            match undo {
                Undo::Cell(contract, path, old) => _ = self.state.set_cell(&contract, &path, old),
                Undo::Balance(account, Some(balance)) => _ = self.state.balances.insert(account, balance),
                Undo::Balance(account, None) => _ = self.state.balances.remove(&account),
            }
        }
    }
}

impl Sandbox {
    fn set_balance(&mut self, account: Address, balance: u128) {
        let old = self.state.balances.insert(account, balance);
        self.undo.push(Undo::Balance(account, old));
    }
}
