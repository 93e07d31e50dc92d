//! `goodwill contract`: contracts in Python, on this machine and on a chain.

mod ask;
mod chain;
mod gas;
mod limit;
mod sandbox;
mod trial;
mod words;

use crate::{Global, Output, error::CliError};
use clap::Subcommand;
use goodwill_vm::{Program, compile};
use serde::Serialize;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command as Process,
    sync::Arc,
};

/// What `goodwill contract new` writes: the file and its test.
const CONTRACT: &str = include_str!("contract/counter.py");
const TEST: &str = include_str!("contract/test_counter.py");

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a folder with a contract and its test.
    New {
        /// The folder to make.
        folder: PathBuf,
    },
    /// Say whether a chain would accept the file, or the first line that it would refuse.
    Check {
        /// The contract.
        file: PathBuf,
    },
    /// Run one method in a local sandbox; `init` runs first where it takes nothing.
    Run(trial::TrialArgs),
    /// Run one method in a local sandbox, and show what each line cost, and a transaction with it.
    Gas(gas::GasArgs),
    /// Put a contract on a chain, and run its `init`.
    Deploy(chain::Deploy),
    /// Call a method of a contract on a chain.
    Call(chain::CallArgs),
    /// Ask a contract on a chain, for free; what the method would change is forgotten.
    Query(ask::Ask),
    /// Show a contract on a chain, with its source.
    Show(ask::Show),
    /// Print what can be called and with what, from the type hints.
    Abi {
        /// The contract.
        file: PathBuf,
    },
    /// Run the tests of contracts with pytest.
    Test {
        /// Where they are.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Let the chain's own machine run the contracts, in place of CPython.
        #[arg(long)]
        vm: bool,
    },
    /// A chain in memory that answers JSON lines on stdin; `contract test --vm` uses it.
    Sandbox,
}

pub(crate) fn run(global: &Global, output: Output, args: Args) -> Result<(), CliError> {
    match args.command {
        Command::New { folder } => new(output, &folder),
        Command::Check { file } => check(output, &file),
        Command::Run(args) => trial::run(output, &args),
        Command::Gas(args) => gas::run(output, &args),
        Command::Deploy(args) => chain::deploy(global, output, &args),
        Command::Call(args) => chain::call(global, output, &args),
        Command::Query(args) => ask::query(global, output, &args),
        Command::Show(args) => ask::show(global, output, &args),
        Command::Abi { file } => abi(output, &file),
        Command::Test { path, vm } => test(output, &path, vm),
        Command::Sandbox => sandbox::run(),
    }
}

fn read(file: &Path) -> Result<String, CliError> {
    fs::read_to_string(file).map_err(|e| CliError::Io(file.display().to_string(), e))
}

/// What a file is compiled to.
///
/// # Errors
/// The first line that a chain would refuse.
fn compiled(source: &str, file: &Path) -> Result<Arc<Program>, CliError> {
    compile(source, &name(file)).map_err(|refusal| CliError::Rejected(refusal.to_string()))
}

fn name(file: &Path) -> String {
    file.file_name().map_or_else(|| file.display().to_string(), |name| name.to_string_lossy().into_owned())
}

#[derive(Serialize)]
struct Made {
    contract: PathBuf,
    test: PathBuf,
}

fn new(output: Output, folder: &Path) -> Result<(), CliError> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |error| CliError::Io(path, error)
    };
    if folder.exists() {
        return Err(CliError::Usage(format!("{} is there already: name a new folder", folder.display())));
    }
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let made = Made { contract: folder.join("counter.py"), test: folder.join("test_counter.py") };
    fs::write(&made.contract, CONTRACT).map_err(failed(&made.contract))?;
    fs::write(&made.test, TEST).map_err(failed(&made.test))?;
    output.print(&made, || {
        let (contract, folder) = (made.contract.display(), folder.display());
        format!("Made {contract} and its test. Try:\n  goodwill contract run {contract} add 5\n  goodwill contract test {folder}")
    });
    Ok(())
}

#[derive(Serialize)]
struct Checked {
    ok: bool,
    contract: String,
}

fn check(output: Output, file: &Path) -> Result<(), CliError> {
    let program = compiled(&read(file)?, file)?;
    let contract = program.abi()["contract"].as_str().unwrap_or_default().to_owned();
    output.print(&Checked { ok: true, contract: contract.clone() }, || {
        format!("{contract}: a chain would accept it")
    });
    Ok(())
}

fn abi(output: Output, file: &Path) -> Result<(), CliError> {
    let program = compiled(&read(file)?, file)?;
    let abi: Value = program.abi();
    output.print(&abi, || serde_json::to_string_pretty(&abi).expect("JSON"));
    Ok(())
}

/// Python's own exit code says how it went.
fn test(output: Output, path: &Path, vm: bool) -> Result<(), CliError> {
    let mut pytest = Process::new("python3");
    pytest.args(["-m", "pytest"]).arg(path);
    if vm {
        let own = std::env::current_exe().map_err(|e| CliError::Io("this program's path".into(), e))?;
        pytest.env("GOODWILL_VM", own);
    }
    let status = pytest.status().map_err(|e| CliError::Io("python3 cannot be started".into(), e))?;
    match status.code() {
        Some(0) => {
            if !vm {
                output.note("Python ran the contracts: it takes more than a chain does. --vm lets the chain's machine run them.");
            }
            Ok(())
        }
        Some(1) => Err(CliError::Rejected("a test failed: see above".into())),
        _ => Err(CliError::Usage(
            "pytest did not run: install it and the package with `pip install -e 'python[test]'` in the project's source".into(),
        )),
    }
}
