//! The guide: from a chain.toml without a network, and from a gateway.

use crate::world::{Process, goodwill};
use serde_json::Value;
use std::{fs, path::Path, process::Output};

const URL: &str = "http://127.0.0.1:9";

fn explain(args: &[&str]) -> Output {
    goodwill().arg("explain").args(args).output().unwrap()
}

fn text(output: &Output) -> &str {
    assert!(output.status.success(), "{output:?}");
    std::str::from_utf8(&output.stdout).unwrap()
}

/// The guide of a manifest, without any gateway.
fn of_manifest(manifest: &Path, lang: &str) -> String {
    let manifest = manifest.to_str().unwrap();
    text(&explain(&["--url", URL, "--lang", lang, "--manifest", manifest])).to_owned()
}

#[test]
fn the_guide_of_a_manifest_changes_with_its_parameters() {
    let folder = tempfile::tempdir().unwrap();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/chain.toml");
    let example = fs::read_to_string(example).unwrap();
    let path = folder.path().join("chain.toml");
    fs::write(&path, &example).unwrap();
    let usual = of_manifest(&path, "en");
    assert!(usual.contains("costs 14.4\u{a0}GOOD") && usual.contains("four Raspberry Pis"), "{usual}");
    assert!(of_manifest(&path, "fr").contains("coûte 14,4\u{a0}GOOD"));

    let changed =
        example.replace("subsidy = \"1.2\"", "subsidy = \"2.4\"").replace("share_cap = 8", "share_cap = 5");
    fs::write(&path, changed).unwrap();
    let changed = of_manifest(&path, "en");
    assert!(changed.contains("costs 28.8\u{a0}GOOD") && changed.contains("1/5 each"), "{changed}");
    assert!(changed.split_whitespace().count() < 900);
}

#[test]
fn a_gateway_explains_its_chain_in_both_languages() {
    let folder = tempfile::tempdir().unwrap();
    let dev = Process::dev(folder.path(), 1);
    let english = dev.answer(&["explain"]);
    assert_eq!(english["language"], "en");
    let markdown = english["markdown"].as_str().unwrap();
    assert!(markdown.starts_with("# Goodwill development chain"), "{markdown}");
    assert!(markdown.contains(" seats, ") && markdown.contains("DEV"), "{markdown}");
    let french = dev.answer(&["explain", "--lang", "fr"]);
    assert!(french["markdown"].as_str().unwrap().contains("Qui décide"));
    assert_eq!(dev.get("/v1/guide?lang=fr")["language"], Value::from("fr"));
}

#[test]
fn unknown_languages_and_files_are_refused() {
    let output = explain(&["--lang", "tlh"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("en or fr"), "{output:?}");
    let output = explain(&["--manifest", "/nowhere/chain.toml"]);
    assert!(!output.status.success() && output.stdout.is_empty());
}
