//! A token whose holders are the accounts of a benchmark.

use super::{
    BenchError,
    accounts::{Accounts, Wish},
    load::PATIENCE,
};
use goodwill_node::ledger::{
    contract::{arguments, encode},
    gas::GAS_PRICES,
};
use goodwill_types::{
    Action, Address, Amount, Prefix, TransactionId,
    api::{Hex, Simulation, TransactionStatus},
    codec::Text,
    contract::Arguments,
};
use goodwill_wallet::Client;

/// The example, as everybody can deploy it.
const SOURCE: &str = include_str!("../../../../examples/contracts/fungible_token/fungible_token.py");
/// All tokens: enough for each account of the largest run to hold many.
const SUPPLY: u64 = 1_000_000_000_000_000_000;
/// How many others each holder gives tokens to.
const GIFTS_EACH: usize = 64;
/// Gas for what the contract does when it is deployed, and for trying a call.
const TRIAL_GAS: u64 = 5_000_000;
/// Gas for compiling, besides the source's bytes.
const COMPILE: u64 = 100_000;
/// How many calls are looked at, of all that became final.
const LOOKED_AT: usize = 64;

/// A token on the chain.
pub(super) struct Token {
    contract: Address,
    prefix: Prefix,
    /// Gas that a transfer may use.
    gas: u64,
}

impl Token {
    /// Puts it on the chain. All tokens are the first account's.
    ///
    /// # Errors
    /// When the chain refuses.
    pub(super) fn deploy(url: &str, accounts: &mut Accounts) -> Result<Self, BenchError> {
        let mut token =
            Self { contract: accounts.next_contract(), prefix: *accounts.prefix(), gas: TRIAL_GAS };
        let deployment = accounts.alone(|| token.deployment());
        deployment.prepare(url)?;
        check_done(&Client::new(url)?, &deployment.ids)?;
        token.gas = token.trial(url, accounts)?;
        Ok(token)
    }

    fn deployment(&self) -> Wish {
        let action = Action::DeployContract {
            source: Text::new(SOURCE.into()).expect("it fits"),
            arguments: self.arguments(&["'Acorn'".into(), "'ACN'".into(), SUPPLY.to_string()]),
            value: Amount::ZERO,
        };
        Wish { action, contract_gas: TRIAL_GAS }
    }

    /// Gas for a transfer as wallets offer it: a quarter more than a trial uses, and what compiling costs,
    /// should nobody have called the contract for long.
    fn trial(&self, url: &str, accounts: &Accounts) -> Result<u64, BenchError> {
        let signed = accounts.draft(self.transfer(&self.contract, 1));
        let own = signed.transaction.gas_limit - TRIAL_GAS;
        let receipt = Client::new(url)?.simulate(&Simulation::Raw(Hex(signed)))?;
        let compiling = COMPILE + GAS_PRICES.source_byte * SOURCE.len() as u64;
        match receipt.failure {
            Some(failure) => Err(failed(&failure.message)),
            None => Ok((receipt.gas_used - own) * 5 / 4 + compiling),
        }
    }

    /// Gives each account tokens: those who have some pass most of them on to others who have none.
    ///
    /// # Errors
    /// When the chain refuses.
    pub(super) fn share(&self, url: &str, accounts: &mut Accounts) -> Result<(), BenchError> {
        let (mut holders, mut amount) = (1, SUPPLY);
        while holders < accounts.count() {
            let all = accounts.count().min(holders * (GIFTS_EACH + 1));
            amount /= GIFTS_EACH as u64 + 1;
            let gifts = accounts.hand_on(holders..all, |to| self.transfer(to, amount));
            gifts.prepare(url)?;
            check_done(&Client::new(url)?, &gifts.ids)?;
            holders = all;
        }
        Ok(())
    }

    /// A call that passes tokens on.
    pub(super) fn transfer(&self, to: &Address, amount: u64) -> Wish {
        let to = format!("Address('{}')", to.display(&self.prefix));
        let action = Action::CallContract {
            contract: self.contract,
            method: Text::new("transfer".into()).expect("it is short"),
            arguments: self.arguments(&[to, amount.to_string()]),
            value: Amount::ZERO,
        };
        Wish { action, contract_gas: self.gas }
    }

    fn arguments(&self, literals: &[String]) -> Arguments {
        let values = arguments(literals, &self.prefix).expect("they are Python literals");
        encode(&values).expect("they are short")
    }
}

/// Looks at some of the calls that became final: they are all alike.
///
/// # Errors
/// When one failed.
pub(super) fn check_done(client: &Client, ids: &[TransactionId]) -> Result<(), BenchError> {
    for id in ids.iter().step_by(ids.len().div_ceil(LOOKED_AT).max(1)) {
        let transaction = client.wait(*id, PATIENCE)?;
        if transaction.status != TransactionStatus::Final {
            let failure = transaction.inclusion.and_then(|inclusion| inclusion.receipt.failure);
            return Err(failed(
                &failure.map_or_else(|| "it has no receipt".into(), |failure| failure.message),
            ));
        }
    }
    Ok(())
}

fn failed(message: &str) -> BenchError {
    BenchError::Unmeasured(format!("a call of the token failed: {message}"))
}
