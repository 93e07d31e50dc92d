//! `goodwill contract gas`: what each line of a call cost, and what a transaction with it costs.

use super::{compiled, read, trial};
use crate::{Output, error::CliError};
use goodwill_node::{gateway::gas_prices, ledger::contract::compile_gas};
use goodwill_types::{
    Account, Action, Amount, Digest,
    codec::{List, Text},
};
use goodwill_vm::{
    Data, Program, Sandbox,
    profile::Spent,
    trial::{Report, TrialCall, account_of},
};
use goodwill_wallet::compose::{Chain, Offer, Terms, compose};
use serde::Serialize;
use std::fmt::Write as _;

/// Lines that are marked.
const HOTTEST: usize = 3;
/// A height as long chains have it: it is part of the transaction's bytes.
const HEIGHT: u64 = 1_000_000;

#[derive(Debug, clap::Args)]
pub(super) struct GasArgs {
    #[command(flatten)]
    trial: trial::TrialArgs,
    /// Show all lines of the file, not only those that cost gas.
    #[arg(long)]
    all: bool,
}

/// A call's gas.
#[derive(Serialize)]
struct Gas {
    ok: bool,
    result: Option<String>,
    error: Option<String>,
    /// What the call cost, and its lines add up to.
    total: u64,
    lines: Vec<Line>,
    #[serde(flatten)]
    besides: Option<Besides>,
}

/// What a transaction pays besides, on a chain of this release.
#[derive(Clone, Copy, Serialize)]
struct Besides {
    /// Signature, bytes, the contract's record; of a deployment also compiling and storing the source.
    /// Up to a few bytes: numbers are longer on an old chain.
    transaction: u64,
    /// Once in a while, for compiling again.
    compiling: u64,
    /// Whether it needs no transaction.
    #[serde(skip)]
    view: bool,
}

/// A line's gas; `line` is null for what belongs to no line.
#[derive(Serialize)]
struct Line {
    line: Option<u32>,
    gas: u64,
    hits: u64,
}

pub(super) fn run(output: Output, args: &GasArgs) -> Result<(), CliError> {
    let source = read(&args.trial.file)?;
    let (report, spent) = args.trial.with(output, |trial| trial.profile())?;
    let gas = Gas {
        ok: report.ok,
        result: report.result.clone(),
        error: report.error.clone(),
        total: report.gas_used,
        lines: spent.into_iter().map(line).collect(),
        besides: if report.ok { besides(&source, args)? } else { None },
    };
    output.print(&gas, || table(&source, &gas, &report, args.all));
    trial::succeeded(gas.ok)
}

fn line(spent: Spent) -> Line {
    let line = (spent.line > 0).then_some(spent.line);
    Line { line, gas: spent.gas, hits: spent.hits }
}

/// What a transaction with the call costs besides it; nothing where none can hold it.
fn besides(source: &str, args: &GasArgs) -> Result<Option<Besides>, CliError> {
    let program = compiled(source, &args.trial.file)?;
    let call = args.trial.call();
    let Some(action) = action(source, &program, &call)? else { return Ok(None) };
    let compiling = match action {
        Action::DeployContract { .. } => 0,
        _ => compile_gas(source.len() as u32),
    };
    let prefix = Sandbox::new().prefix();
    let chain = Chain { id: Digest::from([0; 32]), prefix, symbol: String::new(), pollution_tax_bp: 0 };
    let terms = Terms { chain, height: HEIGHT, base_fee_per_gas: 1, gas_prices: gas_prices() };
    let account = Account { balance: Amount::from_units(u64::MAX), nonce: 0 };
    let from = account_of(&call.sender).map_err(CliError::Usage)?;
    let draft = compose(&terms, from, &account, action, Offer::default())?;
    Ok(Some(Besides { transaction: draft.gas_limit, compiling, view: program.is_view(&call.method) }))
}

/// What a transaction with the call would say; nothing where it is too long.
fn action(source: &str, program: &Program, call: &TrialCall) -> Result<Option<Action>, CliError> {
    let accounts = |name: &str| account_of(name).ok();
    let values = program
        .arguments(&call.method, &call.arguments, &Sandbox::new().prefix(), &accounts)
        .map_err(CliError::Usage)?;
    let value = u64::try_from(call.value).map(Amount::from_units).unwrap_or_default();
    let arguments = List::new(values.iter().flat_map(Data::encode).collect());
    Ok(match call.method.as_str() {
        "init" => Text::new(source.to_owned())
            .zip(arguments)
            .map(|(source, arguments)| Action::DeployContract { source, arguments, value }),
        method => Text::new(method.to_owned()).zip(arguments).map(|(method, arguments)| {
            let contract = Sandbox::contract_address();
            Action::CallContract { contract, method, arguments, value }
        }),
    })
}

/// The lines that cost gas, with it, and the sums.
fn table(source: &str, gas: &Gas, report: &Report, all: bool) -> String {
    let end = trial::outcome(report);
    if gas.lines.iter().all(|line| line.line.is_none()) {
        return end;
    }
    let mut out = String::from("        gas     hits\n");
    write_lines(&mut out, source, &gas.lines, all);
    let mut row = |gas: u64, what: &str| _ = writeln!(out, " {gas:>10}  {what}");
    for Line { gas, .. } in gas.lines.iter().filter(|line| line.line.is_none()) {
        row(*gas, "no line: entering, arguments, writing state, result");
    }
    row(gas.total, "the call (* its hottest lines)");
    if let Some(Besides { transaction, compiling, view }) = gas.besides {
        let free = if view { "; asking with `goodwill contract query` is free" } else { "" };
        row(transaction, "what a transaction costs besides: signature, bytes, the contract's record");
        row(gas.total + transaction, &format!("in all, as a transaction{free}"));
        if compiling > 0 {
            row(compiling, "more, if the contract was not compiled in the last 256 blocks");
        }
    }
    out + &end
}

/// The lines that cost gas, with it, under the heads of their functions; or all lines.
fn write_lines(out: &mut String, source: &str, lines: &[Line], all: bool) {
    let least = hottest(lines);
    let texts: Vec<(u32, &str)> = (1..).zip(source.lines()).collect();
    let costs = |number| lines.iter().any(|line| line.line == Some(number));
    let mut shown: Vec<bool> = texts.iter().map(|(number, _)| all || costs(*number)).collect();
    for at in (0..texts.len()).filter(|at| costs(texts[*at].0)) {
        let head = texts[..at].iter().rposition(|(_, text)| text.trim_start().starts_with("def "));
        head.into_iter().for_each(|head| shown[head] = true);
    }
    for ((number, text), _) in texts.into_iter().zip(shown).filter(|(_, shown)| *shown) {
        let of_line = lines.iter().find(|line| line.line == Some(number));
        _ = match of_line {
            Some(Line { gas, hits, .. }) => {
                let mark = if *gas >= least { '*' } else { ' ' };
                writeln!(out, "{mark}{gas:>10} {hits:>8}  {number:>4}  {text}")
            }
            None => writeln!(out, "{:>22}{number:>4}  {text}", ""),
        };
    }
}

/// The gas from which a line is among the hottest.
fn hottest(lines: &[Line]) -> u64 {
    let mut gas: Vec<u64> = lines.iter().filter(|line| line.line.is_some()).map(|line| line.gas).collect();
    gas.sort_unstable_by(|a, b| b.cmp(a));
    gas.get(HOTTEST - 1).or(gas.last()).copied().unwrap_or(u64::MAX)
}
