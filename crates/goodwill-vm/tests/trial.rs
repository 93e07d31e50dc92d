//! Methods tried on a chain in memory: what words mean, who calls, and where gas ran out.

use goodwill_vm::{
    Data, Sandbox, compile,
    gas::CALL_GAS_MAX,
    sandbox::named_account,
    trial::{Report, Trial, TrialCall},
};

const JAR: &str = "\
from dataclasses import dataclass
from goodwill import Address, Contract, Map, export, msg, payable, view


@dataclass
class Tip:
    sender: Address
    note: str


class Jar(Contract):
    owner: Address
    total_of: Map[Address, int]

    @export
    def init(self):
        self.owner = msg.sender

    @export
    @payable
    def tip(self, note: str = ''):
        self.total_of[msg.sender] += msg.value

    @view
    def total(self, who: Address) -> int:
        return self.total_of[who]

    @view
    def deployer(self) -> Address:
        return self.owner

    @view
    def echo(self, note: str | None, flags: list[bool], many: tuple[Address, int], tip: Tip, any):
        return [note, flags, many, tip.sender, tip.note, any]

    @view
    def all(self, *numbers: int):
        return numbers

    @view
    def spin(self, count: int):
        self.turn(count)

    def turn(self, count: int):
        while True:
            count += 1
";

fn tried(before: &[TrialCall], call: TrialCall, gas: u64) -> Report {
    Trial { source: JAR, file: "jar.py", before, call, gas }.run()
}

fn error(method: &str, arguments: &[&str]) -> String {
    tried(&[], TrialCall::new(method, arguments), CALL_GAS_MAX).error.expect("it fails")
}

#[test]
fn calls_come_before_with_senders_and_coins_of_their_own() {
    let tip = TrialCall { sender: "bob".into(), value: 7, ..TrialCall::new("tip", &["thank you"]) };
    let before = [tip.clone(), tip];
    let report = tried(&before, TrialCall::new("total", &["bob"]), CALL_GAS_MAX);
    assert_eq!(report.result.as_deref(), Some("14"), "{:?}", report.error);
    let report = tried(&before, TrialCall::new("total", &["alice"]), CALL_GAS_MAX);
    assert_eq!(report.result.as_deref(), Some("0"));
    let owner = tried(&before, TrialCall::new("deployer", &[]), CALL_GAS_MAX).result.unwrap();
    let alice = named_account("alice").display(&Sandbox::new().prefix());
    assert_eq!(owner, format!("Address('{alice}')"));
    assert_eq!(alice, "dev1qz07lcww7a2uhtpculct2gjc9zk5mkfqvu52d8h7", "that of the Python package");
}

#[test]
fn words_are_read_as_the_hints_say() {
    let bob = named_account("bob").display(&Sandbox::new().prefix());
    let call = TrialCall::new("echo", &["5", "[true, False]", "[bob, 2]", "Tip(bob, hi)", "null"]);
    let report = tried(&[], call, CALL_GAS_MAX);
    let address = format!("Address('{bob}')");
    let expected = format!("['5', [True, False], ({address}, 2), {address}, 'hi', None]");
    assert_eq!(report.result, Some(expected), "{:?}", report.error);
    let call = TrialCall::new("echo", &["None", "[]", "('bob', 2)", &format!("Tip({address}, '')"), "a b"]);
    let expected = format!("[None, [], ({address}, 2), {address}, '', 'a b']");
    assert_eq!(tried(&[], call, CALL_GAS_MAX).result, Some(expected));
    let program = compile(JAR, "jar.py").unwrap();
    let word = |word: &str| {
        program.arguments("tip", &[word.to_owned()], &Sandbox::new().prefix(), &|_| None).unwrap().remove(0)
    };
    for (given, read) in [("'quoted'", "quoted"), ("5", "5"), ("it's", "it's"), ("'", "'"), ("b''", "b''")] {
        assert_eq!(word(given), Data::Str(read.into()), "{given}");
    }
}

#[test]
fn errors_name_the_argument() {
    assert!(error("all", &["1", "x"]).ends_with("TypeError: all: argument 'numbers': expected int, got str"));
    assert!(error("spin", &["True"]).ends_with("TypeError: spin: argument 'count': expected int, got bool"));
    let nested = error("echo", &["a", "[1]", "[bob, 2]", "Tip(bob, hi)", "0"]);
    assert!(nested.ends_with("TypeError: echo: argument 'flags': expected bool, got int"), "{nested}");
    let unread = error("spin", &["1.5"]);
    assert!(
        unread.starts_with("spin: argument 'count': expected int, got what cannot be read: "),
        "{unread}"
    );
    let nobody = error("total", &["two words"]);
    assert!(nobody.starts_with("total: argument 'who': expected Address: "), "{nobody}");
}

#[test]
fn who_runs_out_of_gas_is_told_where() {
    let report = tried(&[], TrialCall::new("spin", &["1"]), 100_000);
    assert_eq!(report.gas_used, 100_000);
    let error = report.error.unwrap();
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(
        lines[..4],
        [
            "Traceback (most recent call last):",
            "  File \"jar.py\", line 42, in spin",
            "    self.turn(count)",
            "  File \"jar.py\", line 46, in turn"
        ]
    );
    assert_eq!(lines.last(), Some(&"out of gas"));
    let entering = tried(&[], TrialCall::new("spin", &["1"]), 100).error.unwrap();
    assert_eq!(entering, "init, which comes before, failed:\nout of gas");
}
