//! The world: what happens next, and the loop of the shell in small: step, commit, act.

use std::collections::BTreeMap;

use timbre_engine::port::{SwitchAction, SwitchEvent};
use timbre_engine::{
    AnswerDay, AuthorizeRequest, Authorized, Command, Effects, Engine, Event, EventKind, Input,
    Limits,
};
use timbre_model::{
    AgentId, AgentRef, CampaignId, CampaignRecord, CampaignRef, CampaignSpec, CampaignState,
    Change, Civil, LegId, Mono, Now, TenantId,
};

use super::account;
use super::authorizer::Authorizer;
use super::book::DryRun;
use super::chance::Chance;
use super::crew::{Agent, Turn};
use super::day::{Mishap, Trial};
use super::lines::{Far, Lines};
use super::measure::{Measure, Measured};
use super::setup::Setup;
use crate::agenda::Agenda;
use crate::trace::Trace;

pub(crate) const SECOND: u64 = 1_000_000;
pub(crate) const HOUR: u64 = 3_600 * SECOND;
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Something that will happen.
#[derive(Debug)]
pub(crate) enum Happening {
    /// A report of the switch reaches the engine.
    Report(SwitchEvent),
    /// Somebody's command reaches the engine.
    Command(Command),
    /// What a step brought about is durable.
    Effects(Vec<SwitchAction>, Vec<Event>, Vec<AuthorizeRequest>),
    /// A request for attempts is decided.
    Decide(Box<AuthorizeRequest>),
    /// And the answer reaches the engine.
    Decided(Box<Authorized>),
    /// Somebody at the far end of a leg does something.
    Far(LegId, Far),
    /// Something in an agent's day.
    Turn(usize, Turn),
    /// The next of some callers dials.
    Caller(usize),
    /// Something goes wrong.
    Mishap(Mishap),
}

/// One die per concern.
#[derive(Debug)]
pub(crate) struct Dice {
    pub(crate) answers: Chance,
    pub(crate) talks: Chance,
    pub(crate) agents: Chance,
    pub(crate) phones: Chance,
    pub(crate) callers: Chance,
    pub(crate) mishaps: Chance,
    pub(crate) network: Chance,
}

/// Everything there is.
pub(crate) struct World<'a> {
    pub(crate) setup: &'a Setup,
    pub(crate) now: u64,
    pub(crate) engine: Engine,
    pub(crate) agenda: Agenda<Happening>,
    pub(crate) chance: Dice,
    pub(crate) lines: Lines,
    pub(crate) agents: Vec<Agent>,
    pub(crate) names: BTreeMap<AgentId, usize>,
    pub(crate) authorizer: Authorizer,
    pub(crate) measure: Measure,
    /// What only random days have.
    pub(crate) trial: Option<Box<Trial>>,
    /// Effects are performed in the order of their steps.
    pub(crate) performed: u64,
    pub(crate) called_in: u64,
    /// Where the campaigns' leads stood at the start.
    pub(crate) before: BTreeMap<CampaignId, DryRun>,
    pub(crate) steps: u64,
    pub(crate) trace: Trace,
}

pub(crate) fn tenant() -> TenantId {
    TenantId::parse("acme").expect("a slug by its letters")
}

impl<'a> World<'a> {
    pub(crate) fn new(setup: &'a Setup, seed: u64) -> Self {
        let chance = |stream| Chance::new(seed, stream);
        let agents = setup.floor.agents.iter().map(|it| {
            let who = AgentRef { tenant: tenant(), agent: it.id.clone() };
            Agent::new(who, it.station)
        });
        let names = setup.floor.agents.iter().zip(0..).map(|(it, n)| (it.id.clone(), n));
        let now = Now { mono: Mono::default(), civil: setup.start };
        let mut world = Self {
            setup,
            now: 0,
            engine: Engine::new(Limits::default()),
            agenda: Agenda::default(),
            chance: Dice {
                answers: chance(1),
                talks: chance(2),
                agents: chance(3),
                phones: chance(4),
                callers: chance(5),
                mishaps: chance(6),
                network: chance(7),
            },
            lines: Lines::default(),
            agents: agents.collect(),
            names: names.collect(),
            authorizer: Authorizer::new(setup, now),
            measure: Measure::new(setup.warm_up, setup.slice, setup.floor.agents.len()),
            trial: None,
            performed: 0,
            called_in: 0,
            before: BTreeMap::new(),
            steps: 0,
            trace: Trace::default(),
        };
        world.look_ahead();
        world.plan();
        world
    }

    /// Where the campaigns' leads stand before the first call, with what is barred then.
    fn look_ahead(&mut self) {
        let (floor, at) = (&self.setup.floor, self.setup.start);
        let Some(book) = self.authorizer.book_mut() else { return };
        let barred = self.setup.barred.iter().map(|it| Change::DoNotCall(Box::new(it.clone())));
        book.commit(&barred.collect::<Vec<_>>());
        let look = |it: &CampaignSpec| (it.id.clone(), account::dry_run(book, floor, it, at));
        self.before = floor.campaigns.iter().map(look).collect();
    }

    /// Notes down what the day will bring.
    fn plan(&mut self) {
        let spec = Box::new(self.setup.floor.clone());
        let apply = Command::ApplyFloor { tenant: tenant(), spec, expected_version: Some(0) };
        self.says(0, apply);
        (0..self.setup.callers.len()).for_each(|of| self.next_caller(of));
        for campaign in &self.setup.floor.campaigns {
            let name = CampaignRef { tenant: tenant(), campaign: campaign.id.clone() };
            match self.setup.yesterday {
                Some(answered) => self.resume(&name, answered),
                None => self.says(0, Command::StartCampaign { campaign: name }),
            }
        }
        for (n, shift) in self.setup.crew.iter().enumerate() {
            self.agenda.note(shift.from, Happening::Turn(n, Turn::Begins));
            for (from, to) in &shift.breaks {
                self.agenda.note(*from, Happening::Turn(n, Turn::Rests));
                self.agenda.note(*to, Happening::Turn(n, Turn::Returns));
            }
            self.agenda.note(shift.to, Happening::Turn(n, Turn::Ends));
        }
    }

    /// A campaign that ran yesterday runs on.
    fn resume(&mut self, name: &CampaignRef, answered: u64) {
        let record = CampaignRecord {
            tenant: name.tenant.clone(),
            campaign: name.campaign.clone(),
            state: CampaignState::Running,
            since: self.setup.start,
            started_at: Some(self.setup.start),
            reason: None,
            memory: None,
        };
        let day = self.setup.start.as_micros().div_euclid(MICROS_PER_DAY) - 1;
        let days = vec![AnswerDay { day, answered, abandoned: 0 }];
        self.says(0, Command::RestoreCampaign { record: Box::new(record), days });
    }

    /// Lives the day to its end.
    pub(crate) fn run(mut self) -> Measured {
        while self.next() {}
        self.now = self.setup.end;
        self.measure.pass(self.now);
        let campaigns = self.account();
        let (slices, outcomes) = self.measure.finish();
        Measured { slices, outcomes, campaigns, steps: self.steps, hash: self.trace.hash() }
    }

    /// The next thing that happens. `false`: the day is over.
    pub(crate) fn next(&mut self) -> bool {
        let wake = self.engine.next_wake().map(|(at, _)| at.as_micros().max(self.now));
        let next = self.agenda.next();
        let first = match (wake, next) {
            (None, None) => return false,
            (Some(at), None) => at,
            (None, Some(at)) => at,
            (Some(wake), Some(next)) => wake.min(next),
        };
        if first >= self.setup.end {
            return false;
        }
        self.now = first;
        self.measure.pass(first);
        if wake == Some(first) {
            self.feed(Input::Wake);
        } else if let Some(what) = self.agenda.pop() {
            self.happens(what);
        }
        true
    }

    fn happens(&mut self, what: Happening) {
        match what {
            Happening::Report(event) => self.feed(Input::Switch(event)),
            Happening::Command(command) => self.feed(Input::Command(command)),
            Happening::Effects(actions, events, requests) => {
                self.take_effect(actions, &events, requests);
            }
            Happening::Decide(request) => {
                let (now, truth) = (self.moment(), self.truth());
                self.sabotage_law();
                let answer = self.authorizer.decide(&request, now);
                if let Some(trial) = &mut self.trial {
                    trial.auditor.decided(now, truth, &answer);
                }
                let at = self.now + self.network();
                self.agenda.note(at, Happening::Decided(Box::new(answer)));
            }
            Happening::Decided(answer) => self.feed(Input::Authorized(answer)),
            Happening::Far(leg, what) => self.far(leg, what),
            Happening::Turn(n, turn) => self.turn(n, turn),
            Happening::Caller(of) => self.caller_dials(of),
            Happening::Mishap(mishap) => self.mishap(mishap),
        }
    }

    /// The moment as the host shows it.
    pub(crate) fn moment(&self) -> Now {
        let offset = self.trial.as_ref().map_or(0, |it| it.offset);
        let civil = self.setup.start.as_micros() + self.now as i64 + offset;
        Now { mono: Mono::from_micros(self.now), civil: Civil::from_micros(civil) }
    }

    pub(crate) fn network(&mut self) -> u64 {
        match self.trial {
            Some(_) => self.chance.network.millis(1, 30),
            None => self.setup.latency.network,
        }
    }

    /// One step of the engine: what it changes is made durable, and then takes effect.
    pub(crate) fn feed(&mut self, input: Input) {
        let mut effects = Effects::default();
        self.steps += 1;
        if self.trial.is_some() {
            let reply = self.engine.step(self.moment(), input.clone(), &mut effects);
            if !self.watched(&input, &reply, &mut effects) {
                return;
            }
        } else {
            // Nobody waits for the answer to a command; what is refused changes nothing.
            let _ = self.engine.step(self.moment(), input, &mut effects);
        }
        let Effects { changes, actions, events, requests } = effects;
        self.authorizer.commit(&changes);
        if actions.is_empty() && events.is_empty() && requests.is_empty() {
            return;
        }
        self.performed = self.performed.max(self.now + self.setup.latency.commit);
        self.agenda.note(self.performed, Happening::Effects(actions, events, requests));
    }

    fn take_effect(
        &mut self,
        actions: Vec<SwitchAction>,
        events: &[Event],
        requests: Vec<AuthorizeRequest>,
    ) {
        actions.into_iter().for_each(|it| self.perform(it));
        for request in requests {
            let at = self.now + self.setup.latency.authorize;
            self.agenda.note(at, Happening::Decide(Box::new(request)));
        }
        events.iter().for_each(|it| self.notice(&it.what));
    }

    fn notice(&mut self, event: &EventKind) {
        match event {
            EventKind::AgentState(change) => self.sees(change),
            EventKind::LiveAnswerServed { to_agent, .. } => {
                let slice = self.measure.slice();
                slice.answered += 1;
                match to_agent {
                    Some(span) => slice.to_agent += span.as_micros() as u64,
                    None => slice.abandoned += 1,
                }
            }
            EventKind::CallConnected { placed: None, within_service_level, .. } => {
                self.measure.slice().in_time += u64::from(*within_service_level);
            }
            EventKind::CallEnded(ended) if ended.call.as_u128() >> 127 == 1 => {
                self.measure.slice().called_in += 1;
            }
            EventKind::AttemptEnded(ended) => {
                *self.measure.outcomes.entry(ended.outcome).or_default() += 1;
            }
            _ => {}
        }
    }
}
