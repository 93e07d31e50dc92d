//! Chances that are sampled, because they are about years.

use rand::{RngExt as _, rngs::StdRng};

/// How many of an epoch's slots fall to somebody who made `own` of `ordered` orders: as the draw
/// without replacement makes it.
pub(crate) struct Seats {
    /// The chance of at most so many.
    cumulated: Vec<f64>,
}

impl Seats {
    /// `slots` are drawn of `ordered`, at least as many.
    pub(crate) fn new(slots: u64, ordered: u64, own: u64) -> Self {
        let log_factorials: Vec<f64> = std::iter::once(0.0)
            .chain((1..=ordered).scan(0.0, |sum, n| {
                *sum += (n as f64).ln();
                Some(*sum)
            }))
            .collect();
        let choose = |n: u64, k: u64| {
            let log = |n: u64| log_factorials[n as usize];
            log(n) - log(k) - log(n - k)
        };
        let chance = |seats: u64| match seats <= own && slots - seats <= ordered - own {
            true => {
                (choose(own, seats) + choose(ordered - own, slots - seats) - choose(ordered, slots)).exp()
            }
            false => 0.0,
        };
        let cumulated = (0..=slots).scan(0.0, |sum, seats| {
            *sum += chance(seats);
            Some(*sum)
        });
        Self { cumulated: cumulated.collect() }
    }

    /// Draws once.
    pub(crate) fn draw(&self, chance: &mut StdRng) -> u64 {
        let drawn: f64 = chance.random_range(0.0..1.0);
        let most = self.cumulated.len() - 1;
        self.cumulated.partition_point(|cumulated| *cumulated <= drawn).min(most) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    #[test]
    fn a_third_of_the_orders_draws_a_third_of_the_slots() {
        let (seats, mut chance) = (Seats::new(64, 192, 64), StdRng::seed_from_u64(1));
        let mean = (0..20_000).map(|_| seats.draw(&mut chance)).sum::<u64>() as f64 / 20_000.0;
        assert!((mean - 64.0 / 3.0).abs() < 0.1, "{mean}");
        assert!((seats.cumulated.last().expect("65 chances") - 1.0).abs() < 1e-9);
    }

    #[test]
    fn all_orders_draw_all_slots() {
        let mut chance = StdRng::seed_from_u64(1);
        assert_eq!(Seats::new(64, 128, 128).draw(&mut chance), 64);
        assert_eq!(Seats::new(64, 128, 0).draw(&mut chance), 0);
    }
}
