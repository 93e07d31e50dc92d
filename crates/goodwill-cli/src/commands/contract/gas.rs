//! `goodwill contract gas`: what each line of a call cost.

use super::{TrialArgs, read};
use crate::{Output, error::CliError};
use goodwill_vm::profile::Spent;
use serde::Serialize;
use std::fmt::Write as _;

/// Lines that are marked.
const HOTTEST: usize = 3;

/// A call's gas.
#[derive(Serialize)]
struct Gas {
    ok: bool,
    result: Option<String>,
    error: Option<String>,
    total: u64,
    lines: Vec<Line>,
}

/// A line's gas; `line` is null for what belongs to no line.
#[derive(Serialize)]
struct Line {
    line: Option<u32>,
    gas: u64,
    hits: u64,
}

pub(super) fn run(output: Output, trial: &TrialArgs) -> Result<(), CliError> {
    let (report, spent) = trial.with(|trial| trial.profile())?;
    let source = read(&trial.file)?;
    let gas = Gas {
        ok: report.ok,
        result: report.result,
        error: report.error,
        total: report.gas_used,
        lines: spent.into_iter().map(line).collect(),
    };
    output.print(&gas, || table(&source, &gas));
    match gas.ok {
        true => Ok(()),
        false => Err(CliError::Rejected("the contract failed: see above".into())),
    }
}

fn line(spent: Spent) -> Line {
    let line = (spent.line > 0).then_some(spent.line);
    Line { line, gas: spent.gas, hits: spent.hits }
}

/// The source with the gas of each line before it.
fn table(source: &str, gas: &Gas) -> String {
    let mut out = String::from("        gas     hits\n");
    let least = hottest(&gas.lines);
    for (number, text) in (1..).zip(source.lines()) {
        let of_line = gas.lines.iter().find(|line| line.line == Some(number));
        _ = match of_line {
            Some(Line { gas, hits, .. }) => {
                let mark = if *gas >= least { '*' } else { ' ' };
                writeln!(out, "{mark}{gas:>10} {hits:>8}  {number:>4}  {text}")
            }
            None => writeln!(out, "{:>22}{number:>4}  {text}", ""),
        };
    }
    for Line { gas, .. } in gas.lines.iter().filter(|line| line.line.is_none()) {
        _ = writeln!(out, " {gas:>10}  no line: entering, arguments, writing state, result");
    }
    let end = gas.result.as_ref().or(gas.error.as_ref()).map_or("", String::as_str);
    _ = write!(out, " {:>10}  in all (* the hottest lines)\n{end}", gas.total);
    out
}

/// The gas from which a line is among the hottest.
fn hottest(lines: &[Line]) -> u64 {
    let mut gas: Vec<u64> = lines.iter().filter(|line| line.line.is_some()).map(|line| line.gas).collect();
    gas.sort_unstable_by(|a, b| b.cmp(a));
    gas.get(HOTTEST - 1).or(gas.last()).copied().unwrap_or(u64::MAX)
}
