//! Every refusal of a manifest, with its line and remedy.

use crate::common::{address, manifest_text};
use goodwill_ledger::Manifest;

/// Replaces `from` by `to` in a valid manifest and gives the refusal.
fn refusal(from: &str, to: &str) -> String {
    let valid = manifest_text();
    assert!(valid.contains(from), "{from:?} is not in the manifest");
    let text = valid.replacen(from, to, 1);
    Manifest::parse(&text).expect_err(&text).to_string()
}

#[test]
fn the_chain_id_is_of_the_content_not_of_the_text() {
    let text = manifest_text();
    let manifest = Manifest::parse(&text).unwrap();
    let commented = Manifest::parse(&format!("# a remark\n{text}\n")).unwrap();
    assert_eq!(manifest.chain_id(), commented.chain_id());
    for (from, to) in [
        ("DEV", "DEW"),
        ("development = true", "development = false"),
        ("1750000000000", "1750000000001"),
        ("block_time_ms = 500", "block_time_ms = 501"),
        ("coins = \"1000\"", "coins = \"1001\""),
        ("miner-200", "miner-2000"),
    ] {
        let other = Manifest::parse(&text.replacen(from, to, 1)).unwrap();
        assert_ne!(manifest.chain_id(), other.chain_id(), "{from}");
    }
}

#[test]
fn refusals() {
    let stranger = address(1).display(&"other".parse().unwrap());
    let own = address(1).display(&"dev".parse().unwrap());
    let twice =
        format!("[[distribution.grants]]\naccount = \"{own}\"\ncoins = \"1\"\n\n[[distribution.grants]]");
    let cases: &[(&str, &str, &str)] = &[
        ("name = ", "nome = ", "line 1: unknown field `nome`"),
        (
            "name = \"Goodwill development chain\"",
            "name = \"\"",
            "line 1: name is too short. Write at least 1",
        ),
        ("\"DEV\"", "\"dev\"", "line 2: the symbol \"dev\" cannot be used. Use 2 to 12 capital letters"),
        (
            "address_prefix = \"dev\"",
            "address_prefix = \"D1\"",
            "line 3: the address prefix \"D1\" cannot be used. Use 1 to 16",
        ),
        ("true", "yes", "line 4: "),
        ("https://", "ftp://", "line 5: source_url is not a web address. Write where"),
        ("1750000000000", "-1", "line 6: "),
        ("[purpose]", "[porpoise]", "unknown field `porpoise`"),
        (
            "nature = \"replace\"",
            "nature = \"exploit\"",
            "line 9: nature = \"exploit\" is not one of the four ways",
        ),
        ("statement = \"", "statement = \"short\" # ", "line 10: the statement of [purpose] is too short"),
        (
            "block_time_ms = 500",
            "block_time_ms = 0",
            "line 13: block_time_ms = 0 is out of range. Choose a number from 1 to 600000",
        ),
        (
            "block_time_ms = 500",
            "blocks_per_epoch = 1",
            "line 13: blocks_per_epoch = 1 is out of range. Choose a number from 8",
        ),
        ("block_time_ms = 500", "gas_per_block_max = 5", "line 13: gas_per_block_max = 5 is out of range"),
        ("block_time_ms = 500", "body_size_max = 5", "line 13: body_size_max = 5 is out of range"),
        ("block_time_ms = 500", "base_fee_min = 0", "line 13: base_fee_min = 0 is out of range"),
        (
            "block_time_ms = 500",
            "pollution_tax_percent = 101",
            "line 13: pollution_tax_percent = 101 is out of range",
        ),
        ("block_time_ms = 500", "block_time_ms = 1.5", "line 13: "),
        (
            "block_time_ms = 500",
            "slots_per_epoch = 7",
            "line 13: an epoch of 40 blocks is no multiple of 7 slots. Choose slots_per_epoch = 8",
        ),
        (
            "block_time_ms = 500",
            "seats_min = 9",
            "line 13: seats_min = 9 is out of range. Choose a number from 1 to 8",
        ),
        (
            "block_time_ms = 500",
            "subsidy = \"0.1\"",
            "line 13: the subsidy 0.1 is below its tail. Choose a subsidy that is at least subsidy_tail",
        ),
        (
            "block_time_ms = 500",
            "subsidy_tail = \"0.000000999\"",
            "line 13: a slot's profit may fall to 999 units. Choose subsidy_tail so that it stays at 1000",
        ),
        ("block_time_ms = 500", "maturity_epochs = 0", "line 13: maturity_epochs = 0 is out of range"),
        (
            "luck_tip = \"",
            "luck_tip = \"zz",
            "is not 64 hexadecimal digits. Take the luck_tip that `goodwill node key` prints",
        ),
        (
            "node_key = \"",
            "node_key = \"00",
            "a public key is 64 hexadecimal digits. Take the key that `goodwill node key` prints",
        ),
        ("account = \"dev1", "account = \"dev2", "check for a typing error"),
        ("coins = \"1000\"", "coins = \"0\"", "a grant of nothing. Write coins = \"100\""),
        ("coins = \"1000\"", "coins = \"1e3\"", "\"1e3\" is not an amount"),
        (
            "coins = \"1000\"",
            "coins = \"18446744072\"",
            "the first coins are more than 9223372036.854775807. Grant less",
        ),
        ("reason = \"", "reason = \"short\" # ", "the reason of [distribution] is too short"),
        ("[[distribution.grants]]", &twice, "the account gets first coins twice. Add its grants up"),
        (&own, &stranger, "is for another chain: addresses of this one begin with \"dev1\""),
        ("name = \"Good", "name = Good", "line 1: "),
    ];
    for (from, to, expected) in cases {
        let text = refusal(from, to);
        assert!(text.contains(expected), "{from:?} -> {to:?}: {text}");
    }
}

#[test]
fn missing_sections_are_named() {
    let text = manifest_text();
    let without = |from: &str, to: &str| {
        let (start, end) = (text.find(from).unwrap(), text.find(to).unwrap());
        Manifest::parse(&[&text[..start], &text[end..]].concat()).unwrap_err().to_string()
    };
    assert!(
        without("[purpose]", "[parameters]")
            .contains("the chain does not say how it respects nature. Add [purpose]")
    );
    assert!(
        without("[[founders]]", "[distribution]")
            .contains("the chain has 0 founders. Add 1 to 512 [[founders]]")
    );
    let start = text.find("[[distribution.grants]]").unwrap();
    let nobody = Manifest::parse(&text[..start]).unwrap_err().to_string();
    assert!(nobody.contains("nobody gets first coins, so nobody could buy a first slot"), "{nobody}");
}

#[test]
fn two_founders_need_two_keys() {
    let text = manifest_text();
    let key_line = text.lines().find(|l| l.starts_with("node_key")).unwrap();
    let other = text.lines().rfind(|l| l.starts_with("node_key")).unwrap();
    let error = Manifest::parse(&text.replace(other, key_line)).unwrap_err().to_string();
    assert!(error.contains("is another founder's too. Give every founder a node key of its own"), "{error}");
}

#[test]
fn an_oversized_file_is_not_even_parsed() {
    let error = Manifest::parse(&"#".repeat((1 << 20) + 1)).unwrap_err().to_string();
    assert!(error.contains("at most 1048576 are allowed"), "{error}");
}

/// A chain that is not for development must not run out of coins.
#[test]
fn too_much_may_not_be_minted() {
    let text = include_str!("../../../../docs/chain.toml").replace("\"1.2\"", "\"1000000\"");
    let error = Manifest::parse(&text).unwrap_err().to_string();
    assert!(error.contains("coins would be minted in 500 years. Choose a smaller subsidy"), "{error}");
}

#[test]
fn the_example_of_the_documentation_is_a_chain() {
    let manifest = Manifest::parse(include_str!("../../../../docs/chain.toml")).unwrap();
    assert_eq!(manifest.parameters, goodwill_ledger::Parameters::standard());
    assert!(!manifest.development);
}
