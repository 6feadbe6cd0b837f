//! One campaign: its state, its lines in all their stages, and what it waits for.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use timbre_compliance::Refusal;
use timbre_model::{
    CampaignRecord, CampaignRef, CampaignSpec, CampaignState, Civil, DialMode, ListSpec, Mono, Now,
    PacingMethod, Slug,
};
use timbre_pacing::{Controller, Method, Settings, Terms};

use crate::answers::Answers;
use crate::attempt::Progress;
use crate::timers::Deadline;
use crate::{AnswerDay, CampaignPlan, WakeReason, Withheld};

/// How often a running campaign is looked at.
pub(crate) const TICK: Duration = Duration::from_millis(500);
/// An agent who becomes idle is looked at sooner, but not sooner than this after the last time.
pub(crate) const TICK_MIN: Duration = Duration::from_millis(20);
/// What nothing could be decided on is asked again after this, and after twice as long each time.
const BACK_OFF_MIN: Duration = Duration::from_secs(1);
const BACK_OFF_MAX: Duration = Duration::from_secs(30);
/// What a running campaign has learnt is kept this often.
const KEPT_EVERY: Duration = Duration::from_secs(60);

/// A campaign of a floor.
#[derive(Debug)]
pub(crate) struct Campaign {
    pub(crate) name: CampaignRef,
    pub(crate) plan: Arc<CampaignPlan>,
    pub(crate) queue: usize,
    /// In the order of preference.
    pub(crate) trunks: Vec<usize>,
    pub(crate) state: CampaignState,
    pub(crate) since: Civil,
    pub(crate) started_at: Option<Civil>,
    pub(crate) reason: Option<String>,
    /// There while it runs and pools its agents.
    pub(crate) pacer: Option<Pacer>,
    /// What the last controller had learnt, in its own words.
    pub(crate) memory: Option<String>,
    /// Its attempts by [`Progress::kind`].
    pub(crate) counts: [u32; Progress::KINDS],
    pub(crate) asks: Asks,
    pub(crate) answers: Answers,
    /// Agents who may be given its calls.
    pub(crate) agents: u32,
    pub(crate) heard: Heard,
    /// Agents given to it by its weight; the campaign with the least is next.
    pub(crate) served: f64,
    pub(crate) ticked: Mono,
    pub(crate) next: Mono,
    pub(crate) kept: Mono,
    pub(crate) timer: Option<Deadline>,
}

/// What a campaign has asked for, and whether it may ask.
#[derive(Debug, Default)]
pub(crate) struct Asks {
    /// Requests that are not answered.
    pub(crate) open: u32,
    /// One of these is for the pool.
    pub(crate) pool: bool,
    /// Attempts closed so far: tells whether a verdict on the lists may be out of date.
    pub(crate) closed: u64,
    /// Nothing is asked before.
    pub(crate) not_before: Mono,
    pub(crate) withheld: Option<Withheld>,
    back_off: Duration,
    /// Why no more is asked for, for people.
    pub(crate) holding_back: Option<&'static str>,
    pub(crate) terms: Option<Terms>,
}

/// Whom agents heard when they took answers.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    all: f64,
    machines: f64,
}

/// Answers that are remembered of whom agents heard.
const HEARD_MAX: f64 = 1_000.0;
/// Answers that what is assumed at first, that all are persons, is worth.
const HEARD_PRIOR: f64 = 20.0;

impl Heard {
    pub(crate) fn hear(&mut self, machine: bool) {
        if self.all >= HEARD_MAX {
            (self.all, self.machines) = (self.all / 2.0, self.machines / 2.0);
        }
        self.all += 1.0;
        self.machines += f64::from(u8::from(machine));
    }

    /// Of all answers, those of persons. The law's share is one of these: what nobody came for may have been a person, what an
    /// agent heard to be a machine was none.
    fn persons(&self) -> f64 {
        1.0 - self.machines / (self.all + HEARD_PRIOR)
    }
}

/// A controller. Its tables are nobody's reading.
pub(crate) struct Pacer(pub(crate) Controller);

impl fmt::Debug for Pacer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pacer").field(self.0.settings()).finish()
    }
}

/// The controller's clock, in milliseconds.
pub(crate) fn millis(now: Mono) -> u64 {
    now.as_micros() / 1_000
}

impl Asks {
    /// Nothing could be decided. Tells whether the reason is a new one.
    pub(crate) fn withheld(&mut self, now: Mono, why: &Withheld) -> bool {
        self.back_off = (self.back_off * 2).clamp(BACK_OFF_MIN, BACK_OFF_MAX);
        self.not_before = now + self.back_off;
        let new = self.withheld.as_ref() != Some(why);
        self.withheld = Some(why.clone());
        new
    }

    /// Something was decided.
    pub(crate) fn decided(&mut self) {
        self.withheld = None;
        self.back_off = Duration::ZERO;
    }

    /// The lists have nothing before then. Leads may be imported meanwhile, so it is not slept through.
    pub(crate) fn rest(&mut self, now: Mono, span: Duration) {
        self.not_before = now + span.clamp(BACK_OFF_MIN, BACK_OFF_MAX);
    }
}

impl Campaign {
    /// A campaign that never ran.
    pub(crate) fn new(name: CampaignRef, spec: CampaignSpec, now: Now) -> Self {
        let plan = CampaignPlan {
            campaign: name.clone(),
            spec,
            lists: Vec::new(),
            started_at: Civil::default(),
            refusals: Arc::default(),
        };
        Self {
            name,
            plan: Arc::new(plan),
            queue: usize::MAX,
            trunks: Vec::new(),
            state: CampaignState::Draft,
            since: now.civil,
            started_at: None,
            reason: None,
            pacer: None,
            memory: None,
            counts: [0; Progress::KINDS],
            asks: Asks::default(),
            answers: Answers::new(now.civil),
            agents: 0,
            heard: Heard::default(),
            served: 0.0,
            ticked: Mono::default(),
            next: Mono::default(),
            kept: now.mono,
            timer: None,
        }
    }

    /// Its definition.
    pub(crate) fn spec(&self) -> &CampaignSpec {
        &self.plan.spec
    }

    /// Takes a definition over, as the plan of requests to come.
    pub(crate) fn define(
        &mut self,
        spec: CampaignSpec,
        lists: Vec<ListSpec>,
        refusals: Arc<BTreeMap<Slug, Refusal>>,
    ) {
        let started_at = self.started_at.unwrap_or_default();
        let campaign = self.name.clone();
        self.plan = Arc::new(CampaignPlan { campaign, spec, lists, started_at, refusals });
    }

    /// The moment it first ran is part of its plan.
    pub(crate) fn note_start(&mut self, at: Civil) {
        if self.started_at.is_none() {
            self.started_at = Some(at);
        }
        let started_at = self.started_at.unwrap_or(at);
        self.plan = Arc::new(CampaignPlan { started_at, ..(*self.plan).clone() });
    }

    pub(crate) fn running(&self) -> bool {
        self.state == CampaignState::Running
    }

    /// Runs, and its answers go to whoever is free.
    pub(crate) fn pools(&self) -> bool {
        self.running() && !self.spec().mode.binds_agent()
    }

    /// Runs, and takes idle agents for calls of their own by itself.
    pub(crate) fn reserves(&self) -> bool {
        let mode = self.spec().mode;
        self.running() && matches!(mode, DialMode::Progressive | DialMode::Preview { .. })
    }

    /// Attempts that are not closed.
    pub(crate) fn open(&self) -> u32 {
        self.counts.iter().sum()
    }

    pub(crate) fn count(&self, progress: Progress) -> u32 {
        self.counts[progress.kind()]
    }

    /// Sets the controller as the state and the definition now ask for.
    pub(crate) fn set_pacer(&mut self, agents: u32, now: Civil) {
        self.agents = agents;
        self.answers.look_up(&self.plan, now);
        if !self.pools() {
            if let Some(pacer) = self.pacer.take() {
                self.memory = words(&pacer.0);
            }
            return;
        }
        let settings = self.settings();
        match &mut self.pacer {
            Some(pacer) => pacer.0.configure(settings),
            None => {
                let memory = self.memory.as_deref().and_then(|it| serde_json::from_str(it).ok());
                let mut controller = match memory {
                    Some(memory) => Controller::resume(settings, memory),
                    None => Controller::new(settings),
                };
                let (abandoned, answered) = self.counted(now);
                controller.window_restarted(abandoned, answered);
                self.pacer = Some(Pacer(controller));
            }
        }
    }

    /// What was learnt of answers changes what the controller aims at.
    pub(crate) fn aim_pacer(&mut self) {
        let settings = self.settings();
        if let Some(pacer) = &mut self.pacer {
            pacer.0.configure(settings);
        }
    }

    fn settings(&self) -> Settings {
        let spec = self.spec();
        let method = match spec.mode {
            DialMode::Power { ratio } => Method::Power { ratio },
            DialMode::Predictive { controller: PacingMethod::Forecast } => Method::Forecast,
            DialMode::Predictive { controller: PacingMethod::Adaptive } => Method::Adaptive,
            DialMode::Manual | DialMode::Preview { .. } | DialMode::Progressive => {
                Method::Progressive
            }
        };
        let millis = |span: Duration| u32::try_from(span.as_millis()).unwrap_or(u32::MAX);
        let cap = self.cap() * self.heard.persons();
        let answers_per_window = self.answers.per_period();
        Settings {
            method,
            target: timbre_pacing::target_for(cap, self.agents, answers_per_window),
            cap,
            answers_per_window,
            grace_ms: millis(spec.connect_within.unwrap_or(spec.answer_to_agent)),
            ring_timeout_ms: millis(spec.ring_timeout),
            max_lines_per_agent: spec.lines_per_agent_max,
        }
    }

    /// The share of live answers that may be abandoned, by the law and by its definition.
    pub(crate) fn cap(&self) -> f64 {
        self.answers.cap(self.spec().abandonment_cap)
    }

    /// Abandoned and all answers in the law's period, as the controller counts them: it does not know of machines until an
    /// agent has heard them, and so its cap is less instead.
    fn counted(&self, now: Civil) -> (u64, u64) {
        let (abandoned, live) = self.answers.counted(&self.plan, now);
        (abandoned, (live as f64 / self.heard.persons()).round() as u64)
    }

    /// A new UTC day may bring another law, and another period of one. How many answers to expect is aimed at within
    /// the minute, with what was learnt of them.
    pub(crate) fn turn_day(&mut self, now: Civil) {
        if !self.answers.turn(now) {
            return;
        }
        self.answers.look_up(&self.plan, now);
        let (abandoned, answered) = self.counted(now);
        if let Some(pacer) = &mut self.pacer {
            pacer.0.window_restarted(abandoned, answered);
        }
    }

    /// Takes over what the store holds.
    pub(crate) fn restore(&mut self, record: CampaignRecord, days: &[AnswerDay], now: Now) {
        let CampaignRecord { tenant: _, campaign: _, state, since, started_at, reason, memory } =
            record;
        (self.state, self.since, self.reason) = (state, since, reason);
        (self.started_at, self.memory) = (started_at, memory);
        self.answers.restore(days, now.civil);
        if let Some(at) = started_at {
            self.note_start(at);
        }
    }

    /// It is time to keep what was learnt.
    pub(crate) fn due_to_keep(&self, now: Mono) -> bool {
        now.since(self.kept) >= KEPT_EVERY
    }

    pub(crate) fn record(&self) -> CampaignRecord {
        let memory = match &self.pacer {
            Some(pacer) => words(&pacer.0),
            None => self.memory.clone(),
        };
        CampaignRecord {
            tenant: self.name.tenant.clone(),
            campaign: self.name.campaign.clone(),
            state: self.state,
            since: self.since,
            started_at: self.started_at,
            reason: self.reason.clone(),
            memory,
        }
    }

    /// When it needs to be looked at again.
    pub(crate) fn deadline(&self) -> Option<Deadline> {
        self.running().then_some((self.next, WakeReason::PacingTick))
    }
}

fn words(controller: &Controller) -> Option<String> {
    serde_json::to_string(&controller.memory()).ok()
}

#[cfg(test)]
mod tests {
    use timbre_model::{CampaignId, TenantId};
    use timbre_pacing::target_for;

    use super::*;

    const NOON: Civil = Civil::from_micros(1_795_000_000_000_000);
    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn the_target_follows_the_answers_of_the_day_before() {
        let spec = serde_json::json!({
            "id": "k", "name": "K", "client": "c", "queue": "q", "trunks": ["t"], "lists": [{"list": "l"}],
            "caller_ids": {"numbers": ["+34910000002"]},
            "mode": {"predictive": {"controller": "forecast"}},
        });
        let (spec, id): (CampaignSpec, _) = (
            serde_json::from_value(spec).expect("a campaign"),
            CampaignId::parse("k").expect("a slug"),
        );
        let name = CampaignRef { tenant: TenantId::parse("t").expect("a slug"), campaign: id };
        let now = Now { mono: Mono::default(), civil: NOON };
        let mut it = Campaign::new(name, spec.clone(), now);
        it.define(spec, Vec::new(), Arc::default());
        it.state = CampaignState::Running;
        it.set_pacer(20, NOON);
        let target = |it: &Campaign| it.pacer.as_ref().expect("it pools").0.settings().target;
        let (first, cap) = (target(&it), it.cap());
        (0..5_000).for_each(|_| it.answers.answered());
        it.turn_day(NOON + DAY);
        it.aim_pacer();
        assert_eq!(target(&it), target_for(cap, 20, 5_000));
        assert_ne!(target(&it), first);
        it.turn_day(NOON + DAY * 2);
        it.aim_pacer();
        assert_eq!(target(&it), first, "as if nothing were known");
    }

    #[test]
    fn answers_of_machines_are_no_live_answers() {
        let mut heard = Heard::default();
        assert_eq!(heard.persons(), 1.0);
        (0..20_000).for_each(|n| heard.hear(n % 4 == 0));
        assert!((heard.persons() - 0.75).abs() < 0.01, "{heard:?}");
    }
}
