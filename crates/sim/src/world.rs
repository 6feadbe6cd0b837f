//! The world: who calls, what happens next, and the loop of the shell in small: step, commit, act.

use timbre_engine::port::{Arrival, SwitchAction, SwitchEvent};
use timbre_engine::{Command, Effects, Engine, Event, EventKind, Input, Limits, Rejection, Reply};
use timbre_model::{
    Cadence, CallId, CallerId, Civil, FloorSpec, Mono, Now, PhoneNumber, TrunkId, TrunkRef,
};

use crate::agenda::{Agenda, FarAct, Happening, Turn};
use crate::auditor::Auditor;
use crate::dice::Dice;
use crate::ledger::Ledger;
use crate::people::Person;
use crate::switch::{Around, Switch, Whose};
use crate::trace::Trace;
use crate::{DayReport, Scenario, floor};

pub(crate) const SECOND: u64 = 1_000_000;
pub(crate) const HOUR: u64 = 3_600 * SECOND;

/// How often the engine's own invariants are looked at: they cost more than the step.
const CHECK_EVERY: u64 = 499;

/// Everything there is.
pub(crate) struct World {
    pub(crate) scenario: Scenario,
    pub(crate) now: u64,
    /// When the last caller calls and shifts end.
    pub(crate) closing: u64,
    pub(crate) engine: Engine,
    pub(crate) spec: FloorSpec,
    pub(crate) agenda: Agenda,
    pub(crate) dice: Dice,
    pub(crate) switch: Switch,
    pub(crate) people: Vec<Person>,
    pub(crate) ledger: Ledger,
    pub(crate) auditor: Auditor,
    pub(crate) trace: Trace,
    pub(crate) report: DayReport,
    /// Effects are performed in the order of their steps.
    pub(crate) performed: u64,
    calls: u64,
    crash_due: bool,
    sabotaged: Option<SwitchAction>,
}

impl World {
    pub(crate) fn new(seed: u64, scenario: &Scenario) -> Self {
        let spec = floor::spec(scenario);
        let mut world = Self {
            scenario: scenario.clone(),
            now: 0,
            closing: scenario.hours * HOUR,
            engine: Engine::new(Limits::default()),
            auditor: Auditor::new(&spec),
            spec,
            agenda: Agenda::default(),
            dice: Dice::new(seed),
            switch: Switch::default(),
            people: (0..scenario.agents).map(Person::new).collect(),
            ledger: Ledger::default(),
            trace: Trace::default(),
            report: DayReport { seed, ..DayReport::default() },
            performed: 0,
            calls: 0,
            crash_due: false,
            sabotaged: None,
        };
        world.plan();
        world
    }

    /// Notes down what the day will bring.
    fn plan(&mut self) {
        let tenant = floor::tenant();
        let spec = Box::new(self.spec.clone());
        let apply = Command::ApplyFloor { tenant, spec, expected_version: Some(0) };
        self.agenda.note(0, Happening::Command(None, apply));
        self.agenda.note(60 * SECOND, Happening::CallerDials);
        for n in 0..self.people.len() {
            let begins = self.dice.agents.millis(0, 300_000);
            self.agenda.note(begins, Happening::Agent(n, Turn::Begins));
            for (turn, mean) in [
                (Turn::PauseDue, 90 * 60 * SECOND),
                (Turn::StreamDrops, 2 * HOUR),
                (Turn::PhoneFails, 3 * HOUR),
            ] {
                let first = begins + self.dice.mishaps.exponential(mean);
                self.later(n, first, turn);
            }
            let over = self.closing + self.dice.agents.millis(0, 60_000);
            self.agenda.note(over, Happening::Agent(n, Turn::Ends));
        }
        self.agenda.note(HOUR / 2, Happening::Supervisor);
        for what in [self.closing / 3, self.closing / 2] {
            self.agenda.note(what, Happening::Operator);
        }
        for _ in 0..self.scenario.crashes {
            let at = self.dice.mishaps.below(self.closing);
            self.agenda.note(at, Happening::Crash);
        }
    }

    /// Lives the day to its end.
    pub(crate) fn run(mut self) -> DayReport {
        while self.auditor.content() && self.next() {}
        if self.auditor.content() {
            self.auditor.close(&self.ledger);
        }
        self.report.hash = self.trace.hash();
        self.auditor.fill(&mut self.report);
        self.report
    }

    /// The next thing that happens. `false`: nothing will any more.
    fn next(&mut self) -> bool {
        let wake = self.engine.next_wake().map(|(at, _)| at.as_micros().max(self.now));
        match (wake, self.agenda.next()) {
            (None, None) => return false,
            (Some(at), None) => self.wake(at),
            (Some(at), Some(next)) if at <= next => self.wake(at),
            (_, Some(next)) => {
                self.now = next;
                if let Some(what) = self.agenda.pop() {
                    self.happens(what);
                }
            }
        }
        true
    }

    fn wake(&mut self, at: u64) {
        self.now = at;
        self.feed(Input::Wake, None);
    }

    fn happens(&mut self, what: Happening) {
        match what {
            Happening::CallerDials => self.caller_dials(),
            Happening::Report(event) => self.feed(Input::Switch(event), None),
            Happening::Command(Some(n), command) if self.people[n].thinks_better_of(&command) => {}
            Happening::Command(agent, command) => self.feed(Input::Command(command), agent),
            Happening::Effects(actions, events) => self.take_effect(actions, events),
            Happening::Far(leg, act) => {
                let Self { now, agenda, dice, switch, .. } = self;
                switch.far(&mut Around { now: *now, agenda, dice }, leg, act);
            }
            Happening::Agent(n, turn) => self.agent_turn(n, turn),
            Happening::Supervisor => self.supervisor(),
            Happening::Operator => self.operator(),
            Happening::Crash => self.crash_due = true,
        }
    }

    pub(crate) fn moment(&self) -> Now {
        Now {
            mono: Mono::from_micros(self.now),
            civil: Civil::from_micros(1_750_000_000_000_000 + self.now as i64),
        }
    }

    /// One step of the engine: what it changes is made durable, and then takes effect. `agent`: who gave the command.
    pub(crate) fn feed(&mut self, input: Input, agent: Option<usize>) {
        let mut effects = Effects::default();
        let reply = self.engine.step(self.moment(), input.clone(), &mut effects);
        self.report.steps += 1;
        if self.report.steps.is_multiple_of(CHECK_EVERY) {
            self.engine.check_invariants();
        }
        self.sabotage(&mut effects);
        let dies = std::mem::take(&mut self.crash_due);
        if dies && self.dice.mishaps.permille(500) {
            // Before the commit: the step has never been.
            return self.die_and_restart();
        }
        self.commit(&input, &reply, &effects);
        if dies {
            // Between the commit and the act.
            return self.die_and_restart();
        }
        self.schedule(effects);
        if let (Some(n), Input::Command(command)) = (agent, &input) {
            self.answered(n, command, &reply);
        }
    }

    fn commit(&mut self, input: &Input, reply: &Result<Reply, Rejection>, effects: &Effects) {
        self.report.rejections += u64::from(reply.is_err());
        self.trace.add(self.now, effects);
        self.auditor.step(self.now, input, reply, effects);
        self.ledger.commit(&effects.changes);
        if self.report.steps.is_multiple_of(CHECK_EVERY) {
            self.auditor.compare(&self.engine);
        }
    }

    fn schedule(&mut self, effects: Effects) {
        let Effects { changes: _, actions, events, requests } = effects;
        debug_assert!(requests.is_empty(), "a day without campaigns asks for no attempts");
        if actions.is_empty() && events.is_empty() {
            return;
        }
        let commit = self.dice.network.millis(0, 3);
        self.performed = self.performed.max(self.now + commit);
        self.agenda.note(self.performed, Happening::Effects(actions, events));
    }

    fn take_effect(&mut self, actions: Vec<SwitchAction>, events: Vec<Event>) {
        for action in actions {
            let Self { now, agenda, dice, switch, people, .. } = self;
            let mut around = Around { now: *now, agenda, dice };
            let phones = |it: &SwitchAction| match it {
                SwitchAction::RingStation { agent, .. } => {
                    let n = people.iter().position(|it| it.who == *agent)?;
                    Some((n, people[n].phone_up))
                }
                _ => None,
            };
            if let Some(talk) = switch.perform(&mut around, action, &phones) {
                self.begin_talk(talk);
            }
        }
        for event in events {
            if let EventKind::SurveyWanted { call, .. } = &event.what {
                self.looks_customer_up(*call);
            }
            if let EventKind::AgentState(it) = &event.what
                && let Some(n) = self.people.iter().position(|person| person.who == it.agent)
            {
                self.sees(n, &it.now);
            }
        }
    }

    /// Most may be asked; at times the answer comes too late, or twice.
    fn looks_customer_up(&mut self, call: CallId) {
        let permit = Command::PermitSurvey { tenant: floor::tenant(), call };
        let die = &mut self.dice.surveys;
        let late = if die.permille(50) { 3_000 } else { 60 };
        let times = if die.permille(850) { 1 + u64::from(die.permille(30)) } else { 0 };
        for _ in 0..times {
            let at = self.now + self.dice.surveys.millis(1, late);
            self.agenda.note(at, Happening::Command(None, permit.clone()));
        }
    }

    fn caller_dials(&mut self) {
        self.calls += 1;
        let call = CallId::from_u128(u128::from(self.calls));
        let leg = self.switch.arrives(Whose::Customer { call });
        let lost = self.dice.callers.permille(5);
        let queues = self.spec.queues.len() as u64;
        let to = if lost { 9 } else { self.dice.callers.below(queues) as usize };
        let number: PhoneNumber = floor::number(to);
        let arrival = Arrival {
            leg,
            call,
            trunk: TrunkRef {
                tenant: floor::tenant(),
                trunk: TrunkId::parse("carrier").expect("a slug by its letters"),
            },
            cadence: Cadence::of_country("ES").expect("Spain has a cadence"),
            dialed: number.expose().to_owned(),
            dialed_number: Some(number),
            caller: CallerId::Withheld,
        };
        let patience = self.dice.callers.exponential(150 * SECOND);
        self.agenda.note(self.now + patience, Happening::Far(leg, FarAct::GiveUp));
        self.agenda.note(self.now, Happening::Report(SwitchEvent::CallArrived(Box::new(arrival))));
        self.next_caller();
    }

    fn next_caller(&mut self) {
        let noon = self.now.abs_diff(self.closing / 2) < HOUR;
        let busy = if noon { 6 } else { 5 };
        let mean = HOUR * 5 / (self.scenario.calls_per_hour.max(1) * busy);
        let next = self.now + self.dice.callers.exponential(mean);
        if next < self.closing {
            self.agenda.note(next, Happening::CallerDials);
        }
    }

    /// Falsifies the effects once, from the middle of the day on, if the scenario asks for it.
    fn sabotage(&mut self, effects: &mut Effects) {
        let Some(sabotage) = self.scenario.sabotage else { return };
        let bridge = effects.actions.iter().find(|it| matches!(it, SwitchAction::Bridge { .. }));
        let bridge = bridge.cloned();
        if self.now > self.closing / 2 && sabotage.apply(effects, self.sabotaged.as_ref()) {
            self.scenario.sabotage = None;
        }
        self.sabotaged = bridge.or(self.sabotaged.take());
    }
}
