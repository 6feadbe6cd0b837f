//! The marginal rule: place one more line while its own risk of being abandoned is small enough.

use crate::agents::Supply;
use crate::durations::AHEAD;
use crate::lines::{AGES, Lines};
use crate::normal::tail;
use crate::ringing::Course;

/// Live answers and free agents, at 1, 2, 3 … seconds from now.
pub(crate) struct Forecast {
    ahead: usize,
    /// Answers that will have come, and those that wait already.
    demand: [f64; AHEAD],
    /// Variance of demand less supply.
    variance: [f64; AHEAD],
    supply: [f64; AHEAD],
    /// Chance that a line dialed now has been answered.
    fresh: [f64; AHEAD],
    /// Answers that the lines in set-up will give in the end.
    pub(crate) expected_answers: f64,
}

impl Forecast {
    /// `ahead` is the last second looked at: the ring timeout.
    pub(crate) fn new(course: &Course, level: f64, supply: Supply, ahead: usize) -> Self {
        let ahead = ahead.clamp(1, AHEAD - 1);
        let mut fresh = [0.0; AHEAD];
        course.answered_within(0, level, &mut fresh[..=ahead]);
        let Supply { mean, variance } = supply;
        let demand = [0.0; AHEAD];
        Self { ahead, demand, variance, supply: mean, fresh, expected_answers: 0.0 }
    }

    /// Live answers wait for an agent already.
    pub(crate) fn wait(&mut self, answers: u32) {
        self.demand.iter_mut().for_each(|it| *it += f64::from(answers));
    }

    /// Lines ring already.
    pub(crate) fn ring(&mut self, lines: &Lines, course: &Course, level: f64) {
        let mut chances = [0.0; AHEAD];
        let chances = &mut chances[..=self.ahead];
        for age in 0..AGES {
            let count = f64::from(lines.at_age(age));
            if count == 0.0 {
                continue;
            }
            course.answered_within(age, level, chances);
            let sums = self.demand.iter_mut().zip(&mut self.variance);
            for (chance, (demand, variance)) in chances.iter().zip(sums).skip(1) {
                *demand += count * chance;
                *variance += count * chance * (1.0 - chance);
            }
            self.expected_answers += count * course.answered_ever(age, level);
        }
    }

    /// So many lines are dialed now.
    pub(crate) fn dial(&mut self, lines: u32) {
        let lines = f64::from(lines);
        for at in 1..=self.ahead {
            let chance = self.fresh[at];
            self.demand[at] += lines * chance;
            self.variance[at] += lines * chance * (1.0 - chance);
        }
        self.expected_answers += lines * self.fresh[self.ahead];
    }

    /// Risk that one more line's answer finds no agent, if `before` others are dialed with it.
    pub(crate) fn risk(&self, before: u32) -> f64 {
        let before = f64::from(before);
        let (mut risk, mut answered) = (0.0, 0.0);
        for at in 1..=self.ahead {
            let chance = self.fresh[at];
            let share = chance - self.fresh[at - 1];
            if share <= 0.0 {
                continue;
            }
            let demand = self.demand[at] + before * chance;
            let variance = self.variance[at] + before * chance * (1.0 - chance);
            // Counts are whole numbers: half of one on the way to the normal distribution.
            let spare = self.supply[at] - demand - 0.5;
            risk += share * tail(spare / variance.max(1e-4).sqrt());
            answered += share;
        }
        if answered > 0.0 { risk / answered } else { 0.0 }
    }

    /// How many lines can be dialed now, at most `limit`, before the next one's risk is over the
    /// threshold. The risk rises with every line, so this doubles, then halves.
    pub(crate) fn lines_under(&self, threshold: f64, limit: u32) -> u32 {
        let fits = |lines: u32| lines == 0 || self.risk(lines - 1) <= threshold;
        let mut fit = 0;
        let mut over = 1;
        while over <= limit && fits(over) {
            fit = over;
            over = over.saturating_mul(2);
        }
        let mut over = over.min(limit.saturating_add(1));
        while over - fit > 1 {
            let middle = fit + (over - fit) / 2;
            if fits(middle) { fit = middle } else { over = middle }
        }
        fit
    }

    /// Agents free at the moment a line dialed now is answered, on average.
    pub(crate) fn agents_at_answer(&self) -> f64 {
        let (mut agents, mut answered) = (0.0, 0.0);
        for at in 1..=self.ahead {
            let share = self.fresh[at] - self.fresh[at - 1];
            agents += share * self.supply[at];
            answered += share;
        }
        if answered > 0.0 { agents / answered } else { self.supply[0] }
    }
}
