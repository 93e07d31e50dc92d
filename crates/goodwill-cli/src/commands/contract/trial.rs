//! `goodwill contract run`, and the sandbox calls that it shares with `gas`.

use super::{name, read, words};
use crate::{Output, error::CliError};
use clap::{Args as _, Command, FromArgMatches as _};
use goodwill_types::Amount;
use goodwill_vm::{
    Sandbox,
    gas::CALL_GAS_MAX,
    trial::{Report, SENDER, Trial, TrialCall},
};
use serde::Serialize;
use std::{path::PathBuf, time::Instant};

/// A method to try.
#[derive(Debug, clap::Args)]
pub(super) struct TrialArgs {
    /// The contract.
    pub(super) file: PathBuf,
    #[command(flatten)]
    call: CallArgs,
    /// A call to make before, such as "tip hello --value 3 --from bob"; once for each, in their order.
    /// "init ..." is the deployment, where it needs coins or another sender.
    #[arg(long, value_name = "CALL", value_parser = parse_call)]
    before: Vec<CallArgs>,
    /// An argument of `init`, which runs first; once for each.
    #[arg(long, value_name = "ARGUMENT", allow_hyphen_values = true)]
    init: Vec<String>,
    /// The most gas that a call may use.
    #[arg(long, default_value_t = CALL_GAS_MAX, value_name = "GAS")]
    gas: u64,
}

/// A call in the sandbox.
#[derive(Clone, Debug, clap::Args)]
struct CallArgs {
    /// The method.
    method: String,
    /// Its arguments, as its type hints say: 5, True, [1, 2]; texts and names of accounts as they are.
    #[arg(allow_negative_numbers = true)]
    arguments: Vec<String>,
    /// Coins that come with it, such as 12.5.
    #[arg(long, default_value = "0", value_name = "COINS")]
    value: Amount,
    /// Who calls: an address, or any name. The sandbox gives each name an address and 1,000,000 coins.
    #[arg(long, default_value = SENDER, value_name = "NAME")]
    from: String,
}

/// Reads a call within quotes.
fn parse_call(text: &str) -> Result<CallArgs, String> {
    let words = words::split(text)?;
    let parser = CallArgs::augment_args(Command::new("call").no_binary_name(true).disable_help_flag(true));
    let parsed = parser.try_get_matches_from(words);
    parsed.and_then(|matches| CallArgs::from_arg_matches(&matches)).map_err(|error| {
        let text = error.to_string();
        text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
    })
}

impl From<&CallArgs> for TrialCall {
    fn from(args: &CallArgs) -> Self {
        let CallArgs { method, arguments, value, from } = args.clone();
        Self { method, arguments, sender: from, value: value.units.into() }
    }
}

impl TrialArgs {
    /// The call itself.
    pub(super) fn call(&self) -> TrialCall {
        (&self.call).into()
    }

    /// Reads the file, and does with it what is asked.
    ///
    /// # Errors
    /// When there is no such file, or `init` is asked for twice.
    pub(super) fn with<T>(&self, output: Output, work: impl FnOnce(&Trial<'_>) -> T) -> Result<T, CliError> {
        let (source, file) = (read(&self.file)?, name(&self.file));
        let mut before: Vec<TrialCall> = self.before.iter().map(TrialCall::from).collect();
        if !self.init.is_empty() {
            if before.iter().chain([&self.call()]).any(|call| call.method == "init") {
                let text = "init runs once: give its arguments with the call of it, or with --init".into();
                return Err(CliError::Usage(text));
            }
            let arguments = self.init.clone();
            before.insert(0, TrialCall { arguments, ..TrialCall::new("init", &[]) });
        }
        let trial = Trial { source: &source, file: &file, before: &before, call: self.call(), gas: self.gas };
        if trial.skips_init() {
            output.note("note: init was not run, since it takes arguments: give them with --init");
        }
        Ok(work(&trial))
    }
}

/// One method in a sandbox.
#[derive(Serialize)]
struct Ran {
    ok: bool,
    result: Option<String>,
    error: Option<String>,
    gas_used: u64,
    memory_bytes: u64,
    time_us: u64,
}

pub(super) fn run(output: Output, args: &TrialArgs) -> Result<(), CliError> {
    let began = Instant::now();
    let report = args.with(output, |trial| trial.run())?;
    let ran = Ran {
        ok: report.ok,
        result: report.result.clone(),
        error: report.error.clone(),
        gas_used: report.gas_used,
        memory_bytes: report.memory_bytes,
        time_us: u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
    };
    output.print(&ran, || {
        format!("{}\n{} gas, {} bytes, {} us", outcome(&report), ran.gas_used, ran.memory_bytes, ran.time_us)
    });
    succeeded(ran.ok)
}

/// What came out, for people.
pub(super) fn outcome(report: &Report) -> String {
    let prefix = Sandbox::new().prefix();
    let result = report.result.as_deref().map(|result| words::shown(result, &prefix));
    result.or(report.error.clone()).unwrap_or_default()
}

/// # Errors
/// When the contract failed.
pub(super) fn succeeded(ok: bool) -> Result<(), CliError> {
    match ok {
        true => Ok(()),
        false => Err(CliError::Rejected("the contract failed: see above".into())),
    }
}
