//! Seeded dice.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// When an unanswered line is taken down, in seconds.
const RING_OUT_S: f64 = 22.25;

/// How long something takes.
#[derive(Debug, Clone, Copy)]
pub struct Lasting {
    pub mean_s: f64,
    pub law: Law,
}

#[derive(Debug, Clone, Copy)]
pub enum Law {
    LogNormal { variation: f64 },
    Exponential,
}

impl Lasting {
    pub const fn log_normal(mean_s: f64, variation: f64) -> Self {
        Self { mean_s, law: Law::LogNormal { variation } }
    }

    pub const fn exponential(mean_s: f64) -> Self {
        Self { mean_s, law: Law::Exponential }
    }
}

pub struct Chance(ChaCha8Rng);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub fn happens(&mut self, probability: f64) -> bool {
        self.even() < probability
    }

    fn even(&mut self) -> f64 {
        self.0.random()
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.even()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.even()).cos()
    }

    fn seconds(&mut self, of: Lasting) -> f64 {
        match of.law {
            Law::Exponential => -of.mean_s * (1.0 - self.even()).ln(),
            Law::LogNormal { variation } => {
                let spread = (1.0 + variation * variation).ln();
                of.mean_s * (spread.sqrt() * self.normal() - 0.5 * spread).exp()
            }
        }
    }

    pub fn lasting(&mut self, of: Lasting) -> u64 {
        (self.seconds(of) * 1_000.0) as u64
    }

    pub fn answer_delay(&mut self) -> u64 {
        loop {
            let delay_s = self.seconds(Lasting::log_normal(10.0, 0.5));
            if delay_s < RING_OUT_S {
                return (delay_s * 1_000.0) as u64;
            }
        }
    }

    pub fn failure_delay(&mut self) -> u64 {
        let delay_s = if self.happens(0.2) { 1.0 + 3.0 * self.even() } else { RING_OUT_S };
        (delay_s * 1_000.0) as u64
    }
}
