//! One method of a file, tried on a new chain in memory.

use crate::{
    compile,
    data::Data,
    profile::Spent,
    program::Program,
    refuse::Refusal,
    sandbox::{Sandbox, named_account},
    vm::{Call, Failure, Outcome},
};
use goodwill_types::{Address, Amount};
use std::sync::Arc;

/// Who calls unless somebody else is named, and who deploys.
pub const SENDER: &str = "alice";
/// What everybody has who calls, in the smallest unit.
const COINS: u128 = Amount::from_coins(1_000_000).units as u128;
/// The longest name of an account: addresses are longer.
const NAME_BYTES_MAX: usize = 32;

/// What a trial came to.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Report {
    /// Whether the method returned.
    pub ok: bool,
    /// `repr` of what it returned.
    pub result: Option<String>,
    /// The traceback, or why the file or an argument was refused.
    pub error: Option<String>,
    /// Gas used.
    pub gas_used: u64,
    /// Memory used by formula, in bytes.
    pub memory_bytes: u64,
}

/// A call to make. Arguments are words, read as the method's type hints say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialCall {
    /// The method; `init` is the deployment.
    pub method: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Who calls: a name, or an address.
    pub sender: String,
    /// Coins that come with it, in the smallest unit.
    pub value: u128,
}

impl TrialCall {
    /// A call without coins by [`SENDER`].
    pub fn new(method: &str, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|word| (*word).to_owned()).collect();
        Self { method: method.into(), arguments, sender: SENDER.into(), value: 0 }
    }
}

/// A method of a file to try on a new chain.
#[derive(Clone, Debug)]
pub struct Trial<'a> {
    /// The source.
    pub source: &'a str,
    /// The file's name, for tracebacks.
    pub file: &'a str,
    /// Calls to make first, in their order. Where none of them is `init`, and `init` takes nothing, it is
    /// run before them.
    pub before: &'a [TrialCall],
    /// The call.
    pub call: TrialCall,
    /// The most gas of each call.
    pub gas: u64,
}

/// The account that a name or an address means in a trial.
///
/// # Errors
/// When it can be neither.
pub fn account_of(text: &str) -> Result<Address, String> {
    let prefix = Sandbox::new().prefix();
    Address::parse(text, &prefix).or_else(|problem| {
        name(text).ok_or_else(|| format!("{text} is neither an address ({problem}) nor a name such as bob"))
    })
}

fn name(text: &str) -> Option<Address> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let is_name = text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text.len() <= NAME_BYTES_MAX
        && text.chars().all(fits);
    is_name.then(|| named_account(text))
}

/// Deploys a file and runs one of its methods.
pub fn run_method(source: &str, method: &str, arguments: &[&str], gas: u64) -> Report {
    let call = TrialCall::new(method, arguments);
    Trial { source, file: "contract.py", before: &[], call, gas }.run()
}

impl Trial<'_> {
    /// What the method came to, or what comes before it if that failed.
    pub fn run(&self) -> Report {
        let mut ready = match self.prepare() {
            Ok(ready) => ready,
            Err(report) => return *report,
        };
        let outcome = ready.sandbox.call(&ready.call, self.gas);
        ready.sandbox.report(&ready.call.contract, outcome)
    }

    /// The same, with what each line of the method's call cost; nothing if the call was not made.
    pub fn profile(&self) -> (Report, Vec<Spent>) {
        let mut ready = match self.prepare() {
            Ok(ready) => ready,
            Err(report) => return (*report, Vec::new()),
        };
        let (outcome, spent) = ready.sandbox.profile_call(&ready.call, self.gas);
        (ready.sandbox.report(&ready.call.contract, outcome), spent)
    }

    /// Whether there is an `init` that is not run, since it takes arguments and nobody gave them.
    pub fn skips_init(&self) -> bool {
        let program = compile::compile(self.source, self.file);
        !self.deploys() && program.is_ok_and(|program| program.init_takes_something())
    }

    fn deploys(&self) -> bool {
        self.before.iter().chain([&self.call]).any(|call| call.method == "init")
    }

    /// A chain on which the method can be called.
    fn prepare(&self) -> Result<Ready, Box<Report>> {
        let program = compile::compile(self.source, self.file)
            .map_err(|refusal| refused(Refusal::to_string(&refusal)))?;
        let mut sandbox = Sandbox::new();
        sandbox.install(Sandbox::contract_address(), Arc::clone(&program));
        let implied = (!self.deploys() && program.init_takes_nothing()).then(|| TrialCall::new("init", &[]));
        for first in implied.iter().chain(self.before) {
            let call = ready_call(&mut sandbox, &program, first)?;
            let outcome = sandbox.call(&call, self.gas);
            if outcome.result.is_err() {
                return Err(Box::new(failed_before(sandbox.report(&call.contract, outcome), first)));
            }
        }
        let call = ready_call(&mut sandbox, &program, &self.call)?;
        Ok(Ready { sandbox, call })
    }
}

/// A call that can be made.
struct Ready {
    sandbox: Sandbox,
    call: Call,
}

fn refused(error: String) -> Box<Report> {
    Box::new(Report { ok: false, result: None, error: Some(error), gas_used: 0, memory_bytes: 0 })
}

fn failed_before(report: Report, call: &TrialCall) -> Report {
    let error = report.error.map(|error| format!("{}, which comes before, failed:\n{error}", call.method));
    Report { error, ..report }
}

/// Reads a call, and gives its sender coins.
fn ready_call(sandbox: &mut Sandbox, program: &Program, call: &TrialCall) -> Result<Call, Box<Report>> {
    let sender = account_of(&call.sender).map_err(refused)?;
    if !sandbox.knows(&sender) {
        sandbox.fund(sender, COINS);
    }
    let arguments: Vec<Data> =
        program.arguments(&call.method, &call.arguments, &sandbox.prefix(), &name).map_err(refused)?;
    Ok(Call {
        contract: Sandbox::contract_address(),
        sender,
        value: call.value,
        method: call.method.clone(),
        arguments,
        keywords: Vec::new(),
        deploys: call.method == "init",
    })
}

impl Sandbox {
    /// An outcome as the tools show it.
    pub fn report(&self, contract: &Address, outcome: Outcome) -> Report {
        let Outcome { result, gas_used, memory_bytes } = outcome;
        let (result, error) = match result {
            Ok(bytes) => (Some(self.repr(contract, &bytes)), None),
            Err(Failure::Raised(raised)) => (None, Some(raised.traceback)),
            Err(Failure::OutOfGas) => (None, Some(self.trapped("out of gas"))),
            Err(Failure::OutOfMemory) => (None, Some(self.trapped("out of memory"))),
            Err(Failure::Broken(reason)) => (None, Some(format!("a bug of the machine: {reason}"))),
        };
        Report { ok: error.is_none(), result, error, gas_used, memory_bytes }
    }

    /// That `what` was used up, after the traceback of where the last call was then.
    pub fn trapped(&self, what: &str) -> String {
        self.trapped_at().unwrap_or_default() + what
    }
}
