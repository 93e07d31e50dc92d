//! How much gas a transaction of contracts may use: what a trial on the chain needs, and a margin.

use crate::{
    Output,
    commands::{
        act::Actor,
        tx::submit::{check_simulated, simulate},
    },
    error::CliError,
};
use goodwill_node::ledger::contract::compile_gas;
use goodwill_types::{
    Account, Action,
    api::{self, Receipt, Simulation},
};
use goodwill_vm::gas::CALL_GAS_MAX;
use goodwill_wallet::{
    ClientError,
    compose::{Draft, Offer, VALIDITY_BLOCKS, compose},
};

/// Gas with which a call is tried, to see how much it needs: a balance must cover its fee.
const TRIAL_GAS: [u64; 4] = [100_000_000, 30_000_000, 10_000_000, 1_000_000];
/// Gas for the bytes by which the transaction grows with its limit.
const BYTES_GAS: u64 = 1_000;
/// Blocks in which a person can read, agree and send.
const BLOCKS_MIN: u64 = 50;

/// When a call pays for compiling its contract, and how much.
#[derive(Clone, Copy)]
pub(super) struct Compiling {
    warm_until: u64,
    gas: u64,
}

impl Compiling {
    /// Of a deployment, which pays for it at once.
    pub(super) const PAID: Self = Self { warm_until: u64::MAX, gas: 0 };

    /// Of a contract.
    pub(super) fn of(contract: &api::Contract) -> Self {
        Self { warm_until: contract.warm_until, gas: compile_gas(contract.source.len() as u32) }
    }

    /// For how many blocks the transaction is to be good, and the gas that it needs beyond its trial's. If
    /// the contract stays compiled long enough, the transaction ends before that does. If the next block
    /// finds it forgotten, the trial has paid already.
    fn room(&self, height: u64) -> (u64, u64) {
        match self.warm_until.saturating_sub(height) {
            0 => (VALIDITY_BLOCKS, 0),
            1..BLOCKS_MIN => (VALIDITY_BLOCKS, self.gas),
            blocks => (blocks.min(VALIDITY_BLOCKS), 0),
        }
    }
}

/// The transaction with `gas` for contracts, or with what a trial says, and that said.
///
/// # Errors
/// When it would fail, or the account cannot pay.
pub(super) fn draft(
    output: Output,
    actor: &Actor,
    account: &Account,
    action: &Action,
    gas: Option<u64>,
    compiling: Compiling,
) -> Result<Draft, CliError> {
    let composed = |gas: u64, validity_blocks: u64| composed(actor, account, action, gas, validity_blocks);
    if let Some(gas) = gas {
        return composed(gas, VALIDITY_BLOCKS);
    }
    let (receipt, needed) = tried(actor, account, action)?;
    let (blocks, reserve) = compiling.room(actor.terms.height);
    output.note(&said(receipt.as_ref(), needed, reserve, &actor.status.symbol));
    let gas = needed.saturating_add(needed / 4);
    match reserve {
        0 => composed(gas, blocks),
        // Better without than not at all.
        reserve => composed(gas.saturating_add(reserve), blocks).or_else(|_| composed(gas, blocks)),
    }
}

fn said(receipt: Option<&Receipt>, needed: u64, reserve: u64, symbol: &str) -> String {
    let limit = "It may use a quarter more, at up to twice the present price of gas";
    let mut text = match receipt {
        Some(receipt) => {
            let (gas, fee) = (receipt.gas_used, receipt.fee.0);
            format!("A trial used {gas} gas, for {fee} {symbol}. {limit}.")
        }
        None => format!(
            "It cannot be tried while others of the account wait: it may use {needed} gas, at up to twice the present price, unless you say --gas."
        ),
    };
    if reserve > 0 {
        text +=
            &format!(" And {reserve} gas for compiling the contract, which one of the next calls must pay.");
    }
    text
}

fn composed(
    actor: &Actor,
    account: &Account,
    action: &Action,
    gas: u64,
    validity_blocks: u64,
) -> Result<Draft, CliError> {
    let offer = Offer { contract_gas: gas.min(CALL_GAS_MAX), validity_blocks, ..Offer::default() };
    Ok(compose(&actor.terms, actor.address(), account, action.clone(), offer)?)
}

/// What `action` comes to now, and the gas that contracts use for it. Without a receipt others of the
/// account come before, and it is as much as there is.
fn tried(actor: &Actor, account: &Account, action: &Action) -> Result<(Option<Receipt>, u64), CliError> {
    let composed = |gas| composed(actor, account, action, gas, VALIDITY_BLOCKS);
    let own = composed(0)?.gas_limit;
    for gas in TRIAL_GAS {
        // What the account cannot pay, or a block has not, is tried with less.
        let Ok(trial) = composed(gas) else { continue };
        let simulation = Simulation::Unsigned(trial.transaction(actor.key.public_key())?.into());
        let simulated = match simulate(&actor.client, &simulation) {
            Err(CliError::Client(ClientError::Rejected(problem))) if problem.code == "gas_limit_too_high" => {
                continue;
            }
            simulated => simulated?,
        };
        check_simulated(simulated.as_ref())?;
        let needed = match &simulated {
            Some(receipt) => receipt.gas_used.saturating_sub(own) + BYTES_GAS,
            None => trial.gas_limit - own,
        };
        return Ok((simulated, needed));
    }
    Ok((None, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_ends_before_its_contract_is_forgotten_or_can_pay_for_it() {
        let compiling = Compiling { warm_until: 356, gas: 7 };
        let room = |height| compiling.room(height);
        assert_eq!(room(100), (100, 0));
        assert_eq!(room(256), (100, 0));
        assert_eq!(room(300), (56, 0));
        assert_eq!(room(306), (50, 0));
        assert_eq!(room(307), (100, 7));
        assert_eq!(room(355), (100, 7));
        assert_eq!(room(356), (100, 0), "the trial pays");
        assert_eq!(Compiling::PAID.room(u64::MAX - 200), (100, 0));
    }
}
