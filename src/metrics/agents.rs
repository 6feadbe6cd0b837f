//! How many agents are in each state, and for how long they were.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use metrics::{Counter, Gauge};
use metrics_exporter_prometheus::PrometheusRecorder;
use timbre_engine::AgentChanged;
use timbre_model::{AgentId, AgentStateKind, Civil, NotReadyReason, TenantId};

use super::catalog;

/// Tenants of the node whose agents are shown; later ones are not.
pub(super) const TENANTS_MAX: usize = 100;

/// The states, and behind them the recovery from a complaint: it is no pause, and does not count as one.
const STATES: usize = AgentStateKind::ALL.len() + 1;
const RECOVERY: usize = STATES - 1;

fn word(state: usize) -> &'static str {
    AgentStateKind::ALL.get(state).map_or("recovery", |it| it.as_str())
}

fn at(state: AgentStateKind) -> usize {
    state as usize
}

/// One tenant's agents, in the order of [`AgentStateKind::ALL`] and recovery last. The time spent in a state is the number of agents in it,
/// summed over time: so a state that lasts shows while it lasts.
struct TenantMeter {
    agents: [usize; STATES],
    spent: [Duration; STATES],
    until: Option<Civil>,
    /// Who recovers now.
    recovering: HashSet<AgentId>,
    agents_shown: [Gauge; STATES],
    spent_shown: [Counter; STATES],
}

impl TenantMeter {
    fn new(recorder: &PrometheusRecorder, tenant: &str) -> Self {
        let labels = |state: usize| [tenant, word(state)];
        Self {
            agents: [0; STATES],
            spent: [Duration::ZERO; STATES],
            until: None,
            recovering: HashSet::new(),
            agents_shown: std::array::from_fn(|s| catalog::AGENTS.gauge(recorder, &labels(s))),
            spent_shown: std::array::from_fn(|s| {
                catalog::AGENT_SECONDS.counter(recorder, &labels(s))
            }),
        }
    }

    /// Adds the time since the last look. A wall clock that was set back adds nothing.
    fn pass(&mut self, now: Civil) {
        let before = self.until.replace(now).unwrap_or(now);
        let passed = now.since(before);
        for state in 0..STATES {
            let agents = u32::try_from(self.agents[state]).unwrap_or(u32::MAX);
            self.spent[state] = self.spent[state].saturating_add(passed.saturating_mul(agents));
        }
    }

    fn moved(&mut self, changed: &AgentChanged) {
        let agent = &changed.agent.agent;
        let from = if self.recovering.remove(agent) { RECOVERY } else { at(changed.from) };
        let recovers = changed.now.reason == Some(NotReadyReason::Recovery);
        let to = if recovers { RECOVERY } else { at(changed.now.state) };
        if recovers {
            self.recovering.insert(agent.clone());
        }
        self.agents[from] = self.agents[from].saturating_sub(1);
        self.agents[to] += 1;
    }

    /// The engine counts by state: those who recover are not ready to it.
    fn counted(&mut self, state: AgentStateKind, agents: usize) {
        let recovering = self.recovering.len().min(agents);
        let apart = if state == AgentStateKind::NotReady { recovering } else { 0 };
        self.agents[at(state)] = agents - apart;
        self.agents[RECOVERY] += apart;
    }

    fn show(&self) {
        for state in 0..STATES {
            self.agents_shown[state].set(self.agents[state] as f64);
            if state != at(AgentStateKind::SignedOut) {
                self.spent_shown[state].absolute(self.spent[state].as_secs());
            }
        }
    }
}

/// The meters of every tenant.
#[derive(Default)]
pub(super) struct AgentMeters(HashMap<TenantId, TenantMeter>);

impl AgentMeters {
    fn of(&mut self, recorder: &PrometheusRecorder, tenant: &TenantId) -> Option<&mut TenantMeter> {
        if !self.0.contains_key(tenant) && self.0.len() < TENANTS_MAX {
            self.0.insert(tenant.clone(), TenantMeter::new(recorder, tenant.as_str()));
        }
        self.0.get_mut(tenant)
    }

    pub(super) fn changed(
        &mut self,
        recorder: &PrometheusRecorder,
        when: Civil,
        changed: &AgentChanged,
    ) {
        if let Some(meter) = self.of(recorder, &changed.agent.tenant) {
            meter.pass(when);
            meter.moved(changed);
        }
    }

    pub(super) fn show(
        &mut self,
        recorder: &PrometheusRecorder,
        counts: &[(TenantId, AgentStateKind, usize)],
        now: Civil,
    ) {
        for meter in self.0.values_mut() {
            meter.pass(now);
            meter.agents = [0; STATES];
        }
        for (tenant, state, agents) in counts {
            if let Some(meter) = self.of(recorder, tenant) {
                meter.until = Some(now);
                meter.counted(*state, *agents);
            }
        }
        for meter in self.0.values() {
            meter.show();
        }
    }
}
