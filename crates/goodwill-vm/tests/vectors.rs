//! Golden vectors: gas, memory, state and bytecode of calls, equal in every profile and on every
//! machine. `GOODWILL_BLESS=1` writes them anew, when a change of the machine's version is meant.

use goodwill_vm::{
    Call, Data, Failure, Sandbox, compile, gas::CALL_GAS_MAX, literal::parse, sandbox::account,
};
use serde::{Deserialize, Serialize};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/contracts.json");

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Vector {
    name: String,
    source: String,
    /// Method and arguments, of the sender 1 with 1,000,000 coins; the first deploys.
    calls: Vec<(String, Vec<String>)>,
    #[serde(default)]
    bytecode: String,
    #[serde(default)]
    outcomes: Vec<Expected>,
    #[serde(default)]
    state: String,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Expected {
    /// `repr` of the result, or class and message of the exception.
    result: String,
    gas: u64,
    memory: u64,
}

fn play(vector: &Vector) -> Vector {
    let program = compile(&vector.source, "contract.py").expect("it compiles");
    let mut sandbox = Sandbox::new();
    let contract = Sandbox::contract_address();
    let bytecode = hex::encode(program.digest());
    sandbox.install(contract, program);
    sandbox.fund(account(1), 1_000_000);
    let prefix = "dev".parse().expect("a prefix");
    let mut outcomes = Vec::new();
    for (index, (method, arguments)) in vector.calls.iter().enumerate() {
        let arguments: Vec<Data> =
            arguments.iter().map(|text| parse(text, &prefix).expect("a literal")).collect();
        let call = Call {
            contract,
            sender: account(1),
            value: 0,
            method: method.clone(),
            arguments,
            keywords: Vec::new(),
            deploys: index == 0,
        };
        let outcome = sandbox.call(&call, CALL_GAS_MAX);
        let result = match outcome.result {
            Ok(bytes) => sandbox.repr(&contract, &bytes),
            Err(Failure::Raised(raised)) => format!("{}: {}", raised.class, raised.message),
            Err(failure) => format!("{failure:?}"),
        };
        outcomes.push(Expected { result, gas: outcome.gas_used, memory: outcome.memory_bytes });
    }
    Vector {
        name: vector.name.clone(),
        source: vector.source.clone(),
        calls: vector.calls.clone(),
        bytecode,
        outcomes,
        state: hex::encode(sandbox.digest()),
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "it asks whether to write the vectors")]
fn calls_cost_and_do_what_they_did() {
    let text = std::fs::read_to_string(PATH).expect("the vectors are there");
    let vectors: Vec<Vector> = serde_json::from_str(&text).expect("they are vectors");
    let played: Vec<Vector> = vectors.iter().map(play).collect();
    if std::env::var("GOODWILL_BLESS").is_ok() {
        let text = serde_json::to_string_pretty(&played).expect("text") + "\n";
        std::fs::write(PATH, text).expect("it can be written");
        return;
    }
    assert_eq!(played, vectors);
}
