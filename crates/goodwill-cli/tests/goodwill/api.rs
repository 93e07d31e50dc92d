//! Bad input to the API: each has its error, and none is a 500.

use crate::world::{Process, light_at};
use goodwill_types::api;
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
    let mut forged: api::Submission = serde_json::from_value(json!({ "raw": raw })).unwrap();
    forged.raw.0.transaction.nonce += 1;
    let forged = serde_json::to_value(forged).unwrap();
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
        ("application/json", forged.to_string().into_bytes(), 422, "signature"),
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
    let list = json!([{ "raw": raw }, forged]).to_string();
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
    use goodwill_wallet::{Client, development};

    let folder = tempfile::tempdir().unwrap();
    let dev = Process::dev(folder.path(), 1);
    let client = Client::new(dev.api()).unwrap();
    let manifest = load_manifest(&folder.path().join("chain.toml")).unwrap();
    let alice = Address::of(&development::account("alice").unwrap().public_key());
    let stranger = Address::of(&SecretKey::from_seed([7; 32]).public_key());
    let honest = |address: &Address| client.account(address, &manifest.address_prefix, true).unwrap();
    let seats: Vec<PublicKey> = manifest.founders.iter().map(|founder| founder.node_key).collect();
    let (first, absent) = (honest(&alice), honest(&stranger));
    let light = light_at(&client, manifest.chain_id(), seats.clone());

    assert!(light.verify_account(&alice, &first).is_ok());
    let absent = light.verify_account(&stranger, &absent).expect("absence is proven too");
    assert_eq!(absent.account, Default::default());

    let mut richer = honest(&alice);
    richer.balance = "18446744073709551615".parse().unwrap();
    assert!(light.verify_account(&alice, &richer).is_err(), "a changed balance");
    assert!(light.verify_account(&stranger, &honest(&alice)).is_err(), "another account's proof");
    let foreign = crate::world::light(manifest.chain_id(), vec![SecretKey::from_seed([9; 32]).public_key()]);
    assert!(foreign.verify_account(&alice, &honest(&alice)).is_err(), "a foreign committee");
    let other_chain = goodwill_types::hash(goodwill_types::Domain::Chain, b"other");
    let elsewhere = crate::world::light(other_chain, seats);
    assert!(elsewhere.verify_account(&alice, &honest(&alice)).is_err(), "another chain");
    let mut tampered = honest(&alice);
    let proof = tampered.proof.as_mut().unwrap();
    let middle = proof.0.len() / 2;
    proof.0[middle] ^= 1;
    assert!(light.verify_account(&alice, &tampered).is_err(), "a flipped bit");
    dev.stop();
}

#[test]
fn lies_about_a_transaction_are_found_out() {
    use goodwill_node::load_manifest;
    use goodwill_types::{Domain, SecretKey, TransactionId, api::Transaction, hash};
    use goodwill_wallet::Client;

    let folder = tempfile::tempdir().unwrap();
    let dev = Process::dev(folder.path(), 1);
    let client = Client::new(dev.api()).unwrap();
    let manifest = load_manifest(&folder.path().join("chain.toml")).unwrap();
    let prefix = &manifest.address_prefix;
    let seats: Vec<_> = manifest.founders.iter().map(|founder| founder.node_key).collect();
    let send = |to: &str| -> TransactionId {
        let sent = dev.answer(&["send", to, "1", "--from", "alice", "--wait"]);
        sent["id"].as_str().unwrap().parse::<goodwill_types::api::Hex<_>>().unwrap().0
    };
    let (id, other) = (send("bob"), send("carol"));
    let honest = client.transaction_with_proof(id).unwrap();
    let light = light_at(&client, manifest.chain_id(), seats.clone());
    let verified = light.verify_transaction(id, &honest, prefix).unwrap();
    assert_eq!(verified.header.height, honest.inclusion.as_ref().unwrap().receipt.height);

    let lies: [fn(&mut Transaction); 6] = [
        |said| said.inclusion.as_mut().unwrap().receipt.fee = "1".parse().unwrap(),
        |said| said.inclusion.as_mut().unwrap().receipt.events.clear(),
        |said| said.inclusion.as_mut().unwrap().index += 1,
        |said| said.nonce += 1,
        |said| said.raw = None,
        |said| said.proof = None,
    ];
    for (number, lie) in lies.into_iter().enumerate() {
        let mut said = honest.clone();
        lie(&mut said);
        assert!(light.verify_transaction(id, &said, prefix).is_err(), "lie {number}");
    }
    let size = honest.proof.as_ref().unwrap().0.len();
    for at in (0..size).step_by(7) {
        let mut said = honest.clone();
        said.proof.as_mut().unwrap().0[at] ^= 1;
        assert!(light.verify_transaction(id, &said, prefix).is_err(), "a flipped bit in byte {at} of {size}");
    }
    assert!(light.verify_transaction(other, &honest, prefix).is_err(), "another transaction");
    let swapped =
        Transaction { proof: client.transaction_with_proof(other).unwrap().proof, ..honest.clone() };
    assert!(light.verify_transaction(id, &swapped, prefix).is_err(), "another one's proof");
    let stranger = vec![SecretKey::from_seed([9; 32]).public_key()];
    let foreign = crate::world::light(manifest.chain_id(), stranger);
    assert!(foreign.verify_transaction(id, &honest, prefix).is_err(), "a foreign committee");
    let elsewhere = crate::world::light(hash(Domain::Chain, b"other"), seats);
    assert!(elsewhere.verify_transaction(id, &honest, prefix).is_err(), "another chain");
    dev.stop();
}

#[test]
fn a_simulation_says_what_would_happen_and_does_nothing() {
    use goodwill_types::{Address, Amount, api::Simulation};
    use goodwill_wallet::{
        Client, ClientError,
        compose::{Draft, Terms, Transfer, transfer},
        development,
    };

    let folder = tempfile::tempdir().unwrap();
    let dev = Process::dev(folder.path(), 1);
    let client = Client::new(dev.api()).unwrap();
    let key = development::account("alice").unwrap();
    let bob = Address::of(&development::account("bob").unwrap().public_key());
    let draft = |nonce: u64, coins: u64| -> Draft {
        let terms = Terms::try_from(&client.status().unwrap()).unwrap();
        let rich = goodwill_types::Account { balance: Amount::from_coins(10_000_000), nonce };
        let wish = Transfer::to(bob, Amount::from_coins(coins));
        transfer(&terms, Address::of(&key.public_key()), &rich, wish).unwrap()
    };
    let unsigned = |draft: &Draft| Simulation::Unsigned(draft.transaction(key.public_key()).unwrap().into());
    let code = |simulation: &Simulation| match client.simulate(simulation) {
        Err(ClientError::Rejected(problem)) => (problem.status, problem.code.clone()),
        other => panic!("{other:?}"),
    };

    let good = draft(0, 1);
    let signed = good.sign(&key).unwrap();
    let height = dev.height();
    let foreseen = client.simulate(&unsigned(&good)).unwrap();
    assert!(foreseen.height > height && foreseen.failure.is_none());
    let mut same = client.simulate(&Simulation::Raw(signed.clone().into())).unwrap();
    same.height = foreseen.height;
    assert_eq!(same, foreseen, "a signature changes nothing");
    assert_eq!(dev.get("/v1/mempool")["transactions"], 0);

    let fails = client.simulate(&unsigned(&draft(0, 2_000_000))).unwrap();
    assert_eq!(fails.failure.unwrap().code, "insufficient_balance");
    assert!(fails.fee.0 > Amount::ZERO, "a failed one pays its fee");
    let mut forged = signed.clone();
    forged.transaction.nonce = 1;
    assert_eq!(code(&Simulation::Raw(forged.into())), (422, "signature".into()));
    assert_eq!(code(&unsigned(&draft(5, 1))), (422, "nonce_ahead".into()));
    let stingy = Draft { fee_per_gas_max: 0, ..good.clone() };
    assert_eq!(code(&unsigned(&stingy)), (422, "fee_too_low".into()));

    let done = client.submit_and_wait(&signed, std::time::Duration::from_secs(30)).unwrap();
    let mut receipt = done.inclusion.unwrap().receipt;
    receipt.height = foreseen.height;
    assert_eq!(receipt, foreseen, "what was foreseen has happened");
    assert_eq!(code(&Simulation::Raw(signed.into())), (422, "nonce_used".into()));
    dev.stop();
}

#[test]
fn every_bad_simulation_has_its_problem() {
    let folder = tempfile::tempdir().unwrap();
    let dev = Process::dev(folder.path(), 1);
    let writes: &[(&str, &[u8], u16, &str)] = &[
        ("text/plain", b"hello", 415, "content_type"),
        ("application/json", b"{}", 400, "json"),
        ("application/json", b"[]", 400, "json"),
        ("application/json", b"{\"unsigned\":\"00\"}", 400, "json"),
        ("application/octet-stream", b"", 400, "encoding"),
        ("application/octet-stream", &[0xff; 300], 400, "encoding"),
        ("application/octet-stream", &[0; (2 << 20) + 1], 413, "body"),
    ];
    for (kind, body, status, code) in writes {
        let url = format!("{}/v1/simulate", dev.api());
        let (got, problem) = problem(agent().post(url).content_type(*kind).send(*body).unwrap());
        assert_eq!((got, problem["code"].as_str()), (*status, Some(*code)), "{kind}: {problem}");
    }
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

/// The heights that a stream of events brings, as they come.
fn heights(stream: ureq::http::Response<ureq::Body>) -> impl Iterator<Item = u64> {
    use std::io::{BufRead as _, BufReader};

    let lines = BufReader::new(stream.into_body().into_reader()).lines().map_while(Result::ok);
    lines.filter_map(|line| Some(line.strip_prefix("id: ")?.parse().unwrap()))
}

#[test]
fn a_listener_that_comes_back_gets_what_it_missed_and_then_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let dev = Process::dev(folder.path(), 1);
    let url = format!("{}/v1/events", dev.api());
    dev.reach(8);
    let resumed = heights(agent().get(&url).header("last-event-id", "3").call().unwrap());
    let expected: Vec<u64> = (4..=14).collect();
    assert_eq!(resumed.take(11).collect::<Vec<_>>(), expected, "stored blocks, then live ones");
    let from_start = heights(agent().get(format!("{url}?after=0")).call().unwrap());
    assert_eq!(from_start.take(3).collect::<Vec<_>>(), [1, 2, 3]);
    let ahead = dev.height() + 3;
    let seen_elsewhere = heights(agent().get(format!("{url}?after={ahead}")).call().unwrap());
    assert_eq!(seen_elsewhere.take(2).collect::<Vec<_>>(), [ahead + 1, ahead + 2]);
    let wrong = agent().get(&url).header("last-event-id", "x").call().unwrap();
    assert_eq!(problem(wrong).1["code"], "last_event_id");
    dev.stop();
}

#[test]
fn metrics_count_what_happened() {
    let folder = tempfile::tempdir().unwrap();
    let dev = Process::dev(folder.path(), 1);
    let sent = dev.answer(&["send", "bob", "1", "--from", "alice", "--wait"]);
    let raw = sent["raw"].as_str().unwrap();
    let (kept, last) = raw.split_at(raw.len() - 2);
    let forged = json!({ "raw": format!("{kept}{}", if last == "00" { "01" } else { "00" }) }).to_string();
    let url = |path: &str| format!("{}{path}", dev.api());
    agent().post(url("/v1/transactions")).content_type("application/json").send(&forged).unwrap();
    for n in 0..100 {
        agent().get(url(&format!("/v1/blocks/{}", u64::MAX - n))).call().unwrap();
        agent().get(url(&format!("/made/up/{n}"))).call().unwrap();
    }
    let mut response = agent().get(url("/metrics")).call().unwrap();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    let text = response.body_mut().read_to_string().unwrap();
    let value = |name: &str| -> f64 {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).expect(name);
        line.trim().parse().expect(name)
    };
    assert!(value("goodwill_height ") >= sent["height"].as_f64().unwrap());
    assert!(value("goodwill_finalized_timestamp_seconds ") > 1_700_000_000.0);
    assert_eq!(value("goodwill_mempool_transactions "), 0.0);
    assert_eq!(value("goodwill_peers "), 0.0);
    assert_eq!(value("goodwill_transactions_taken_total "), 1.0);
    assert_eq!(value("goodwill_transactions_refused_total{code=\"nonce_used\"} "), 1.0);
    assert_eq!(value("goodwill_requests_total{path=\"/v1/blocks/{height}\",status=\"404\"} "), 100.0);
    assert_eq!(value("goodwill_requests_total{path=\"none\",status=\"404\"} "), 100.0);
    assert!(text.lines().any(|line| line.contains("marshal")), "the engine's own");
    assert_eq!((text.matches("# EOF").count(), text.ends_with("# EOF\n")), (1, true));
    dev.stop();
}

#[test]
fn the_document_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let dev = Process::dev(folder.path(), 1);
    let document = dev.get("/v1/openapi.json");
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["paths"]["/v1/transactions"]["post"]["responses"]["422"].is_object());
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
    let alice = Address::of(&key.public_key());
    let bob = Address::of(&development::account("bob").unwrap().public_key());
    let mut account = goodwill_types::Account { balance: Amount::from_coins(1_000_000), nonce: 0 };
    let bytes: Vec<u8> = (0..20u64)
        .flat_map(|nonce| {
            account.nonce = nonce;
            let draft = transfer(&terms, alice, &account, Transfer::to(bob, Amount::from_coins(1)));
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
    let seats = manifest.founders.iter().map(|founder| founder.node_key).collect();
    let light = light_at(&client, manifest.chain_id(), seats);
    for answer in answers {
        let SubmitResult::Taken { id } = answer else { panic!("{answer:?}") };
        let shown = client.transaction_with_proof(id.0).unwrap();
        let verified = light.verify_transaction(id.0, &shown, &manifest.address_prefix).unwrap();
        assert_eq!(verified.receipt.id, id.0);
        assert_eq!(dev.answer(&["tx", "show", &id.to_string()])["status"], "final");
    }
    dev.stop();
}
