//! How the lists stand, and who may not be called any more.

use metrics::{Counter, Gauge};
use metrics_exporter_prometheus::PrometheusRecorder;
use timbre_model::{ListId, TenantId};

use super::capped::Capped;
use super::{OTHER, catalog};

/// Lists of the node that have series of their own; later ones share those of [`OTHER`].
pub(super) const LISTS_MAX: usize = 200;

/// Tenants of the node whose do-not-call lists have series of their own; later ones share those of [`OTHER`].
const TENANTS_MAX: usize = 100;

/// The words of [`timbre_model::LeadState`].
const STATES: [&str; 6] = ["ready", "claimed", "retry", "callback", "finished", "blocked"];

type List = (TenantId, ListId);

fn meter(recorder: &PrometheusRecorder, list: Option<&List>) -> [Gauge; STATES.len()] {
    let (tenant, list) = list.map_or((OTHER, OTHER), |(t, l)| (t.as_str(), l.as_str()));
    STATES.map(|state| catalog::LEADS.gauge(recorder, &[tenant, list, state]))
}

/// The meters of every list.
pub(super) struct LeadMeters(Capped<List, [Gauge; STATES.len()]>);

impl LeadMeters {
    pub(super) fn new() -> Self {
        Self(Capped::new(LISTS_MAX))
    }

    /// Sets the gauges; a list and a state that are not among `counts` have no leads.
    pub(super) fn show<W: AsRef<str>>(
        &mut self,
        recorder: &PrometheusRecorder,
        counts: &[(TenantId, ListId, W, u64)],
    ) {
        let mut shown = vec![[0; STATES.len()]; self.0.meters().len()];
        for (tenant, list, state, leads) in counts {
            let at = self.0.place(&(tenant.clone(), list.clone()), |list| meter(recorder, list));
            shown.resize(self.0.meters().len(), [0; STATES.len()]);
            let state = STATES.iter().position(|&it| it == state.as_ref());
            debug_assert!(state.is_some(), "no lead can be in such a state");
            if let Some(state) = state {
                shown[at][state] += leads;
            }
        }
        for (gauges, leads) in self.0.meters().iter().zip(shown) {
            for (gauge, leads) in gauges.iter().zip(leads) {
                gauge.set(leads as f64);
            }
        }
    }
}

struct DoNotCallMeter {
    added: Counter,
    cancelled: Counter,
}

/// The meters of every tenant's do-not-call lists.
pub(super) struct DoNotCallMeters(Capped<TenantId, DoNotCallMeter>);

impl DoNotCallMeters {
    pub(super) fn new() -> Self {
        Self(Capped::new(TENANTS_MAX))
    }

    /// One entry was added, and `cancelled` calls in set-up were cancelled for it.
    pub(super) fn added(
        &mut self,
        recorder: &PrometheusRecorder,
        tenant: &TenantId,
        cancelled: u64,
    ) {
        let make = |tenant: Option<&TenantId>| {
            let tenant = [tenant.map_or(OTHER, TenantId::as_str)];
            DoNotCallMeter {
                added: catalog::DO_NOT_CALL_ADDED.counter(recorder, &tenant),
                cancelled: catalog::DO_NOT_CALL_CANCELLED.counter(recorder, &tenant),
            }
        };
        let meter = self.0.of(tenant, make);
        meter.added.increment(1);
        meter.cancelled.increment(cancelled);
    }
}
