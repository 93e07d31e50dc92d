//! Miners as processes.

use super::{BenchError, UNLIMITED};
use goodwill_node::development::Development;
use serde::Deserialize;
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// The longest that a miner may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// A chain of its own, in a temporary folder. Ends when dropped.
pub(super) struct Network {
    miners: Vec<Miner>,
    folder: TempDir,
}

struct Miner {
    process: Child,
    config: PathBuf,
    url: String,
}

#[derive(Deserialize)]
struct Ready {
    api: String,
}

impl Network {
    /// Starts the miners of a new chain and waits until all answer.
    pub(super) fn start(binary: &Path, miners: u32, block_time_ms: u64) -> Result<Self, BenchError> {
        let io = |error| BenchError::Io("cannot make a temporary folder".into(), error);
        let folder = tempfile::tempdir().map_err(io)?;
        let parameters = [&[("block_time_ms", block_time_ms)][..], &UNLIMITED].concat();
        let http = ([127, 0, 0, 1], 0).into();
        Development { miners, http, parameters: &parameters, slots: 0 }.prepare(folder.path())?;
        let started: Vec<_> = (0..miners)
            .map(|number| start(binary, folder.path().join(format!("miner-{number}/node.toml"))))
            .collect::<Result<_, _>>()?;
        let miners = started.into_iter().map(Starting::ready).collect::<Result<_, _>>()?;
        Ok(Self { miners, folder })
    }

    /// Stops all miners and starts them again, as after an update.
    pub(super) fn restart(&mut self, binary: &Path) -> Result<(), BenchError> {
        let configs: Vec<_> = self.miners.drain(..).map(|miner| miner.config.clone()).collect();
        let started =
            configs.into_iter().map(|config| start(binary, config)).collect::<Result<Vec<_>, _>>()?;
        self.miners = started.into_iter().map(Starting::ready).collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Where each miner answers.
    pub(super) fn urls(&self) -> Vec<String> {
        self.miners.iter().map(|miner| miner.url.clone()).collect()
    }

    /// Their process numbers.
    pub(super) fn pids(&self) -> Vec<u32> {
        self.miners.iter().map(|miner| miner.process.id()).collect()
    }

    /// Bytes in all files of the chain.
    pub(super) fn stored_bytes(&self) -> Result<u64, BenchError> {
        size(self.folder.path())
            .map_err(|error| BenchError::Io("cannot read the chain's folder".into(), error))
    }
}

impl Drop for Miner {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn size(path: &Path) -> std::io::Result<u64> {
    let found = fs::symlink_metadata(path)?;
    if !found.is_dir() {
        return Ok(found.len());
    }
    let mut sum = 0;
    for entry in fs::read_dir(path)? {
        // Nodes remove files while they run.
        sum += size(&entry?.path()).unwrap_or(0);
    }
    Ok(sum)
}

/// A miner of which nothing was heard yet.
struct Starting {
    miner: Miner,
    line: mpsc::Receiver<String>,
}

fn start(binary: &Path, config: PathBuf) -> Result<Starting, BenchError> {
    let mut command = Command::new(binary);
    command.args(["node", "--json", "--config"]).arg(&config).stdout(Stdio::piped());
    let process = command.spawn().map_err(|error| BenchError::Io(binary.display().to_string(), error))?;
    let mut miner = Miner { process, config, url: String::new() };
    let stdout = miner.process.stdout.take().expect("piped");
    let (heard, line) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = heard.send(line);
        }
    });
    Ok(Starting { miner, line })
}

impl Starting {
    fn ready(mut self) -> Result<Miner, BenchError> {
        let line = self.line.recv_timeout(PATIENCE).ok();
        let ready = line.and_then(|line| serde_json::from_str::<Ready>(&line).ok());
        let reason = || format!("the miner of {} did not start: see above", self.miner.config.display());
        self.miner.url = ready.ok_or_else(|| BenchError::Unmeasured(reason()))?.api;
        Ok(self.miner)
    }
}
