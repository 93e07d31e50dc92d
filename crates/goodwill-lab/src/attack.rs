//! Attacks, tried on the real code: the ledger's [`Sandbox`](goodwill_node::ledger::Sandbox), the
//! mempool, the light client, certificates as the committee signs them. Where many years are asked
//! about, the chances are sampled, and the attack says so.
//!
//! An attack gives one [`Line`]: a verdict, and a figure with the range in which it must be. What each
//! figure means is in `docs/book/attacks.md`, whose table is checked against a run.

mod association;
mod certificate;
mod chain;
mod client;
mod committee;
mod draw;
mod fault;
mod luck;
mod payment;
mod seats;
mod vote;

use serde::{Deserialize, Serialize};
use std::{
    fmt,
    ops::RangeInclusive,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// How an attack ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It does not work.
    Held,
    /// It works as far as the figure says, and no further.
    Bounded,
    /// It works.
    Broken,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Held => "held",
            Self::Bounded => "bounded",
            Self::Broken => "broken",
        })
    }
}

/// What can be tried.
pub struct Attack {
    /// Its name in the command.
    pub name: &'static str,
    /// What is tried, in a sentence.
    pub tried: &'static str,
    /// How it must end.
    pub expected: Verdict,
    /// Where its figure must be.
    pub range: RangeInclusive<f64>,
    /// What the figure counts.
    pub unit: &'static str,
    run: fn(&Trial) -> Result<Found, String>,
}

/// Under which conditions an attack is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trial {
    /// What all chance follows from.
    pub(crate) seed: u64,
}

/// What came of an attack that went as its author wrote it.
pub(crate) struct Found {
    pub(crate) figure: f64,
    pub(crate) words: String,
}

impl Found {
    /// A figure, rounded to a hundredth, and what it says.
    pub(crate) fn new(figure: f64, words: String) -> Self {
        Self { figure: (figure * 100.0).round() / 100.0, words }
    }
}

/// What came of an attack, for the command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The attack's name.
    pub name: String,
    /// How it ended.
    pub verdict: Verdict,
    /// Its figure, in `unit`; `None` where something went another way than it was written.
    pub figure: Option<f64>,
    /// How it must end.
    pub expected: Verdict,
    /// What the figure counts.
    pub unit: String,
    /// The least that the figure may be.
    pub least: f64,
    /// The most that the figure may be.
    pub most: f64,
    /// What happened.
    pub words: String,
}

impl Line {
    /// Whether the attack ended as it must.
    pub fn is_as_expected(&self) -> bool {
        let within = |figure: &f64| (self.least..=self.most).contains(figure);
        self.verdict == self.expected && self.figure.as_ref().is_some_and(within)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<22}{:<9}{}", self.name, self.verdict, self.words)?;
        match self.is_as_expected() {
            true => Ok(()),
            false => {
                write!(f, " (expected: {}, {} to {} {})", self.expected, self.least, self.most, self.unit)
            }
        }
    }
}

impl Attack {
    /// Tries it. The same seed gives the same line.
    pub fn run(&self, seed: u64) -> Line {
        let found = (self.run)(&Trial { seed });
        let (figure, words) = match found {
            Ok(Found { figure, words }) => (Some(figure), words),
            Err(words) => (None, words),
        };
        let within = figure.is_some_and(|figure| self.range.contains(&figure));
        Line {
            name: self.name.into(),
            verdict: if within { self.expected } else { self.otherwise() },
            figure,
            expected: self.expected,
            unit: self.unit.into(),
            least: *self.range.start(),
            most: *self.range.end(),
            words,
        }
    }

    /// The verdict where it does not end as expected.
    const fn otherwise(&self) -> Verdict {
        match self.expected {
            Verdict::Held | Verdict::Bounded => Verdict::Broken,
            Verdict::Broken => Verdict::Held,
        }
    }
}

/// The attack of that name.
pub fn find(name: &str) -> Option<&'static Attack> {
    ATTACKS.iter().find(|attack| attack.name == name)
}

/// Tries all, as many at once as there are cores, and gives the lines in the order of [`ATTACKS`].
/// `say` is told which one begins.
pub fn all(seed: u64, say: &(dyn Fn(&str) + Sync)) -> Vec<Line> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(attack) = ATTACKS.get(index) else { return done };
            say(&format!("{}: {}", attack.name, attack.tried));
            done.push((index, attack.run(seed)));
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut lines = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let done = workers.into_iter().map(|worker| worker.join().expect("the rules keep their invariants"));
        done.flatten().collect::<Vec<_>>()
    });
    lines.sort_by_key(|(index, _)| *index);
    lines.into_iter().map(|(_, line)| line).collect()
}

const fn attack(
    name: &'static str,
    tried: &'static str,
    (expected, range, unit): (Verdict, RangeInclusive<f64>, &'static str),
    run: fn(&Trial) -> Result<Found, String>,
) -> Attack {
    Attack { name, tried, expected, range, unit, run }
}

use Verdict::{Bounded, Broken, Held};

/// All attacks, in the order of the book.
pub static ATTACKS: [Attack; 26] = [
    attack(
        "equivocation",
        "a seat votes for two blocks in one turn",
        (Held, 100.0..=100.0, "% of its unmatured rewards lost"),
        fault::equivocation,
    ),
    attack(
        "withholding",
        "a miner with a third of the seats leaves out blocks whose luck is bad for its orders",
        (Bounded, 0.0..=2.5, "% of the fair profit gained"),
        luck::withholding,
    ),
    attack(
        "grinding",
        "a leader looks for a block whose luck suits it",
        (Held, 0.0..=0.0, "lucks to choose from besides its own"),
        luck::grinding,
    ),
    attack(
        "hoarding",
        "a miner orders nine tenths of all slots and serves none, to keep others out",
        (Bounded, 1.0..=1.5, "prices lost for each slot kept from others"),
        draw::hoarding,
    ),
    attack(
        "splitting",
        "a miner orders from many accounts instead of one",
        (Held, 0.0..=0.0, "slots gained"),
        draw::splitting,
    ),
    attack(
        "first-come",
        "leaders put their own orders first",
        (Held, 0.0..=15.0, "% of the seats with the largest miner"),
        draw::first_come,
    ),
    attack(
        "fake-25",
        "a quarter of the orders votes for its own association, for a year",
        (Held, 0.0..=0.0, "% of the years in which it is approved"),
        vote::fake_25,
    ),
    attack(
        "fake-50",
        "half of the orders, likewise",
        (Held, 0.0..=0.0, "% of the years in which it is approved"),
        vote::fake_50,
    ),
    attack(
        "fake-60",
        "60 % of the orders, likewise",
        (Held, 0.0..=0.0, "% of the years in which it is approved"),
        vote::fake_60,
    ),
    attack(
        "fake-74",
        "74 % of the orders, likewise",
        (Broken, 85.0..=97.0, "% of the years in which it is approved"),
        vote::fake_74,
    ),
    attack(
        "fake-75",
        "three quarters of the orders, likewise",
        (Broken, 95.0..=100.0, "% of the years in which it is approved"),
        vote::fake_75,
    ),
    attack(
        "fake-80",
        "80 % of the orders, likewise",
        (Broken, 100.0..=100.0, "% of the years in which it is approved"),
        vote::fake_80,
    ),
    attack(
        "self-donation",
        "a miner gives to the only association, which is its own",
        (Bounded, 0.0..=12.5, "% of what it gave comes back"),
        association::self_donation,
    ),
    attack(
        "subdomains",
        "one domain applies many times under other names",
        (Held, 0.0..=0.0, "names accepted besides the domain"),
        association::subdomains,
    ),
    attack(
        "vote-selling",
        "somebody pays miners for three quarters of the votes",
        (Bounded, 4.0..=4.1, "gains of a miner that its seat brings the pool"),
        vote::selling,
    ),
    attack(
        "freezing",
        "a quarter of the seats says no for ever",
        (Bounded, 3.0..=3.0, "epochs of waiting, where freeze_epochs is 3"),
        association::freezing,
    ),
    attack(
        "censoring",
        "a third of the leaders leave out a miner's orders",
        (Bounded, 0.0..=12.0, "blocks of delay at most"),
        seats::censoring,
    ),
    attack(
        "low-demand",
        "who buys all slots of a quiet chain votes for its own association",
        (Held, 0.0..=0.0, "associations approved without the founders"),
        association::low_demand,
    ),
    attack(
        "eclipse",
        "a client is shown only old blocks, or forged ones",
        (Bounded, 336.0..=336.0, "hours into the past, where trust_epochs are 336 hours"),
        client::eclipse,
    ),
    attack(
        "long-range",
        "all seats' keys of old epochs are bought, and a second past is signed",
        (Held, 0.0..=0.0, "second pasts believed"),
        client::long_range,
    ),
    attack(
        "replay",
        "what was signed for one chain is sent to another",
        (Held, 0.0..=0.0, "messages accepted"),
        payment::replay,
    ),
    attack(
        "double-spend",
        "an account signs two payments with the same coins",
        (Held, 1.0..=1.0, "payments made of the two"),
        payment::double_spend,
    ),
    attack(
        "clock-skew",
        "a leader's clock is ten years ahead",
        (Held, 0.0..=0.0, "coins minted besides"),
        seats::clock_skew,
    ),
    attack(
        "mempool-flood",
        "ten times as many transactions as may wait",
        (Held, 100.0..=100.0, "% of the honest payments admitted"),
        payment::flood,
    ),
    attack(
        "third-offline",
        "a third of the seats goes away",
        (Bounded, 33.0..=34.5, "% of the seats that stop the chain"),
        committee::offline,
    ),
    attack(
        "byzantine",
        "more than a third of the seats sign two blocks",
        (Broken, 33.3..=34.5, "% of the seats that fork the chain"),
        committee::byzantine,
    ),
];
