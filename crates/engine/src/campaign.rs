//! One campaign: its state, its lines in all their stages, and what it waits for.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use timbre_model::{
    CampaignRecord, CampaignRef, CampaignSpec, CampaignState, Civil, DialMode, ListSpec, Mono, Now,
    PacingMethod,
};
use timbre_pacing::{Controller, Method, Settings, Terms};

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
const MICROS_PER_DAY: i64 = 86_400_000_000;
/// Live answers of a day where nothing is known of the day before.
const ANSWERS_ASSUMED: u64 = 1_000;

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
    pub(crate) today: AnswerDay,
    /// Live answers of the day before.
    pub(crate) answers_before: u64,
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
            today: AnswerDay { day: day(now.civil), ..AnswerDay::default() },
            answers_before: ANSWERS_ASSUMED,
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
    pub(crate) fn define(&mut self, spec: CampaignSpec, lists: Vec<ListSpec>) {
        let started_at = self.started_at.unwrap_or_default();
        let campaign = self.name.clone();
        self.plan = Arc::new(CampaignPlan { campaign, spec, lists, started_at });
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
    pub(crate) fn set_pacer(&mut self, agents: u32) {
        if !self.pools() {
            if let Some(pacer) = self.pacer.take() {
                self.memory = words(&pacer.0);
            }
            return;
        }
        let settings = self.settings(agents);
        match &mut self.pacer {
            Some(pacer) => pacer.0.configure(settings),
            None => {
                let memory = self.memory.as_deref().and_then(|it| serde_json::from_str(it).ok());
                let mut controller = match memory {
                    Some(memory) => Controller::resume(settings, memory),
                    None => Controller::new(settings),
                };
                controller.window_restarted(self.today.abandoned, self.today.answered);
                self.pacer = Some(Pacer(controller));
            }
        }
    }

    fn settings(&self, agents: u32) -> Settings {
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
        Settings {
            method,
            target: timbre_pacing::target_for(spec.abandonment_cap, agents, self.answers_before),
            cap: spec.abandonment_cap,
            grace_ms: millis(spec.answer_to_agent),
            ring_timeout_ms: millis(spec.ring_timeout),
            max_lines_per_agent: spec.lines_per_agent_max,
        }
    }

    /// A new UTC day begins a new window. A clock that goes back begins none.
    pub(crate) fn turn_day(&mut self, now: Civil) {
        let day = day(now);
        if day <= self.today.day {
            return;
        }
        self.answers_before = self.today.answered.max(1);
        self.today = AnswerDay { day, ..AnswerDay::default() };
        if let Some(pacer) = &mut self.pacer {
            pacer.0.window_restarted(0, 0);
        }
    }

    /// Takes over what the store holds.
    pub(crate) fn restore(&mut self, record: CampaignRecord, days: &[AnswerDay], now: Now) {
        let CampaignRecord { tenant: _, campaign: _, state, since, started_at, reason, memory } =
            record;
        (self.state, self.since, self.reason) = (state, since, reason);
        (self.started_at, self.memory) = (started_at, memory);
        let today = day(now.civil);
        let of = |day| days.iter().find(|it| it.day == day).copied();
        self.today = of(today).unwrap_or(AnswerDay { day: today, ..AnswerDay::default() });
        self.answers_before = of(today - 1).map_or(ANSWERS_ASSUMED, |it| it.answered);
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

/// Days since 1970-01-01, in UTC.
fn day(at: Civil) -> i64 {
    at.as_micros().div_euclid(MICROS_PER_DAY)
}
