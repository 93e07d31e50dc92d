//! What a play is: who does what with a contract, and what is told of it.

/// An example of a contract, and how people use it.
pub(super) struct Play {
    /// What the example is called.
    pub(super) name: &'static str,
    pub(super) source: &'static str,
    /// What comes once for each new instance: its deployment first.
    pub(super) opening: &'static [Step],
    /// What comes again and again.
    pub(super) round: &'static [Step],
    /// Rounds of an instance; then a new one is deployed.
    pub(super) rounds: u32,
}

/// What somebody does.
pub(super) struct Step {
    /// A development account.
    pub(super) who: &'static str,
    /// The method; [`DEPLOYMENT`] deploys.
    pub(super) method: &'static str,
    /// Python literals, in which `{bob}` is an address, `{round}` the number of the round, from 0, and
    /// `{wait}` the time of a wait in milliseconds.
    pub(super) arguments: &'static [&'static str],
    /// Coins for the contract.
    pub(super) coins: u64,
    /// How long after the step before.
    pub(super) after: After,
    /// How it must end.
    pub(super) end: End,
    /// In plain words, once it is done; `{seconds}` is the time of a wait.
    pub(super) says: &'static str,
}

/// How long after the step before a step can be taken, by the chain's time.
#[derive(Clone, Copy, Debug)]
pub(super) enum After {
    /// None.
    Nothing,
    /// The time of a wait, and so many milliseconds more.
    Wait {
        /// How many more.
        more_ms: u64,
    },
}

/// How a step must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It does what it asks for.
    Done,
    /// The contract refuses.
    Refused,
    /// It only asks, and this is the answer.
    Answer(&'static str),
}

/// Until a deadline of `{wait}`.
pub(super) const WAIT: After = After::Wait { more_ms: 0 };

/// The method that runs when a contract is deployed.
pub(super) const DEPLOYMENT: &str = "init";

/// A deployment or a call.
pub(super) const fn call(
    who: &'static str,
    method: &'static str,
    arguments: &'static [&'static str],
    says: &'static str,
) -> Step {
    Step { who, method, arguments, coins: 0, after: After::Nothing, end: End::Done, says }
}

impl Step {
    pub(super) const fn with_coins(self, coins: u64) -> Self {
        Self { coins, ..self }
    }

    pub(super) const fn after(self, after: After) -> Self {
        Self { after, ..self }
    }

    pub(super) const fn refused(self) -> Self {
        Self { end: End::Refused, ..self }
    }

    pub(super) const fn answers(self, answer: &'static str) -> Self {
        Self { end: End::Answer(answer), ..self }
    }
}
