//! `goodwill association list` and `show`.

use crate::{Global, Output, error::CliError};
use goodwill_types::api::Association;
use goodwill_wallet::Client;

pub(super) fn list(global: &Global, output: Output) -> Result<(), CliError> {
    let client = Client::new(&global.url)?;
    let (associations, symbol) = (client.associations(0)?, client.status()?.symbol);
    output.print(&associations, || match associations.as_slice() {
        [] => "No association asked yet: `goodwill association apply` does.".into(),
        all => all.iter().map(|one| line(one, &symbol)).collect::<Vec<_>>().join("\n"),
    });
    Ok(())
}

fn line(one: &Association, symbol: &str) -> String {
    format!(
        "{:>4}  {:<9}  {:<8}  {:<24}  {} yes, {} no of {} ({} needed)  received {} {symbol}",
        one.id, one.status, one.cause, one.domain, one.yes, one.no, one.live, one.needed, one.received.0
    )
}

pub(super) fn one(global: &Global, output: Output, id: u32) -> Result<(), CliError> {
    let client = Client::new(&global.url)?;
    let (one, symbol) = (client.association(id)?, client.status()?.symbol);
    output.print(&one, || words(&one, &symbol));
    Ok(())
}

fn words(one: &Association, symbol: &str) -> String {
    let mut text = format!(
        "{} works for {} and is {} since epoch {}, until epoch {}.\ndomain    {}",
        one.name, one.cause, one.status, one.since, one.until, one.domain
    );
    match &one.identity.organisation {
        Some(name) => text += &format!(", of {name} as its certificate says"),
        None => text += ": its certificate names no organisation",
    }
    text += &format!(
        "\nvotes     {} yes, {} no of {} live seats; {} must say yes",
        one.yes, one.no, one.live, one.needed
    );
    text += &format!("\naccount   {}", one.account);
    if let Some(rotation) = &one.rotation {
        text += &format!("; moves to {} at the end of epoch {}", rotation.account, rotation.epoch);
    }
    text += &format!(
        "\nreceived  {} {symbol}, {} {symbol} pending, {} {symbol} frozen",
        one.received.0, one.pending.0, one.frozen.0
    );
    text += &format!("\nstatement {} (SHA-256 {})", one.statement.uri, one.statement.hash);
    for evidence in &one.evidence {
        text += &format!("\nevidence  {} (SHA-256 {})", evidence.link.uri, evidence.link.hash);
    }
    text + "\nThe proof shows who controls the domain, not goodness: that is what the votes judge."
}
