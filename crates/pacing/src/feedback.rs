//! Feedback on abandonment: every live answer moves the threshold, or the ratio.
//!
//! The logarithm moves by `step × (target − abandoned)`, so over any stretch of time what was
//! abandoned is the target's share of the answers, but for the change of the logarithm over the
//! step. That is a bound, not a tendency: it holds whatever the forecast is worth. Nothing is ever
//! switched off and on again: stopping at the cap lets the budget refill and then burst.

use crate::settings::MANY_ANSWERS;

/// The pool at and below which answers are too few for small steps.
pub(crate) const SMALL_POOL: u32 = 10;

/// Steps shrink as the pool grows. Long ones hold the share found at the end of a legal window close to
/// the target, which few answers need; short ones let the threshold rest, which is worth occupancy.
const STEP_OF_ONE_AGENT: f64 = 3.0;
const STEP_LEAST: f64 = 0.08;
const STEP_MOST: f64 = 0.15;
const STEP_MOST_OF_FEW_ANSWERS: f64 = 0.25;

const THRESHOLD_AT_FIRST: f64 = 0.015;
const THRESHOLD_LEAST: f64 = 1e-6;
const THRESHOLD_MOST: f64 = 0.6;
/// In a small pool an hour without abandonment must not wind the threshold up.
const THRESHOLD_MOST_IN_SMALL_POOL: f64 = 0.05;
const RATIO_MOST: f64 = 50.0;

/// The two numbers that feedback moves.
#[derive(Debug, Clone)]
pub(crate) struct Feedback {
    /// Highest risk at which a line is placed, as a logarithm.
    pub(crate) log_threshold: f64,
    /// Lines per idle agent, as a logarithm.
    pub(crate) log_ratio: f64,
}

impl Feedback {
    pub(crate) fn new() -> Self {
        Self { log_threshold: THRESHOLD_AT_FIRST.ln(), log_ratio: 0.0 }
    }

    /// What was kept over a restart, if it can be right.
    pub(crate) fn kept(log_threshold: f64, log_ratio: f64) -> Option<Self> {
        let right = (THRESHOLD_LEAST.ln()..=THRESHOLD_MOST.ln()).contains(&log_threshold)
            && (0.0..=RATIO_MOST.ln()).contains(&log_ratio);
        right.then_some(Self { log_threshold, log_ratio })
    }

    pub(crate) fn threshold(&self) -> f64 {
        self.log_threshold.exp()
    }

    pub(crate) fn ratio(&self) -> f64 {
        self.log_ratio.exp()
    }

    /// A live answer met its fate under the forecast.
    pub(crate) fn move_threshold(&mut self, error: f64, pool: u32, answers_per_window: u64) {
        let small = pool <= SMALL_POOL;
        let few = answers_per_window < MANY_ANSWERS;
        let longest = if few { STEP_MOST_OF_FEW_ANSWERS } else { STEP_MOST };
        let step = (STEP_OF_ONE_AGENT / f64::from(pool.max(1))).clamp(STEP_LEAST, longest);
        let most = if small { THRESHOLD_MOST_IN_SMALL_POOL } else { THRESHOLD_MOST };
        self.log_threshold =
            (self.log_threshold + step * error).clamp(THRESHOLD_LEAST.ln(), most.ln());
    }

    /// A live answer met its fate under the adaptive ratio.
    pub(crate) fn move_ratio(&mut self, error: f64, pool: u32) {
        let step = if pool <= 5 { 0.15 } else { 0.05 };
        self.log_ratio = (self.log_ratio + step * error).clamp(0.0, RATIO_MOST.ln());
    }
}
