#![no_main]

use goodwill_fuzz as targets;

#[path = "../src/node.rs"]
mod node;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    node::gossip(data);
});
