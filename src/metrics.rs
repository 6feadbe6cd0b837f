//! What Prometheus scrapes: the only place that names metrics.
//!
//! Labels are tenants, queues, campaigns, lists, rules, trunks and words of closed enums, each bounded; never an agent, a
//! call or a number. A ratio is never exported: its numerator and its denominator are two counters.

mod agents;
mod api;
mod campaigns;
mod capped;
mod casework;
pub mod catalog;
mod dialing;
mod http;
mod leads;
mod pacing;
mod queues;
mod switch;
mod trunks;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::metrics::{Gauge, Histogram};
use metrics_exporter_prometheus::{PrometheusHandle, PrometheusRecorder};
use timbre_casework::TroubleKind;
use timbre_engine::{CampaignView, Event, EventKind, QueueView, TrunkView};
use timbre_model::{
    AgentRef, AgentStateKind, CallId, Civil, FloorSpec, ListId, Mono, QueueRef, TenantId, TrunkRef,
};

pub use casework::{Counted, Delivered, Through};
pub use trunks::TrunkSample;

/// The label value of everything beyond a label's bound. No identifier can be spelled so.
pub const OTHER: &str = "__other__";

/// The node's metrics. Clones count into the same.
#[derive(Clone)]
pub struct Metrics(Arc<Shared>);

struct Shared {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    floor: Mutex<Floor>,
    api: Mutex<api::ApiMeters>,
    step: Histogram,
    commit: Histogram,
    batch: Histogram,
    spooling: Gauge,
}

/// What the driver feeds.
struct Floor {
    queues: queues::QueueMeters,
    agents: agents::AgentMeters,
    trunks: trunks::TrunkMeters,
    campaigns: campaigns::CampaignMeters,
    dialing: dialing::DialingMeters,
    leads: leads::LeadMeters,
    do_not_call: leads::DoNotCallMeters,
    casework: casework::CaseworkMeters,
    surveys: casework::SurveyMeters,
    switch: switch::SwitchMeter,
    /// Calls in wrap-up, and for how long their agent had the customer: at most one an agent.
    in_wrap_up: HashMap<AgentRef, (CallId, Duration)>,
    /// Attempts that were answered and have no agent yet: seconds each, and no more than there are calls.
    unserved: HashSet<CallId>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Metrics that have counted nothing yet.
    pub fn new() -> Self {
        let recorder = catalog::recorder();
        catalog::BUILD_INFO.gauge(&recorder, &[env!("CARGO_PKG_VERSION")]).set(1.);
        Self(Arc::new(Shared {
            handle: recorder.handle(),
            floor: Mutex::new(Floor::new(&recorder)),
            api: Mutex::new(api::ApiMeters::new()),
            step: catalog::ENGINE_STEP.histogram(&recorder, &[]),
            commit: catalog::STORE_COMMIT.histogram(&recorder, &[]),
            batch: catalog::STORE_BATCH.histogram(&recorder, &[]),
            spooling: catalog::STORE_SPOOLING.gauge(&recorder, &[]),
            recorder,
        }))
    }

    /// Binds `at` (port 0: a free one) and serves from then on, within the present runtime; tells where.
    pub fn serve(at: SocketAddr) -> io::Result<(Self, SocketAddr)> {
        let metrics = Self::new();
        let at = http::serve(at, metrics.clone())?;
        Ok((metrics, at))
    }

    /// Counts what happened on the floor.
    pub fn observe(&self, event: &Event) {
        self.floor().observe(&self.0.recorder, event);
    }

    /// Shows how the queues stand. Call it every second or so, with all queues.
    pub fn queues(&self, views: &[QueueView], now: Mono) {
        self.floor().queues.show(&self.0.recorder, views, now);
    }

    /// Shows how many agents of each tenant are in each state; a state that is not named has none. Call it every second
    /// or so, with all tenants.
    pub fn agents(&self, counts: &[(TenantId, AgentStateKind, usize)], now: Civil) {
        self.floor().agents.show(&self.0.recorder, counts, now);
    }

    /// Shows how the trunks stand. Call it every second or so, with all trunks.
    pub fn trunks(&self, samples: &[TrunkSample]) {
        self.floor().trunks.show(&self.0.recorder, samples);
    }

    /// An agent reported trouble on the line of a call.
    pub fn line_trouble(&self, trunk: &TrunkRef, kind: TroubleKind) {
        self.floor().trunks.trouble(&self.0.recorder, trunk, kind);
    }

    /// Something happened in a tenant's casework.
    pub fn count_casework(&self, tenant: &TenantId, what: Counted) {
        self.floor().casework.count(&self.0.recorder, tenant, what);
    }

    /// Has what is counted of a tenant's casework begin at zero, and of the queues that ask customers a question.
    pub fn begin_casework(&self, tenant: &TenantId, floor: &FloorSpec) {
        let meters = &mut *self.floor();
        meters.casework.begin(&self.0.recorder, tenant);
        for queue in &floor.queues {
            let Some(survey) = &queue.survey else { continue };
            let named = QueueRef { tenant: tenant.clone(), queue: queue.id.clone() };
            meters.surveys.begin(&self.0.recorder, &named, survey.kind);
        }
    }

    /// Shows what is open of a tenant's casework. Call it every half minute or so.
    pub fn open_casework(&self, tenant: &TenantId, open: &[timbre_store::OpenCount]) {
        self.floor().casework.show(&self.0.recorder, tenant, open);
    }

    /// Shows what of a tenant waits to be delivered. Call it every half minute or so.
    pub fn waiting_letters(&self, tenant: &TenantId, letters: timbre_store::WaitingLetters) {
        self.floor().casework.letters(&self.0.recorder, tenant, letters);
    }

    /// Shows for how long the oldest event of a tenant waits to be acted upon.
    pub fn events_lag(&self, tenant: &TenantId, waits: Duration) {
        self.floor().casework.lag(&self.0.recorder, tenant, waits);
    }

    /// Shows how the campaigns stand. Call it every second or so, with all campaigns.
    pub fn campaigns(&self, views: &[CampaignView]) {
        self.floor().campaigns.show(&self.0.recorder, views);
    }

    /// Shows how many leads of each list are in each state, by the state's word ([`timbre_model::LeadState`]); one that
    /// is not named has none. Call it every half minute or so, with all lists.
    pub fn leads<W: AsRef<str>>(&self, counts: &[(TenantId, ListId, W, u64)]) {
        self.floor().leads.show(&self.0.recorder, counts);
    }

    /// Shows how the trunks stand over which calls are placed. Call it every second or so, with all of these.
    pub fn outbound_trunks(&self, views: &[TrunkView]) {
        self.floor().dialing.show(&self.0.recorder, views);
    }

    /// Shows what the switch has counted. Call it every second or so.
    pub fn switch(&self, counters: &timbre_sip::Counters) {
        self.floor().switch.show(&self.0.recorder, counters);
    }

    /// The engine took a step.
    pub fn step(&self, took: Duration) {
        self.0.step.record(took);
    }

    /// The store committed a batch of `changes`.
    pub fn commit(&self, took: Duration, changes: usize) {
        self.0.commit.record(took);
        self.0.batch.record(changes as f64);
    }

    /// The store is down and changes go to the local spool, or it is back and the spool is empty.
    pub fn spooling(&self, spooling: bool) {
        self.0.spooling.set(f64::from(u8::from(spooling)));
    }

    /// An RPC ended: `method` as `timbre.v1.AgentService/Connect`, `code` as gRPC spells it (`OK`, `NOT_FOUND`).
    pub fn rpc(&self, method: &str, code: &'static str, took: Duration) {
        lock(&self.0.api).ended(&self.0.recorder, method, code, took);
    }

    /// All of it in Prometheus' text format (version 0.0.4).
    pub fn render(&self) -> String {
        self.0.handle.render()
    }

    /// Folds observations into their histograms. A scrape does it too, but where nobody scrapes they would pile up.
    fn upkeep(&self) {
        self.0.handle.run_upkeep();
    }

    fn floor(&self) -> MutexGuard<'_, Floor> {
        lock(&self.0.floor)
    }
}

/// A panic elsewhere must not stop the counting.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Floor {
    fn new(recorder: &PrometheusRecorder) -> Self {
        Self {
            queues: queues::QueueMeters::new(),
            agents: agents::AgentMeters::default(),
            trunks: trunks::TrunkMeters::new(),
            campaigns: campaigns::CampaignMeters::new(),
            dialing: dialing::DialingMeters::new(),
            leads: leads::LeadMeters::new(),
            do_not_call: leads::DoNotCallMeters::new(),
            casework: casework::CaseworkMeters::new(),
            surveys: casework::SurveyMeters::new(),
            switch: switch::SwitchMeter::new(recorder),
            in_wrap_up: HashMap::new(),
            unserved: HashSet::new(),
        }
    }

    fn observe(&mut self, to: &PrometheusRecorder, event: &Event) {
        match &event.what {
            // A live answer of a campaign is told as a call, but no trunk brought it.
            EventKind::CallArrived { call, .. } if self.unserved.contains(call) => {}
            EventKind::CallArrived { trunk, .. } => self.trunks.arrived(to, trunk),
            EventKind::CallQueued { queue, .. } => self.queues.of(to, queue).arrived(),
            EventKind::OfferEnded { queue, outcome, open_for, .. } => {
                self.queues.of(to, queue).offer_ended(*outcome, *open_for);
            }
            EventKind::CallAnswered { queue, after, ring, by_greeting, .. } => {
                self.queues.of(to, queue).picked_up(*after, *ring, *by_greeting);
            }
            EventKind::CallConnected { call, queue, waited, within_service_level, .. } => {
                self.unserved.remove(call);
                self.queues.of(to, queue).connected(*waited, *within_service_level);
            }
            EventKind::CallHeld { queue, .. } => self.queues.of(to, queue).held(),
            EventKind::CallEnded(call) => {
                if let Some(agent) = &call.agent {
                    self.in_wrap_up.insert(agent.clone(), (call.call, call.talked));
                }
                match &call.queue {
                    Some(queue) => self.queues.of(to, queue).ended(call),
                    None => self.trunks.refused(to, &call.trunk, call.cause),
                }
            }
            EventKind::WrappedUp { call, queue, agent, took, .. } => {
                let ended = self.in_wrap_up.remove(agent).filter(|(of, _)| of == call);
                self.queues.of(to, queue).wrapped_up(ended.map(|(_, talked)| talked), *took);
            }
            EventKind::AgentState(changed) => self.agents.changed(to, event.at, changed),
            EventKind::FloorApplied { .. }
            | EventKind::Offered(_)
            | EventKind::CallResumed { .. } => {}
            EventKind::Paced(paced) => self.campaigns.of(to, &paced.campaign).wanted(paced.wanted),
            EventKind::LeadsRefused { campaign, rule, count } => {
                self.campaigns.of(to, campaign).refused(to, rule, *count);
            }
            EventKind::DialRefused { campaign, .. } => {
                self.campaigns.of(to, campaign).agent_refused();
            }
            EventKind::AttemptDialed { campaign, trunk, .. } => {
                self.campaigns.of(to, campaign).dialed();
                self.dialing.dialed(to, trunk);
            }
            EventKind::AttemptAnswered { attempt, campaign, .. } => {
                self.unserved.insert(*attempt);
                self.campaigns.of(to, campaign).answered();
            }
            EventKind::LiveAnswerServed { campaign, to_agent } => {
                self.campaigns.of(to, campaign).served(*to_agent);
            }
            EventKind::AttemptEnded(attempt) => {
                let unserved = self.unserved.remove(&attempt.attempt);
                self.campaigns.of(to, &attempt.campaign).ended(attempt, unserved);
                self.dialing.ended(to, &attempt.trunk, attempt.outcome);
            }
            EventKind::SurveyWanted { .. } | EventKind::SurveyEnded { asked: None, .. } => {}
            EventKind::SurveyEnded { queue, asked: Some(asked), answer, .. } => {
                self.surveys.ended(to, queue, (*asked, *answer));
            }
            EventKind::DoNotCallAdded { tenant, cancelled } => {
                self.do_not_call.added(to, tenant, *cancelled);
            }
            // How a campaign stands is sampled: see [`Metrics::campaigns`].
            EventKind::CampaignChanged { .. } | EventKind::Withheld { .. } => {}
        }
    }
}
