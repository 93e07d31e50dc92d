//! Any bytes as a contract's source: compiled or refused, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(source) = std::str::from_utf8(bytes) {
        let _ = goodwill_vm::compile(source, "fuzz.py");
    }
});
