//! How the plays of the demo are played: step by step, one play after the other. What waits for a time to
//! pass makes room for the others.

use super::{
    PATIENCE, Story,
    play::{After, DEPLOYMENT, End, Play, Step},
    plays::PLAYS,
};
use crate::error::CliError;
use goodwill_node::{
    development::account_address,
    ledger::{Manifest, contract},
};
use goodwill_types::{
    Action, Address, Amount, Prefix,
    api::{Failure, Query, TransactionStatus},
    codec::Text,
};
use goodwill_wallet::development;
use std::time::Duration;

/// Once all plays were begun, another begins at each of so many turns.
const BEGIN_EVERY: u64 = 8;
/// Gas that a contract of a play may use, compiling it included.
const CONTRACT_GAS: u64 = 20_000_000;

/// How long plays wait for deadlines, which all that must happen before them has to meet: this long,
const WAIT_MS: u64 = 10_000;
/// and so many blocks.
const WAIT_BLOCKS: u64 = 20;

/// All plays, and how far they are.
pub(super) struct Stage {
    acts: Vec<Act>,
    setting: Setting,
    /// How many were begun or passed over.
    begun: usize,
}

/// What is the same in all plays of a chain.
#[derive(Clone, Copy)]
struct Setting {
    prefix: Prefix,
    wait_ms: u64,
}

/// A play, and how far it is.
struct Act {
    play: &'static Play,
    contract: Option<Address>,
    /// The next step: first of the opening, then of the round.
    step: usize,
    round: u32,
    /// Whether the next step begins a round. A new instance begins with its first.
    rests: bool,
    /// The time of the chain from which the next step can be taken.
    due_ms: u64,
}

impl Stage {
    pub(super) fn new(manifest: &Manifest) -> Self {
        let act = |play| Act { play, contract: None, step: 0, round: 0, rests: true, due_ms: 0 };
        let wait_ms = WAIT_MS + WAIT_BLOCKS * manifest.parameters.block_time_ms;
        let setting = Setting { prefix: manifest.address_prefix, wait_ms };
        Self { acts: PLAYS.iter().map(act).collect(), setting, begun: 0 }
    }

    /// What goes on now: a play that has begun before one that has not.
    fn pick(&mut self, turn: u64, now_ms: u64) -> Option<&mut Act> {
        let goes_on = self.acts.iter().position(|act| !act.rests && act.due_ms <= now_ms);
        let place = goes_on.or_else(|| self.begin(turn))?;
        Some(&mut self.acts[place])
    }

    /// The next play that can begin, or begin again, if it is time for one.
    fn begin(&mut self, turn: u64) -> Option<usize> {
        let all = self.acts.len();
        if self.begun >= all && !turn.is_multiple_of(BEGIN_EVERY) {
            return None;
        }
        let passed = (0..all).find(|passed| self.acts[(self.begun + passed) % all].rests)?;
        let place = (self.begun + passed) % all;
        self.begun += passed + 1;
        Some(place)
    }
}

impl Act {
    fn step(&self) -> &'static Step {
        let Play { opening, round, .. } = self.play;
        opening.get(self.step).unwrap_or_else(|| &round[self.step - opening.len()])
    }

    /// The step is done; it was so late.
    fn advance(&mut self, setting: &Setting, now_ms: u64) {
        let Play { opening, round, rounds, .. } = *self.play;
        self.step += 1;
        self.rests = self.step == opening.len() + round.len();
        if self.rests {
            (self.step, self.round) = (opening.len(), self.round + 1);
            if self.round == rounds {
                (self.step, self.round, self.contract) = (0, 0, None);
            }
        }
        self.due_ms = match self.step().after {
            After::Nothing => now_ms,
            After::Wait { more_ms } => now_ms + setting.wait_ms + more_ms,
        };
    }

    /// The arguments of the next step.
    fn arguments(&self, setting: &Setting) -> Vec<String> {
        let filled = |text: &&str| {
            let text = text.replace("{round}", &self.round.to_string());
            let text = text.replace("{wait}", &setting.wait_ms.to_string());
            development::NAMES.iter().fold(text, |text, name| {
                let address = account_address(name).display(&setting.prefix);
                text.replace(&format!("{{{name}}}"), &format!("Address('{address}')"))
            })
        };
        self.step().arguments.iter().map(filled).collect()
    }

    fn action(&self, setting: &Setting) -> Result<Action, CliError> {
        let (step, value) = (self.step(), Amount::from_coins(self.step().coins));
        let malformed = |why: String| self.failed(&why);
        let values = contract::arguments(&self.arguments(setting), &setting.prefix).map_err(malformed)?;
        let arguments = contract::encode(&values).map_err(malformed)?;
        let text = "it is short";
        Ok(match self.contract {
            None => {
                let source = Text::new(self.play.source.into()).expect(text);
                Action::DeployContract { source, arguments, value }
            }
            Some(contract) => {
                let method = Text::new(step.method.into()).expect(text);
                Action::CallContract { contract, method, arguments, value }
            }
        })
    }

    fn failed(&self, why: &str) -> CliError {
        let Step { who, method, .. } = self.step();
        CliError::Rejected(format!("{}: {who} called {method}, and {why}", self.play.name))
    }
}

impl Story<'_> {
    /// Takes the next step of a play, if one can be taken, and tells of it.
    ///
    /// # Errors
    /// When it does not end as it must.
    pub(super) fn play(&self, stage: &mut Stage, turn: u64, now_ms: u64) -> Result<(), CliError> {
        let setting = stage.setting;
        let Some(act) = stage.pick(turn, now_ms) else { return Ok(()) };
        let why = match act.step().end {
            End::Done | End::Refused => self.perform(act, &setting)?,
            End::Answer(answer) => self.ask(act, &setting, answer)?,
        };
        let says = act.step().says.replace("{seconds}", &(setting.wait_ms / 1_000).to_string());
        self.output.note(&format!("{}: {says}{why}", act.play.name));
        act.advance(&setting, self.client.status()?.timestamp_ms);
        Ok(())
    }

    /// Sends what the step asks for. Why the contract refused it, where it had to.
    fn perform(&self, act: &mut Act, setting: &Setting) -> Result<String, CliError> {
        let (step, action) = (act.step(), act.action(setting)?);
        let key = development::account(step.who).expect("a known name");
        let signed = self.send(&key, action, CONTRACT_GAS)?;
        let patience = PATIENCE + Duration::from_millis(setting.wait_ms);
        let done = self.client.submit_and_wait(&signed, patience)?;
        let failure = done.inclusion.and_then(|inclusion| inclusion.receipt.failure);
        match (done.status, step.end, failure) {
            (TransactionStatus::Final, End::Done, _) => {
                if step.method == DEPLOYMENT {
                    act.contract = Some(Address::of_contract(&account_address(step.who), done.nonce));
                }
                Ok(String::new())
            }
            (TransactionStatus::Failed, End::Refused, Some(failure)) => Ok(refusal(&failure)),
            (TransactionStatus::Final, ..) => Err(act.failed("it was not refused")),
            (TransactionStatus::Failed, _, Some(failure)) => {
                Err(act.failed(&format!("it failed: {}", failure.message)))
            }
            (TransactionStatus::Failed | TransactionStatus::Pending | TransactionStatus::Expired, ..) => {
                Err(act.failed("it did not become final in time"))
            }
        }
    }

    fn ask(&self, act: &Act, setting: &Setting, expected: &str) -> Result<String, CliError> {
        let contract = act.contract.expect("deployed in the opening");
        let query = Query { method: act.step().method.into(), args: act.arguments(setting), sender: None };
        let answer = self.client.query(&contract, &setting.prefix, &query)?;
        match answer.result {
            Some(result) if result == expected => Ok(String::new()),
            result => {
                let answer = result.or(answer.error).unwrap_or_default();
                Err(act.failed(&format!("the answer is {answer}, not {expected}")))
            }
        }
    }
}

/// Where and why a contract refused, in a line: the end of its traceback.
fn refusal(failure: &Failure) -> String {
    let lines = || failure.message.lines().map(str::trim);
    let place = lines().rfind(|line| line.starts_with("File ")).unwrap_or_default();
    format!(" The contract refuses: {} ({place}).", lines().next_back().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_one_line() {
        let message = "Traceback (most recent call last):\n  File \"contract.py\", line 3, in move\n    self.take()\n  File \"contract.py\", line 7, in take\n    raise ValueError(\"too few\")\nValueError: too few";
        let said = refusal(&Failure { code: "contract_raised".into(), message: message.into() });
        assert_eq!(
            said,
            " The contract refuses: ValueError: too few (File \"contract.py\", line 7, in take)."
        );
    }
}
