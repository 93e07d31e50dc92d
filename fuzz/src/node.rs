//! What a node is sent: requests by everybody, and messages by other nodes.

use crate::targets::{answer, canonical, kind, known};
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::connect_info::MockConnectInfo,
    http::{Method, Request, Response, StatusCode, Uri, header},
};
use goodwill_engine::{StateMachine as _, fuzzing};
use goodwill_node::{
    Chain,
    admission::Admission,
    chain::{Gossip, Outbox},
    gateway::{self, Gateway, Metrics, Rates, Streams},
    index::Index,
    journal::Journal,
    mempool::Limits,
    meter::Meter,
    secrets::Secrets,
};
use goodwill_types::{
    BlockContext, Known, Progress, SignedTransaction, api,
    block::TRANSACTIONS_PER_BLOCK_MAX,
    codec::{Encode as _, ReadExt as _},
    transaction::verify_signatures,
};
use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    process,
    sync::{Arc, LazyLock},
};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

/// The most transactions in one request.
const SUBMIT_MAX: usize = 4_096;
/// Where they are submitted.
const TRANSACTIONS: &str = "/v1/transactions";
/// The largest body of a block that is read here, in bytes.
const BODY_SIZE_MAX: u32 = 16 << 10;

/// A kind, then bytes: 0 the path and query of a GET; 1 a JSON submission; 2 submitted bytes; 3 a
/// query, a line's end, submitted bytes; 4 the host that a request names; 5 a gateway's answer; 6 JSON
/// of what is simulated.
pub fn api_query(data: &[u8]) -> bool {
    let Some((kind, bytes)) = kind(data) else { return false };
    match kind {
        0 => str::from_utf8(bytes).is_ok_and(get),
        1 => post_json(bytes),
        2 => post_bytes("", bytes),
        3 => {
            let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
            let (query, body) = (&bytes[..end], bytes.get(end + 1..).unwrap_or_default());
            str::from_utf8(query).is_ok_and(|query| post_bytes(&format!("?{query}"), body))
        }
        4 => host(bytes),
        5 => answer(bytes),
        6 => simulate(bytes),
        _ => false,
    }
}

struct Server {
    runtime: Runtime,
    router: Router,
}

/// A gateway whose engine never answers: everything is parsed and checked up to there.
static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (chain, outbox) = chain();
    let engine = fuzzing::idle();
    let admission =
        runtime.block_on(async { Admission::start(chain.clone(), engine.clone(), outbox, journal()) });
    let gateway = Gateway {
        chain,
        engine,
        admission,
        manifest_text: known().manifest_text.clone(),
        hosts: vec!["node.example.org".into()],
        rates: Rates::new(NonZeroU32::MIN).into(),
        streams: Streams::default(),
        metrics: Metrics::default(),
        meter: Meter::start(5_000).into(),
    };
    // Who sits at this machine may ask as often as they like.
    let router = gateway::router(gateway).layer(MockConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 1))));
    Server { runtime, router }
});

/// An empty journal. It stays so: nothing is admitted.
fn journal() -> (Journal, Vec<SignedTransaction>) {
    let path = env::temp_dir().join(format!("goodwill-fuzz-{}", process::id()));
    let journal = Journal::open(&path).expect("a file");
    fs::remove_file(&path).expect("it is there");
    journal
}

fn chain() -> (Arc<Chain>, Outbox) {
    let index = Arc::new(Index::in_memory().expect("memory"));
    let limits = Limits::default();
    let seed = goodwill_types::hash(goodwill_types::Domain::Chain, b"seats");
    let secrets = Arc::new(Secrets::seeded(seed, None, 40));
    Chain::new(known().manifest.clone(), index, secrets, limits, None)
}

/// Asks the gateway. Whatever it says, it is no accident: what is refused is a problem with its
/// reason.
fn ask(request: Request<Body>) -> (StatusCode, Bytes) {
    SERVER.runtime.block_on(async {
        let response = SERVER.router.clone().oneshot(request).await.expect("infallible");
        let (status, kind) = (response.status(), content_type(&response));
        assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR);
        if kind == "text/event-stream" {
            return (status, Bytes::new());
        }
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        if !status.is_success() {
            assert_eq!(kind, "application/problem+json", "{status}: {}", String::from_utf8_lossy(&body));
            let problem: api::Problem = serde_json::from_slice(&body).expect("a problem");
            assert_eq!(problem.status, status);
            assert!(!problem.title.is_empty() && !problem.detail.is_empty() && !problem.code.is_empty());
        }
        (status, body)
    })
}

fn content_type(response: &Response<Body>) -> String {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.unwrap_or_default().to_owned()
}

fn get(path: &str) -> bool {
    let Ok(uri) = path.parse::<Uri>() else { return false };
    let request = Request::get(uri).header(header::HOST, "localhost").body(Body::empty());
    let (status, _) = ask(request.expect("a request"));
    !status.is_client_error()
}

fn host(name: &[u8]) -> bool {
    let Ok(request) = Request::get("/livez").header(header::HOST, name).body(Body::empty()) else {
        return false;
    };
    let (status, _) = ask(request);
    assert!([StatusCode::OK, StatusCode::BAD_REQUEST, StatusCode::MISDIRECTED_REQUEST].contains(&status));
    status.is_success()
}

/// `None` where the query cannot be part of an address.
fn post(kind: &str, path: &str, body: &[u8]) -> Option<(StatusCode, Bytes)> {
    let uri: Uri = path.parse().ok()?;
    let request = Request::builder()
        .method(Method::POST)
        .uri(uri)
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, kind)
        .body(Body::from(body.to_vec()));
    Some(ask(request.expect("a request")))
}

/// What is no submission is refused, and nothing else is as malformed.
fn post_json(json: &[u8]) -> bool {
    // A struct may be written as a list of its fields: what begins like a list is one here.
    let begins_list = json.trim_ascii_start().first() == Some(&b'[');
    let one = !begins_list && serde_json::from_slice::<api::Submission>(json).is_ok();
    let list = serde_json::from_slice::<Vec<api::Submission>>(json);
    let list = list.is_ok_and(|list| (1..=SUBMIT_MAX).contains(&list.len()));
    let (status, _) = post("application/json", TRANSACTIONS, json).expect("an address");
    assert_eq!(status == StatusCode::BAD_REQUEST, !one && !list, "{status}");
    one || list
}

/// Bytes are transactions one after the other, and are answered as the same ones in JSON.
fn post_bytes(query: &str, bytes: &[u8]) -> bool {
    let path = format!("{TRANSACTIONS}{query}");
    let Some((status, answer)) = post("application/octet-stream", &path, bytes) else { return false };
    let transactions = read_all(bytes).filter(|list| (1..=SUBMIT_MAX).contains(&list.len()));
    let Some(transactions) = transactions else {
        assert_eq!(status, StatusCode::BAD_REQUEST);
        return false;
    };
    let list: Vec<_> = transactions.into_iter().map(|t| api::Submission { raw: t.into() }).collect();
    let json = match &list[..] {
        [one] => serde_json::to_vec(one),
        list => serde_json::to_vec(list),
    };
    let same = post("application/json", &path, &json.expect("JSON"));
    assert_eq!(same, Some((status, answer)));
    status != StatusCode::BAD_REQUEST
}

fn simulate(json: &[u8]) -> bool {
    let read = serde_json::from_slice::<api::Simulation>(json).is_ok();
    let (status, _) = post("application/json", "/v1/simulate", json).expect("an address");
    assert_eq!(status == StatusCode::BAD_REQUEST, !read, "{status}");
    read
}

fn read_all(bytes: &[u8]) -> Option<Vec<SignedTransaction>> {
    let (mut rest, mut list) = (Bytes::copy_from_slice(bytes), Vec::new());
    while !rest.is_empty() {
        list.push(SignedTransaction::read(&mut rest).ok()?);
    }
    Some(list)
}

/// A kind, then bytes: 0 gossip, 1 how far a node is, 2 a block, 3 the body of a first block.
pub fn gossip(data: &[u8]) -> bool {
    let Some((kind, bytes)) = kind(data) else { return false };
    match kind {
        0 => canonical::<Gossip>(bytes).is_some_and(|gossip| {
            assert!((1..=1_024).contains(&gossip.len()));
            true
        }),
        1 => {
            let tip = fuzzing::read_tip(bytes.to_vec().into());
            assert_eq!(tip.is_some(), bytes.len() == 8);
            tip.is_some_and(|(tip, written)| written == bytes && tip.to_be_bytes() == bytes)
        }
        2 => check_block(bytes),
        3 => check_body(bytes),
        _ => false,
    }
}

fn check_block(bytes: &[u8]) -> bool {
    let Some(block) = fuzzing::read_block(bytes.to_vec().into(), BODY_SIZE_MAX) else { return false };
    assert_eq!(block.encoded, bytes, "two encodings of one block");
    assert!(block.body.len() <= BODY_SIZE_MAX as usize);
    assert_eq!(block.header.body_hash, goodwill_types::Header::hash_body(&block.body));
    assert!(block.header.leader.check().is_ok());
    assert!(fuzzing::read_block(bytes.to_vec().into(), block.body.len() as u32).is_some());
    let less = (block.body.len() as u32).checked_sub(1);
    assert!(less.is_none_or(|less| fuzzing::read_block(bytes.to_vec().into(), less).is_none()));
    true
}

/// A voter takes a body only when it has one encoding and all of it was signed.
fn check_body(bytes: &[u8]) -> bool {
    static CHAIN: LazyLock<(Arc<Chain>, Outbox)> = LazyLock::new(chain);
    let voted = |finalized| {
        let timestamp_ms = known().manifest.genesis_time_ms + 500;
        let context = BlockContext { height: 1, epoch: 0, view: 1, parent_view: 0, timestamp_ms };
        let mut execution = CHAIN.0.verify(&context, bytes.to_vec().into(), finalized);
        let mut state = Known::new();
        loop {
            match execution.run(&mut state) {
                Progress::Need(keys) => keys.into_iter().for_each(|key| state.insert(key, None)),
                Progress::Done(result) => return result.ok(),
            }
        }
    };
    let Some(executed) = voted(false) else { return false };
    assert_eq!(executed.body, bytes);
    assert_eq!(voted(true).as_ref(), Some(&executed), "it depends on who asks");
    let body = canonical::<goodwill_types::Body>(bytes).expect("it was executed");
    assert!(body.transactions.len() <= TRANSACTIONS_PER_BLOCK_MAX);
    assert_eq!(executed.receipts.len(), body.transactions.len());
    let holds = verify_signatures(&known().manifest.chain_id(), body.transactions.iter());
    assert!(holds.iter().all(|holds| *holds), "unsigned");
    assert!(executed.receipts.iter().all(|receipt| canonical::<goodwill_types::Receipt>(receipt).is_some()));
    body.transactions.iter().for_each(|t| assert!(t.encode().len() <= bytes.len()));
    true
}
