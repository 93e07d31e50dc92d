//! `goodwill association donations`.

use crate::{Global, Output, error::CliError, trust::Trust};
use goodwill_types::{
    Amount,
    api::{self, Donations, Units},
};
use goodwill_wallet::{Client, VerifiedEpoch};
use serde::Serialize;

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    donations: Donations,
    /// Whether a proof was checked.
    verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    promise: Option<Promise>,
    /// Whether the trusted manifest came from the gateway itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest_of_gateway: Option<bool>,
}

/// What the slots of the epoch brought good deeds, and what its turns earned: proven.
#[derive(Serialize)]
struct Promise {
    slots_brought: Units,
    turns_earned: Units,
    kept: bool,
    height: u64,
}

impl From<&VerifiedEpoch> for Promise {
    fn from(verified: &VerifiedEpoch) -> Self {
        let units = |sum: u128| Amount::from_units(u64::try_from(sum).unwrap_or(u64::MAX)).into();
        Self {
            slots_brought: units(verified.record.donated()),
            turns_earned: units(verified.record.earned()),
            kept: verified.keeps_the_promise(),
            height: verified.header.height,
        }
    }
}

pub(super) fn run(
    global: &Global,
    output: Output,
    epoch: Option<u64>,
    trust: &Trust,
) -> Result<(), CliError> {
    let client = Client::new(&global.url)?;
    let status = client.status()?;
    let none = || CliError::Missing("no epoch is over yet: ask again later".into());
    let epoch = epoch.or_else(|| status.epoch.checked_sub(1)).ok_or_else(none)?;
    let over =
        || CliError::Missing(format!("epoch {epoch} is not over: the present one is {}", status.epoch));
    let donations = client.donations(epoch)?.into_iter().find(|one| one.epoch == epoch).ok_or_else(over)?;
    let promise = match trust.proof {
        true => {
            let answer = client.epoch_with_proof(epoch)?;
            let proven = trust.learn(&client)?.prove(&client, |light| light.verify_epoch(epoch, &answer))?;
            Some(Promise::from(&proven))
        }
        false => None,
    };
    let text = words(&donations, promise.as_ref(), &status.symbol, trust);
    let broken = promise.as_ref().is_some_and(|promise| !promise.kept);
    let verified = promise.is_some();
    let answer = Answer { donations, verified, promise, manifest_of_gateway: trust.manifest_of_gateway() };
    output.print(&answer, || text);
    match broken {
        true => {
            Err(CliError::Corrupt("the slots brought less than four fifths of what the turns earned".into()))
        }
        false => Ok(()),
    }
}

fn words(donations: &Donations, promise: Option<&Promise>, symbol: &str, trust: &Trust) -> String {
    let mut text = format!("In epoch {} {} {symbol} entered the pool.", donations.epoch, donations.total.0);
    for (source, amount) in donations.income.iter().filter(|(_, amount)| amount.0 > Amount::ZERO) {
        text += &format!("\nfrom {:<14} {} {symbol}", source.replace('_', " "), amount.0);
    }
    for api::SlotMoney { miner, slots, amount } in &donations.slots {
        text += &format!("\n  {miner} paid {} {symbol} for {slots} slots", amount.0);
    }
    for grant in &donations.grants {
        text += &format!("\nto association {:<4} {} {symbol}, {}", grant.id, grant.amount.0, grant.release);
    }
    text += &format!(
        "\nto the reserve {} {symbol}, from it {} {symbol}; grants are released at the end of epoch {}",
        donations.to_reserve.0, donations.from_reserve.0, donations.release_epoch
    );
    if let Some(promise) = promise {
        text += &format!(
            "\nproven by block {}: its slots brought {} {symbol}, its turns earned {} {symbol}; {}",
            promise.height,
            promise.slots_brought.0,
            promise.turns_earned.0,
            trust.words()
        );
    }
    text
}
