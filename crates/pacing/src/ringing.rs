//! When a dialed line is answered, learnt: for each half second of its age, the chance that it is
//! answered then, and the chance that it fails.
//!
//! Answers come sooner than failures, so the share of answers among lines that are *over* is too
//! high whenever dialing has just begun or quickened. Counting lines while they ring and asking
//! each age for its own chance avoids that (the competing-risks form of Kaplan and Meier's estimate).

use crate::lines::{AGES, Lines, SLOT_MS};

/// What is kept from one slot to the next: half in 20 minutes, 0.5 ^ (1 / 2400).
const KEEP_PER_SLOT: f64 = 0.999_711_230_376_742_7;
/// How many lines the assumption made before anything was seen is worth, at each age.
const PRIOR_WEIGHT: f64 = 3.0;
/// Assumed share of answers. High, so that a campaign starts carefully.
const PRIOR_ANSWER_RATE: f64 = 0.4;
/// Nobody is assumed to answer in the first two seconds.
const QUIET_SLOTS: usize = 4;

/// Lines seen at each age, and what became of them there.
#[derive(Debug, Clone)]
pub(crate) struct Ringing {
    pub(crate) exposed: [f64; AGES],
    pub(crate) answered: [f64; AGES],
    pub(crate) failed: [f64; AGES],
    /// Slot at which lines are taken down.
    timeout: usize,
}

/// The chances at one moment, from the counts. `answered[a]` is the share of all lines answered
/// by age `a`; `left[a]` the share still ringing then. Ages in slots, moved by the part of the
/// present slot that is over.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    pub(crate) answered: [f64; AGES + 1],
    pub(crate) left: [f64; AGES + 1],
}

impl Ringing {
    pub(crate) fn new(ring_timeout_ms: u32) -> Self {
        let none = [0.0; AGES];
        let mut new = Self { exposed: none, answered: none, failed: none, timeout: 0 };
        new.configure(ring_timeout_ms);
        new
    }

    pub(crate) fn configure(&mut self, ring_timeout_ms: u32) {
        self.timeout = (u64::from(ring_timeout_ms).div_ceil(SLOT_MS) as usize).min(AGES - 2);
    }

    /// The present slot has begun: every line in set-up is seen at its new age. How many of them
    /// are expected to be answered in this slot.
    pub(crate) fn see(&mut self, lines: &Lines) -> f64 {
        let even = self.assumed_hazard();
        let mut expected = 0.0;
        for age in 0..AGES {
            let count = f64::from(lines.at_age(age));
            self.exposed[age] = self.exposed[age] * KEEP_PER_SLOT + count;
            self.answered[age] *= KEEP_PER_SLOT;
            self.failed[age] *= KEEP_PER_SLOT;
            if count > 0.0 {
                expected += count * self.hazards(age, even).0;
            }
        }
        expected
    }

    /// Nothing was seen for so many slots.
    pub(crate) fn forget(&mut self, slots: u64) {
        let keep = KEEP_PER_SLOT.powf(slots as f64);
        let all = self.exposed.iter_mut().chain(&mut self.answered).chain(&mut self.failed);
        all.for_each(|it| *it *= keep);
    }

    /// A line was dialed, after its slot had begun.
    pub(crate) fn see_new(&mut self) {
        self.exposed[0] += 1.0;
    }

    pub(crate) fn answered(&mut self, age: usize) {
        self.answered[age.min(AGES - 1)] += 1.0;
    }

    pub(crate) fn failed(&mut self, age: usize) {
        self.failed[age.min(AGES - 1)] += 1.0;
    }

    /// Chance of an answer assumed at each age: even from the quiet start to the time-out.
    fn assumed_hazard(&self) -> f64 {
        let ages = self.timeout.saturating_sub(QUIET_SLOTS).max(1) as f64;
        1.0 - (1.0 - PRIOR_ANSWER_RATE).powf(1.0 / ages)
    }

    /// Chances of an answer and of a failure at an age.
    fn hazards(&self, age: usize, even: f64) -> (f64, f64) {
        let (answer, fail) = match age {
            _ if age >= self.timeout => (0.0, 0.5),
            _ if age < QUIET_SLOTS => (0.0, 0.0),
            _ => (even, 0.0),
        };
        let seen = self.exposed[age] + PRIOR_WEIGHT;
        let weight = 1.0 / seen;
        let by_answer = (self.answered[age] + PRIOR_WEIGHT * answer) * weight;
        let by_failure = (self.failed[age] + PRIOR_WEIGHT * fail) * weight;
        (by_answer.min(1.0), by_failure.min(1.0))
    }

    /// The chances now, when `passed_ms` of the present slot are over.
    pub(crate) fn course(&self, passed_ms: u64) -> Course {
        let part = passed_ms as f64 / SLOT_MS as f64;
        let even = self.assumed_hazard();
        let mut answered = [0.0; AGES + 1];
        let mut left = [1.0; AGES + 1];
        let (mut sum, mut rest) = (0.0, 1.0);
        for age in 0..AGES {
            let (answer, fail) = self.hazards(age, even);
            let over = (answer + fail).min(1.0);
            answered[age] = sum + part * rest * answer;
            left[age] = rest * (1.0 - part * over);
            sum += rest * answer;
            rest *= 1.0 - over;
        }
        answered[AGES] = sum;
        left[AGES] = rest;
        Course { answered, left }
    }
}

impl Course {
    /// Share of lines that end in a live answer.
    pub(crate) fn answer_rate(&self) -> f64 {
        self.answered[AGES]
    }

    /// Chances that a line of this age is answered within 0, 2, 4 … slots more, which are whole
    /// seconds, times `level`.
    pub(crate) fn answered_within(&self, age: usize, level: f64, chances: &mut [f64]) {
        let left = self.left[age];
        let scale = if left < 1e-9 { 0.0 } else { level / left };
        let before = self.answered[age];
        let later = self.answered[age..].iter().step_by(2);
        let last = self.answered[AGES];
        for (chance, by) in chances.iter_mut().zip(later.chain(std::iter::repeat(&last))) {
            *chance = ((by - before) * scale).clamp(0.0, 1.0);
        }
    }

    /// Chance that a line of this age is answered at all.
    pub(crate) fn answered_ever(&self, age: usize, level: f64) -> f64 {
        let left = self.left[age];
        if left < 1e-9 {
            return 0.0;
        }
        ((self.answered[AGES] - self.answered[age]) * level / left).clamp(0.0, 1.0)
    }
}
