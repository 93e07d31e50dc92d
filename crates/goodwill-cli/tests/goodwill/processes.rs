//! One manifest, four nodes, each a process.

use crate::world::{Process, check_supply};
use std::{fs, path::Path};

fn node(folder: &Path, number: usize) -> Process {
    Process::node(folder.join(format!("miner-{number}/node.toml")))
}

fn digest(node: &Process, height: u64) -> (String, String) {
    let block = node.get(&format!("/v1/blocks/{height}"));
    (block["digest"].to_string(), block["state_root"].to_string())
}

#[test]
fn four_processes_agree_and_a_killed_one_rejoins() {
    let folder = tempfile::tempdir().unwrap();
    // `goodwill dev` lays out the folder; from then on each miner is a process of its own.
    Process::dev(folder.path(), 4).stop();
    let mut nodes: Vec<Process> = (0..4).map(|number| node(folder.path(), number)).collect();

    let sent = nodes[1].answer(&["send", "bob", "3", "--from", "alice", "--wait"]);
    let height = sent["height"].as_u64().unwrap();
    nodes.iter().for_each(|node| node.reach(height));
    let expected = digest(&nodes[0], height);
    assert!(nodes.iter().all(|node| digest(node, height) == expected), "the nodes differ at {height}");

    nodes.pop().unwrap().kill();
    let sent = nodes[0].answer(&["send", "carol", "3", "--from", "alice", "--wait"]);
    assert_eq!(sent["final"], true, "three of four go on");
    nodes.push(node(folder.path(), 3));
    // Past the next epoch's boundary, so that the one that was away takes up its seat again.
    let later = nodes[0].height() + 45;
    nodes.iter().for_each(|node| node.reach(later));
    let expected = digest(&nodes[0], later);
    assert!(nodes.iter().all(|node| digest(node, later) == expected), "the nodes differ at {later}");
    let id = sent["id"].as_str().unwrap();
    assert_eq!(nodes[3].answer(&["tx", "show", id])["status"], "final", "what it missed is there");
    nodes.iter().for_each(|node| check_supply(&node.get("/v1/supply")));
    nodes.into_iter().for_each(Process::stop);
}

#[test]
fn a_folder_of_another_chain_or_in_use_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    Process::dev(folder.path(), 1).stop();
    let config = folder.path().join("miner-0/node.toml");
    let first = node(folder.path(), 0);
    let second = crate::world::goodwill().args(["node", "--config"]).arg(&config).output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success() && said.contains("in use"), "{said}");
    first.stop();

    let manifest = folder.path().join("chain.toml");
    let text = fs::read_to_string(&manifest).unwrap().replace("miner-0", "somebody");
    fs::write(&manifest, text).unwrap();
    let other = crate::world::goodwill().args(["node", "--config"]).arg(&config).output().unwrap();
    let said = String::from_utf8_lossy(&other.stderr);
    assert!(said.contains("use another data folder") && other.status.code() == Some(2), "{said}");
}
