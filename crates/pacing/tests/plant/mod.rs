//! A campaign on virtual time: people who answer or do not, agents who talk and write up. Nothing of
//! the controller is in it; it reports what happens and dials as it is told.

mod chance;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use chance::Chance;
pub use chance::Lasting;
use timbre_pacing::{Controller, Phase, Resolution};

/// Who is called and who calls.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    pub agents: u32,
    /// Chance that a dial is answered by a person, before `course`.
    pub answer_rate: f64,
    pub course: Course,
    pub ringing: Ringing,
    pub talk: Lasting,
    pub wrap: Lasting,
    pub grace_ms: u64,
    pub warm_up_h: u64,
    pub measured_h: u64,
}

/// How the answer rate moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    Even,
    /// Another one each hour: 1, 0.5, 1.6, 0.8 times the first.
    Steps,
    /// 40 % up and down in 90 minutes.
    Sine,
}

/// How lines ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ringing {
    /// Answers after 10 s on average; a fifth of the others fail at once, the rest ring out.
    Lifelike,
    /// Every line ends after 14 s on average, exponentially.
    Memoryless,
}

/// What was measured after the warm-up.
#[derive(Debug, Clone, Copy, Default)]
pub struct Day {
    /// Share of the agents' time spent talking and writing up.
    pub occupancy: f64,
    pub answered: u64,
    pub abandoned: u64,
    pub dials: u64,
    /// Mean time an agent waits between two calls, in seconds.
    pub wait_s: f64,
    /// Mean lines in set-up for each agent.
    pub lines_per_agent: f64,
    /// Decisions that were held back by the alarm.
    pub alarms: u64,
}

impl Day {
    pub fn abandon_rate(&self) -> f64 {
        self.abandoned as f64 / (self.answered as f64).max(1.0)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Tick,
    LineEnds { line: u64, answered: bool },
    TalkEnds { agent: u32 },
    WrapEnds { agent: u32 },
    GraceEnds { call: u64 },
}

/// A campaign that runs.
pub struct Plant {
    scenario: Scenario,
    controller: Controller,
    chance: Chance,
    now: u64,
    agenda: BinaryHeap<Reverse<(u64, u64, Event)>>,
    events: u64,
    idle: VecDeque<(u32, u64)>,
    waiting: BTreeMap<u64, ()>,
    lines: u64,
    lines_up: u64,
    day: Day,
    busy_ms: u64,
    waits: (u64, u64),
    line_ms: u64,
}

const HOUR_MS: u64 = 3_600_000;
const TICK_MS: u64 = 500;

/// One campaign from its start to its end.
pub fn run(scenario: Scenario, controller: Controller, seed: u64) -> Day {
    let mut plant = Plant::new(scenario, controller, seed);
    plant.until(scenario.warm_up_h * HOUR_MS);
    plant.measure();
    plant.until((scenario.warm_up_h + scenario.measured_h) * HOUR_MS);
    plant.day()
}

impl Plant {
    pub fn new(scenario: Scenario, controller: Controller, seed: u64) -> Self {
        let mut plant = Self {
            scenario,
            controller,
            chance: Chance::new(seed),
            now: 0,
            agenda: BinaryHeap::new(),
            events: 0,
            idle: VecDeque::new(),
            waiting: BTreeMap::new(),
            lines: 0,
            lines_up: 0,
            day: Day::default(),
            busy_ms: 0,
            waits: (0, 0),
            line_ms: 0,
        };
        for agent in 0..scenario.agents {
            plant.controller.agent(agent, 0, Phase::Idle);
            plant.idle.push_back((agent, 0));
        }
        plant.after(0, Event::Tick);
        plant
    }

    fn after(&mut self, ms: u64, event: Event) {
        self.events += 1;
        self.agenda.push(Reverse((self.now + ms, self.events, event)));
    }

    /// Lets the campaign run up to a moment.
    pub fn until(&mut self, end: u64) {
        while let Some(Reverse((at, _, event))) = self.agenda.peek().copied() {
            if at >= end {
                break;
            }
            self.agenda.pop();
            self.pass(at);
            self.happen(event);
        }
        self.pass(end);
    }

    fn pass(&mut self, to: u64) {
        let span = to - self.now;
        self.busy_ms += span * (u64::from(self.scenario.agents) - self.idle.len() as u64);
        self.line_ms += span * self.lines_up;
        self.now = to;
    }

    /// What was so far does not count.
    pub fn measure(&mut self) {
        self.day = Day::default();
        (self.busy_ms, self.line_ms, self.waits) = (0, 0, (0, 0));
        self.controller.window_restarted(0, 0);
    }

    /// What was measured in the scenario's measured hours.
    pub fn day(&self) -> Day {
        let agent_ms =
            (self.scenario.measured_h * HOUR_MS * u64::from(self.scenario.agents)) as f64;
        Day {
            occupancy: self.busy_ms as f64 / agent_ms,
            wait_s: self.waits.0 as f64 / (self.waits.1 as f64).max(1.0) / 1_000.0,
            lines_per_agent: self.line_ms as f64 / agent_ms,
            ..self.day
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Tick => {
                self.after(TICK_MS, Event::Tick);
                self.decide();
            }
            Event::LineEnds { line, answered } => self.line_ends(line, answered),
            Event::TalkEnds { agent } => self.talk_ends(agent),
            Event::WrapEnds { agent } => self.free(agent),
            Event::GraceEnds { call } => {
                if self.waiting.remove(&call).is_some() {
                    self.day.abandoned += 1;
                    self.served(true);
                }
            }
        }
    }

    fn served(&mut self, abandoned: bool) {
        self.controller.served(self.now, abandoned);
        self.controller.waiting(self.waiting.len() as u32);
    }

    fn line_ends(&mut self, line: u64, answered: bool) {
        self.lines_up -= 1;
        let how = if answered { Resolution::Answered } else { Resolution::Failed };
        self.controller.resolved(line, self.now, how);
        if !answered {
            return;
        }
        self.day.answered += 1;
        if let Some((agent, since)) = self.idle.pop_front() {
            self.waits = (self.waits.0 + self.now - since, self.waits.1 + 1);
            self.talk(agent);
            self.served(false);
        } else if self.scenario.grace_ms == 0 {
            self.day.abandoned += 1;
            self.served(true);
        } else {
            self.waiting.insert(line, ());
            self.controller.waiting(self.waiting.len() as u32);
            self.after(self.scenario.grace_ms, Event::GraceEnds { call: line });
        }
    }

    fn talk(&mut self, agent: u32) {
        self.controller.agent(agent, self.now, Phase::Talking);
        let ms = self.chance.lasting(self.scenario.talk);
        self.after(ms, Event::TalkEnds { agent });
    }

    fn talk_ends(&mut self, agent: u32) {
        if self.scenario.wrap.mean_s == 0.0 {
            return self.free(agent);
        }
        self.controller.agent(agent, self.now, Phase::WrapUp);
        let ms = self.chance.lasting(self.scenario.wrap);
        self.after(ms, Event::WrapEnds { agent });
    }

    fn free(&mut self, agent: u32) {
        if self.waiting.pop_first().is_some() {
            self.talk(agent);
            self.waits.1 += 1;
            return self.served(false);
        }
        self.controller.agent(agent, self.now, Phase::Idle);
        self.idle.push_back((agent, self.now));
        self.decide();
    }

    fn decide(&mut self) {
        let decision = self.controller.decide(self.now);
        let alarm = decision.terms.hold_back == Some(timbre_pacing::HoldBack::Alarm);
        self.day.alarms += u64::from(alarm);
        for _ in 0..decision.place {
            self.dial();
        }
    }

    fn dial(&mut self) {
        self.lines += 1;
        self.lines_up += 1;
        self.day.dials += 1;
        self.controller.dialed(self.lines, self.now);
        let answered = self.chance.happens(self.answer_rate());
        let ms = match (self.scenario.ringing, answered) {
            (Ringing::Memoryless, _) => self.chance.lasting(Lasting::exponential(14.0)),
            (Ringing::Lifelike, true) => self.chance.answer_delay(),
            (Ringing::Lifelike, false) => self.chance.failure_delay(),
        };
        self.after(ms, Event::LineEnds { line: self.lines, answered });
    }

    fn answer_rate(&self) -> f64 {
        let hours = self.now as f64 / HOUR_MS as f64;
        let factor = match self.scenario.course {
            Course::Even => 1.0,
            Course::Steps => [1.0, 0.5, 1.6, 0.8][hours as usize % 4],
            Course::Sine => 1.0 + 0.4 * (std::f64::consts::TAU * hours / 1.5).sin(),
        };
        self.scenario.answer_rate * factor
    }
}
