//! What a share of the orders can do in a year, found by trying: years of draws are sampled, and in each
//! the seats of an attacker are summed over the window in which votes are counted.
//!
//! The attacker has the same share of the orders in every epoch, always votes with all of its seats,
//! and never lets a poll end: a new candidate of its own waits whenever one lapses. All seats are live,
//! and nobody else votes as it does. That is the best that it can hope for; it is what the guide and
//! the attack lab show.
//!
//! Figures for people, no rules: floats are welcome here. The same numbers give the same figures
//! everywhere: only additions, multiplications and divisions of IEEE 754 are used, and a generator that
//! is named, so that no release of a library replaces it.

use goodwill_ledger::{Parameters, association::wins};
use rand::{Rng as _, SeedableRng as _, rngs::Xoshiro256PlusPlus};
use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError},
};

/// The shares of the table, in percent.
pub const SHARES: [u32; 6] = [25, 50, 60, 74, 75, 80];
/// Orders for each slot: so many that the draw is as uncertain as it can get.
pub const ORDERS_PER_SLOT: u64 = 100;
/// The longest year, in epochs: chains with short epochs have more of them, and get no further.
pub const EPOCHS_MAX: u64 = 1 << 20;
/// The most years that are sampled for a share.
pub const YEARS_MAX: u32 = 1_000;
/// After so many draws no further year is begun for a share.
const DRAWS_MAX: u64 = 8 << 20;
/// The most tables that are kept: a process knows one chain, or a few.
const KEPT_MAX: usize = 16;
/// The table is the same each time.
const SEED: u64 = 0x600d_3111;
const YEAR_MS: u64 = 365 * 86_400_000;

/// The numbers of a chain that decide what luck can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Draws {
    /// Slots that are drawn for each epoch.
    pub slots: u32,
    /// Epochs over which votes are summed.
    pub window: u64,
    /// Epochs in the time that is looked at.
    pub epochs: u64,
}

impl Draws {
    /// Those of a year of a chain, or of its first [`EPOCHS_MAX`] epochs.
    pub fn of_a_year(parameters: &Parameters) -> Self {
        let epoch_ms = parameters.block_time_ms.saturating_mul(parameters.blocks_per_epoch).max(1);
        Self {
            slots: parameters.slots_per_epoch,
            window: parameters.poll_window,
            epochs: (YEAR_MS / epoch_ms).clamp(1, EPOCHS_MAX),
        }
    }

    /// All votes of a window in which every seat is live.
    fn live(&self) -> u64 {
        self.window.saturating_mul(self.slots.into())
    }
}

/// What happened in the years that were sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The attacker's part of all orders, in percent.
    pub share_percent: u32,
    /// How many years were sampled.
    pub years: u32,
    /// In how many of them an association of its own was approved.
    pub captured: u32,
    /// In how many of them it could freeze another's payments.
    pub froze: u32,
}

/// The outcomes for [`SHARES`], in their order.
pub type Table = [Outcome; SHARES.len()];

type Kept = Mutex<BTreeMap<Draws, Arc<OnceLock<Table>>>>;

/// The table of a chain. The first time it is computed, which may take a second; then it is kept.
pub fn table(draws: Draws) -> Table {
    static KEPT: LazyLock<Kept> = LazyLock::new(Kept::default);
    let place = {
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.len() < KEPT_MAX || kept.contains_key(&draws) {
            true => kept.entry(draws).or_default().clone(),
            false => Arc::default(),
        }
    };
    *place.get_or_init(|| SHARES.map(|share| sample(draws, share, SEED)))
}

/// Samples years of an attacker with `share_percent` of all orders, at most 100. The same `seed` gives
/// the same outcome.
pub fn sample(draws: Draws, share_percent: u32, seed: u64) -> Outcome {
    let seats = Seats::new(draws.slots, share_percent);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed ^ u64::from(share_percent));
    let mut outcome = Outcome { share_percent, years: 0, captured: 0, froze: 0 };
    let mut drawn = 0;
    while outcome.years < YEARS_MAX && drawn < DRAWS_MAX {
        let (most, epochs) = most_votes(draws, &seats, &mut random);
        drawn += epochs;
        outcome.years += 1;
        outcome.captured += u32::from(wins(most, draws.live()));
        outcome.froze += u32::from(4 * most >= draws.live());
    }
    outcome
}

/// The most votes that the attacker has in any window of a year, and after how many epochs the year was
/// decided: nothing is above a win.
fn most_votes(draws: Draws, seats: &Seats, random: &mut Xoshiro256PlusPlus) -> (u64, u64) {
    let mut window = vec![0_u32; usize::try_from(draws.window).expect("the manifest bounds it")];
    let (mut place, mut votes, mut most) = (0, 0_u64, 0);
    for epoch in 1..=draws.epochs {
        let drawn = seats.draw(random.next_u64());
        votes = votes + u64::from(drawn) - u64::from(window[place]);
        window[place] = drawn;
        place = if place + 1 == window.len() { 0 } else { place + 1 };
        most = most.max(votes);
        if wins(most, draws.live()) {
            return (most, epoch);
        }
    }
    (most, draws.epochs)
}

/// How many seats the attacker draws in an epoch: slots are drawn without replacement from all orders
/// (the hypergeometric distribution), as numbers below 2^64 at or above which it gets more.
struct Seats {
    bounds: Vec<u64>,
    /// For each first byte of a number, the fewest seats that it can mean.
    first: [u32; 256],
}

impl Seats {
    fn new(slots: u32, share_percent: u32) -> Self {
        let mut sum = 0.0;
        let bound = |chance: f64| {
            sum += chance;
            // Casts of floats saturate.
            (sum * 2_f64.powi(64)) as u64
        };
        let mut bounds: Vec<u64> = chances(slots, share_percent).into_iter().map(bound).collect();
        // Rounding must not leave numbers that mean more seats than there are.
        *bounds.last_mut().expect("one more than there are slots") = u64::MAX;
        let first = |byte: usize| bounds.partition_point(|bound| *bound <= (byte as u64) << 56) as u32;
        let first = std::array::from_fn(first);
        Self { bounds, first }
    }

    fn draw(&self, number: u64) -> u32 {
        let mut seats = self.first[(number >> 56) as usize];
        while (seats as usize) < self.bounds.len() - 1 && self.bounds[seats as usize] <= number {
            seats += 1;
        }
        seats
    }
}

/// The chances of 0, 1, ..., `slots` seats.
fn chances(slots: u32, share_percent: u32) -> Vec<f64> {
    let orders = ORDERS_PER_SLOT * u64::from(slots);
    let own = orders * u64::from(share_percent.min(100)) / 100;
    let (n, own, others) = (f64::from(slots), own as f64, (orders - own) as f64);
    // P(k + 1) / P(k); the most likely number is the first at which it is below 1.
    let ratio = |k: u32| {
        let k = f64::from(k);
        (own - k) * (n - k) / ((k + 1.0) * (others - n + k + 1.0))
    };
    let peak = (0..slots).find(|k| ratio(*k) < 1.0).unwrap_or(slots);
    let mut chances = vec![0.0; slots as usize + 1];
    chances[peak as usize] = 1.0;
    for k in peak..slots {
        chances[k as usize + 1] = chances[k as usize] * ratio(k).max(0.0);
    }
    for k in (0..peak).rev() {
        chances[k as usize] = chances[k as usize + 1] / ratio(k);
    }
    let sum: f64 = chances.iter().sum();
    chances.into_iter().map(|chance| chance / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: Draws = Draws { slots: 64, window: 168, epochs: 8_212 };

    #[test]
    fn draws_have_the_mean_and_the_spread_of_drawing_without_replacement() {
        for (slots, share) in [(64, 25), (64, 74), (8, 50), (512, 60), (1, 80)] {
            let (seats, mut random) = (Seats::new(slots, share), Xoshiro256PlusPlus::seed_from_u64(1));
            let drawn: Vec<f64> = (0..100_000).map(|_| seats.draw(random.next_u64()).into()).collect();
            let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
            let variance = drawn.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / drawn.len() as f64;
            let (n, p) = (f64::from(slots), f64::from(share) / 100.0);
            let orders = n * ORDERS_PER_SLOT as f64;
            let expected = n * p * (1.0 - p) * (orders - n) / (orders - 1.0);
            assert!((mean - n * p).abs() < 0.02 * n.sqrt(), "{mean} of {slots} with {share} %");
            assert!((variance / expected - 1.0).abs() < 0.03, "{variance}, not {expected}");
        }
    }

    #[test]
    fn nobody_and_everybody_are_certain() {
        let of = |share| sample(DRAWS, share, 1);
        assert_eq!(of(0), Outcome { share_percent: 0, years: of(0).years, captured: 0, froze: 0 });
        let all = of(100);
        assert_eq!((all.captured, all.froze), (all.years, all.years));
        assert_eq!(all.years, YEARS_MAX);
    }

    #[test]
    fn more_orders_can_do_more_and_the_same_seed_the_same() {
        let table = SHARES.map(|share| sample(DRAWS, share, 7));
        assert_eq!(table, SHARES.map(|share| sample(DRAWS, share, 7)));
        let part = |hits: u32, outcome: &Outcome| f64::from(hits) / f64::from(outcome.years);
        for pair in table.windows(2) {
            assert!(part(pair[0].captured, &pair[0]) <= part(pair[1].captured, &pair[1]), "{pair:?}");
            assert!(part(pair[0].froze, &pair[0]) <= part(pair[1].froze, &pair[1]), "{pair:?}");
        }
        assert!(table.iter().all(|outcome| outcome.captured <= outcome.froze));
        assert!(table[..3].iter().all(|outcome| outcome.captured == 0), "{table:?}");
        assert_eq!(table[5].captured, table[5].years);
    }

    #[test]
    fn work_is_bounded_for_the_shortest_epochs() {
        let parameters = Parameters { block_time_ms: 1, blocks_per_epoch: 8, ..Parameters::standard() };
        let draws = Draws::of_a_year(&parameters);
        assert_eq!(draws.epochs, EPOCHS_MAX);
        assert_eq!(Draws::of_a_year(&Parameters::standard()).epochs, 8_212);
        assert!(u64::from(sample(draws, 25, 1).years) <= DRAWS_MAX / EPOCHS_MAX);
    }
}
