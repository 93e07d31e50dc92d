//! What the commands say and how they end.

use crate::world::{Process, goodwill};
use serde_json::Value;
use std::process::Output;

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn failures_have_their_codes_and_remedies() {
    let folder = tempfile::tempdir().unwrap();
    let dev = Process::dev(folder.path(), 1);
    let unknown = "0".repeat(64);
    let cases: &[(&[&str], i32, &str)] = &[
        (&["send", "bob", "1", "--from", "nobody"], 3, "there is no wallet nobody"),
        (&["send", "bob", "99999999", "--from", "alice"], 4, "the account holds 1000000 DEV"),
        (&["send", "bob", "0", "--from", "alice"], 4, "payment 1 is of nothing"),
        (&["send", "bob", "1e9", "--from", "alice"], 2, "is not an amount"),
        (&["send", "Bob!", "1", "--from", "alice"], 2, "is not an address"),
        (&["tx", "show", "abc"], 2, "is not a transaction's id"),
        (&["tx", "show", &unknown], 3, "this node knows no such transaction"),
        (&["tx", "show", &unknown, "--proof"], 3, "this node knows no such transaction"),
        (&["tx", "show", &unknown, "--manifest", "x"], 2, "--proof"),
        (&["tx", "submit", "missing.json"], 1, "missing.json"),
        (&["block", "999999"], 3, "there is no final block 999999 here"),
        (&["block", "-1"], 2, "unexpected argument"),
        (&["account", "mallory"], 2, "is not an address"),
        (&["status", "--frobnicate"], 2, "unexpected argument"),
    ];
    for (args, code, message) in cases {
        let output = dev.run(args);
        assert_eq!(output.status.code(), Some(*code), "{args:?}: {}", said(&output));
        assert!(said(&output).contains(message), "{args:?}: {}", said(&output));
        assert!(output.stdout.is_empty(), "{args:?} wrote data");
    }
    let json = dev.run(&["tx", "show", &unknown, "--json"]);
    let error: Value = serde_json::from_slice(&json.stderr).unwrap();
    assert_eq!(error["error"]["code"], 3);

    let dry = dev.answer(&["send", "bob", "1", "--from", "alice", "--dry-run"]);
    assert_eq!(
        (&dry["dry_run"], &dry["amount"], &dry["nonce"]),
        (&true.into(), &"1000000000".into(), &0.into())
    );
    assert_eq!(dry["simulated"]["events"][0]["amount"], "1000000000");
    let dry = dev.run(&["send", "bob", "1", "--from", "alice", "--dry-run"]);
    let shown = String::from_utf8_lossy(&dry.stdout).into_owned();
    assert!(shown.contains("it would cost 0.00") && shown.ends_with("Nothing was sent.\n"), "{shown}");
    let text = dev.run(&["send", "bob", "1", "--from", "alice", "--wait"]);
    let shown = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(shown.contains("gives 1 DEV to dev1") && shown.contains("it is final"), "{shown}");
    assert!(said(&text).contains("half of it is donated to associations that do good"), "{}", said(&text));
    dev.stop();
}

#[test]
fn a_transaction_is_proven_from_a_manifest_that_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let dev = Process::dev(folder.path(), 4);
    let sent = dev.answer(&["send", "bob", "1", "--from", "alice", "--wait"]);
    let id = sent["id"].as_str().unwrap();
    let manifest = folder.path().join("chain.toml");
    let show = ["tx", "show", id, "--proof", "--manifest"];
    let proven = dev.answer(&[&show[..], &[manifest.to_str().unwrap()]].concat());
    assert_eq!((&proven["verified"], &proven["manifest_of_gateway"]), (&true.into(), &false.into()));
    assert!(proven["certified_height"].as_u64() >= sent["height"].as_u64());
    let text = dev.run(&["tx", "show", id, "--proof"]);
    let shown = String::from_utf8_lossy(&text.stdout).into_owned();
    let expected = format!("proven by its receipt in block {} and the certificate of block", sent["height"]);
    assert!(shown.contains(&expected) && shown.contains("the gateway itself gave"), "{shown}");
    assert_eq!(dev.answer(&["tx", "show", id])["verified"], false);

    let other = folder.path().join("other.toml");
    let text = std::fs::read_to_string(&manifest).unwrap().replace("miner-0", "somebody");
    std::fs::write(&other, text).unwrap();
    let refused = dev.run(&[&show[..], &[other.to_str().unwrap()]].concat());
    assert_eq!(refused.status.code(), Some(7), "{}", said(&refused));
    assert!(said(&refused).contains("do not trust this gateway"), "{}", said(&refused));
    dev.stop();
}

#[test]
fn no_node_is_a_network_error() {
    let output = goodwill().args(["status", "--url", "http://127.0.0.1:9"]).output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    assert!(said(&output).contains("`goodwill dev` starts one"), "{}", said(&output));
}

#[test]
fn wallets_are_made_shown_exported_and_restored() {
    let folder = tempfile::tempdir().unwrap();
    let passphrase = folder.path().join("passphrase");
    std::fs::write(&passphrase, "correct horse battery staple\n").unwrap();
    let wallets = folder.path().join("wallets");
    let run = |args: &[&str]| {
        let output = goodwill().args(args).arg("--json").arg("--wallets").arg(&wallets).output().unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (output.status.code(), answer, said(&output))
    };
    let file = passphrase.to_str().unwrap();
    let (code, made, error) = run(&["wallet", "new", "mine", "--prefix", "dev", "--passphrase-file", file]);
    assert_eq!(code, Some(0), "{error}");
    assert_eq!(made["words"].as_str().unwrap().split(' ').count(), 24);
    assert_eq!(run(&["wallet", "show", "mine"]).1["address"], made["address"]);
    assert_eq!(run(&["wallet", "list"]).1["name"], "mine");
    assert_eq!(run(&["wallet", "export", "mine", "--passphrase-file", file]).1["words"], made["words"]);

    let words = folder.path().join("words");
    std::fs::write(&words, made["words"].as_str().unwrap()).unwrap();
    let restore = ["wallet", "import", "again", "--prefix", "dev", "--words-file", words.to_str().unwrap()];
    let (_, restored, _) = run(&[&restore[..], &["--passphrase-file", file]].concat());
    assert_eq!(restored["address"], made["address"]);

    let wrong = folder.path().join("wrong");
    std::fs::write(&wrong, "something else\n").unwrap();
    let (code, _, error) = run(&["wallet", "export", "mine", "--passphrase-file", wrong.to_str().unwrap()]);
    assert_eq!(code, Some(6), "{error}");
    let (code, _, error) = run(&["wallet", "new", "mine", "--prefix", "dev", "--passphrase-file", file]);
    assert!(code == Some(2) && error.contains("take another name"), "{error}");
    let (code, _, error) = run(&["wallet", "export", "mine"]);
    assert!(code == Some(6) && error.contains("--passphrase-file"), "{error}");
}

#[test]
fn completions_are_printed() {
    let output = goodwill().args(["completions", "bash"]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("_goodwill()"));
}
