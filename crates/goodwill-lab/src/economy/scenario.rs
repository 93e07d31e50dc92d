//! Who takes part: miners of different means, uptimes and strategies.

use super::miner::Strategy;
use goodwill_node::ledger::Parameters;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// Slots are counted in sixteenths of what an epoch has, so that a scenario fits chains of any size.
pub(super) const PARTS: u32 = 16;

/// A population of miners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scenario {
    /// Fewer orders than slots.
    Quiet,
    /// Three orders for each slot.
    Busy,
    /// Nobody is always online.
    Parttime,
    /// One miner orders more than all others.
    Whale,
    /// Many small miners.
    Crowd,
    /// Miners that put back all that they earn.
    Greedy,
    /// Free entry: orders rise as long as a slot brings a gain.
    Rush,
}

/// An unknown scenario.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no scenario {0:?}: choose quiet, busy, parttime, whale, crowd, greedy, rush or all")]
pub struct UnknownScenario(String);

impl FromStr for Scenario {
    type Err = UnknownScenario;
    fn from_str(text: &str) -> Result<Self, UnknownScenario> {
        let found = Self::ALL.into_iter().find(|scenario| scenario.name() == text);
        found.ok_or_else(|| UnknownScenario(text.into()))
    }
}

/// Miners that are alike.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) miners: u32,
    pub(super) uptime_percent: u8,
    pub(super) strategy: Strategy,
    /// For how many sixteenths of the slots of every epoch its first coins last.
    pub(super) purse: u32,
}

const fn group(name: &'static str, miners: u32, uptime_percent: u8, strategy: Strategy, purse: u32) -> Group {
    Group { name, miners, uptime_percent, strategy, purse }
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Quiet, Self::Busy, Self::Parttime, Self::Whale, Self::Crowd, Self::Greedy, Self::Rush];

    /// Its name in the command.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Busy => "busy",
            Self::Parttime => "parttime",
            Self::Whale => "whale",
            Self::Crowd => "crowd",
            Self::Greedy => "greedy",
            Self::Rush => "rush",
        }
    }

    /// What it is about.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Quiet => "7 miners want fewer slots than there are",
            Self::Busy => "30 miners, most of them always online, want three times as many as there are",
            Self::Parttime => "24 miners that are online 60 to 95 % of the time",
            Self::Whale => "one miner orders more than the 20 others together",
            Self::Crowd => "64 small miners order one slot each",
            Self::Greedy => "12 miners put back all that they earn, 4 do not",
            Self::Rush => "24 miners order more as long as a slot brings a gain (free entry)",
        }
    }

    /// Who takes part.
    pub(super) fn groups(self) -> Vec<Group> {
        use Strategy::{AllIn, Careful, Opportunist, Steady};
        let spread = |percents: &[u8], miners| {
            let part_time = |percent: &u8| group("part-time", miners, *percent, Steady(1), 2);
            percents.iter().map(part_time).collect::<Vec<_>>()
        };
        match self {
            Self::Quiet => {
                let mut groups = spread(&[60, 70, 80, 90], 1);
                groups.push(group("full-time", 2, 99, Steady(2), 3));
                groups.push(group("opportunist", 1, 99, Opportunist(2), 3));
                groups
            }
            Self::Busy => {
                let mut groups = spread(&[60, 65, 70, 75, 80, 85, 90, 95], 1);
                groups.push(group("full-time", 20, 99, Steady(2), 3));
                groups.push(group("opportunist", 2, 99, Opportunist(2), 3));
                groups
            }
            Self::Parttime => spread(&[60, 65, 70, 75, 80, 85, 90, 95], 3),
            Self::Whale => {
                vec![group("whale", 1, 98, Steady(24), 40), group("small", 20, 99, Steady(1), 2)]
            }
            Self::Crowd => vec![group("small", 32, 99, Steady(1), 1), group("small", 32, 95, Steady(1), 1)],
            Self::Greedy => vec![group("all-in", 12, 99, AllIn, 1), group("modest", 4, 99, Steady(1), 2)],
            Self::Rush => vec![group("careful", 24, 99, Careful, 40)],
        }
    }
}

/// Rules of an epoch that is cheap to simulate: 64 blocks and 16 slots of 4 paid turns, instead of
/// 960, 64 and 15. Subsidy, fees, price and shares are the usual ones; rewards mature after 8 epochs
/// instead of 24, and halve every 120 instead of every 32,768, so that three hundred epochs show two
/// halvings.
pub fn scaled() -> Parameters {
    Parameters {
        blocks_per_epoch: 64,
        slots_per_epoch: 16,
        seats_min: 8,
        halving_epochs: 120,
        maturity_epochs: 8,
        ban_epochs: 8,
        trust_epochs: 16,
        ..Parameters::standard()
    }
}
