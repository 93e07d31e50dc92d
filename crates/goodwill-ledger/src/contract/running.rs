//! A deployment or a call: from the transaction to what is in its receipt.

use super::{
    records::{Contract, source_hash},
    session::{Hosted, Session},
};
use crate::{StoreError, state::State};
use goodwill_types::{
    Action, Address, Digest, Event, Failure, Key, Progress, Transaction,
    contract::{OUTPUT_SIZE_MAX, Output, Source, error_text},
};
use goodwill_vm::{
    Call, ChainFacts, Data, Host, Missing, Outcome, Program, Step, VM_VERSION, Vm, gas::CALL_GAS_MAX,
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
};

/// The encoding of `None`, of which receipts do not speak.
const NONE: [u8; 1] = [0];

/// A deployment or a call that runs, or waits for a part of the state.
pub(crate) struct Running {
    call: Call,
    /// Its source, where it is a deployment that has not begun.
    source: Option<Source>,
    gas: u64,
    /// Gas that compiling took.
    compiling: u64,
    vm: Option<Vm>,
    session: Session,
    deployed: Option<Event>,
}

/// How it ended.
pub(crate) struct Ended {
    /// Gas that the contracts used.
    pub(crate) gas_used: u64,
    /// What happened, or why nothing did.
    pub(crate) outcome: Result<Vec<Event>, Failure>,
    /// What the method returned, encoded.
    pub(crate) returned: Vec<u8>,
}

impl Ended {
    fn failed(gas_used: u64, failure: Failure) -> Self {
        Self { gas_used, outcome: Err(failure), returned: Vec::new() }
    }
}

/// The contract that a transaction deploys or calls.
pub(crate) fn named(sender: Address, transaction: &Transaction) -> Option<Address> {
    match &transaction.action {
        Action::DeployContract { .. } => Some(Address::of_contract(&sender, transaction.nonce)),
        Action::CallContract { contract, .. } => Some(*contract),
        _ => None,
    }
}

impl Running {
    /// What `transaction` asks contracts to do, with so much `gas`. `None` where it asks nothing.
    pub(crate) fn new(
        sender: Address,
        transaction: &Transaction,
        gas: u64,
        facts: ChainFacts,
    ) -> Option<Self> {
        let contract = named(sender, transaction)?;
        let (source, method, arguments, value) = match &transaction.action {
            Action::DeployContract { source, arguments, value } => {
                (Some(source.clone()), "init", arguments, *value)
            }
            Action::CallContract { method, arguments, value, .. } => (None, &**method, arguments, *value),
            _ => return None,
        };
        let call = Call {
            contract,
            sender,
            value: value.units.into(),
            method: method.into(),
            arguments: Data::decode_all(arguments)?,
            keywords: Vec::new(),
            deploys: source.is_some(),
        };
        Some(Self::of(call, source, gas, Session::new(facts, false)))
    }

    /// A call that nobody signed.
    pub(super) fn asked(call: Call, gas: u64, facts: ChainFacts) -> Self {
        Self::of(call, None, gas, Session::new(facts, true))
    }

    fn of(call: Call, source: Option<Source>, gas: u64, session: Session) -> Self {
        Self { call, source, gas, compiling: 0, vm: None, session, deployed: None }
    }

    /// Gas that contracts have used up to here, without compiling.
    pub(super) fn spent(&self, here: &Progress<Ended>) -> u64 {
        match here {
            Progress::Need(_) => self.vm.as_ref().map_or(0, Vm::gas_used),
            Progress::Done(ended) => ended.gas_used.saturating_sub(self.compiling),
        }
    }

    /// What the contracts printed.
    pub(super) fn log(&mut self) -> String {
        self.session.log.take().unwrap_or_default()
    }

    /// Goes on until the end, or until something of the state is not known.
    ///
    /// spec: contracts 4. What it wrote is in the state's layer of the transaction: the caller keeps it if
    /// all went well.
    ///
    /// # Errors
    /// When the state is damaged.
    pub(crate) fn run(&mut self, state: &mut State<'_>) -> Result<Progress<Ended>, StoreError> {
        // A panic is a bug of the machine: it costs the sender, and not the chain.
        let stepped = catch_unwind(AssertUnwindSafe(|| self.step(state)));
        let step = match stepped {
            Ok(step) => step,
            Err(panic) if self.session.compiling => resume_unwind(panic),
            Err(_) => return Ok(Progress::Done(self.broken("it panicked"))),
        };
        if let Some(damage) = self.session.damage.take() {
            return Err(damage);
        }
        match step {
            Ok(ended) => Ok(Progress::Done(ended)),
            Err(Missing) => Ok(Progress::Need(self.missing(state))),
        }
    }

    fn missing(&mut self, state: &State<'_>) -> Vec<Key> {
        let mut keys = std::mem::take(&mut self.session.missing);
        keys.sort_unstable();
        keys.dedup();
        keys.retain(|key| state.value(key).is_none());
        keys
    }

    fn step(&mut self, state: &mut State<'_>) -> Result<Ended, Missing> {
        if self.vm.is_none() {
            let started = match self.source.take() {
                Some(source) => self.deploy(state, &source).inspect_err(|_| self.source = Some(source))?,
                None => self.begin(state)?,
            };
            if let Err(ended) = started {
                return Ok(ended);
            }
        }
        let mut host = Hosted { session: &mut self.session, state };
        match self.vm.as_mut().map(|vm| vm.run(&mut host)) {
            Some(Step::Done(outcome)) => Ok(self.end(outcome)),
            Some(Step::Need(_)) => Err(Missing),
            None => Ok(self.broken("it was not started")),
        }
    }

    /// spec: contracts 2
    fn deploy(&mut self, state: &mut State<'_>, source: &Source) -> Result<Result<(), Ended>, Missing> {
        let (address, height) = (self.call.contract, self.session.facts().height);
        let mut host = Hosted { session: &mut self.session, state };
        let there = host.contract(&address);
        host.account(&address)?;
        if there?.is_some() {
            return Ok(Err(self.broken("the address is taken")));
        }
        let program = match host.compile(source) {
            Ok(program) => program,
            Err(refusal) => {
                let error = error_text(&refusal.to_string());
                return Ok(Err(Ended::failed(0, Failure::ContractRefused { error })));
            }
        };
        let code_hash = Digest::from(program.digest());
        let contract = Contract {
            deployer: self.call.sender,
            height,
            code_hash,
            source_hash: source_hash(source),
            source_size: source.len() as u32,
            vm_version: VM_VERSION,
            compiled: height,
        };
        host.set_contract(&address, &contract);
        host.set_source(&contract, source);
        let (deployer, vm_version) = (contract.deployer, VM_VERSION);
        self.deployed = Some(Event::ContractDeployed { contract: address, deployer, code_hash, vm_version });
        self.start(state, program);
        Ok(Ok(()))
    }

    /// spec: contracts 3
    fn begin(&mut self, state: &mut State<'_>) -> Result<Result<(), Ended>, Missing> {
        let contract = self.call.contract;
        let mut host = Hosted { session: &mut self.session, state };
        let compiling = host.program_gas(&contract)?;
        if compiling > self.gas {
            return Ok(Err(Ended::failed(self.gas, Failure::OutOfGas { max: CALL_GAS_MAX })));
        }
        let Some(program) = host.program(&contract)? else {
            return Ok(Err(Ended::failed(0, Failure::NoSuchContract { contract })));
        };
        self.compiling = compiling;
        self.start(state, program);
        Ok(Ok(()))
    }

    fn start(&mut self, state: &mut State<'_>, program: Arc<Program>) {
        let host = Hosted { session: &mut self.session, state };
        self.vm = Some(Vm::new(program, &self.call, self.gas - self.compiling, &host));
    }

    fn end(&mut self, outcome: Outcome) -> Ended {
        let gas_used = self.compiling + outcome.gas_used;
        let returned = match outcome.result {
            Ok(returned) => returned,
            Err(failure) => return Ended::failed(gas_used, failed(failure)),
        };
        let said = if returned == NONE { 0 } else { returned.len() };
        let fits = self.session.output_size.saturating_add(said) <= OUTPUT_SIZE_MAX;
        if self.session.overflows() || !fits {
            return Ended::failed(gas_used, Failure::OutputTooLarge {});
        }
        let contract = self.call.contract;
        let result = (said > 0).then(|| Output::new(returned.clone())).flatten();
        let mut events: Vec<Event> = self.deployed.take().into_iter().collect();
        events.append(&mut self.session.events);
        events.extend(result.map(|result| Event::ContractReturned { contract, result }));
        Ended { gas_used, outcome: Ok(events), returned }
    }

    fn broken(&self, reason: &str) -> Ended {
        Ended::failed(self.gas, Failure::ContractBroken { reason: error_text(reason) })
    }
}

fn failed(failure: goodwill_vm::Failure) -> Failure {
    match failure {
        goodwill_vm::Failure::Raised(raised) => {
            Failure::ContractRaised { error: error_text(&raised.traceback) }
        }
        goodwill_vm::Failure::OutOfGas => Failure::OutOfGas { max: CALL_GAS_MAX },
        goodwill_vm::Failure::OutOfMemory => Failure::OutOfMemory {},
        goodwill_vm::Failure::Broken(reason) => Failure::ContractBroken { reason: error_text(reason) },
    }
}

/// The most that a contract's transaction may use on a chain whose blocks have so much gas.
pub(crate) fn gas_max(gas_per_block_max: u64) -> u64 {
    gas_per_block_max.min(CALL_GAS_MAX)
}
