use super::*;
use crate::{
    compose::tests::{TERMS, account, alice, bob, key},
    compose::{Transfer, transfer},
};
use goodwill_types::{
    Amount, Domain,
    api::{Inclusion, Units},
    hash,
};
use serde_json::json;
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread::JoinHandle,
};

/// A gateway that gives prepared answers, and tells afterwards what it was asked.
struct Gateway {
    client: Client,
    asked: JoinHandle<Vec<Asked>>,
}

struct Asked {
    line: String,
    body: Vec<u8>,
}

fn gateway(answers: Vec<String>) -> Gateway {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client::new(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let asked = thread::spawn(move || {
        let serve = |answer: String| answer_one(listener.accept().unwrap().0, &answer);
        answers.into_iter().map(serve).collect()
    });
    Gateway { client, asked }
}

fn answer_one(stream: TcpStream, answer: &str) -> Asked {
    let mut reader = BufReader::new(stream);
    let (mut line, mut size) = (String::new(), 0);
    reader.read_line(&mut line).unwrap();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        match header.trim().to_lowercase().split_once(": ") {
            Some(("content-length", length)) => size = length.parse().unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; size];
    reader.read_exact(&mut body).unwrap();
    reader.get_mut().write_all(answer.as_bytes()).unwrap();
    Asked { line, body }
}

fn answer(status: u16, body: impl ToString) -> String {
    let body = body.to_string();
    format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

fn signed() -> SignedTransaction {
    let wish = Transfer::to(bob(), Amount::from_coins(1));
    transfer(&TERMS, alice(), &account(), wish).unwrap().sign(&key()).unwrap()
}

fn pending() -> Transaction {
    Transaction::new(signed(), None, &TERMS.chain.prefix)
}

fn receipt() -> Receipt {
    let units = Units(Amount::from_units(1));
    let [fee, base_fee, donated, tip] = [units; 4];
    Receipt { height: 51, gas_used: 1, fee, base_fee, donated, tip, failure: None, events: vec![] }
}

fn settled() -> Transaction {
    let inclusion = Inclusion { index: 0, block: hash(Domain::Block, b"block").into(), receipt: receipt() };
    Transaction { status: TransactionStatus::Final, inclusion: Some(inclusion), ..pending() }
}

fn json(value: impl serde::Serialize) -> String {
    serde_json::to_string(&value).unwrap()
}

#[test]
fn a_transaction_is_sent_as_its_bytes() {
    let Gateway { client, asked } = gateway(vec![answer(202, json!({"id": signed().id().to_string()}))]);
    assert_eq!(client.submit(&signed()), Ok(signed().id()));
    let asked = &asked.join().unwrap()[0];
    assert_eq!(asked.line, "POST /v1/transactions HTTP/1.1\r\n");
    assert_eq!(asked.body, signed().encode());
}

#[test]
fn a_simulation_says_what_would_become_of_it() {
    let Gateway { client, asked } = gateway(vec![answer(200, json(receipt()))]);
    let simulation = Simulation::Unsigned(signed().transaction.into());
    assert_eq!(client.simulate(&simulation), Ok(receipt()));
    let asked = &asked.join().unwrap()[0];
    assert_eq!(asked.line, "POST /v1/simulate HTTP/1.1\r\n");
    assert_eq!(serde_json::from_slice::<Simulation>(&asked.body).unwrap(), simulation);
}

#[test]
fn a_proof_is_asked_for() {
    let Gateway { client, asked } = gateway(vec![answer(200, json(settled()))]);
    assert_eq!(client.transaction_with_proof(signed().id()), Ok(settled()));
    let expected = format!("GET /v1/transactions/{}?proof=true HTTP/1.1\r\n", signed().id());
    assert_eq!(asked.join().unwrap()[0].line, expected);
}

#[test]
fn a_batch_has_a_result_for_each() {
    let problem = Problem { title: "No".into(), status: 422, code: "expired".into(), ..Problem::default() };
    let body = json!([{"id": signed().id().to_string()}, {"error": problem}]);
    let Gateway { client, asked } = gateway(vec![answer(200, body.clone()), answer(200, body)]);
    let results = client.submit_batch(&[signed(), signed()]).unwrap();
    assert_eq!(results[0], SubmitResult::Taken { id: signed().id().into() });
    assert!(matches!(&results[1], SubmitResult::Refused { error } if error.code == "expired"));
    assert!(matches!(client.submit_batch(&[signed()]), Err(ClientError::Malformed { .. })));
    let asked = asked.join().unwrap();
    let sent: Vec<Submission> = serde_json::from_slice(&asked[0].body).unwrap();
    assert_eq!(sent[1].raw.0, signed());
}

#[test]
fn waiting_outlasts_the_gateway_s_patience_and_a_restart() {
    let answers = vec![
        answer(202, json(Submit { id: signed().id().into() })),
        answer(404, json!({"title": "Not found", "status": 404})),
        String::new(),
        answer(200, json(pending())),
        answer(200, json(settled())),
    ];
    let Gateway { client, asked } = gateway(answers);
    assert_eq!(client.submit_and_wait(&signed(), Duration::from_secs(20)), Ok(settled()));
    let asked = asked.join().unwrap();
    assert_eq!(asked[0].line, "POST /v1/transactions?wait=final&timeout_ms=20000 HTTP/1.1\r\n");
    assert_eq!(asked[4].line, format!("GET /v1/transactions/{} HTTP/1.1\r\n", signed().id()));
}

#[test]
fn when_time_is_over_it_is_still_pending() {
    let Gateway { client, .. } = gateway(vec![answer(200, json(pending()))]);
    assert_eq!(client.wait(signed().id(), Duration::ZERO), Ok(pending()));
}

#[test]
fn problems_are_told_apart_by_whose_they_are() {
    let problem =
        |status| json!({"title": "Title", "status": status, "detail": "What happened", "next": "Do this."});
    let answers = [404, 422, 429, 503].map(|status| answer(status, problem(status)));
    let Gateway { client, .. } = gateway(answers.into());
    let errors: Vec<_> = (0..4).map(|height| client.block(height).unwrap_err()).collect();
    assert!(matches!(errors[0], ClientError::NotFound(_)));
    assert!(matches!(errors[1], ClientError::Rejected(_)));
    assert!(matches!(errors[2..], [ClientError::Unavailable(_), ClientError::Unavailable(_)]));
    assert_eq!(errors[1].to_string(), "What happened. Do this.");
}

#[test]
fn answers_that_are_no_gateway_s_are_refused() {
    let lying = Transaction { status: TransactionStatus::Final, ..pending() };
    let answers = vec![
        answer(200, "<html>"),
        answer(404, "<html>"),
        "HTTP/1.1 302 X\r\nlocation: https://elsewhere/\r\ncontent-length: 0\r\n\r\n".into(),
        answer(200, json(lying)),
        "SSH-2.0-OpenSSH\r\n".into(),
        answer(200, " ".repeat(ANSWER_SIZE_MAX as usize + 1)),
    ];
    let count = answers.len();
    let Gateway { client, .. } = gateway(answers);
    for i in 0..count {
        let error = client.transaction(signed().id()).unwrap_err();
        assert!(matches!(error, ClientError::Malformed { .. }), "{i}: {error:?}");
    }
}

#[test]
fn an_answer_about_something_else_is_refused() {
    let other = transfer(&TERMS, alice(), &account(), Transfer::to(bob(), Amount::from_coins(2))).unwrap();
    let Gateway { client, .. } = gateway(vec![answer(200, json(settled()))]);
    let error = client.transaction(other.sign(&key()).unwrap().id()).unwrap_err();
    assert!(error.to_string().contains("another transaction"), "{error}");
}

#[test]
fn nobody_there_is_a_network_error_with_a_next_step() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = Client::new(&format!("http://{address}")).unwrap().status().unwrap_err();
    assert!(matches!(error, ClientError::Network { .. }), "{error:?}");
    assert!(error.to_string().contains("goodwill dev"), "{error}");
}

#[test]
fn urls() {
    for bad in ["", "localhost:8080", "ftp://x", "http://", "http://user:secret@x", "http://x/?a=b", "a b"] {
        assert!(matches!(Client::new(bad), Err(ClientError::Url { .. })), "{bad}");
    }
    assert_eq!(Client::new("https://gateway.example/").unwrap().url(), "https://gateway.example");
}
