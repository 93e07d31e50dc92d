//! Amendments: rules of a chain that a vote can change, from an epoch on.

use crate::codec::{List, record, variants};
use std::fmt;

/// The most changes of one amendment.
pub const CHANGES_MAX: usize = 16;
/// The longest reason for one, in bytes of UTF-8.
pub const REASON_SIZE_MAX: usize = 280;

/// A number of the rules that can be amended. How coins come into being, how long epochs are and
/// what the network carries cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Adjustable {
    /// The rules' release: nodes that do not know it stop.
    Rules {},
    /// The least that a unit of gas costs, in base units.
    BaseFeeMin {},
    /// The donated part of the base fee, in percent.
    PollutionTaxPercent {},
    /// Epochs for which a miner that equivocated cannot order.
    BanEpochs {},
    /// One association gets at most one part in so many of an epoch's income.
    ShareCap {},
    /// One part in so many of the reserve is divided in each epoch.
    ReserveEpochs {},
    /// How long a poll may take, in epochs.
    PollEpochs {},
    /// How long an association is approved, in epochs.
    MandateEpochs {},
    /// How long payments can be frozen, in epochs.
    FreezeEpochs {},
    /// What an application or a proposal deposits, in base units.
    Deposit {},
    /// What a kilowatt-hour emits where the chain runs, in grams of CO2 equivalents.
    GridGco2ePerKwh {},
}

variants!(Adjustable {
    0 => Rules {},
    1 => BaseFeeMin {},
    2 => PollutionTaxPercent {},
    3 => BanEpochs {},
    4 => ShareCap {},
    5 => ReserveEpochs {},
    6 => PollEpochs {},
    7 => MandateEpochs {},
    8 => FreezeEpochs {},
    9 => Deposit {},
    10 => GridGco2ePerKwh {},
});

impl Adjustable {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Rules {},
        Self::BaseFeeMin {},
        Self::PollutionTaxPercent {},
        Self::BanEpochs {},
        Self::ShareCap {},
        Self::ReserveEpochs {},
        Self::PollEpochs {},
        Self::MandateEpochs {},
        Self::FreezeEpochs {},
        Self::Deposit {},
        Self::GridGco2ePerKwh {},
    ];

    /// Its name in the manifest.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rules {} => "rules",
            Self::BaseFeeMin {} => "base_fee_min",
            Self::PollutionTaxPercent {} => "pollution_tax_percent",
            Self::BanEpochs {} => "ban_epochs",
            Self::ShareCap {} => "share_cap",
            Self::ReserveEpochs {} => "reserve_epochs",
            Self::PollEpochs {} => "poll_epochs",
            Self::MandateEpochs {} => "mandate_epochs",
            Self::FreezeEpochs {} => "freeze_epochs",
            Self::Deposit {} => "deposit",
            Self::GridGco2ePerKwh {} => "grid_gco2e_per_kwh",
        }
    }

    /// The one with this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|adjustable| adjustable.name() == name)
    }

    /// The least and the most that it can be, in a manifest and by an amendment.
    pub const fn bounds(self) -> (u64, u64) {
        match self {
            Self::Rules {} => (1, 1_000_000),
            Self::BaseFeeMin {} => (1, 1_000_000),
            Self::PollutionTaxPercent {} => (10, 100),
            Self::ShareCap {} => (1, 1_000),
            Self::ReserveEpochs {} | Self::PollEpochs {} | Self::FreezeEpochs {} => (1, 1_000_000),
            Self::BanEpochs {} | Self::MandateEpochs {} => (1, 1 << 32),
            Self::Deposit {} => (1, 1 << 60),
            Self::GridGco2ePerKwh {} => (0, 10_000),
        }
    }
}

impl fmt::Display for Adjustable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A number that shall change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which.
    pub adjustable: Adjustable,
    /// What it shall be.
    pub value: u64,
}

record!(Change { adjustable, value: varint });

/// What an amendment changes.
pub type ChangeList = List<Change, 1, CHANGES_MAX>;
