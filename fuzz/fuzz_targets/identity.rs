//! Any bytes as a domain's certificate, its issuer's, a trust anchor, or their text: nothing but the
//! real certificates is believed.
#![no_main]

use goodwill_identity::{Anchors, check_chain, check_domain};
use libfuzzer_sys::fuzz_target;

/// When the real certificates are valid.
const THEN: u64 = 1_786_530_173;
const DOMAIN: &str = "amazonaws-china.com";
const REAL: [&[u8]; 2] = [
    include_bytes!("../../crates/goodwill-identity/tests/data/amazonaws_1.der"),
    include_bytes!("../../crates/goodwill-identity/tests/data/amazonaws_2.der"),
];

fuzz_target!(|bytes: &[u8]| {
    for at in 0..REAL.len() {
        let mut chain = REAL;
        chain[at] = bytes;
        let believed = check_chain(&chain, DOMAIN, &Anchors::public(), THEN).is_ok();
        assert_eq!(believed, bytes == REAL[at]);
    }
    if let Ok(anchors) = Anchors::own(&[bytes]) {
        let _ = check_chain(&REAL, DOMAIN, &anchors, THEN);
        let _ = check_chain(&[bytes], DOMAIN, &anchors, THEN);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Anchors::from_pem(text);
        let _ = check_domain(text);
    }
});
