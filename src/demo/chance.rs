//! What the demo's people leave to chance.

use std::time::Duration;

use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::driver::entropy;

/// A stream of chances of one person.
pub(super) struct Chance(ChaCha8Rng);

impl Chance {
    /// Seeded by the operating system.
    pub(super) fn draw() -> Self {
        Self(ChaCha8Rng::from_seed(entropy::bytes()))
    }

    /// True so often.
    pub(super) fn happens(&mut self, share: f64) -> bool {
        self.0.random_bool(share.clamp(0., 1.))
    }

    /// A span from an exponential distribution with this mean, at most ten times the mean.
    pub(super) fn about(&mut self, mean_seconds: f64) -> Duration {
        let uniform: f64 = self.0.random_range(f64::EPSILON..1.);
        Duration::from_secs_f64((-uniform.ln()).min(10.) * mean_seconds)
    }

    /// A span between the two.
    pub(super) fn between(&mut self, least: f64, most: f64) -> Duration {
        Duration::from_secs_f64(self.0.random_range(least..most))
    }

    /// The seed of somebody else's chances.
    pub(super) fn seed(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// One of them; `None` of none.
    pub(super) fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        if of.is_empty() { None } else { of.get(self.0.random_range(0..of.len())) }
    }

    /// A Spanish mobile number that the numbering plan does not assign to anybody (prefix 600 000).
    pub(super) fn caller(&mut self) -> String {
        format!("+34600000{:03}", self.0.next_u32() % 1_000)
    }
}
