//! Arrows between the crates point down only.

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

/// Crate -> the crates of the workspace that it may depend on.
const ARROWS: [(&str, &[&str]); 10] = [
    ("goodwill-types", &[]),
    ("goodwill-identity", &[]),
    ("goodwill-proof", &["goodwill-types"]),
    ("goodwill-vm", &["goodwill-types"]),
    ("goodwill-ledger", &["goodwill-identity", "goodwill-types", "goodwill-vm"]),
    ("goodwill-engine", &["goodwill-proof", "goodwill-types"]),
    ("goodwill-wallet", &["goodwill-proof", "goodwill-types"]),
    (
        "goodwill-node",
        &[
            "goodwill-engine",
            "goodwill-identity",
            "goodwill-ledger",
            "goodwill-proof",
            "goodwill-types",
            "goodwill-wallet",
        ],
    ),
    (
        "goodwill-lab",
        &["goodwill-identity", "goodwill-node", "goodwill-proof", "goodwill-types", "goodwill-wallet"],
    ),
    (
        "goodwill-cli",
        &[
            "goodwill-identity",
            "goodwill-lab",
            "goodwill-node",
            "goodwill-types",
            "goodwill-vm",
            "goodwill-wallet",
        ],
    ),
];

/// Who may name which of commonware's crates; the others may name none.
const COMMONWARE: [(&str, &[&str]); 3] = [
    ("goodwill-types", &["commonware-codec", "commonware-cryptography", "commonware-parallel"]),
    (
        "goodwill-proof",
        &[
            "commonware-codec",
            "commonware-consensus",
            "commonware-cryptography",
            "commonware-parallel",
            "commonware-storage",
            "commonware-utils",
        ],
    ),
    ("goodwill-engine", &["*"]),
];

/// What each crate depends on, but for its tests: they need tools.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .output()
        .expect("cargo metadata runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    let shipped = |dependency: &&Value| dependency["kind"] != "dev";
    let named = |package: &Value| {
        let dependencies = package["dependencies"].as_array().expect("a list");
        dependencies.iter().filter(shipped).map(name).collect()
    };
    packages.iter().map(|package| (name(package), named(package))).collect()
}

fn allowed(table: &[(&str, &'static [&'static str])], name: &str) -> &'static [&'static str] {
    table.iter().find(|(crate_name, _)| *crate_name == name).map_or(&[], |(_, allowed)| allowed)
}

#[test]
fn arrows_point_down_only() {
    let dependencies = dependencies();
    let known: BTreeSet<_> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(
        dependencies.keys().cloned().collect::<BTreeSet<_>>(),
        known,
        "a crate is missing in the table"
    );
    for (name, named) in &dependencies {
        for other in named.iter().filter(|other| known.contains(*other)) {
            assert!(allowed(&ARROWS, name).contains(&other.as_str()), "{name} must not depend on {other}");
        }
    }
}

#[test]
fn only_the_engine_names_commonware() {
    for (name, named) in dependencies() {
        for other in named.iter().filter(|other| other.starts_with("commonware-")) {
            let may = allowed(&COMMONWARE, &name);
            assert!(may.contains(&"*") || may.contains(&other.as_str()), "{name} must not name {other}");
        }
    }
}
