//! Any bytes as the body of a contract's method: what compiles runs twice, with the same outcome.
#![no_main]

use goodwill_vm::trial::run_method;
use libfuzzer_sys::fuzz_target;

/// Enough for loops, little enough for many runs a second.
const GAS: u64 = 20_000_000;

fuzz_target!(|bytes: &[u8]| {
    let Ok(body) = std::str::from_utf8(bytes) else { return };
    let mut source = String::from(
        "from goodwill import Contract, Map, Address, export, msg, chain, emit, require\n\
         class Main(Contract):\n    number: int\n    items: list[int]\n    cells: Map[str, int]\n    \
         @export\n    def run(self):\n        pass\n",
    );
    for line in body.lines() {
        source.push_str("        ");
        source.push_str(line);
        source.push('\n');
    }
    let (first, second) = (run_method(&source, "run", &[], GAS), run_method(&source, "run", &[], GAS));
    assert_eq!(
        (first.gas_used, first.memory_bytes, &first.result),
        (second.gas_used, second.memory_bytes, &second.result)
    );
    assert!(!first.error.is_some_and(|error| error.starts_with("a bug of the machine")));
});
