//! Signing on a machine without a network.

use crate::world::{Process, goodwill};
use goodwill_wallet::offline::{read_unsigned, write_unsigned};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};
use tempfile::TempDir;

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn refused(output: &Output, code: i32, message: &str) {
    assert!(output.status.code() == Some(code) && said(output).contains(message), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A machine that can reach nobody, with a wallet.
struct Offline(TempDir);

impl Offline {
    fn new() -> Self {
        let offline = Self(tempfile::tempdir().unwrap());
        fs::write(offline.path("passphrase"), "correct horse battery staple\n").unwrap();
        offline
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = goodwill();
        command.args(args).args(["--url", "http://127.0.0.1:9"]);
        command.arg("--wallets").arg(self.path("wallets")).output().unwrap()
    }

    fn run_unlocked(&self, args: &[&str]) -> Output {
        self.run(&[args, &["--passphrase-file", text(&self.path("passphrase"))]].concat())
    }
}

#[test]
fn what_was_composed_online_is_signed_offline_and_submitted() {
    let (folder, offline) = (tempfile::tempdir().unwrap(), Offline::new());
    let dev = Process::dev(folder.path(), 1);
    let made = offline.run_unlocked(&["wallet", "new", "mine", "--prefix", "dev", "--json"]);
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let address = made["address"].as_str().unwrap();
    dev.answer(&["send", address, "10", "--from", "alice", "--wait"]);

    let [unsigned, signed] = ["unsigned.json", "signed.json"].map(|name| offline.path(name));
    let (unsigned, signed) = (text(&unsigned), text(&signed));
    let compose = ["send", "bob", "1.5", "--from", address, "--unsigned", unsigned];
    let looked = dev.answer(&[&compose[..], &["--dry-run"]].concat());
    assert_eq!((&looked["dry_run"], Path::new(unsigned).exists()), (&true.into(), false));
    let written = dev.answer(&compose);
    assert_eq!((&written["unsigned"], &written["from"]), (&unsigned.into(), &address.into()));
    refused(&dev.run(&compose), 2, "there is a file");

    let sign = ["tx", "sign", unsigned, "--out", signed];
    refused(&offline.run_unlocked(&sign), 2, "give --yes, or --dry-run to look");
    let looked = offline.run(&[&sign[..], &["--dry-run"]].concat());
    let shown = String::from_utf8_lossy(&looked.stdout).into_owned();
    assert!(shown.contains("You give 1.5 DEV to dev1") && shown.contains("Nothing was signed."), "{shown}");
    assert!(!Path::new(signed).exists());
    refused(&offline.run(&[&sign[..], &["--yes"]].concat()), 6, "--passphrase-file");
    let manifest = folder.path().join("chain.toml");
    let yes = ["--yes", "--manifest", text(&manifest)];
    let done = offline.run_unlocked(&[&sign[..], &yes].concat());
    assert!(done.status.success() && said(&done).contains("You give 1.5 DEV to dev1"), "{done:?}");
    refused(&offline.run_unlocked(&[&sign[..], &yes].concat()), 2, "there is a file");

    let looked = dev.answer(&["tx", "submit", signed, "--dry-run"]);
    assert_eq!(looked["simulated"]["events"][0]["amount"], "1500000000");
    let sent = dev.answer(&["tx", "submit", signed, "--wait"]);
    assert_eq!((&sent["final"], &sent["id"]), (&true.into(), &looked["id"]));
    let again = dev.answer(&["tx", "submit", signed]);
    assert_eq!(again["id"], sent["id"], "submitting again is harmless");
    refused(&dev.run(&["tx", "submit", signed, "--dry-run"]), 4, "the nonce 0 is used up");
    dev.stop();
}

#[test]
fn what_is_not_as_it_should_be_is_neither_signed_nor_sent() {
    let (folder, offline) = (tempfile::tempdir().unwrap(), Offline::new());
    let dev = Process::dev(folder.path(), 1);
    let written = dev.run(&["send", "bob", "1", "--from", "alice", "--unsigned", "-"]);
    let unsigned = String::from_utf8(written.stdout).unwrap();
    let file = |name: &str, content: &str| {
        let path = offline.path(name);
        fs::write(&path, content).unwrap();
        path
    };
    let sign = |path: &Path, more: &[&str]| {
        offline.run(&[&["tx", "sign", text(path), "--out", "-", "--yes"], more].concat())
    };
    let submit = |path: &Path| dev.run(&["tx", "submit", text(path)]);
    let good = file("unsigned.json", &unsigned);

    let richer = file("richer.json", &unsigned.replacen("\"1000000000\"", "\"9000000000\"", 1));
    refused(&sign(&richer, &[]), 7, "it was changed after it was written");
    refused(&sign(&file("empty.json", ""), &[]), 7, "goodwill send --unsigned");
    refused(&sign(&offline.path("missing.json"), &[]), 1, "missing.json");
    let manifest = fs::read_to_string(folder.path().join("chain.toml")).unwrap();
    let other = file("other.toml", &manifest.replace("miner-0", "somebody"));
    refused(&sign(&good, &["--manifest", text(&other)]), 2, "do not sign it");
    let mut draft = read_unsigned(&unsigned).unwrap();
    draft.from = goodwill_types::Address::of(&goodwill_types::SecretKey::from_seed([7; 32]).public_key());
    refused(&sign(&file("stranger.json", &write_unsigned(&draft)), &[]), 3, "no wallet in");

    refused(&submit(&good), 7, "goodwill tx sign");
    let signed = String::from_utf8(sign(&good, &[]).stdout).unwrap();
    let raw: Value = serde_json::from_str(&signed).unwrap();
    let raw = raw["raw"].as_str().unwrap();
    refused(
        &submit(&file("cut.json", &signed.replace(raw, &raw[..raw.len() - 2]))),
        7,
        "no signed transaction",
    );
    let (rest, last) = raw.split_at(raw.len() - 64);
    let flipped = format!("{rest}{}{}", if last.starts_with('0') { "1" } else { "0" }, &last[1..]);
    refused(&submit(&file("changed.json", &signed.replace(raw, &flipped))), 4, "the signature is not");
    let mut draft = read_unsigned(&unsigned).unwrap();
    draft.chain.id = goodwill_types::hash(goodwill_types::Domain::Chain, b"elsewhere");
    let elsewhere = sign(&file("elsewhere.json", &write_unsigned(&draft)), &[]);
    let elsewhere = file("elsewhere-signed.json", &String::from_utf8(elsewhere.stdout).unwrap());
    refused(&submit(&elsewhere), 4, "on this chain");
    assert_eq!(dev.get("/v1/mempool")["transactions"], 0);
    dev.stop();
}
