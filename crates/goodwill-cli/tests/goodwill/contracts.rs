//! Contracts on a real chain: every example is deployed and called from the command line.

use crate::world::{Process, check_supply, goodwill};
use goodwill_types::Amount;
use serde_json::Value;
use std::path::PathBuf;

fn example(name: &str) -> String {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/contracts"));
    folder.join(name).join(format!("{name}.py")).to_str().expect("UTF-8").into()
}

/// Addresses of alice, bob and so on.
fn address(dev: &Process, name: &str) -> String {
    dev.answer(&["account", name])["address"].as_str().expect("an address").into()
}

fn deploy(dev: &Process, name: &str, args: &[&str]) -> String {
    let file = example(name);
    let said = dev.answer(&[&["contract", "deploy", &file], args, &["--from", "alice", "--wait"]].concat());
    assert_eq!(said["status"], "final", "{name}: {said}");
    let deployed = said["events"].as_array().expect("events");
    let event = deployed.iter().find(|event| event["type"] == "contract_deployed").expect("deployed");
    event["contract"].as_str().expect("an address").into()
}

fn call(dev: &Process, contract: &str, args: &[&str]) -> Value {
    let said = dev.answer(&[&["contract", "call", contract], args, &["--wait"]].concat());
    assert_eq!(said["status"], "final", "{args:?}: {said}");
    said
}

fn query(dev: &Process, contract: &str, args: &[&str]) -> String {
    let said = dev.answer(&[&["contract", "query", contract], args].concat());
    said["result"].as_str().expect("a result").into()
}

#[test]
fn all_examples_are_deployed_called_and_asked() {
    let folder = tempfile::tempdir().unwrap();
    let dev = Process::dev(folder.path(), 1);
    let (alice, bob) = (address(&dev, "alice"), address(&dev, "bob"));
    let from = |name: &'static str| ["--from", name];
    let [a, b] = [from("alice"), from("bob")];

    let token = deploy(&dev, "fungible_token", &["'Acorn'", "'ACN'", "1000"]);
    let moved = call(&dev, &token, &["transfer", &bob, "300", a[0], a[1]]);
    let emitted =
        moved["events"].as_array().unwrap().iter().find(|e| e["type"] == "contract_emitted").unwrap();
    assert_eq!((&emitted["name"], &emitted["fields"][2]["value"]), (&"Transfer".into(), &300.into()));
    assert_eq!(query(&dev, &token, &["balance_of", &bob]), "300");
    a_deliberate_error_has_its_traceback(&dev, &token, &bob);
    what_the_gateway_says(&dev, &token, &alice);
    names_and_the_fee_are_shown(&dev, &token);

    let auction = deploy(&dev, "art_auction", &["'Oak'", "b'hash'", &bob, "10"]);
    call(&dev, &auction, &["start", "100", "60000", a[0], a[1]]);
    call(&dev, &auction, &["bid", "--value", "1", b[0], b[1]]);
    let vote = deploy(&dev, "community_vote", &[&format!("[Address('{alice}'), Address('{bob}')]"), "50"]);
    call(&dev, &vote, &["propose", "'plant'", "600000", a[0], a[1]]);
    assert_eq!(query(&dev, &vote, &["is_member", &bob]), "True");
    let funding = deploy(&dev, "crowdfunding", &["1000", "600000"]);
    call(&dev, &funding, &["contribute", "--value", "0.000000500", b[0], b[1]]);
    assert_eq!(query(&dev, &funding, &["contribution_of", &bob]), "500");
    let escrow = deploy(&dev, "escrow", &[&bob, "600000", "--value", "2"]);
    call(&dev, &escrow, &["confirm", a[0], a[1]]);
    let shop = deploy(&dev, "game_item_shop", &[]);
    call(&dev, &shop, &["add_item", "'sword'", "100", "5", a[0], a[1]]);
    call(&dev, &shop, &["buy", "0", "--value", "0.000000100", b[0], b[1]]);
    let shared = deploy(&dev, "multisig_wallet", &[&format!("[Address('{alice}'), Address('{bob}')]"), "1"]);
    call(&dev, &shared, &["deposit", "--value", "1", b[0], b[1]]);
    let subscription = deploy(&dev, "subscription", &["100", "60000"]);
    call(&dev, &subscription, &["subscribe", "--value", "0.000000100", b[0], b[1]]);
    let trees = deploy(&dev, "tree_certificates", &["10"]);
    call(&dev, &trees, &["issue", &bob, "'oak'", "50", "-10", &format!("b'{}'", "x".repeat(32)), a[0], a[1]]);
    let will = deploy(&dev, "will", &["600000", "--value", "1"]);
    call(&dev, &will, &["sign_of_life", a[0], a[1]]);
    check_supply(&dev.get("/v1/supply"));
    dev.stop();
}

fn a_deliberate_error_has_its_traceback(dev: &Process, token: &str, bob: &str) {
    let tried = dev.run(&["contract", "call", token, "transfer", bob, "701", "--from", "alice"]);
    let said = String::from_utf8_lossy(&tried.stderr).into_owned();
    assert_eq!(tried.status.code(), Some(4), "{said}");
    assert!(said.contains("\nTraceback") && said.contains("insufficient balance: 700 < 701\n"), "{said}");
    let forced = ["contract", "call", token, "transfer", bob, "701", "--from", "alice", "--gas", "9000000"];
    let failed = dev.run(&[&forced[..], &["--wait", "--json"]].concat());
    assert_eq!(failed.status.code(), Some(4));
    let receipt: Value = serde_json::from_slice(&failed.stdout).unwrap();
    assert_eq!(receipt["failure"]["code"], "contract_raised");
    let message = receipt["failure"]["message"].as_str().unwrap();
    assert!(
        message.contains("File \"contract.py\", line ") && message.contains("raise ValueError"),
        "{message}"
    );
    let asked = dev.run(&["contract", "query", token, "missing"]);
    assert_eq!(asked.status.code(), Some(4));
    let none = dev.run(&["contract", "query", bob, "missing"]);
    assert_eq!(none.status.code(), Some(3));
}

fn names_and_the_fee_are_shown(dev: &Process, token: &str) {
    assert_eq!(query(dev, token, &["balance_of", "bob"]), "300", "an argument can be a name");
    let file = example("fungible_token");
    let init = ["Acorn", "ACN", "1000"].map(|argument| ["--init", argument]).concat();
    let gas = dev.answer(&[&["contract", "gas", &file, "transfer", "bob", "5"][..], &init].concat());
    let foreseen = gas["total"].as_u64().unwrap() + gas["transaction"].as_u64().unwrap();
    let call = ["contract", "call", token, "transfer", "carol", "5", "--from", "alice"];
    let sent = dev.answer(&[&call[..], &["--wait"]].concat());
    let used = sent["gas_used"].as_u64().unwrap();
    assert!(used.abs_diff(foreseen) < 2_000, "{used} and {foreseen}");
    let tried = dev.run(&[&call[..], &["--dry-run"]].concat());
    let said = String::from_utf8_lossy(&tried.stderr).into_owned();
    let fee = |from: &str| {
        let text = said.split(from).nth(1).and_then(|rest| rest.split(' ').next());
        text.and_then(|text| text.parse::<Amount>().ok()).unwrap_or_else(|| panic!("{from} in {said}")).units
    };
    let (now, most) = (fee(" gas, for "), fee("The fee is at most "));
    assert!(most > 2 * now && most < 3 * now, "{said}");
    let shown = dev.run(&["tx", "show", sent["id"].as_str().unwrap()]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("event  Transfer(sender=Address('dev1"), "{shown}");
}

fn what_the_gateway_says(dev: &Process, token: &str, alice: &str) {
    let shown = dev.get(&format!("/v1/contracts/{token}"));
    assert_eq!((&shown["deployer"], &shown["vm_version"]), (&alice.into(), &1.into()));
    assert_eq!(shown["abi"]["contract"], "Token");
    assert_eq!(shown["warm_until"].as_u64(), shown["height"].as_u64().map(|height| height + 256));
    assert!(shown["source"].as_str().unwrap().contains("class Token(Contract):"));
    let events = dev.get(&format!("/v1/contracts/{token}/events?name=Transfer"));
    let events = events["events"].as_array().unwrap();
    assert_eq!(events.len(), 2, "the newest first: {events:?}");
    assert_eq!(
        (&events[0]["fields"][2]["value"], &events[1]["fields"][2]["value"]),
        (&300.into(), &1000.into())
    );
    assert_eq!(dev.get(&format!("/v1/contracts/{token}/events?name=Other"))["events"], Value::Array(vec![]));
}

#[test]
fn what_no_chain_would_accept_is_refused_here() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.py");
    std::fs::write(&file, "x = 1.5\n").unwrap();
    let output = goodwill()
        .args(["contract", "deploy", file.to_str().unwrap(), "--from", "alice"])
        .output()
        .expect("the command runs");
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&output.stderr).contains("bad.py"));
}
