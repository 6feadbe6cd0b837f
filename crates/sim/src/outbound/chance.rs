//! Chance for durations and shares, seeded and split by concern.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How long something takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lasting {
    /// By a log-normal law.
    LogNormal {
        /// Its mean, in seconds.
        mean_s: f64,
        /// Its standard deviation, in means.
        variation: f64,
    },
    /// By an exponential law.
    Exponential {
        /// Its mean, in seconds.
        mean_s: f64,
    },
    /// No time.
    Nothing,
}

/// A stream of chance.
#[derive(Debug)]
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// True with this probability.
    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        self.even() < probability
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0.random_range(0..n.max(1))
    }

    /// Microseconds from `least` to `most` milliseconds.
    pub(crate) fn millis(&mut self, least: u64, most: u64) -> u64 {
        self.0.random_range(least * 1_000..=most * 1_000)
    }

    pub(crate) fn even(&mut self) -> f64 {
        self.0.random()
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.even()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.even()).cos()
    }

    fn seconds(&mut self, of: Lasting) -> f64 {
        match of {
            Lasting::Nothing => 0.0,
            Lasting::Exponential { mean_s } => -mean_s * (1.0 - self.even()).ln(),
            Lasting::LogNormal { mean_s, variation } => {
                let spread = (1.0 + variation * variation).ln();
                mean_s * (spread.sqrt() * self.normal() - 0.5 * spread).exp()
            }
        }
    }

    /// A draw in microseconds.
    pub(crate) fn lasting(&mut self, of: Lasting) -> u64 {
        (self.seconds(of) * 1e6) as u64
    }

    /// A draw of at most `most` microseconds: what is longer is drawn again, and in the end cut.
    pub(crate) fn at_most(&mut self, of: Lasting, most: u64) -> u64 {
        let draws = (0..64).map(|_| self.lasting(of)).find(|it| *it < most);
        draws.unwrap_or(most)
    }
}
