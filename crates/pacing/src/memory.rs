//! What a controller keeps over a restart.

use serde::{Deserialize, Serialize};

use crate::agents::{Habits, Share};
use crate::durations::{BINS, Durations};
use crate::feedback::Feedback;
use crate::level::Level;
use crate::lines::AGES;
use crate::ringing::Ringing;
use crate::window::Window;

/// Changes whenever kept numbers change their meaning; others are not taken.
const FORM: u32 = 1;
/// No honest count or number of seconds is larger.
const MOST: f64 = 1e9;

/// Everything a [`Controller`](crate::Controller) has learnt, to be stored and given back.
///
/// Its fields are nobody's business: they are read again only by the program that wrote them, and a
/// memory that does not make sense is refused as a whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    form: u32,
    log_threshold: f64,
    log_ratio: f64,
    exposed: Vec<f64>,
    answered: Vec<f64>,
    failed: Vec<f64>,
    talk_s: Vec<f64>,
    talk_ends: Vec<f64>,
    wrap_s: Vec<f64>,
    wrap_ends: Vec<f64>,
    without_wrap: [f64; 2],
    gone: [f64; 2],
    seen: f64,
    predicted: f64,
    window_abandoned: u64,
    window_answered: u64,
}

/// A memory that made sense.
pub(crate) struct Kept {
    pub(crate) ringing: Ringing,
    pub(crate) habits: Habits,
    pub(crate) level: Level,
    pub(crate) feedback: Feedback,
    /// Abandoned and answered in the legal window.
    pub(crate) window: (u64, u64),
}

impl Memory {
    pub(crate) fn of(
        ringing: &Ringing,
        habits: &Habits,
        level: &Level,
        feedback: &Feedback,
        window: &Window,
    ) -> Self {
        Self {
            form: FORM,
            log_threshold: feedback.log_threshold,
            log_ratio: feedback.log_ratio,
            exposed: ringing.exposed.to_vec(),
            answered: ringing.answered.to_vec(),
            failed: ringing.failed.to_vec(),
            talk_s: habits.talk.spent_s.to_vec(),
            talk_ends: habits.talk.ends.to_vec(),
            wrap_s: habits.wrap.spent_s.to_vec(),
            wrap_ends: habits.wrap.ends.to_vec(),
            without_wrap: [habits.without_wrap.share, habits.without_wrap.seen],
            gone: [habits.gone.share, habits.gone.seen],
            seen: level.seen,
            predicted: level.predicted,
            window_abandoned: window.abandoned,
            window_answered: window.answered,
        }
    }

    pub(crate) fn restore(&self, ring_timeout_ms: u32) -> Option<Kept> {
        if self.form != FORM || self.window_abandoned > self.window_answered {
            return None;
        }
        Some(Kept {
            ringing: self.ringing(ring_timeout_ms)?,
            habits: self.habits()?,
            level: Level { seen: count(self.seen)?, predicted: count(self.predicted)? },
            feedback: Feedback::kept(self.log_threshold, self.log_ratio)?,
            window: (self.window_abandoned, self.window_answered),
        })
    }

    fn ringing(&self, ring_timeout_ms: u32) -> Option<Ringing> {
        let mut ringing = Ringing::new(ring_timeout_ms);
        ringing.exposed = counts::<AGES>(&self.exposed)?;
        ringing.answered = counts::<AGES>(&self.answered)?;
        ringing.failed = counts::<AGES>(&self.failed)?;
        let over = |age: &usize| ringing.answered[*age] + ringing.failed[*age];
        // A little more may be over than was seen: both are sums of rounded numbers.
        let makes_sense = |age: usize| over(&age) <= ringing.exposed[age] + 1e-6;
        (0..AGES).all(makes_sense).then_some(ringing)
    }

    fn habits(&self) -> Option<Habits> {
        let mut habits = Habits::new();
        let fill = |of: &mut Durations, spent: &[f64], ends: &[f64]| {
            of.spent_s = counts::<BINS>(spent)?;
            of.ends = counts::<BINS>(ends)?;
            Some(())
        };
        fill(&mut habits.talk, &self.talk_s, &self.talk_ends)?;
        fill(&mut habits.wrap, &self.wrap_s, &self.wrap_ends)?;
        habits.without_wrap = share(self.without_wrap)?;
        habits.gone = share(self.gone)?;
        Some(habits)
    }
}

fn share([share, seen]: [f64; 2]) -> Option<Share> {
    let right = (0.0..=1.0).contains(&share) && count(seen).is_some();
    right.then_some(Share { share, seen })
}

fn count(it: f64) -> Option<f64> {
    (0.0..=MOST).contains(&it).then_some(it)
}

fn counts<const N: usize>(kept: &[f64]) -> Option<[f64; N]> {
    let counts: [f64; N] = kept.try_into().ok()?;
    counts.iter().all(|it| count(*it).is_some()).then_some(counts)
}
