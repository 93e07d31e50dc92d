//! Contracts without a network: what lines cost, and the sandbox that answers tests in Python.

use crate::world::goodwill;
use serde_json::{Value, json};
use std::{io::Write as _, process::Stdio};

const SOURCE: &str = r#"from goodwill import Contract, emit, export, require


class Counter(Contract):
    count: int

    @export
    def init(self, start: int) -> None:
        self.count = start

    @export
    def add(self, by: int) -> int:
        require(by > 0, "by must be positive")
        self.count += by
        emit("Added", by=by)
        return self.count
"#;

fn ask(op: &str, method: &str, argument: &str) -> Value {
    let address = |byte: u8| goodwill_vm::sandbox::account(byte).display(&"dev".parse().unwrap()).to_string();
    let clock = json!({ "height": 1, "timestamp_ms": 1_000, "epoch": 0 });
    let mut ask = json!({ "op": op, "call": {
        "contract": address(9), "method": method, "args": [argument], "kwargs": [],
        "sender": address(1), "value": "0", "clock": clock,
    } });
    if op == "deploy" {
        ask["source"] = SOURCE.into();
        ask["file"] = "counter.py".into();
    }
    ask
}

/// The answers of a sandbox to these lines.
fn answers(lines: &[String]) -> Vec<Value> {
    let mut command = goodwill();
    command.args(["contract", "sandbox"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the command runs");
    // A sandbox that ends at a line does not read the rest.
    child.stdin.take().unwrap().write_all((lines.join("\n") + "\n").as_bytes()).ok();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn the_lines_of_a_call_add_up_to_its_gas() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("counter.py");
    std::fs::write(&file, SOURCE).unwrap();
    let args = ["contract", "gas", file.to_str().unwrap(), "add", "5", "--init", "1", "--json"];
    let output = goodwill().args(args).output().expect("the command runs");
    let gas: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let lines = gas["lines"].as_array().unwrap().iter().map(|line| line["gas"].as_u64().unwrap());
    assert_eq!(gas["result"], "6");
    assert_eq!(gas["total"], lines.sum::<u64>());
}

#[test]
fn a_sandbox_answers_each_line() {
    let deploy = ask("deploy", "init", "1");
    let (call, fails) = (ask("call", "add", "5"), ask("call", "add", "0"));
    let asks = [deploy.clone(), call, fails, deploy].map(|ask| ask.to_string());
    let odd = ["{", r#"{"op":"stop"}"#, r#"{"op":"restore","id":7}"#, r#"{"op":"snapshot","more":1}"#];
    let said = answers(&[&asks[..], &odd.map(String::from)].concat());
    assert_eq!(said.len(), 8);
    assert_eq!((&said[0]["ok"], &said[1]["result"]), (&json!(true), &json!("6")));
    assert_eq!(said[1]["events"][0]["fields"], json!([["by", "5"]]));
    assert_eq!(said[2]["error"]["type"], "RequireError");
    assert_eq!(said[2]["error"]["message"], "by must be positive");
    for refused in &said[3..] {
        assert_eq!(refused["error"]["type"], "Malformed", "{refused}");
    }
}

#[test]
fn a_line_that_is_too_long_ends_the_sandbox() {
    let said = answers(&[" ".repeat((4 << 20) + 1)]);
    assert_eq!(said[0]["ok"], false);
    assert_eq!(said.len(), 1);
}
