//! The agents of a campaign, and when those who are busy will be free.

use std::collections::BTreeMap;

use crate::durations::{self, AHEAD, BINS, Durations, Within};

/// What an agent is doing, as this campaign sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Takes the next live answer.
    Idle,
    /// In a conversation of this campaign, from the moment a live answer is given to them.
    Talking,
    /// Writing up after a conversation.
    WrapUp,
    /// Not there for this campaign: signed out, paused, or in another's call.
    Away,
}

/// Agents told apart, at most. More are not counted.
pub const AGENTS_MAX: usize = 10_000;

/// Ends over which shares of ends are remembered.
const SHARE_MEMORY: f64 = 200.0;
/// Ends that what is assumed at first is worth.
const SHARE_PRIOR: f64 = 3.0;

#[derive(Debug, Clone, Copy)]
struct Agent {
    phase: Phase,
    since: u64,
}

/// What was learnt about the agents' time.
#[derive(Debug, Clone)]
pub(crate) struct Habits {
    pub(crate) talk: Durations,
    pub(crate) wrap: Durations,
    /// Share of conversations after which there is no wrap-up.
    pub(crate) without_wrap: Share,
    /// Share of conversations and wrap-ups after which the agent is away instead of idle.
    pub(crate) gone: Share,
}

/// How often something happens, over the last couple of hundred times it could have.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Share {
    pub(crate) share: f64,
    /// Times seen, no more than are remembered.
    pub(crate) seen: f64,
}

impl Share {
    fn see(&mut self, happened: bool) {
        self.seen = (self.seen + 1.0).min(SHARE_MEMORY);
        self.share += (f64::from(u8::from(happened)) - self.share) / (self.seen + SHARE_PRIOR);
    }
}

impl Habits {
    pub(crate) fn new() -> Self {
        let (talk, wrap) = (Durations::new(120.0), Durations::new(20.0));
        Self { talk, wrap, without_wrap: Share::default(), gone: Share::default() }
    }
}

/// Chances of being free by elapsed time, worked out anew one row at a time.
#[derive(Debug, Clone)]
struct Outlook {
    talking: Box<[Within; BINS]>,
    wrapping: Box<[Within; BINS]>,
    row: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Agents {
    here: BTreeMap<u32, Agent>,
    idle: u32,
    pub(crate) habits: Habits,
    outlook: Outlook,
}

/// Expected number of agents free at 0, 1, 2 … seconds from now, and the variance.
#[derive(Debug, Clone)]
pub(crate) struct Supply {
    pub(crate) mean: [f64; AHEAD],
    pub(crate) variance: [f64; AHEAD],
}

impl Agents {
    pub(crate) fn new(habits: Habits) -> Self {
        let rows = || Box::new([[0.0; AHEAD]; BINS]);
        let outlook = Outlook { talking: rows(), wrapping: rows(), row: 0 };
        let mut new = Self { here: BTreeMap::new(), idle: 0, habits, outlook };
        (0..BINS).for_each(|_| new.look_again());
        new
    }

    pub(crate) fn len(&self) -> u32 {
        self.here.len() as u32
    }

    pub(crate) fn idle(&self) -> u32 {
        self.idle
    }

    pub(crate) fn set(&mut self, agent: u32, now: u64, phase: Phase) {
        let before = self.here.get(&agent).copied();
        if before.is_some_and(|it| it.phase == phase) {
            return;
        }
        if let Some(before) = before {
            self.leave(before, now, phase);
        }
        if phase == Phase::Away {
            self.here.remove(&agent);
        } else if before.is_some() || self.here.len() < AGENTS_MAX {
            self.here.insert(agent, Agent { phase, since: now });
            self.idle += u32::from(phase == Phase::Idle);
        }
    }

    /// An agent ends a phase: what is there to learn from it?
    fn leave(&mut self, agent: Agent, now: u64, next: Phase) {
        let elapsed_s = now.saturating_sub(agent.since) as f64 / 1_000.0;
        let gone = next == Phase::Away;
        match agent.phase {
            Phase::Idle => self.idle -= 1,
            Phase::Talking => {
                self.habits.talk.end(elapsed_s);
                self.habits.without_wrap.see(next != Phase::WrapUp);
                if next != Phase::WrapUp {
                    self.habits.gone.see(gone);
                }
            }
            Phase::WrapUp => {
                self.habits.wrap.end(elapsed_s);
                self.habits.gone.see(gone);
            }
            Phase::Away => {}
        }
    }

    /// `span_s` have passed since this was last called.
    pub(crate) fn pass(&mut self, now: u64, span_s: f64) {
        for agent in self.here.values() {
            let elapsed_s = now.saturating_sub(agent.since) as f64 / 1_000.0;
            let span_s = span_s.min(elapsed_s);
            match agent.phase {
                Phase::Talking => self.habits.talk.spend(elapsed_s, span_s),
                Phase::WrapUp => self.habits.wrap.spend(elapsed_s, span_s),
                Phase::Idle | Phase::Away => {}
            }
        }
        self.forget(span_s);
        self.look_again();
    }

    /// So much time has passed for what was learnt to grow older.
    pub(crate) fn forget(&mut self, span_s: f64) {
        self.habits.talk.fade(span_s);
        self.habits.wrap.fade(span_s);
    }

    /// Works out the next row of the outlook: rates change slowly, and a decision must be quick.
    fn look_again(&mut self) {
        let Habits { talk, wrap, without_wrap, .. } = &self.habits;
        let (talk, wrap) = (talk.rates(), wrap.rates());
        let mut written = durations::within(&wrap, 0.0);
        for it in &mut written {
            *it += (1.0 - *it) * without_wrap.share as f32;
        }
        let row = self.outlook.row;
        let hung_up = durations::within_from(&talk, row);
        self.outlook.talking[row] = durations::in_turn(&hung_up, &written);
        self.outlook.wrapping[row] = durations::within_from(&wrap, row);
        self.outlook.row = (row + 1) % BINS;
    }

    /// Agents free within 0, 1, 2 … `ahead` seconds and `grace_s` more.
    pub(crate) fn supply(&self, now: u64, ahead: usize, grace_s: f64) -> Supply {
        let mut weights = [[0.0_f32; BINS]; 2];
        for agent in self.here.values() {
            let state = match agent.phase {
                Phase::Talking => 0,
                Phase::WrapUp => 1,
                Phase::Idle | Phase::Away => continue,
            };
            let elapsed_s = now.saturating_sub(agent.since) as f64 / 1_000.0;
            let (low, weight) = durations::between(elapsed_s);
            weights[state][low] += 1.0 - weight as f32;
            weights[state][low + 1] += weight as f32;
        }
        let ahead = (ahead + grace_s as usize + 2).min(AHEAD);
        let (mut mean, mut square) = ([0.0_f32; AHEAD], [0.0_f32; AHEAD]);
        let stays = (1.0 - self.habits.gone.share) as f32;
        for (weights, rows) in weights.iter().zip([&self.outlook.talking, &self.outlook.wrapping]) {
            for (weight, row) in weights.iter().zip(rows.iter()).filter(|(it, _)| **it > 0.0) {
                for at in 0..ahead {
                    let chance = row[at] * stays;
                    mean[at] += weight * chance;
                    square[at] += weight * chance * chance;
                }
            }
        }
        self.after_grace(&mean, &square, grace_s)
    }

    fn after_grace(&self, mean: &Within, square: &Within, grace_s: f64) -> Supply {
        let mut supply = Supply { mean: [0.0; AHEAD], variance: [0.0; AHEAD] };
        let (whole, part) = (grace_s as usize, grace_s.fract());
        for at in 0..AHEAD {
            let (low, high) = ((at + whole).min(AHEAD - 1), (at + whole + 1).min(AHEAD - 1));
            let mix = |of: &Within| f64::from(of[low]) * (1.0 - part) + f64::from(of[high]) * part;
            supply.mean[at] = f64::from(self.idle) + mix(mean);
            supply.variance[at] = (mix(mean) - mix(square)).max(0.0);
        }
        supply
    }
}
