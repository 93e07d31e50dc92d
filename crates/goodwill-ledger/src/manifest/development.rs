//! The manifest of a chain to develop against.

use goodwill_types::{Address, Amount, Digest, LuckChain, Prefix, PublicKey, SecretKey};
use std::fmt::Write as _;

/// The address prefix of development chains.
const PREFIX: &str = "dev";

/// A founder of a development chain.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its node's key.
    pub node_key: PublicKey,
    /// The account that gets its tips.
    pub account: Address,
    /// What the luck of its seat is committed to.
    pub luck_tip: Digest,
}

impl Member {
    /// The founder whose node has the key `node`.
    pub fn new(name: impl Into<String>, node: &SecretKey, account: Address) -> Self {
        let luck_tip = LuckChain::of_founder(node).tip();
        Self { name: name.into(), node_key: node.public_key(), account, luck_tip }
    }
}

/// The `chain.toml` of a development chain that begins at `genesis_time_ms`, with `coins` for each
/// of the `accounts`, these `parameters` instead of the usual ones, and the `anchor`, a certificate
/// in PEM, to vouch for the domains of associations instead of the public web's authorities.
pub fn development_manifest(
    founders: &[Member],
    accounts: &[Address],
    coins: Amount,
    genesis_time_ms: u64,
    parameters: &[(&str, u64)],
    anchor: Option<&str>,
) -> String {
    let prefix: Prefix = PREFIX.parse().expect("a valid prefix");
    let anchors = anchor.map_or(String::new(), |pem| format!("trust_anchors = [\"\"\"\n{pem}\"\"\"]\n"));
    let mut text = format!(
        r#"name = "Goodwill development chain"
symbol = "DEV"
address_prefix = "{PREFIX}"
development = true
source_url = "https://github.com/goodwill-chain/goodwill"
genesis_time_ms = {genesis_time_ms}
{anchors}
[purpose]
nature = "replace"
statement = "A chain to try things on one machine, instead of on a network that many machines keep running."

[parameters]
"#
    );
    for (name, value) in parameters {
        writeln!(text, "{name} = {value}").expect("writing to a string");
    }
    for Member { name, node_key, account, luck_tip } in founders {
        let account = account.display(&prefix);
        write!(
            text,
            "\n[[founders]]\nname = \"{name}\"\nnode_key = \"{node_key}\"\naccount = \"{account}\"\nluck_tip = \"{luck_tip}\"\n"
        )
        .expect("writing to a string");
    }
    text.push_str("\n[distribution]\nreason = \"Worthless coins for the published development accounts, to try things with.\"\n");
    for account in accounts {
        let account = account.display(&prefix);
        write!(text, "\n[[distribution.grants]]\naccount = \"{account}\"\ncoins = \"{coins}\"\n")
            .expect("writing to a string");
    }
    text
}
