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
    /// Python literals, in which `{bob}` is an address and `{round}` the number of the round, from 0.
    pub(super) arguments: &'static [&'static str],
    /// Coins for the contract.
    pub(super) coins: u64,
    /// By how much the chain's time must be later than after the step before, in milliseconds.
    pub(super) after_ms: u64,
    /// How it must end.
    pub(super) end: End,
    /// In plain words, once it is done.
    pub(super) says: &'static str,
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

/// The method that runs when a contract is deployed.
pub(super) const DEPLOYMENT: &str = "init";

/// A deployment or a call.
pub(super) const fn call(
    who: &'static str,
    method: &'static str,
    arguments: &'static [&'static str],
    says: &'static str,
) -> Step {
    Step { who, method, arguments, coins: 0, after_ms: 0, end: End::Done, says }
}

impl Step {
    pub(super) const fn with_coins(self, coins: u64) -> Self {
        Self { coins, ..self }
    }

    pub(super) const fn after_ms(self, after_ms: u64) -> Self {
        Self { after_ms, ..self }
    }

    pub(super) const fn is_refused(self) -> Self {
        Self { end: End::Refused, ..self }
    }

    pub(super) const fn answers(self, answer: &'static str) -> Self {
        Self { end: End::Answer(answer), ..self }
    }
}
