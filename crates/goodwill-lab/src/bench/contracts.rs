//! How many calls of a contract become final in a second, beside transfers of the same accounts on the
//! same chain.

use super::{
    BenchError, Say,
    accounts::Accounts,
    bound::verify_batch_per_s,
    load::BATCH,
    network::Network,
    rounded,
    token::{Token, check_done},
    transfers::{MEASURES_BOUND, Run, Transfers},
};
use goodwill_wallet::Client;
use serde::Serialize;
use std::path::Path;

/// What `bench contracts` found.
#[derive(Clone, Debug, Serialize)]
pub struct Contracts {
    /// The calls, with the figures that transfers have.
    #[serde(flatten)]
    pub calls: Transfers,
    /// Final transfers of coins a second, as many and of the same accounts.
    pub native_tx_per_s: f64,
    /// Final transfers of coins a second of processor time of all nodes together.
    pub native_tx_per_cpu_s: f64,
    /// `tx_per_s` over `native_tx_per_s`.
    pub ratio_to_native: f64,
}

/// Measures `transactions` transfers of coins between `accounts`, and then as many calls of `transfer` on
/// a token, each signed ahead, sent as fast as they are taken, until a client has seen all of them final.
///
/// # Errors
/// [`BenchError`].
pub fn bench_contracts(
    binary: &Path,
    miners: u32,
    block_time_ms: u64,
    accounts: usize,
    transactions: usize,
    say: Say<'_>,
) -> Result<Contracts, BenchError> {
    let network = Network::start(binary, miners, block_time_ms)?;
    let (urls, pids) = (network.urls(), network.pids());
    let mut funded = Accounts::fund(&urls[0], accounts, say)?;
    say(&format!("signs {transactions} transfers"));
    let load = funded.transfers(transactions);
    say("sends them");
    let native = Run::of(&load, BATCH, &urls, &pids)?;
    say("deploys a token, and gives each account some");
    let token = Token::deploy(&urls[0], &mut funded)?;
    token.share(&urls[0], &mut funded)?;
    say(&format!("signs {transactions} calls"));
    let load = funded.in_turn(transactions, |to| token.transfer(to, 1));
    say("sends them");
    let calls = Run::of(&load, BATCH, &urls, &pids)?;
    check_done(&Client::new(&urls[0])?, &load.ids)?;
    say(MEASURES_BOUND);
    Ok(Contracts {
        calls: Transfers::of(&calls, Some(miners), accounts, verify_batch_per_s()),
        native_tx_per_s: rounded(native.tx_per_s()),
        native_tx_per_cpu_s: rounded(native.tx_per_cpu_s()),
        ratio_to_native: rounded(calls.tx_per_s() / native.tx_per_s()),
    })
}
