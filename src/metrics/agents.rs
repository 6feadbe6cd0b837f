//! How many agents are in each state, and for how long they were.

use std::collections::HashMap;
use std::time::Duration;

use metrics::{Counter, Gauge};
use metrics_exporter_prometheus::PrometheusRecorder;
use timbre_engine::{AgentChanged, AgentView};
use timbre_model::{AgentRef, AgentStateKind, Civil, TenantId};

use super::catalog;

/// Tenants of the node whose agents are shown; later ones are not.
pub(super) const TENANTS_MAX: usize = 100;

const STATES: usize = AgentStateKind::ALL.len();

fn at(state: AgentStateKind) -> usize {
    state as usize
}

/// One tenant's handles, in the order of [`AgentStateKind::ALL`].
struct TenantMeter {
    agents: [Gauge; STATES],
    seconds: [Counter; STATES],
    /// Time in states that have ended.
    ended: [Duration; STATES],
}

impl TenantMeter {
    fn new(recorder: &PrometheusRecorder, tenant: &str) -> Self {
        let labels = |state: usize| [tenant, AgentStateKind::ALL[state].as_str()];
        Self {
            agents: std::array::from_fn(|s| catalog::AGENTS.gauge(recorder, &labels(s))),
            seconds: std::array::from_fn(|s| catalog::AGENT_SECONDS.counter(recorder, &labels(s))),
            ended: [Duration::ZERO; STATES],
        }
    }

    /// Shows what has ended and what still runs. The counters take only growth, so a wall clock set back cannot make
    /// them fall.
    fn show(&self, agents: [usize; STATES], running: [Duration; STATES]) {
        for state in 0..STATES {
            self.agents[state].set(agents[state] as f64);
            if state != at(AgentStateKind::SignedOut) {
                self.seconds[state].absolute((self.ended[state] + running[state]).as_secs());
            }
        }
    }
}

/// The meters of every tenant.
#[derive(Default)]
pub(super) struct AgentMeters {
    tenants: HashMap<TenantId, TenantMeter>,
    /// The first moment seen: what was before it is another process's.
    began: Option<Civil>,
}

impl AgentMeters {
    fn of(&mut self, recorder: &PrometheusRecorder, tenant: &TenantId) -> Option<&mut TenantMeter> {
        if !self.tenants.contains_key(tenant) && self.tenants.len() < TENANTS_MAX {
            self.tenants.insert(tenant.clone(), TenantMeter::new(recorder, tenant.as_str()));
        }
        self.tenants.get_mut(tenant)
    }

    /// How much of the span from `from` to `to` is this process's.
    fn ours(&mut self, from: Civil, to: Civil) -> Duration {
        let began = *self.began.get_or_insert(to);
        let micros = to.as_micros().saturating_sub(from.max(began).as_micros());
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    pub(super) fn changed(
        &mut self,
        recorder: &PrometheusRecorder,
        when: Civil,
        changed: &AgentChanged,
    ) {
        let micros = i64::try_from(changed.lasted.as_micros()).unwrap_or(i64::MAX);
        let from = Civil::from_micros(when.as_micros().saturating_sub(micros));
        let lasted = self.ours(from, when);
        if let Some(meter) = self.of(recorder, &changed.agent.tenant) {
            meter.ended[at(changed.from)] += lasted;
        }
    }

    pub(super) fn show(
        &mut self,
        recorder: &PrometheusRecorder,
        tenant: &TenantId,
        agents: &[(AgentRef, AgentView)],
        now: Civil,
    ) {
        let mut count = [0; STATES];
        let mut running = [Duration::ZERO; STATES];
        for (_, view) in agents {
            count[at(view.state)] += 1;
            running[at(view.state)] += self.ours(view.since, now);
        }
        if let Some(meter) = self.of(recorder, tenant) {
            meter.show(count, running);
        }
    }
}
