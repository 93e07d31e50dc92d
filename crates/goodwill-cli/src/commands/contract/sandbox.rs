//! `goodwill contract sandbox`: a chain in memory, which answers one JSON object a line.

use crate::error::CliError;
use goodwill_types::{Address, Prefix};
use goodwill_vm::{
    Call, Failure, Refusal, compile,
    data::Data,
    gas::CALL_GAS_MAX,
    host::Host as _,
    literal,
    sandbox::{Sandbox, Snapshot},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{self, BufRead, Read as _, Write as _};

/// Bytes of a line: a source file and arguments, with room for JSON's escapes.
const LINE_BYTES_MAX: u64 = 4 << 20;
/// Snapshots that one chain keeps.
const SNAPSHOTS_MAX: usize = 1024;

/// What is asked. Amounts are decimal texts, values Python literals.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase", deny_unknown_fields)]
enum Ask {
    Deploy { source: String, file: String, call: CallText },
    Call { call: CallText },
    Fund { account: String, amount: String },
    Balance { account: String },
    Snapshot {},
    Restore { id: usize },
}

/// A call, or the deployment's `init`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CallText {
    contract: String,
    method: String,
    args: Vec<String>,
    kwargs: Vec<(String, String)>,
    sender: String,
    value: String,
    clock: Clock,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Clock {
    height: u64,
    timestamp_ms: u64,
    epoch: u64,
}

/// A line that cannot be answered; the chain is as before.
struct Refused {
    kind: &'static str,
    message: String,
}

impl From<String> for Refused {
    fn from(message: String) -> Self {
        Self { kind: "Malformed", message }
    }
}

/// Answers until the input ends, or a line is too long.
pub(super) fn run() -> Result<(), CliError> {
    let failed = |error| CliError::Io("stdin or stdout".into(), error);
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut chain = Chain { sandbox: Sandbox::new(), snapshots: Vec::new() };
    loop {
        let mut line = Vec::new();
        input.by_ref().take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut line).map_err(failed)?;
        if line.is_empty() {
            return Ok(());
        }
        let long = line.len() as u64 > LINE_BYTES_MAX;
        let answer = match long {
            true => Err(format!("a line has at most {LINE_BYTES_MAX} bytes").into()),
            false => chain.answer(&line),
        };
        writeln!(output, "{}", answer.unwrap_or_else(refusal)).map_err(failed)?;
        output.flush().map_err(failed)?;
        if long {
            return Ok(());
        }
    }
}

fn refusal(Refused { kind, message }: Refused) -> Value {
    failure(kind, &message, "", 0)
}

fn failure(kind: &str, message: &str, traceback: &str, gas_used: u64) -> Value {
    let error = json!({ "type": kind, "message": message, "traceback": traceback });
    json!({ "ok": false, "error": error, "gas_used": gas_used })
}

struct Chain {
    sandbox: Sandbox,
    snapshots: Vec<Snapshot>,
}

impl Chain {
    fn answer(&mut self, line: &[u8]) -> Result<Value, Refused> {
        let ask = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        match ask {
            Ask::Deploy { source, file, call } => self.deploy(&source, &file, &call),
            Ask::Call { call } => {
                let call = self.read(&call, false)?;
                Ok(self.call(&call))
            }
            Ask::Fund { account, amount } => self.fund(&account, &amount),
            Ask::Balance { account } => {
                let account = address(&account, &self.prefix())?;
                Ok(json!({ "ok": true, "result": self.sandbox.coins(&account).to_string() }))
            }
            Ask::Snapshot {} => self.snapshot(),
            Ask::Restore { id } => self.restore(id),
        }
    }

    fn deploy(&mut self, source: &str, file: &str, call: &CallText) -> Result<Value, Refused> {
        let call = self.read(call, true)?;
        if self.sandbox.installed(&call.contract).is_some() {
            return Err(format!("there is a contract at {}", call.contract.display(&self.prefix())).into());
        }
        let refused = |refusal: Refusal| Refused { kind: "Refused", message: refusal.to_string() };
        let program = compile(source, file).map_err(refused)?;
        self.sandbox.install(call.contract, program);
        let answer = self.call(&call);
        if answer["ok"] != true {
            self.sandbox.uninstall(&call.contract);
        }
        Ok(answer)
    }

    /// Gives coins to an account that never had any.
    fn fund(&mut self, account: &str, amount: &str) -> Result<Value, Refused> {
        let (account, amount) = (address(account, &self.prefix())?, coins(amount)?);
        if !self.sandbox.knows(&account) {
            self.sandbox.fund(account, amount);
        }
        Ok(json!({ "ok": true }))
    }

    fn snapshot(&mut self) -> Result<Value, Refused> {
        if self.snapshots.len() >= SNAPSHOTS_MAX {
            return Err(format!("a chain keeps at most {SNAPSHOTS_MAX} snapshots").into());
        }
        self.snapshots.push(self.sandbox.snapshot());
        Ok(json!({ "ok": true, "id": self.snapshots.len() - 1 }))
    }

    fn restore(&mut self, id: usize) -> Result<Value, Refused> {
        let snapshot = self.snapshots.get(id).ok_or_else(|| format!("there is no snapshot {id}"))?;
        self.sandbox.restore(snapshot);
        Ok(json!({ "ok": true }))
    }

    fn prefix(&self) -> Prefix {
        self.sandbox.chain().prefix
    }

    /// Reads a call, and sets the clock to its block.
    fn read(&mut self, text: &CallText, deploys: bool) -> Result<Call, Refused> {
        let prefix = self.prefix();
        let literal = |text: &String| literal::parse(text, &prefix);
        let keyword = |(name, text): &(String, String)| Ok::<_, String>((name.clone(), literal(text)?));
        let call = Call {
            contract: address(&text.contract, &prefix)?,
            sender: address(&text.sender, &prefix)?,
            value: coins(&text.value)?,
            method: text.method.clone(),
            arguments: text.args.iter().map(literal).collect::<Result<Vec<Data>, _>>()?,
            keywords: text.kwargs.iter().map(keyword).collect::<Result<_, _>>()?,
            deploys,
        };
        let Clock { height, timestamp_ms, epoch } = text.clock;
        self.sandbox.at(height, timestamp_ms, epoch);
        Ok(call)
    }

    fn call(&mut self, call: &Call) -> Value {
        let outcome = self.sandbox.call(call, CALL_GAS_MAX);
        let (events, gas) = (self.new_events(), outcome.gas_used);
        match outcome.result {
            Ok(bytes) => {
                let result = self.sandbox.repr(&call.contract, &bytes);
                json!({ "ok": true, "result": result, "events": events, "gas_used": gas })
            }
            Err(Failure::Raised(raised)) => failure(&raised.class, &raised.message, &raised.traceback, gas),
            Err(Failure::OutOfGas) => self.trapped("OutOfGas", "out of gas", gas),
            Err(Failure::OutOfMemory) => self.trapped("OutOfMemory", "out of memory", gas),
            Err(Failure::Broken(reason)) => failure("Broken", reason, "", gas),
        }
    }

    fn trapped(&self, kind: &str, message: &str, gas_used: u64) -> Value {
        failure(kind, message, &self.sandbox.trapped(message), gas_used)
    }

    /// The events since the last call.
    fn new_events(&mut self) -> Vec<Value> {
        let prefix = self.prefix();
        let events = self.sandbox.events().iter().map(|event| {
            let field = |(name, value): &(String, Vec<u8>)| (name.clone(), self.sandbox.repr(&event.contract, value));
            let fields: Vec<(String, String)> = event.fields.iter().map(field).collect();
            json!({ "contract": event.contract.display(&prefix).to_string(), "name": event.name, "fields": fields })
        });
        let events = events.collect();
        self.sandbox.forget_events();
        events
    }
}

fn address(text: &str, prefix: &Prefix) -> Result<Address, String> {
    Address::parse(text, prefix).map_err(|error| format!("{text}: {error}"))
}

fn coins(text: &str) -> Result<u128, String> {
    text.parse().map_err(|_| format!("{text} is no amount of coins"))
}
