//! Benchmarks with tiny numbers: that they come to an end, and say what they must.

use crate::world::goodwill;
use serde_json::Value;

#[test]
fn a_token_is_measured_beside_coins() {
    let sizes = ["--accounts", "70", "--transactions", "140", "--block-time", "100ms"];
    let output = goodwill().args(["bench", "contracts", "--json"]).args(sizes).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).expect("an answer in JSON");
    assert_eq!((&found["miners"], &found["transactions"]), (&1.into(), &140.into()));
    let figures = [
        "tx_per_s",
        "tx_per_cpu_s",
        "p50_ms",
        "rss_bytes",
        "native_tx_per_s",
        "native_tx_per_cpu_s",
        "ratio_to_native",
    ];
    for figure in figures {
        assert!(found[figure].as_f64().is_some_and(|value| value > 0.0), "{figure}: {found}");
    }
}
