//! The worked numbers of the guide, as its language writes them.

use super::{
    Facts, Language,
    sampling::{Draws, Outcome, Table, table},
};
use goodwill_ledger::{
    Manifest, Parameters,
    mining::{cost_of, order_fee},
};
use goodwill_types::Amount;

/// The most words of a chain's own statement that the guide repeats.
const STATEMENT_WORDS_MAX: usize = 30;
/// What a Raspberry Pi 4 with a disk draws.
pub(super) const PI_MW: u64 = 5_000;
const DAY_MS: u64 = 86_400_000;

/// A time in the unit that suits it.
pub(super) struct Span {
    /// The number, as the language writes it.
    pub(super) number: String,
    pub(super) unit: Unit,
}

/// A unit of time.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    Seconds,
    Minutes,
    Hours,
    Days,
}

/// Everything that the text puts in.
pub(super) struct Worked<'a> {
    manifest: &'a Manifest,
    pub(super) facts: &'a Facts,
    language: Language,
    pub(super) table: Table,
    pub(super) draws: Draws,
}

impl<'a> Worked<'a> {
    pub(super) fn new(manifest: &'a Manifest, facts: &'a Facts, language: Language) -> Self {
        let draws = Draws::of_a_year(&facts.parameters);
        Self { manifest, facts, language, table: table(draws), draws }
    }

    pub(super) fn name(&self) -> String {
        plain(&self.manifest.name, usize::MAX)
    }

    /// Why the chain may use energy, in its makers' words.
    pub(super) fn statement(&self) -> String {
        plain(&self.manifest.purpose.statement, STATEMENT_WORDS_MAX)
    }

    pub(super) fn source_url(&self) -> &str {
        &self.manifest.source_url
    }

    /// The chain has less demand than the founders' consent is needed for.
    pub(super) fn low_demand(&self) -> bool {
        2 * self.facts.paid_seats < self.rules().slots_per_epoch
    }

    /// The numbers of the rules in force.
    pub(super) fn rules(&self) -> &'a Parameters {
        &self.facts.parameters
    }

    pub(super) fn slots(&self) -> u64 {
        self.rules().slots_per_epoch.into()
    }

    pub(super) fn turns(&self) -> u64 {
        self.rules().paid_turns()
    }

    pub(super) fn order_fee(&self) -> Amount {
        order_fee(self.facts.price)
    }

    /// What all paid turns of a slot earn.
    pub(super) fn full(&self) -> Amount {
        Amount::from_units(self.facts.reward.units.saturating_mul(self.turns()))
    }

    /// What is left of it when price and order fee are paid.
    pub(super) fn gain(&self) -> Amount {
        let spent = self.facts.price.units.saturating_add(self.order_fee().units);
        Amount::from_units(self.full().units.saturating_sub(spent))
    }

    /// The part of its turns that a miner must make to lose nothing when its only order was filled.
    /// Rounds up.
    pub(super) fn break_even(&self) -> String {
        let spent = u128::from(self.facts.price.units) + u128::from(self.order_fee().units);
        self.percent((spent * 1_000).div_ceil(u128::from(self.full().units.max(1))))
    }

    /// By how much each further order for a slot raises it. Rounds up.
    pub(super) fn break_even_step(&self) -> String {
        let fee = u128::from(self.order_fee().units);
        self.percent((fee * 1_000).div_ceil(u128::from(self.full().units.max(1))))
    }

    /// What a part of the present seats costs in an epoch at the price of the next; of all slots
    /// before there are seats.
    pub(super) fn cost(&self, numerator: u64, denominator: u64) -> String {
        let seats = match self.facts.seats {
            0 => self.rules().slots_per_epoch,
            seats => seats,
        };
        self.coins(cost_of(self.facts.price, seats, (numerator, denominator)))
    }

    /// How long so many epochs take.
    pub(super) fn epochs(&self, count: u64) -> Span {
        self.span(
            count.saturating_mul(self.rules().blocks_per_epoch).saturating_mul(self.rules().block_time_ms),
        )
    }

    pub(super) fn block(&self) -> Span {
        self.span(self.rules().block_time_ms)
    }

    fn span(&self, ms: u64) -> Span {
        let (unit, unit_ms) = match ms {
            0..120_000 => (Unit::Seconds, 1_000),
            120_000..7_200_000 => (Unit::Minutes, 60_000),
            7_200_000..172_800_000 => (Unit::Hours, 3_600_000),
            _ => (Unit::Days, DAY_MS),
        };
        let unit_ms = u128::from(unit_ms);
        let tenths = (u128::from(ms) * 10 + unit_ms / 2) / unit_ms;
        let number = match tenths {
            0..100 => self.decimal(tenths, 1),
            _ => self.number(((tenths + 5) / 10) as u64),
        };
        Span { number, unit }
    }

    /// The machine of a Raspberry Pi for each slot: watts, kilowatt-hours and grams of CO2
    /// equivalents a day.
    pub(super) fn of_pis(&self) -> (String, String, String) {
        let mw = u128::from(PI_MW) * u128::from(self.slots());
        let grid = u128::from(self.rules().grid_gco2e_per_kwh);
        (
            self.decimal(mw, 3),
            self.decimal(mw * 24 / 1_000, 3),
            self.number((mw * 24 * grid / 1_000_000) as u64),
        )
    }

    /// Milliwatts as watts.
    pub(super) fn watts(&self, mw: u64) -> String {
        self.decimal(mw.into(), 3)
    }

    /// The largest share of the table below three quarters with which no year saw a capture.
    pub(super) fn harmless(&self) -> Option<&Outcome> {
        self.table.iter().rev().find(|outcome| outcome.captured == 0)
    }

    /// In how many of the sampled years something happened.
    pub(super) fn often(&self, hits: u32, outcome: &Outcome) -> String {
        format!("{}/{}", self.number(hits.into()), self.number(outcome.years.into()))
    }

    /// An amount with the coin's symbol.
    pub(super) fn coins(&self, amount: Amount) -> String {
        format!("{}\u{a0}{}", self.decimal(amount.units.into(), 9), &*self.manifest.symbol)
    }

    /// Tenths of a percent.
    pub(super) fn percent(&self, permille: u128) -> String {
        let number = self.decimal(permille, 1);
        match self.language {
            Language::English => format!("{number}%"),
            Language::French => format!("{number}\u{a0}%"),
        }
    }

    /// A whole number in groups of three.
    pub(super) fn number(&self, number: u64) -> String {
        let digits = number.to_string();
        let group = match self.language {
            Language::English => ',',
            Language::French => '\u{202f}',
        };
        // French groups no four digits.
        let groups = self.language == Language::English || digits.len() > 4;
        let mut text = String::with_capacity(digits.len() * 2);
        for (place, digit) in digits.chars().enumerate() {
            if groups && place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push(group);
            }
            text.push(digit);
        }
        text
    }

    /// `number / 10^places`, without zeros at its end.
    fn decimal(&self, number: u128, places: u32) -> String {
        let one = 10_u128.pow(places);
        let whole = self.number(u64::try_from(number / one).unwrap_or(u64::MAX));
        let point = match self.language {
            Language::English => '.',
            Language::French => ',',
        };
        let rest = format!("{:0width$}", number % one, width = places as usize);
        match rest.trim_end_matches('0') {
            "" => whole,
            rest => format!("{whole}{point}{rest}"),
        }
    }
}

/// What a chain's makers wrote, in one line that is no Markdown, and at most so many words of it.
fn plain(text: &str, words_max: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut line = words[..words.len().min(words_max)].join(" ");
    if words.len() > words_max {
        line.push('…');
    }
    let mut escaped = String::with_capacity(line.len());
    for character in line.chars() {
        if matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!' | '&') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makers_write_is_no_markdown_and_not_too_long() {
        assert_eq!(plain("a\n# b <script> [c](d)", 9), r"a \# b \<script\> \[c\](d)");
        assert_eq!(plain("one two three", 2), "one two…");
    }
}
