//! Golden vectors: gas, memory, state and bytecode of calls, equal in every profile and on every
//! machine. `GOODWILL_BLESS=1` writes them anew, when a change of the machine's version is meant.

use goodwill_vm::{
    Call, Data, Failure, Sandbox, compile, gas::CALL_GAS_MAX, literal::parse, sandbox::account,
};
use serde::{Deserialize, Serialize};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/contracts.json");
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/contracts");
/// Accounts with 1,000,000 units each.
const PEOPLE: u8 = 5;

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Vector {
    name: String,
    /// The source, or where it is: an example of the project.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    source: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    example: String,
    /// The first deploys.
    calls: Vec<Step>,
    #[serde(default)]
    bytecode: String,
    #[serde(default)]
    outcomes: Vec<Expected>,
    #[serde(default)]
    state: String,
}

#[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
struct Step {
    /// One of the accounts 1 to 5.
    sender: u8,
    #[serde(default, skip_serializing_if = "is_zero")]
    value: u128,
    /// Milliseconds since the deployment.
    #[serde(default, skip_serializing_if = "is_zero")]
    after_ms: u64,
    method: String,
    /// `{2}` is the address of the account 2.
    arguments: Vec<String>,
}

fn is_zero<T: Default + PartialEq>(number: &T) -> bool {
    *number == T::default()
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Expected {
    /// `repr` of the result, or class and message of the exception.
    result: String,
    gas: u64,
    memory: u64,
}

fn source(vector: &Vector) -> String {
    match &vector.example[..] {
        "" => vector.source.clone(),
        name => {
            std::fs::read_to_string(format!("{EXAMPLES}/{name}/{name}.py")).expect("the example is there")
        }
    }
}

fn argument(text: &str) -> Data {
    let prefix = "dev".parse().expect("a prefix");
    let text = (1..=PEOPLE).fold(text.to_owned(), |text, person| {
        let address = Data::Address(account(person)).repr(&prefix, &|_| Vec::new());
        text.replace(&format!("{{{person}}}"), &address)
    });
    parse(&text, &prefix).expect("a literal")
}

fn play(vector: &Vector) -> Vector {
    let program = compile(&source(vector), "contract.py").expect("it compiles");
    let mut sandbox = Sandbox::new();
    let contract = Sandbox::contract_address();
    let bytecode = hex::encode(program.digest());
    sandbox.install(contract, program);
    (1..=PEOPLE).for_each(|person| sandbox.fund(account(person), 1_000_000));
    let mut outcomes = Vec::new();
    for (index, step) in vector.calls.iter().enumerate() {
        let call = Call {
            contract,
            sender: account(step.sender),
            value: step.value,
            method: step.method.clone(),
            arguments: step.arguments.iter().map(|text| argument(text)).collect(),
            keywords: Vec::new(),
            deploys: index == 0,
        };
        let outcome = sandbox.at(1 + index as u64, 1_000 + step.after_ms, 0).call(&call, CALL_GAS_MAX);
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
        example: vector.example.clone(),
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
