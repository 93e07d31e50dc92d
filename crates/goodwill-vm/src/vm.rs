//! A call of a contract, with the calls that it makes to others: a state that runs until it ends or
//! the host must fetch something.

use crate::{
    classes,
    data::Data,
    fault::{Bug, Fault, Run},
    gas,
    host::{Host, Key},
    interpreter::{Arguments, Context, Machine, OutgoingCall},
    limits,
    meter::Meter,
    program::Program,
    traceback::{self, Place, Raised},
    types::Type,
    value::Value,
};
use goodwill_types::Address;
use std::sync::Arc;

/// Bytes that most results have.
const RESULT_BYTES: usize = 24;

/// What is called from outside.
#[derive(Clone, Debug)]
pub struct Call {
    /// The contract's address.
    pub contract: Address,
    /// Who calls: `msg.sender`.
    pub sender: Address,
    /// Coins that come with the call, in the smallest unit: `msg.value`.
    pub value: u128,
    /// An exported method; `init` at deployment only.
    pub method: String,
    /// Positional arguments.
    pub arguments: Vec<Data>,
    /// Arguments by name.
    pub keywords: Vec<(String, Data)>,
    /// Whether this deploys the contract: `init` is run, if there is one.
    pub deploys: bool,
}

/// How a call ended. Its effects are in the host's state exactly if it returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What the method returned, encoded, or why it failed.
    pub result: Result<Vec<u8>, Failure>,
    /// Gas that was used.
    pub gas_used: u64,
    /// Memory that was used, by formula, in bytes.
    pub memory_bytes: u64,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// An exception that the contract did not catch, or that the call itself deserved.
    Raised(Raised),
    /// The gas was not enough.
    OutOfGas,
    /// More than [`limits::MEMORY_BYTES_MAX`].
    OutOfMemory,
    /// A bug of the machine or the host.
    Broken(&'static str),
}

/// What [`Vm::run`] came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The host fetches these, then calls `run` again. Nothing runs twice, and gas does not differ.
    Need(Vec<Key>),
    /// The end.
    Done(Outcome),
}

/// A contract's activation.
#[derive(Debug)]
struct Activation {
    machine: Box<Machine>,
    phase: Phase,
}

/// How far an activation is.
#[derive(Debug)]
enum Phase {
    /// Coins are not moved yet, nothing has run.
    Enter(Entry),
    Running,
    /// It waits for a call that it made.
    Waiting,
}

/// What is to be run.
#[derive(Clone, Debug)]
struct Entry {
    method: String,
    arguments: Arguments,
    deploys: bool,
}

/// A call of a contract and, above it, those that it waits for.
#[derive(Debug)]
pub struct Vm {
    activations: Vec<Activation>,
    /// Machines of calls that have ended, for others.
    #[allow(clippy::vec_box, reason = "a machine is large, and moves from here to an activation")]
    spare: Vec<Box<Machine>>,
    gas: u64,
    /// Where a trap found each activation, the innermost first.
    trapped: Vec<Place>,
}

impl Vm {
    /// A call with this much gas; nothing runs yet.
    pub fn new(program: Arc<Program>, call: &Call, gas: u64, host: &dyn Host) -> Self {
        let mut vm = Self { activations: Vec::with_capacity(1), spare: Vec::new(), gas, trapped: Vec::new() };
        vm.renew(program, call, gas, host);
        vm
    }

    /// As a new one, with the memory of this one, whose call has ended or is given up.
    pub fn renew(&mut self, program: Arc<Program>, call: &Call, gas: u64, host: &dyn Host) {
        while let Some(given_up) = self.activations.pop() {
            self.put_away(given_up.machine);
        }
        self.gas = gas;
        self.trapped.clear();
        let mut bytes = Vec::with_capacity(64);
        call.arguments.iter().for_each(|value| value.write(&mut bytes));
        call.keywords.iter().for_each(|(_, value)| value.write(&mut bytes));
        let keywords = call.keywords.iter().map(|(name, _)| name.clone()).collect();
        let arguments = Arguments { positional: call.arguments.len(), keywords, bytes };
        let entry = Entry { method: call.method.clone(), arguments, deploys: call.deploys };
        let context = Context {
            contract: call.contract,
            sender: call.sender,
            value: call.value,
            view: false,
            prefix: host.chain().prefix,
        };
        self.activate(program, context, Meter::new(gas), entry);
    }

    fn activate(&mut self, program: Arc<Program>, context: Context, meter: Meter, entry: Entry) {
        let machine = match self.spare.pop() {
            Some(mut machine) => {
                machine.renew(program, context, meter);
                machine
            }
            None => Box::new(Machine::new(program, context, meter)),
        };
        self.activations.push(Activation { machine, phase: Phase::Enter(entry) });
    }

    fn put_away(&mut self, mut machine: Box<Machine>) {
        machine.forget();
        self.spare.push(machine);
    }

    /// Runs until the end, or until the host must fetch something.
    pub fn run(&mut self, host: &mut dyn Host) -> Step {
        let mut result = match self.advance(host) {
            Ok(result) => result,
            Err(keys) => return Step::Need(keys),
        };
        loop {
            // The activation on top has ended with this result.
            let Some(mut done) = self.activations.pop() else {
                return Step::Done(
                    self.outcome(Err(Failure::Broken(Bug::NoActivation.text())), Meter::new(0)),
                );
            };
            match &result {
                Ok(_) => host.commit(),
                Err(_) => host.rollback(),
            }
            if let Err(Fault::OutOfGas | Fault::OutOfMemory) = result {
                self.trapped.push(Place::of(&done.machine));
            }
            let meter = done.machine.heap.meter;
            let Some(caller) = self.activations.last_mut() else {
                let failure = result.map_err(|fault| failure(&mut done.machine, fault));
                self.put_away(done.machine);
                return Step::Done(self.outcome(failure, meter));
            };
            caller.machine.heap.meter = meter;
            caller.phase = Phase::Running;
            let value = hand_back(&mut caller.machine, &mut done.machine, result);
            let run = caller.machine.finish_call(host, value);
            self.put_away(done.machine);
            result = match self.settle(host, run) {
                Ok(result) => result,
                Err(keys) => return Step::Need(keys),
            };
        }
    }

    /// Where the call was when its gas or memory was used up: as a traceback, without its last line.
    /// Nothing if it did not end so, or no method had begun.
    pub fn trapped_at(&self) -> Option<String> {
        let inside = self.trapped.iter().any(|place| !place.frames.is_empty());
        inside.then(|| traceback::of_places(self.trapped.iter().rev()))
    }

    /// Gas that a call which has not ended has used so far.
    pub fn gas_used(&self) -> u64 {
        self.activations.last().map_or(0, |top| self.gas.saturating_sub(top.machine.heap.meter.gas))
    }

    fn outcome(&self, result: Result<Vec<u8>, Failure>, meter: Meter) -> Outcome {
        let memory_bytes = limits::MEMORY_BYTES_MAX.saturating_sub(meter.memory);
        let gas = if matches!(result, Err(Failure::OutOfGas)) { 0 } else { meter.gas };
        Outcome { result, gas_used: self.gas.saturating_sub(gas), memory_bytes }
    }

    /// Starts or goes on with the activation on top.
    fn advance(&mut self, host: &mut dyn Host) -> Result<Run<Vec<u8>>, Vec<Key>> {
        let Some(top) = self.activations.last_mut() else { return Ok(Err(Fault::Broken(Bug::NoActivation))) };
        let run = match std::mem::replace(&mut top.phase, Phase::Running) {
            Phase::Enter(entry) => match top.enter(host, &entry) {
                Ok(true) => top.machine.resume(host),
                Ok(false) => Ok(Value::None),
                Err(fault) => {
                    if fault == Fault::Need {
                        top.phase = Phase::Enter(entry);
                    }
                    Err(fault)
                }
            },
            Phase::Running => top.machine.resume(host),
            Phase::Waiting => Err(Fault::Broken(Bug::WaitingRun)),
        };
        self.settle(host, run)
    }

    /// Deals with calls of other contracts until the activation on top ends or needs something.
    fn settle(&mut self, host: &mut dyn Host, run: Run<Value>) -> Result<Run<Vec<u8>>, Vec<Key>> {
        let Some(top) = self.activations.last_mut() else { return Ok(Err(Fault::Broken(Bug::NoActivation))) };
        match run {
            Ok(value) => Ok(top.finish(host, value)),
            Err(Fault::Need) => Err(std::mem::take(&mut top.machine.needed)),
            Err(Fault::Call) => match top.machine.outgoing.take() {
                Some(call) => self.call_out(host, call),
                None => Ok(Err(Fault::Broken(Bug::NoCall))),
            },
            Err(fault) => Ok(Err(fault)),
        }
    }

    /// Opens the activation for a call that the one on top makes.
    fn call_out(&mut self, host: &mut dyn Host, call: OutgoingCall) -> Result<Run<Vec<u8>>, Vec<Key>> {
        let depth = self.activations.len();
        let entered =
            self.activations.iter().any(|activation| activation.machine.context.contract == call.contract);
        let Some(top) = self.activations.last_mut() else { return Ok(Err(Fault::Broken(Bug::NoActivation))) };
        let refusal = if entered {
            let contract = call.contract.display(&top.machine.context.prefix);
            Some((classes::RUNTIME_ERROR, format!("re-entrant call of {contract}")))
        } else if depth >= limits::CONTRACT_DEPTH_MAX {
            let message = format!("contracts call each other more than {} deep", limits::CONTRACT_DEPTH_MAX);
            Some((classes::RECURSION_ERROR, message))
        } else {
            None
        };
        if let Some((class, message)) = refusal {
            let raised = top.machine.raise(class, &message);
            let run = top.machine.finish_call(host, raised);
            return self.settle(host, run);
        }
        top.phase = Phase::Waiting;
        let context = Context {
            contract: call.contract,
            sender: top.machine.context.contract,
            value: call.value,
            view: top.machine.context.view,
            prefix: top.machine.context.prefix,
        };
        let meter = top.machine.heap.meter;
        let entry = Entry { method: call.method, arguments: call.arguments, deploys: false };
        self.activate(call.program, context, meter, entry);
        self.advance(host)
    }
}

impl Activation {
    /// Checks the call, moves its coins and starts the method. `false`: there is nothing to run.
    fn enter(&mut self, host: &mut dyn Host, entry: &Entry) -> Run<bool> {
        let before = self.machine.heap.meter;
        host.begin();
        let entered = self.enter_here(host, entry);
        if entered == Err(Fault::Need) {
            host.rollback();
            self.machine.heap.meter = before;
        }
        entered
    }

    fn enter_here(&mut self, host: &mut dyn Host, entry: &Entry) -> Run<bool> {
        let machine = &mut self.machine;
        machine.heap.charge(gas::ENTER)?;
        let program = Arc::clone(&machine.heap.program);
        let export = program.exports.get(entry.method.as_str());
        let class = program.class_name(program.contract);
        let export = match export {
            None if entry.deploys => {
                return match entry.arguments.bytes.is_empty() {
                    true => self.receive(host, false).map(|()| false),
                    false => machine
                        .raise(classes::TYPE_ERROR, &format!("{class} has no init, and takes no arguments")),
                };
            }
            Some(_) if entry.method == "init" && !entry.deploys => {
                return machine
                    .raise(classes::PERMISSION_ERROR, "init runs once, when the contract is deployed");
            }
            Some(export) => export,
            None => {
                let message = format!("{class} has no exported method '{}'", entry.method);
                return machine.raise(classes::ATTRIBUTE_ERROR, &message);
            }
        };
        self.receive(host, export.payable)?;
        self.machine.context.view |= export.view;
        self.machine.bind_outside(&program, export, &entry.arguments)?;
        self.machine.start(&program, export.function)?;
        Ok(true)
    }

    /// Moves the coins that come with the call.
    fn receive(&mut self, host: &mut dyn Host, payable: bool) -> Run<()> {
        let machine = &mut self.machine;
        let Context { contract, sender, value, .. } = machine.context;
        if value == 0 {
            return Ok(());
        }
        if !payable {
            return machine.raise(classes::VALUE_ERROR, "method is not payable");
        }
        machine.heap.charge(gas::TRANSFER)?;
        match host.transfer(&sender, &contract, value) {
            Ok(true) => Ok(()),
            Ok(false) => machine.too_few(host, &sender, value),
            Err(account) => machine.need(Key::Account(account)),
        }
    }

    /// Writes back what has changed, and encodes the result.
    fn finish(&mut self, host: &mut dyn Host, value: Value) -> Run<Vec<u8>> {
        let mut bytes = Vec::with_capacity(RESULT_BYTES);
        self.machine.encode(&mut bytes, &Type::Any, value)?;
        self.machine.flush(host)?;
        Ok(bytes)
    }
}

/// The result of a call in the caller's terms.
fn hand_back(caller: &mut Machine, callee: &mut Machine, result: Run<Vec<u8>>) -> Run<Value> {
    match result {
        Ok(bytes) => caller.decode_value(&bytes),
        Err(Fault::Raised(exception)) => {
            let (class, message) = callee.visible_exception(exception)?;
            caller.heap.meter = callee.heap.meter;
            caller.raise(class, &message)
        }
        Err(fault) => Err(fault),
    }
}

fn failure(machine: &mut Machine, fault: Fault) -> Failure {
    match fault {
        Fault::Raised(exception) => Failure::Raised(machine.describe(exception)),
        Fault::OutOfGas => Failure::OutOfGas,
        Fault::OutOfMemory => Failure::OutOfMemory,
        Fault::Broken(bug) => Failure::Broken(bug.text()),
        Fault::Need | Fault::Call => Failure::Broken("an ended call still waits"),
    }
}
