//! One campaign's controller: it is told what happens, and says how many lines to place.

use crate::agents::{Agents, Habits, Phase};
use crate::decision::{Decision, HoldBack, Terms};
use crate::feedback::{Feedback, SMALL_POOL};
use crate::forecast::Forecast;
use crate::level::Level;
use crate::lines::{AGES, LINES_MAX, Lines, SLOT_MS};
use crate::memory::{Kept, Memory};
use crate::ringing::{Course, Ringing};
use crate::settings::{Method, Settings, within};
use crate::window::Window;

/// A line nobody reported on is forgotten this long after the ring timeout.
const LOST_AFTER_MS: u32 = 8_000;

const SLOT_S: f64 = SLOT_MS as f64 / 1_000.0;

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// A person answered.
    Answered,
    /// Anything else that the called side or the network did: busy, no answer, machine, error.
    Failed,
    /// We took it down ourselves, so it says nothing about how lines end.
    Cancelled,
}

/// Says how many lines one campaign is to place, from what it is told.
///
/// Times are milliseconds on one axis that does not go backwards; an earlier moment counts as the
/// latest one seen. Every observation costs next to nothing but the first of each half second, which
/// brings the statistics up to date.
#[derive(Debug, Clone)]
pub struct Controller {
    settings: Settings,
    /// The latest moment seen; `None` before the first.
    now: Option<u64>,
    lines: Lines,
    ringing: Ringing,
    agents: Agents,
    level: Level,
    feedback: Feedback,
    window: Window,
    waiting: u32,
    pending: u32,
    share: f64,
}

impl Controller {
    /// A controller that has seen nothing yet. Settings out of range are brought into it: see
    /// [`Settings::faults`].
    pub fn new(settings: Settings) -> Self {
        let settings = settings.sane();
        Self {
            now: None,
            lines: Lines::new(0),
            ringing: Ringing::new(settings.ring_timeout_ms),
            agents: Agents::new(Habits::new()),
            level: Level::default(),
            feedback: Feedback::new(),
            window: Window::default(),
            waiting: 0,
            pending: 0,
            share: 1.0,
            settings,
        }
    }

    /// A controller that goes on with what was kept. From a memory that cannot be right nothing is
    /// taken: the controller starts anew.
    pub fn resume(settings: Settings, memory: Memory) -> Self {
        let mut new = Self::new(settings);
        if let Some(Kept { ringing, habits, level, feedback, window }) =
            memory.restore(new.settings.ring_timeout_ms)
        {
            new.ringing = ringing;
            new.agents = Agents::new(habits);
            new.level = level;
            new.feedback = feedback;
            new.window.abandoned = window.0;
            new.window.answered = window.1;
        }
        new
    }

    /// What to keep over a restart. A few kilobytes; lines and agents are not in it.
    pub fn memory(&self) -> Memory {
        let habits = &self.agents.habits;
        Memory::of(&self.ringing, habits, &self.level, &self.feedback, &self.window)
    }

    /// Changes the settings of a running campaign. What was learnt stays.
    pub fn configure(&mut self, settings: Settings) {
        self.settings = settings.sane();
        self.ringing.configure(self.settings.ring_timeout_ms);
        self.lines.forget_older(self.oldest());
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A line was dialed.
    pub fn dialed(&mut self, line: u64, now: u64) {
        self.advance(now);
        if self.lines.add(line) {
            self.ringing.see_new();
        }
    }

    /// A line is no longer in set-up. Lines never dialed, or forgotten, change nothing.
    pub fn resolved(&mut self, line: u64, now: u64, how: Resolution) {
        self.advance(now);
        let Some(age) = self.lines.remove(line) else { return };
        match how {
            Resolution::Answered => {
                self.ringing.answered(age);
                self.level.see();
            }
            Resolution::Failed => self.ringing.failed(age),
            Resolution::Cancelled => {}
        }
    }

    /// An agent's phase, whenever it changes. [`Phase::Away`] takes the agent out.
    pub fn agent(&mut self, agent: u32, now: u64, phase: Phase) {
        let now = self.advance(now);
        self.agents.set(agent, now, phase);
    }

    /// A live answer met its fate: it reached an agent or was abandoned.
    pub fn served(&mut self, now: u64, abandoned: bool) {
        self.advance(now);
        self.window.served(abandoned, self.settings.cap);
        let error = self.settings.target - f64::from(u8::from(abandoned));
        let (pool, answers) = (self.agents.len(), self.settings.answers_per_window);
        match self.settings.method {
            Method::Forecast => self.feedback.move_threshold(error, pool, answers),
            Method::Adaptive => self.feedback.move_ratio(error, pool),
            Method::Progressive | Method::Power { .. } => {}
        }
    }

    /// How many live answers wait for an agent now.
    pub fn waiting(&mut self, answers: u32) {
        self.waiting = answers;
    }

    /// How many lines of earlier decisions are neither dialed nor refused yet. They count as lines
    /// dialed just now, so that slow authorization does not place them twice.
    pub fn pending(&mut self, lines: u32) {
        self.pending = lines;
    }

    /// The share of its agents that the campaign may count on, where other campaigns dial for them
    /// too: above 0, at most 1.
    pub fn share(&mut self, share: f64) {
        self.share = within(share, 0.0, 1.0, 1.0);
    }

    /// The legal window begins anew, or its counts come from the records.
    pub fn window_restarted(&mut self, abandoned: u64, answered: u64) {
        self.window.abandoned = abandoned.min(answered);
        self.window.answered = answered;
    }

    /// How many lines to place now. Made to be asked every half second and when an agent frees.
    pub fn decide(&mut self, now: u64) -> Decision {
        let now = self.advance(now);
        let course = self.ringing.course(now % SLOT_MS);
        let mut terms = self.terms(&course);
        let limit = self.line_limit();
        let place = match self.settings.method {
            Method::Forecast => self.by_forecast(now, &course, limit, &mut terms),
            Method::Adaptive => self.by_ratio(self.feedback.ratio(), limit, &mut terms),
            Method::Progressive => self.by_ratio(1.0, limit, &mut terms),
            Method::Power { ratio } => self.by_ratio(ratio, limit, &mut terms),
        };
        if self.agents.len() == 0 {
            terms.hold_back = Some(HoldBack::NoAgents);
        }
        Decision { place, terms }
    }

    fn terms(&self, course: &Course) -> Terms {
        let level = self.factor();
        Terms {
            lines: self.lines.len(),
            pending: self.pending,
            waiting: self.waiting,
            expected_answers: 0.0,
            answer_rate: (course.answer_rate() * level).min(1.0),
            level,
            agents: self.agents.len(),
            agents_idle: self.agents.idle(),
            agents_expected: None,
            threshold: None,
            ratio: None,
            marginal_risk: None,
            abandoned: self.window.abandoned,
            answered: self.window.answered,
            target: self.settings.target,
            hold_back: None,
        }
    }

    /// The fast level. A small pool sees too few answers in two minutes to follow them.
    fn factor(&self) -> f64 {
        if self.agents.len() <= SMALL_POOL { 1.0 } else { self.level.factor() }
    }

    fn committed(&self) -> u32 {
        self.lines.len().saturating_add(self.pending)
    }

    /// How many more lines the limits allow.
    fn line_limit(&self) -> u32 {
        let most = f64::from(self.agents.len()) * self.settings.max_lines_per_agent * self.share;
        (most.ceil() as u32).min(LINES_MAX as u32).saturating_sub(self.committed())
    }

    /// Idle agents that no waiting answer will take.
    fn spare_agents(&self) -> f64 {
        (f64::from(self.agents.idle()) * self.share - f64::from(self.waiting)).max(0.0)
    }

    fn by_ratio(&self, ratio: f64, limit: u32, terms: &mut Terms) -> u32 {
        terms.expected_answers = terms.answer_rate * f64::from(self.committed());
        let ratio = if self.window.alarm() { 1.0 } else { ratio };
        terms.ratio = Some(ratio);
        let room = self.room(ratio);
        let why = if self.window.alarm() { HoldBack::Alarm } else { HoldBack::RatioReached };
        terms.hold_back = Some(if room > limit { HoldBack::LineLimit } else { why });
        room.min(limit)
    }

    /// Lines to place so that every spare agent has `ratio` of them.
    fn room(&self, ratio: f64) -> u32 {
        ((self.spare_agents() * ratio) as u32).saturating_sub(self.committed())
    }

    fn by_forecast(&self, now: u64, course: &Course, limit: u32, terms: &mut Terms) -> u32 {
        let mut forecast = self.forecast(now, course);
        terms.expected_answers = forecast.expected_answers;
        terms.agents_expected = Some(forecast.agents_at_answer());
        let threshold = self.feedback.threshold();
        terms.threshold = Some(threshold);
        let least = self.room(1.0).min(limit);
        let alarm = self.window.alarm();
        let place = match self.agents.len() {
            0 => 0,
            _ if alarm => least,
            _ => forecast.lines_under(threshold, limit).max(least),
        };
        forecast.dial(place);
        terms.marginal_risk = Some(forecast.risk(0));
        terms.hold_back = Some(match () {
            () if alarm => HoldBack::Alarm,
            () if place >= limit => HoldBack::LineLimit,
            () => HoldBack::RiskAtThreshold,
        });
        place
    }

    fn forecast(&self, now: u64, course: &Course) -> Forecast {
        let ahead = self.settings.ring_timeout_ms.div_ceil(1_000) as usize + 1;
        let grace_s = f64::from(self.settings.grace_ms) / 1_000.0;
        let mut supply = self.agents.supply(now, ahead, grace_s);
        supply.mean.iter_mut().chain(&mut supply.variance).for_each(|it| *it *= self.share);
        let level = self.factor();
        let mut forecast = Forecast::new(course, level, supply, ahead);
        forecast.wait(self.waiting);
        forecast.ring(&self.lines, course, level);
        forecast.dial(self.pending);
        forecast
    }

    /// Oldest age of a line still believed in, in slots.
    fn oldest(&self) -> usize {
        let ms = u64::from(self.settings.ring_timeout_ms + LOST_AFTER_MS);
        (ms.div_ceil(SLOT_MS) as usize).min(AGES - 2)
    }

    /// Brings the statistics up to a moment, which is returned: never before one seen already.
    fn advance(&mut self, now: u64) -> u64 {
        let before = *self.now.get_or_insert_with(|| {
            self.lines.restart(now / SLOT_MS);
            now
        });
        let now = now.max(before);
        self.now = Some(now);
        let slots = now / SLOT_MS - before / SLOT_MS;
        if slots > 2 * AGES as u64 {
            self.skip(now, slots);
        } else {
            (0..slots).for_each(|ahead| self.next_slot((before / SLOT_MS + ahead + 1) * SLOT_MS));
        }
        now
    }

    /// A slot begins at `at`.
    fn next_slot(&mut self, at: u64) {
        self.lines.next_slot(self.oldest());
        let hazards = self.ringing.see(&self.lines);
        self.level.predict(hazards);
        self.window.pass(1, self.settings.cap);
        self.agents.pass(at, SLOT_S);
    }

    /// Nobody said anything for longer than a line can live: only forgetting is left.
    fn skip(&mut self, now: u64, slots: u64) {
        self.lines.restart(now / SLOT_MS);
        self.ringing.forget(slots);
        self.window.pass(slots, self.settings.cap);
        self.agents.forget(slots as f64 * SLOT_S);
        self.level = Level::default();
    }
}
