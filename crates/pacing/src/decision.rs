//! What a decision says, and why.

use serde::Serialize;

/// How many lines to place now, and everything that led to the number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// Lines to place now.
    pub place: u32,
    /// What the number was made of.
    pub terms: Terms,
}

/// What a decision was made of. Shares are between 0 and 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Terms {
    /// Lines in set-up, before this decision.
    pub lines: u32,
    /// Lines asked for and neither dialed nor refused yet.
    pub pending: u32,
    /// Live answers that wait for an agent.
    pub waiting: u32,
    /// Live answers that the lines in set-up will give, on average.
    pub expected_answers: f64,
    /// Share of dials that end in a live answer, as learnt, with the fast level in it.
    pub answer_rate: f64,
    /// How many times as many answers as learnt were seen over the last minutes.
    pub level: f64,
    /// Agents of this campaign, in whatever phase.
    pub agents: u32,
    /// Agents idle now.
    pub agents_idle: u32,
    /// Agents idle by the time a line dialed now would be answered, on average; those idle now
    /// are in it. `None` where the method forecasts nothing.
    pub agents_expected: Option<f64>,
    /// The highest risk at which a line is placed.
    pub threshold: Option<f64>,
    /// Lines per idle agent.
    pub ratio: Option<f64>,
    /// Risk that the next line's answer would find no agent, after this decision.
    pub marginal_risk: Option<f64>,
    /// Live answers abandoned so far in the legal window.
    pub abandoned: u64,
    /// Live answers so far in the legal window.
    pub answered: u64,
    /// Share of live answers that feedback aims to abandon.
    pub target: f64,
    /// What kept it from placing one more line.
    pub hold_back: Option<HoldBack>,
}

/// What kept a decision from placing one more line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldBack {
    /// No agent is present.
    NoAgents,
    /// The next line would be abandoned with a probability over the threshold.
    RiskAtThreshold,
    /// Every idle agent has the lines that the ratio gives it.
    RatioReached,
    /// The campaign has as many lines in set-up as it may.
    LineLimit,
    /// Abandonment is far over the cap: one line per idle agent until it is not.
    Alarm,
}
