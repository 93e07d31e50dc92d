//! The demo: what `goodwill dev --demo` tells of the contracts that people use.

use crate::world::{PATIENCE, Process, goodwill};
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
    sync::mpsc,
    thread,
    time::Instant,
};

/// Of each example the line that tells that it did what it is for. An auction takes ten minutes: it is
/// seen to run.
const TOLD: [(&str, &str); 11] = [
    ("crowdfunding", "frank gets the 11 DEV"),
    ("community_vote", "the orchard is accepted"),
    ("subscription", "erin cancels"),
    ("will", "ivan inherits 3 DEV"),
    ("art_auction", "alice takes her 5 DEV back"),
    ("fungible_token", "bob gives carol 10 of them"),
    (
        "fungible_token",
        "The contract refuses: ValueError: insufficient balance: 10 < 1000 (File \"contract.py\", line ",
    ),
    ("game_item_shop", "bob takes what his shop earned"),
    ("tree_certificates", "erin retires it"),
    ("escrow", "erin gets the 5 DEV"),
    ("multisig_wallet", "heidi is paid"),
];

#[test]
fn people_use_all_examples_of_contracts() {
    let mut command = goodwill();
    command.args(["dev", "--demo", "--miners", "1", "--http", "127.0.0.1:0", "--block-time", "100ms"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
    let stderr = child.stderr.take().expect("piped");
    let dev = Process { child, ready: Value::Null };
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        let lines = BufReader::new(stderr).lines().map_while(Result::ok);
        lines.map(|line| sender.send(line)).take_while(Result::is_ok).for_each(drop);
    });

    let (mut awaited, began) = (TOLD.to_vec(), Instant::now());
    while !awaited.is_empty() {
        let left = PATIENCE.saturating_sub(began.elapsed());
        let line = lines.recv_timeout(left).unwrap_or_else(|_| panic!("nothing was told of {awaited:?}"));
        assert!(!line.contains("The story ends here"), "{line}");
        awaited.retain(|(name, told)| !(line.starts_with(name) && line.contains(told)));
    }
    dev.stop();
}
