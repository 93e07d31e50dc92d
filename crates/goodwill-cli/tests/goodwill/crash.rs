//! From the first block to `kill -9` and back: nothing final is lost.

use crate::world::{Process, check_supply, wait_until};
use goodwill_types::{Account, Address, Amount};
use goodwill_wallet::{
    Client,
    compose::{Terms, Transfer, transfer},
    development,
};

#[test]
fn a_payment_is_final_proven_and_survives_kill() {
    let folder = tempfile::tempdir().unwrap();
    let dev = Process::dev(folder.path(), 4);
    assert_eq!(dev.ready["accounts"][0]["name"], "alice");
    assert_eq!(dev.ready["miners"].as_array().unwrap().len(), 4);
    let before = dev.answer(&["account", "bob"])["balance"].as_str().unwrap().parse::<u64>().unwrap();

    let sent = dev.answer(&["send", "bob", "12.5", "--from", "alice", "--memo", "für Bäume", "--wait"]);
    assert_eq!((&sent["final"], &sent["status"]), (&true.into(), &"final".into()));
    let id = sent["id"].as_str().unwrap();
    assert!(sent["height"].as_u64().unwrap() >= 1);
    assert_eq!(sent["action"]["memo"], "für Bäume");

    let manifest = folder.path().join("chain.toml");
    let proven = ["account", "bob", "--proof", "--manifest", manifest.to_str().unwrap()];
    let bob = dev.answer(&proven);
    assert_eq!(bob["verified"], true);
    assert_eq!(bob["balance"], (before + 12_500_000_000).to_string());
    check_supply(&dev.get("/v1/supply"));
    let batch: Vec<String> = (0..8)
        .map(|_| {
            dev.answer(&["send", "carol", "1", "--from", "bob", "--wait"])["id"].as_str().unwrap().to_owned()
        })
        .collect();
    dev.kill();

    let again = Process::dev(folder.path(), 4);
    let found = again.answer(&["tx", "show", id]);
    assert_eq!((&found["status"], &found["height"]), (&"final".into(), &sent["height"]));
    for id in &batch {
        assert_eq!(again.answer(&["tx", "show", id])["status"], "final", "a final transaction was lost");
    }
    assert_eq!(again.answer(&proven)["verified"], true);
    let sent = again.answer(&["send", "alice", "0.5", "--from", "bob", "--wait"]);
    assert_eq!(sent["final"], true);
    assert!(sent["height"].as_u64() > found["height"].as_u64());
    check_supply(&again.get("/v1/supply"));
    again.stop();
}

/// One that waits for an earlier nonce cannot become final before the kill.
#[test]
fn what_waits_when_the_node_is_killed_is_offered_again() {
    let folder = tempfile::tempdir().unwrap();
    let dev = Process::dev(folder.path(), 1);
    let client = Client::new(dev.api()).unwrap();
    let [alice, bob] = ["alice", "bob"].map(|name| development::account(name).unwrap());
    let terms = Terms::try_from(&client.status().unwrap()).unwrap();
    let account = Account { balance: Amount::from_coins(1_000_000), nonce: 1 };
    let wish = Transfer::to(Address::of(&bob.public_key()), Amount::from_coins(1));
    let draft = transfer(&terms, Address::of(&alice.public_key()), &account, wish).unwrap();
    let id = client.submit(&draft.sign(&alice).unwrap()).unwrap().to_string();
    assert_eq!(dev.answer(&["tx", "show", &id])["status"], "pending");
    dev.kill();

    let again = Process::dev(folder.path(), 1);
    wait_until("it waits again", || again.get("/v1/mempool")["transactions"] == 1);
    assert_eq!(again.answer(&["send", "bob", "1", "--from", "alice", "--wait"])["final"], true);
    wait_until("it is final", || again.answer(&["tx", "show", &id])["status"] == "final");
    again.stop();
}
