//! Bad input to the API: each has its error, and none is a 500.

use crate::world::Process;
use serde_json::{Value, json};

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

fn problem(mut response: ureq::http::Response<ureq::Body>) -> (u16, Value) {
    let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    let (status, text) = (response.status().as_u16(), response.body_mut().read_to_string().unwrap());
    assert_eq!(kind.as_deref(), Some("application/problem+json"), "{status} {text}");
    (status, serde_json::from_str(&text).unwrap())
}

#[test]
fn every_bad_request_has_its_problem() {
    let folder = tempfile::tempdir().unwrap();
    let dev = Process::dev(folder.path(), 1);
    let agent = agent();
    let url = |path: &str| format!("{}{path}", dev.api());
    let reads: &[(&str, u16, &str)] = &[
        ("/", 404, "not_found"),
        ("/v1", 404, "not_found"),
        ("/v1/blocks/", 404, "not_found"),
        ("/v1/blocks/-1", 400, "height"),
        ("/v1/blocks/1e3", 400, "height"),
        ("/v1/blocks/18446744073709551616", 400, "height"),
        ("/v1/blocks/18446744073709551615", 404, "not_found"),
        ("/v1/blocks/%00", 400, "height"),
        ("/v1/transactions/xyz", 400, "transaction_id"),
        ("/v1/transactions/00", 400, "transaction_id"),
        ("/v1/accounts/alice", 400, "address"),
        ("/v1/accounts/dev1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", 400, "address"),
        ("/v1/transactions", 405, "method"),
    ];
    for (path, status, code) in reads {
        let (got, problem) = problem(agent.get(url(path)).call().unwrap());
        assert_eq!((got, problem["code"].as_str()), (*status, Some(*code)), "{path}: {problem}");
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
    }
    let alice = dev.ready["accounts"][0]["address"].as_str().unwrap();
    let bad_query = agent.get(url(&format!("/v1/accounts/{alice}?proof=maybe"))).call().unwrap();
    assert_eq!(problem(bad_query).1["code"], "query");

    let sent = dev.answer(&["send", "bob", "1", "--from", "alice", "--wait"]);
    let raw = sent["raw"].as_str().unwrap();
    let forged = format!("{}00", &raw[..raw.len() - 2]);
    let writes: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        ("text/plain", b"hello".to_vec(), 415, "content_type"),
        ("application/json", b"".to_vec(), 400, "json"),
        ("application/json", b"{".to_vec(), 400, "json"),
        ("application/json", b"[]".to_vec(), 400, "empty"),
        ("application/json", b"{\"raw\":5}".to_vec(), 400, "json"),
        ("application/json", b"{\"raw\":\"zz\"}".to_vec(), 400, "json"),
        ("application/json", format!("{{\"raw\":\"{raw}00\"}}").into_bytes(), 400, "json"),
        ("application/json", b"[".repeat(10_000), 400, "json"),
        ("application/octet-stream", b"".to_vec(), 400, "empty"),
        ("application/octet-stream", vec![0xff; 300], 400, "encoding"),
        ("application/octet-stream", vec![0; (2 << 20) + 1], 413, "body"),
        ("application/json", json!({ "raw": forged }).to_string().into_bytes(), 422, "signature"),
    ];
    for (kind, body, status, code) in writes {
        let response = agent.post(url("/v1/transactions")).content_type(kind).send(&body[..]).unwrap();
        let (got, problem) = problem(response);
        assert_eq!((got, problem["code"].as_str()), (status, Some(code)), "{kind}: {problem}");
    }
    let waits =
        agent.post(url("/v1/transactions?wait=forever")).content_type("application/json").send("{}").unwrap();
    assert_eq!(problem(waits).1["code"], "query");
    let host = agent.get(url("/v1/status")).header("host", "evil.example.org").call().unwrap();
    assert_eq!(problem(host).1["code"], "host");

    // Submitting what is final already is harmless; in a list each has its own answer.
    let list = json!([{ "raw": raw }, { "raw": forged }]).to_string();
    let mut response =
        agent.post(url("/v1/transactions")).content_type("application/json").send(&list).unwrap();
    let answers: Value = serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap();
    assert_eq!(answers[0]["id"], sent["id"]);
    assert_eq!(answers[1]["error"]["code"], "signature");
    dev.stop();
}

#[test]
fn a_gateway_that_lies_is_found_out() {
    use goodwill_node::load_manifest;
    use goodwill_types::{Address, PublicKey, SecretKey};
    use goodwill_wallet::{Client, LightClient, development};

    let folder = tempfile::tempdir().unwrap();
    let dev = Process::dev(folder.path(), 1);
    let client = Client::new(dev.api()).unwrap();
    let manifest = load_manifest(&folder.path().join("chain.toml")).unwrap();
    let alice = Address::of(&development::account("alice").unwrap().public_key());
    let stranger = Address::of(&SecretKey::from_seed([7; 32]).public_key());
    let honest = |address: &Address| client.account(address, &manifest.address_prefix, true).unwrap();
    let seats: Vec<PublicKey> = manifest.founders.iter().map(|founder| founder.node_key).collect();
    let light = LightClient::new(manifest.chain_id(), seats.clone()).unwrap();

    assert!(light.verify_account(&alice, &honest(&alice)).is_ok());
    let absent = light.verify_account(&stranger, &honest(&stranger)).expect("absence is proven too");
    assert_eq!(absent.account, Default::default());

    let mut richer = honest(&alice);
    richer.balance = "18446744073709551615".parse().unwrap();
    assert!(light.verify_account(&alice, &richer).is_err(), "a changed balance");
    assert!(light.verify_account(&stranger, &honest(&alice)).is_err(), "another account's proof");
    let foreign =
        LightClient::new(manifest.chain_id(), vec![SecretKey::from_seed([9; 32]).public_key()]).unwrap();
    assert!(foreign.verify_account(&alice, &honest(&alice)).is_err(), "a foreign committee");
    let other_chain = goodwill_types::hash(goodwill_types::Domain::Chain, b"other");
    let elsewhere = LightClient::new(other_chain, seats).unwrap();
    assert!(elsewhere.verify_account(&alice, &honest(&alice)).is_err(), "another chain");
    let mut tampered = honest(&alice);
    let proof = tampered.proof.as_mut().unwrap();
    let middle = proof.0.len() / 2;
    proof.0[middle] ^= 1;
    assert!(light.verify_account(&alice, &tampered).is_err(), "a flipped bit");
    dev.stop();
}

#[test]
fn events_bring_each_final_block() {
    use std::io::{BufRead as _, BufReader};

    let folder = tempfile::tempdir().unwrap();
    let dev = Process::dev(folder.path(), 1);
    let stream = ureq::get(format!("{}/v1/events", dev.api())).call().unwrap();
    let lines = BufReader::new(stream.into_body().into_reader()).lines().map_while(Result::ok);
    let data = lines.filter_map(|line| line.strip_prefix("data: ").map(str::to_owned));
    let blocks: Vec<Value> = data.take(3).map(|data| serde_json::from_str(&data).unwrap()).collect();
    let heights: Vec<u64> = blocks.iter().map(|block| block["height"].as_u64().unwrap()).collect();
    assert_eq!(heights, [heights[0], heights[0] + 1, heights[0] + 2]);
    let shown = dev.get(&format!("/v1/blocks/{}", heights[1]));
    assert_eq!((&shown["digest"], &shown["parent"]), (&blocks[1]["digest"], &blocks[0]["digest"]));
    dev.stop();
}

#[test]
fn a_list_can_be_waited_for() {
    use goodwill_node::load_manifest;
    use goodwill_types::{Address, Amount, api::SubmitResult, codec::Encode as _};
    use goodwill_wallet::{
        Client,
        compose::{Terms, Transfer, transfer},
        development,
    };

    let folder = tempfile::tempdir().unwrap();
    let dev = Process::dev(folder.path(), 4);
    let client = Client::new(dev.api()).unwrap();
    let terms = Terms::try_from(&client.status().unwrap()).unwrap();
    let key = development::account("alice").unwrap();
    let bob = Address::of(&development::account("bob").unwrap().public_key());
    let mut account = goodwill_types::Account { balance: Amount::from_coins(1_000_000), nonce: 0 };
    let bytes: Vec<u8> = (0..20u64)
        .flat_map(|nonce| {
            account.nonce = nonce;
            let draft =
                transfer(&terms, key.public_key(), &account, Transfer::to(bob, Amount::from_coins(1)));
            draft.unwrap().sign(&key).unwrap().encode()
        })
        .collect();
    let url = format!("{}/v1/transactions?wait=final&timeout_ms=20000", dev.api());
    let mut response = agent().post(url).content_type("application/octet-stream").send(&bytes[..]).unwrap();
    let answers: Vec<SubmitResult> =
        serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap();
    assert_eq!(answers.len(), 20);
    let manifest = load_manifest(&folder.path().join("chain.toml")).unwrap();
    let bob = client.account(&bob, &manifest.address_prefix, false).unwrap();
    assert_eq!(bob.balance.0, Amount::from_coins(1_000_020), "all twenty are final");
    for answer in answers {
        let SubmitResult::Taken { id } = answer else { panic!("{answer:?}") };
        assert_eq!(dev.answer(&["tx", &id.to_string()])["status"], "final");
    }
    dev.stop();
}
