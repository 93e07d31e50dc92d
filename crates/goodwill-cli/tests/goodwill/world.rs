//! Development chains and nodes as child processes, and the command run against them.

use goodwill_types::{Committee, Digest, PublicKey, Seat};
use goodwill_wallet::{Client, Freshness, LightClient};
use serde_json::Value;
use std::{
    env,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// Longer than anything should take, so that a hanging test ends.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// The command under test: that of this build, or another one that `GOODWILL_BIN` names.
pub(crate) fn goodwill() -> Command {
    let binary = env::var_os("GOODWILL_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_goodwill").into());
    let mut command = Command::new(binary);
    command.env_remove("GOODWILL_URL").env_remove("GOODWILL_WALLETS").env_remove("RUST_LOG");
    command
}

/// A process that did not say yet that it is ready.
pub(crate) struct Starting {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Starting {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the command starts");
        let stdout = child.stdout.take().expect("piped");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { child, lines }
    }

    pub(crate) fn dev(data: &Path, miners: u32) -> Self {
        let mut command = goodwill();
        command.args(["dev", "--bare", "--json", "--http", "127.0.0.1:0", "--block-time", "200ms"]);
        command.args(["--miners", &miners.to_string()]).arg("--data").arg(data);
        Self::start(command)
    }

    pub(crate) fn node(config: PathBuf) -> Self {
        let mut command = goodwill();
        command.args(["node", "--json", "--config"]).arg(config);
        Self::start(command)
    }

    pub(crate) fn ready(self) -> Process {
        let line = self.lines.recv_timeout(PATIENCE).expect("a ready line");
        let ready: Value = serde_json::from_str(&line).expect("the ready line is JSON");
        assert_eq!(ready["event"], "ready");
        Process { child: self.child, ready }
    }

    /// SIGKILL, whatever it was about to do.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

/// A process that said it is ready. Killed when dropped.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) ready: Value,
}

impl Process {
    pub(crate) fn dev(data: &Path, miners: u32) -> Self {
        Starting::dev(data, miners).ready()
    }

    /// With everything that happens by itself.
    pub(crate) fn dev_with_story(data: &Path) -> Self {
        let mut command = goodwill();
        command.args(["dev", "--json", "--http", "127.0.0.1:0", "--block-time", "100ms"]);
        command.arg("--data").arg(data);
        Starting::start(command).ready()
    }

    pub(crate) fn node(config: PathBuf) -> Self {
        Starting::node(config).ready()
    }

    pub(crate) fn api(&self) -> &str {
        self.ready["api"].as_str().expect("an address")
    }

    /// SIGKILL: no chance to flush anything.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM, as a service manager does it.
    pub(crate) fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(&pid).status().expect("kill runs").success());
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "a clean stop ends with 0, not {status}");
    }

    /// Runs the command against this process.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        goodwill().args(args).args(["--url", self.api()]).output().expect("the command runs")
    }

    /// Runs the command with `--json` and gives its answer.
    pub(crate) fn answer(&self, args: &[&str]) -> Value {
        let output = self.run(&[args, &["--json"]].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?} failed: {said}");
        serde_json::from_slice(&output.stdout).expect("an answer in JSON")
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let mut response = ureq::get(format!("{}{path}", self.api())).call().expect(path);
        let text = response.body_mut().read_to_string().expect("a body");
        serde_json::from_str(&text).expect("JSON")
    }

    pub(crate) fn height(&self) -> u64 {
        self.get("/v1/status")["finalized_height"].as_u64().expect("a height")
    }

    /// Waits until the newest final block is at `height` or above.
    pub(crate) fn reach(&self, height: u64) {
        wait_until(&format!("{} reaches height {height}", self.api()), || self.height() >= height);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn wait_until(what: &str, condition: impl FnMut() -> bool) {
    wait_for(what, PATIENCE, condition);
}

pub(crate) fn wait_for(what: &str, patience: Duration, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < patience, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Trusts seats of these keys in epoch 0, each on a node of the same key, however old that is.
pub(crate) fn light(chain_id: Digest, mut keys: Vec<PublicKey>) -> LightClient {
    keys.sort_unstable();
    let seats = keys.into_iter().map(|key| Seat { key, node: key }).collect();
    let committee = Committee::new(seats, vec![0]).expect("keys that differ");
    let freshness = Freshness { now_ms: 0, trust_ms: 0 };
    LightClient::from_genesis(chain_id, committee, 0, freshness).expect("young enough")
}

/// The same, after all hand-overs that the gateway knows.
pub(crate) fn light_at(client: &Client, chain_id: Digest, keys: Vec<PublicKey>) -> LightClient {
    let mut light = light(chain_id, keys);
    wait_until("the hand-overs are followed", || light.follow_all(client).is_ok());
    light
}

/// The supply equation, as anybody can check it.
pub(crate) fn check_supply(supply: &Value) {
    let units = |value: &Value| value.as_str().expect("an amount").parse::<u64>().expect("units");
    let cells: u64 = supply["cells"].as_object().expect("cells").values().map(units).sum();
    assert_eq!(units(&supply["genesis"]) + units(&supply["minted"]), cells);
}
