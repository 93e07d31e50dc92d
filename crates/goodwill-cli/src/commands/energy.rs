//! `goodwill energy`.

use crate::{Global, Output, error::CliError};
use goodwill_types::{Amount, api::Energy};
use goodwill_wallet::Client;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(global: &Global, output: Output, Args {}: Args) -> Result<(), CliError> {
    let client = Client::new(&global.url)?;
    let (energy, symbol) = (client.energy()?, client.status()?.symbol);
    output.print(&energy, || words(&energy, &symbol));
    Ok(())
}

fn words(energy: &Energy, symbol: &str) -> String {
    let seconds = energy.duration_ms / 1_000;
    let mut text = format!(
        "Epoch {} ({seconds} s).\ndeclared   {} by those who serve\nestimated  {} for the epoch, which emit {} at the chain's {} gCO2e per kWh",
        energy.epoch,
        watts(energy.declared_power_mw),
        watt_hours(energy.estimated_mwh),
        grams(energy.estimated_mgco2e),
        energy.grid_gco2e_per_kwh
    );
    if let Some(per_gas) = energy.estimated_nwh_per_gas {
        text += &format!("\nestimated  {per_gas} nWh per unit of gas");
    }
    text += &format!("\ndonated    {} {symbol} in the epoch", energy.donated.0);
    if let Some(per_kwh) = energy.donated_per_kwh {
        text += &format!(", {} {symbol} per estimated kWh", per_kwh.0);
    }
    let node = &energy.node;
    let (label, how) = match node.method.as_str() {
        "rapl" => ("measured ", "by the processor's meter, everything that runs on it included"),
        _ => ("estimated", "from its processor time at the declared power"),
    };
    text + &format!(
        "\n{label}  {} in {} s, {} by this node, {how}",
        watt_hours(node.mwh),
        node.uptime_ms / 1_000,
        watts(node.power_mw)
    )
}

fn watts(mw: u64) -> String {
    format!("{} W", thousandths(mw))
}

fn watt_hours(mwh: u64) -> String {
    format!("{} Wh", thousandths(mwh))
}

fn grams(mg: u64) -> String {
    format!("{} gCO2e", thousandths(mg))
}

/// Thousandths as a decimal number.
fn thousandths(number: u64) -> String {
    // The same writing as that of coins, of three digits more.
    Amount::from_units(number.saturating_mul(1_000_000)).to_string()
}
