//! The guide: how a chain works in plain words, what it costs and brings, what can go wrong, who
//! decides, where the money goes, and how to check all that. Written anew from the manifest and the
//! numbers in force whenever somebody asks, so that it cannot say what was true once.

mod english;
mod french;
pub mod sampling;
mod worked;

use goodwill_ledger::{
    Manifest, Parameters,
    mining::{Epoch, price, subsidy},
};
use goodwill_types::Amount;
use std::{fmt, str::FromStr};
use worked::Worked;

/// The most words of a guide.
pub const WORDS_MAX: usize = 900;

/// A language that the guide is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// French.
    French,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::French];

    /// Its code of ISO 639-1.
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(code: &str) -> Result<Self, String> {
        let unknown = || format!("the guide is not written in {code:?}: ask for en or fr");
        Self::ALL.into_iter().find(|language| language.code() == code).ok_or_else(unknown)
    }
}

/// What the guide says and the manifest does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The present epoch.
    pub epoch: u64,
    /// The epoch whose slots can be ordered.
    pub open: u64,
    /// What one of its slots costs.
    pub price: Amount,
    /// What one of its paid turns earns.
    pub reward: Amount,
    /// How many of its slots are ordered.
    pub ordered: u64,
    /// Seats of the present committee, caretakers included; 0 before the first block.
    pub seats: u32,
    /// Those whose slots were bought.
    pub paid_seats: u32,
    /// Declared power of the nodes that host them, in milliwatts.
    pub power_mw: u64,
    /// Associations that share the donations.
    pub approved: u32,
    /// What ever entered the pool.
    pub donated: Amount,
    /// The numbers of the rules in force: those of the manifest, but for what votes changed.
    pub parameters: Parameters,
}

impl Facts {
    /// Those of a chain without a block.
    pub fn first(manifest: &Manifest) -> Self {
        let parameters = &manifest.parameters;
        let reward = subsidy(parameters, parameters.ordering(1));
        Self {
            epoch: 0,
            open: parameters.ordering(1),
            price: price(parameters, reward),
            reward,
            ordered: 0,
            seats: 0,
            paid_seats: 0,
            power_mw: manifest.founders.iter().map(|founder| u64::from(founder.power_mw)).sum(),
            approved: 0,
            donated: Amount::ZERO,
            parameters: parameters.clone(),
        }
    }

    /// Those of epoch `number`, whose record is `present`, while the slots of `open` can be ordered.
    pub fn with_epochs(self, number: u64, present: &Epoch, open: &Epoch) -> Self {
        Self {
            epoch: number,
            price: open.price,
            reward: open.reward,
            ordered: open.ordered,
            seats: present.seats,
            paid_seats: present.taken_up,
            power_mw: present.power_mw,
            ..self
        }
    }
}

/// The guide of a chain in Markdown, of at most [`WORDS_MAX`] words. The first one of a chain may take
/// a second: see [`sampling::table`].
pub fn guide(manifest: &Manifest, facts: &Facts, language: Language) -> String {
    let worked = Worked::new(manifest, facts, language);
    match language {
        Language::English => english::text(&worked),
        Language::French => french::text(&worked),
    }
}

#[cfg(test)]
mod tests;
