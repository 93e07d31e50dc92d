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

const JAR: &str = r#"from goodwill import Address, Contract, Map, export, msg, payable, require, view


class Jar(Contract):
    notes: list[str]
    total_of: Map[Address, int]

    @export
    @payable
    def tip(self, note: str):
        """Puts coins into the jar."""
        require(msg.value > 0, "send coins")
        self.notes.append(note)
        self.total_of[msg.sender] += msg.value

    @view
    def total(self, who: Address) -> int:
        return self.total_of[who]

    @view
    def book(self) -> str:
        return "\n".join(self.notes)

    @view
    def spin(self, count: int):
        while True:
            count += 1
"#;

/// What a command says of the jar: exit code, stdout and stderr.
fn jar(command: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jar.py");
    std::fs::write(&file, JAR).unwrap();
    let output = goodwill().args(["contract", command]).arg(&file).args(args).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_call_of_a_contract_comes_after_others() {
    let before = ["--before", "tip 'so good' --value 3 --from bob", "--before", "tip more --value 1.5"];
    let (code, said, _) = jar("run", &[&["total", "bob", "--json"][..], &before].concat());
    let ran: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((code, &ran["result"]), (Some(0), &"3000000000".into()));
    let mut keys: Vec<&str> = ran.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["error", "gas_used", "memory_bytes", "ok", "result", "time_us"]);
    let (_, said, _) = jar("run", &[&["book"][..], &before].concat());
    assert!(said.starts_with("so good\nmore\n"), "a text is shown as it is: {said}");
    let (code, said, _) = jar("run", &["book", "--before", "tip hello"]);
    assert_eq!(code, Some(4));
    assert!(said.starts_with("tip, which comes before, failed:\nTraceback"), "{said}");
    let (code, _, said) = jar("run", &["book", "--before", "tip hello --vlue 3"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("'--vlue'"), "{said}");
}

#[test]
fn the_gas_of_a_contract_is_shown_for_what_costs() {
    let (code, said, _) = jar("gas", &["tip", "hello", "--value", "3", "--from", "bob"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("def tip") && said.contains("self.notes.append(note)"), "{said}");
    assert!(!said.contains("def total") && !said.contains("Puts coins"), "{said}");
    assert!(said.contains("what a transaction costs besides") && said.contains("in all, as a transaction\n"));
    let (_, said, _) = jar("gas", &["book", "--all"]);
    assert!(said.contains("def total") && said.contains("`goodwill contract query` is free"), "{said}");
}

#[test]
fn an_error_of_a_contract_is_all_that_is_shown() {
    let (code, said, _) = jar("gas", &["spin", "one"]);
    assert_eq!(code, Some(4));
    assert_eq!(
        said,
        "Traceback (most recent call last):\nTypeError: spin: argument 'count': expected int, got str\n"
    );
    let (code, said, _) = jar("gas", &["spin", "1", "--gas", "100000"]);
    assert_eq!(code, Some(4));
    assert!(
        said.contains("File \"jar.py\", line 27, in spin") || said.contains("line 28, in spin"),
        "{said}"
    );
    assert!(said.trim_end().ends_with("out of gas"), "{said}");
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
