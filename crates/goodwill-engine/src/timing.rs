//! How long things may take. All of it follows from the block time, within what machines and lines
//! can do: a chain of fast blocks cannot wait for seconds, one of slow blocks need not hurry.

use std::time::Duration;

/// The durations of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timing {
    block: Duration,
}

impl Timing {
    pub(crate) const fn new(block_time_ms: u64) -> Self {
        Self { block: Duration::from_millis(block_time_ms) }
    }

    /// A question, the work on it, and its answer.
    fn way(&self) -> Duration {
        (self.block * 2).clamp(Duration::from_millis(400), Duration::from_secs(1))
    }

    /// How long a leader's block is waited for: the block time, and as much again, and the way.
    pub(crate) fn leader(&self) -> Duration {
        self.block * 2 + self.way()
    }

    /// How long an attempt is waited for.
    pub(crate) fn certification(&self) -> Duration {
        self.leader() + self.way()
    }

    /// How often an attempt is given up again, as long as too few others do.
    pub(crate) fn retry(&self) -> Duration {
        self.way() * 2
    }

    /// After what silence a leader is not waited for; longer than an attempt and a retry.
    pub(crate) fn silence(&self) -> Duration {
        self.leader() * 2 + self.way() * 3
    }

    /// How long a node may take to answer, before another is asked.
    pub(crate) fn answer(&self) -> Duration {
        self.way() * 2
    }

    /// How long a question rests that nobody could answer.
    pub(crate) fn ask_again(&self) -> Duration {
        self.way() / 4
    }

    /// How often a node says how far it is.
    pub(crate) fn heartbeat(&self) -> Duration {
        (self.block / 2).clamp(Duration::from_millis(250), Duration::from_secs(2))
    }

    /// How long a node counts as connected after it was last heard.
    pub(crate) fn heard_within(&self) -> Duration {
        self.heartbeat() * 7 / 2
    }

    /// How often nodes nearby look for those that they are not connected with.
    pub(crate) fn dial(&self) -> Duration {
        self.block.clamp(Duration::from_millis(250), Duration::from_secs(1))
    }

    /// How often nodes nearby tell each other whom they know.
    pub(crate) fn acquaint(&self) -> Duration {
        (self.block * 5).clamp(Duration::from_millis(500), Duration::from_secs(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What consensus asks for.
    #[test]
    fn silence_is_longer_than_an_attempt_and_a_retry() {
        for block_time_ms in [1, 50, 100, 500, 1_000, 4_000, 60_000] {
            let timing = Timing::new(block_time_ms);
            assert!(timing.silence() > timing.certification() + timing.retry(), "{block_time_ms} ms");
            assert!(timing.leader() > timing.block, "{block_time_ms} ms");
        }
    }
}
