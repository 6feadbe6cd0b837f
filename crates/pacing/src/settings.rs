//! What an operator chooses, and what the law sets.

use serde::{Deserialize, Serialize};
use timbre_model::FieldError;

/// Longest ring time in milliseconds. Ages of lines are kept in a table of fixed length.
pub const RING_TIMEOUT_MS_MAX: u32 = 55_000;
/// Longest grace in milliseconds.
pub const GRACE_MS_MAX: u32 = 10_000;
/// Live answers of a legal window from which on no single one matters.
pub(crate) const MANY_ANSWERS: u64 = 4_000;
const ANSWERS_ASSUMED: u64 = 10_000;

/// How many lines are placed for how many agents.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Learnt hazards forecast demand and supply; a line is placed while its own risk of being
    /// abandoned is under a threshold that feedback moves.
    Forecast,
    /// Lines per idle agent, moved by the same feedback. Forecasts nothing.
    Adaptive,
    /// One line per idle agent. Abandons nothing by itself.
    Progressive,
    /// A fixed number of lines per idle agent, at least 1.
    Power {
        /// Lines per idle agent.
        ratio: f64,
    },
}

/// What one campaign's controller is to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// How lines are counted out.
    pub method: Method,
    /// Share of live answers that may be abandoned, which feedback aims at: under the cap. See
    /// [`target_for`].
    pub target: f64,
    /// Share of live answers that must not be exceeded over the legal window.
    pub cap: f64,
    /// Live answers that the legal window is expected to bring. Few of them hold a pool closer to its target, which costs
    /// occupancy.
    pub answers_per_window: u64,
    /// How long a live answer may wait for an agent, in milliseconds.
    pub grace_ms: u32,
    /// How long a line may ring, in milliseconds from the dial.
    pub ring_timeout_ms: u32,
    /// Lines in set-up for each agent present, at most. At least 1.
    pub max_lines_per_agent: f64,
}

impl Settings {
    /// What suits a campaign whose law caps abandonment at `cap`: 2 s of grace, 22 s of ringing.
    pub fn new(method: Method, cap: f64) -> Self {
        Self {
            method,
            target: target_for(cap, 20, ANSWERS_ASSUMED),
            cap,
            answers_per_window: ANSWERS_ASSUMED,
            grace_ms: 2_000,
            ring_timeout_ms: 22_000,
            max_lines_per_agent: 20.0,
        }
    }

    /// What is wrong with these settings; empty if nothing is.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let mut need = |good: bool, field: &str, value: String, remedy: &str| {
            if !good {
                faults.push(FieldError::new(field, value, remedy));
            }
        };
        let share = |it: f64| it.is_finite() && it > 0.0 && it < 1.0;
        need(share(self.cap), "cap", self.cap.to_string(), "a share above 0 and below 1");
        let under = share(self.target) && self.target <= self.cap;
        need(under, "target", self.target.to_string(), "a share above 0, at most the cap");
        let ring = (1_000..=RING_TIMEOUT_MS_MAX).contains(&self.ring_timeout_ms);
        need(ring, "ring_timeout_ms", self.ring_timeout_ms.to_string(), "1000 to 55000");
        let grace = self.grace_ms <= GRACE_MS_MAX;
        need(grace, "grace_ms", self.grace_ms.to_string(), "at most 10000");
        let lines = self.max_lines_per_agent;
        let few = lines.is_finite() && (1.0..=1_000.0).contains(&lines);
        need(few, "max_lines_per_agent", lines.to_string(), "1 to 1000");
        if let Method::Power { ratio } = self.method {
            let good = ratio.is_finite() && (1.0..=1_000.0).contains(&ratio);
            need(good, "method.power.ratio", ratio.to_string(), "1 to 1000");
        }
        faults
    }

    /// The nearest settings without faults: whatever is given, the controller must stay finite.
    pub(crate) fn sane(mut self) -> Self {
        self.cap = within(self.cap, 0.0001, 0.99, 0.03);
        self.target =
            within(self.target, 0.0001, self.cap, target_for(self.cap, 20, ANSWERS_ASSUMED));
        self.grace_ms = self.grace_ms.min(GRACE_MS_MAX);
        self.ring_timeout_ms = self.ring_timeout_ms.clamp(1_000, RING_TIMEOUT_MS_MAX);
        self.max_lines_per_agent = within(self.max_lines_per_agent, 1.0, 1_000.0, 1.0);
        if let Method::Power { ratio } = &mut self.method {
            *ratio = within(*ratio, 1.0, 1_000.0, 1.0);
        }
        self
    }
}

/// `value` between the limits; what is no number becomes `otherwise`.
pub(crate) fn within(value: f64, least: f64, most: f64, otherwise: f64) -> f64 {
    if value.is_finite() { value.clamp(least, most) } else { otherwise }
}

/// The target under a cap. Few answers in a window leave the share found at its end far from the
/// share aimed at, so small pools and thin windows keep more distance: under a cap of 3 %, 2.6 % up
/// to 5 agents or below 600 answers, 2.7 % below 4,000, and 2.8 % for all others.
pub fn target_for(cap: f64, agents: u32, answers_per_window: u64) -> f64 {
    let of_three = match answers_per_window {
        _ if agents <= 5 => 2.6,
        0..600 => 2.6,
        600..MANY_ANSWERS => 2.7,
        _ => 2.8,
    };
    cap * of_three / 3.0
}
