//! Chance, seeded and split by concern: a new draw for one does not change what the others see. Only whole-number
//! arithmetic, so that every platform draws the same day.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// One die per concern.
pub(crate) struct Dice {
    pub(crate) callers: Die,
    pub(crate) agents: Die,
    pub(crate) phones: Die,
    pub(crate) mishaps: Die,
    pub(crate) network: Die,
    pub(crate) surveys: Die,
}

/// A stream of chance.
pub(crate) struct Die(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        let stream = |n| Die::stream(seed, n);
        Self {
            callers: stream(1),
            agents: stream(2),
            phones: stream(3),
            mishaps: stream(4),
            network: stream(5),
            surveys: stream(6),
        }
    }
}

impl Die {
    /// One stream of a seed.
    pub(crate) fn stream(seed: u64, n: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(n);
        Self(rng)
    }

    /// True in `n` of a thousand cases.
    pub(crate) fn permille(&mut self, n: u32) -> bool {
        self.0.random_range(0..1_000_u32) < n
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0.random_range(0..n.max(1))
    }

    /// Milliseconds from `least` to `most`, in microseconds.
    pub(crate) fn millis(&mut self, least: u64, most: u64) -> u64 {
        self.0.random_range(least * 1_000..=most * 1_000)
    }

    /// A waiting time with this mean, exponentially distributed but for the straight lines between the powers of two.
    pub(crate) fn exponential(&mut self, mean: u64) -> u64 {
        let bits: u64 = self.0.random();
        let halvings = u64::from(bits.leading_zeros());
        let within = self.0.random_range(0..1_000_u64);
        mean * 693 / 1_000 * (halvings * 1_000 + within) / 1_000 + 1
    }
}
