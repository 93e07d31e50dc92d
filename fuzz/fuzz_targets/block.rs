#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    goodwill_fuzz::block(data);
});
