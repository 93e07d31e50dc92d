//! What happens on a development chain by itself: an association asks for donations, the founders
//! vote it in, and with `--demo` people, contracts and miners keep going.

mod play;
mod plays;
mod stage;

use crate::{Output, commands::association::proof_of, error::CliError};
use goodwill_identity::{certificates, prove};
use goodwill_node::{
    Stop,
    development::{CANDIDATE_ACCOUNT, CANDIDATE_DOMAIN, CANDIDATE_NAME, Candidate, account_address},
    load_manifest,
};
use goodwill_types::{
    Account, Action, Address, Amount, Application, Cause, Choice, Link, SecretKey, SignedTransaction,
    TransactionId,
    api::{self, Association, TransactionStatus},
    association::claim,
    codec::Text,
};
use goodwill_wallet::{
    Client, ClientError,
    compose::{Offer, Terms, compose},
    development,
};
use sha2::{Digest as _, Sha256};
use stage::Stage;
use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// How long a transaction may take to be final.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the story rests between two looks at the chain.
const REST: Duration = Duration::from_millis(250);
/// How often it tries to be quicker than others who use the same account.
const TRIES: usize = 8;
/// What the gateway says when another transaction has the nonce.
const TAKEN: [&str; 2] = ["nonce_used", "underpriced"];
/// How long the story waits before it tries again.
const AGAIN: Duration = Duration::from_secs(2);
/// Payments of the demo for each gift to the pool.
const PAYMENTS: u64 = 8;
/// How many of the development accounts pay each other; the last receives donations.
const PAYING: usize = development::NAMES.len() - 1;
/// Where the candidate says that its statement can be read.
const STATEMENT_URI: &str = "https://example.org/statement";

/// A chain on which something happens.
pub(super) struct Story<'a> {
    pub(super) output: Output,
    pub(super) client: Client,
    /// The chain's folder, which holds the candidate's certificate.
    pub(super) folder: &'a Path,
    pub(super) founders: u32,
    pub(super) stop: &'a Stop,
}

impl Story<'_> {
    /// An association asks, and the founders vote it in; with `demo`, people and miners keep going.
    ///
    /// # Errors
    /// When the chain refuses what it should not, or its books are wrong.
    pub(super) fn tell(&self, demo: bool) -> Result<(), CliError> {
        // What waited when the chain was stopped may still be on its way.
        let voted = self.vote_in().or_else(|_| self.again());
        match voted.and_then(|()| if demo { self.keep_going() } else { Ok(()) }) {
            // The chain was stopped in the middle of a sentence.
            Err(CliError::Client(ClientError::Network { .. } | ClientError::Unavailable(_)))
                if self.stop.is_stopped() =>
            {
                Ok(())
            }
            told => told,
        }
    }

    fn again(&self) -> Result<(), CliError> {
        thread::sleep(AGAIN);
        self.vote_in()
    }

    fn vote_in(&self) -> Result<(), CliError> {
        let association =
            match self.client.associations(0)?.into_iter().find(|one| one.domain == CANDIDATE_DOMAIN) {
                Some(association) => association,
                None => self.apply()?,
            };
        if association.status != "candidate" {
            return Ok(());
        }
        let vote = Action::Vote { poll: association.id, choice: Choice::Yes {} };
        for founder in 0..self.founders {
            self.act(&development::miner(founder), vote.clone())?;
        }
        self.output.note(&format!(
            "{} ({}) asked for donations, and the founders said yes: it is approved at the end of the epoch.",
            association.name, association.domain
        ));
        Ok(())
    }

    fn apply(&self) -> Result<Association, CliError> {
        let account = account_address(CANDIDATE_ACCOUNT);
        let files = Candidate::of(self.folder);
        let read =
            |path: &Path| fs::read_to_string(path).map_err(|e| CliError::Io(path.display().to_string(), e));
        let damaged = |e: String| CliError::Corrupt(format!("the development association's files: {e}"));
        let hash: [u8; 32] = Sha256::digest(read(&files.statement)?).into();
        let chain_id = self.client.status()?.chain_id.0;
        let message = claim(&chain_id, &account, &hash.into(), CANDIDATE_DOMAIN);
        let chain = certificates(&read(&files.chain)?).map_err(|e| damaged(e.to_string()))?;
        let signature = prove(&read(&files.key)?, &message).map_err(|e| damaged(e.to_string()))?;
        let short = "it is short";
        let application = Application {
            name: Text::new(CANDIDATE_NAME.into()).expect(short),
            cause: Cause::Climate {},
            domain: Text::new(CANDIDATE_DOMAIN.into()).expect(short),
            statement: Link { uri: Text::new(STATEMENT_URI.into()).expect(short), hash: hash.into() },
            proof: proof_of(chain, signature)?,
        };
        let key = development::account(CANDIDATE_ACCOUNT).expect("a known name");
        self.act(&key, Action::ApplyAssociation { application: application.into() })?;
        let associations = self.client.associations(0)?;
        let asked = associations.into_iter().find(|one| one.domain == CANDIDATE_DOMAIN);
        asked.ok_or_else(|| damaged("the chain does not list it".into()))
    }

    /// Signs, sends, and waits.
    fn act(&self, key: &SecretKey, action: Action) -> Result<(), CliError> {
        let signed = self.send(key, action, 0)?;
        check_done(self.client.submit_and_wait(&signed, PATIENCE)?)
    }

    /// Signs and sends. People use the same accounts: where one was quicker, it is signed anew.
    fn send(
        &self,
        key: &SecretKey,
        action: Action,
        contract_gas: u64,
    ) -> Result<SignedTransaction, CliError> {
        let mut tries = 1;
        loop {
            let signed = self.sign(key, action.clone(), contract_gas)?;
            match self.client.submit(&signed) {
                Err(ClientError::Rejected(problem)) if tries < TRIES && TAKEN.contains(&&*problem.code) => {
                    tries += 1;
                    thread::sleep(REST);
                }
                submitted => return Ok(submitted.map(|_| signed)?),
            }
        }
    }

    fn sign(
        &self,
        key: &SecretKey,
        action: Action,
        contract_gas: u64,
    ) -> Result<SignedTransaction, CliError> {
        let (terms, from) = (self.terms()?, Address::of(&key.public_key()));
        let holds = self.client.account(&from, &terms.chain.prefix, false)?;
        let account = Account { balance: holds.balance.0, nonce: holds.next_nonce };
        let offer = Offer { contract_gas, ..Offer::default() };
        Ok(compose(&terms, from, &account, action, offer)?.sign(key)?)
    }

    fn terms(&self) -> Result<Terms, CliError> {
        let damaged = |e| CliError::Corrupt(format!("the gateway's answer: {e}"));
        Terms::try_from(&self.client.status()?).map_err(damaged)
    }

    /// People pay, use contracts, miners order slots, donations arrive; each epoch is told when it is
    /// over.
    fn keep_going(&self) -> Result<(), CliError> {
        let mut stage = Stage::new(&load_manifest(&self.folder.join("chain.toml"))?);
        let mut told = self.client.status()?.epoch;
        for turn in 0.. {
            if self.stop.is_stopped() {
                return Ok(());
            }
            let paid = self.pay(turn)?;
            let status = self.client.status()?;
            self.play(&mut stage, turn, status.timestamp_ms)?;
            paid.into_iter().try_for_each(|id| self.settle(id))?;
            if status.epoch > told {
                self.tell_epoch(told)?;
                told = status.epoch;
            }
            thread::sleep(REST);
        }
        Ok(())
    }

    /// One pays another, and now and then gives to the pool.
    fn pay(&self, turn: u64) -> Result<Vec<TransactionId>, CliError> {
        let [from, to] = [turn, turn + 1].map(|turn| development::NAMES[turn as usize % PAYING]);
        let payment = Action::transfer(account_address(to), Amount::from_coins(1 + turn % 5));
        let gift = turn.is_multiple_of(PAYMENTS).then_some(Action::Donate { amount: Amount::from_coins(1) });
        let key = development::account(from).expect("a known name");
        let send = |action| self.send(&key, action, 0).map(|signed| signed.id());
        [Some(payment), gift].into_iter().flatten().map(send).collect()
    }

    /// Waits for a payment, as long as the chain runs.
    fn settle(&self, id: TransactionId) -> Result<(), CliError> {
        let until = Instant::now() + PATIENCE;
        loop {
            let payment = self.client.wait(id, REST)?;
            if payment.status != TransactionStatus::Pending || Instant::now() > until {
                return check_done(payment);
            }
        }
    }

    /// What happened in an epoch that is over; the books must be right.
    fn tell_epoch(&self, epoch: u64) -> Result<(), CliError> {
        let supply = self.client.supply()?;
        let (issued, held) = (
            u128::from(supply.genesis.0.units) + u128::from(supply.minted.0.units),
            supply.cells.values().map(|amount| u128::from(amount.0.units)).sum::<u128>(),
        );
        if issued != held {
            return Err(CliError::Corrupt(format!(
                "at height {} {issued} units were issued and {held} are there",
                supply.height
            )));
        }
        let symbol = self.client.status()?.symbol;
        let donations = self.client.donations(epoch)?.into_iter().find(|donations| donations.epoch == epoch);
        let Some(donations) = donations else { return Ok(()) };
        let slots: u32 = donations.slots.iter().map(|money| money.slots).sum();
        let granted: Amount = donations.grants.iter().map(|grant| grant.amount.0).sum();
        let received: Amount = self.client.associations(0)?.iter().map(|one| one.received.0).sum();
        self.output.note(&format!(
            "Epoch {epoch}: {slots} slots bought; {} {symbol} entered the pool, {granted} {symbol} were granted to {}, and {received} {symbol} have arrived so far. The books are right: {} + {} minted = {} {symbol}.",
            donations.total.0,
            match donations.grants.len() {
                1 => "1 association".into(),
                several => format!("{several} associations"),
            },
            supply.genesis.0,
            supply.minted.0,
            Amount::from_units(u64::try_from(held).unwrap_or(u64::MAX)),
        ));
        Ok(())
    }
}

/// # Errors
/// When it is in a block and failed.
fn check_done(transaction: api::Transaction) -> Result<(), CliError> {
    match transaction.inclusion.and_then(|inclusion| inclusion.receipt.failure) {
        Some(failure) => Err(CliError::Rejected(failure.message)),
        None => Ok(()),
    }
}
