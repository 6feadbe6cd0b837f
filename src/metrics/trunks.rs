//! How full the trunks are, and what they bring.

use metrics::{Counter, Gauge};
use metrics_exporter_prometheus::PrometheusRecorder;
use timbre_casework::TroubleKind;
use timbre_model::{EndCause, TrunkRef};

use super::capped::Capped;
use super::{OTHER, catalog};

/// Trunks of the node that have series of their own; later ones share those of [`OTHER`].
pub(super) const TRUNKS_MAX: usize = 200;

/// A trunk at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkSample {
    /// The trunk.
    pub trunk: TrunkRef,
    /// Calls up or being set up.
    pub in_use: usize,
    /// Calls it may have up at once.
    pub max: usize,
    /// It has not fallen silent: it calls, it answers its keep-alive, or it has not been heard of yet.
    pub up: bool,
}

/// Causes for which a call is refused that no queue took.
const REFUSALS: [EndCause; 2] = [EndCause::NoEntryPoint, EndCause::Overload];

struct TrunkMeter {
    arrived: Counter,
    refused: [Counter; REFUSALS.len()],
    trouble: Vec<Counter>,
    in_use: Gauge,
    max: Gauge,
    up: Gauge,
}

impl TrunkMeter {
    fn new(recorder: &PrometheusRecorder, trunk: Option<&TrunkRef>) -> Self {
        let (tenant, trunk) =
            trunk.map_or((OTHER, OTHER), |it| (it.tenant.as_str(), it.trunk.as_str()));
        let at = [tenant, trunk];
        let refused = |cause: EndCause| {
            catalog::TRUNK_REFUSED.counter(recorder, &[tenant, trunk, cause.as_str()])
        };
        let trouble = |kind: TroubleKind| {
            catalog::LINE_TROUBLE.counter(recorder, &[tenant, trunk, kind.as_str()])
        };
        Self {
            arrived: catalog::TRUNK_ARRIVED.counter(recorder, &at),
            refused: REFUSALS.map(refused),
            trouble: TroubleKind::ALL.iter().map(|&it| trouble(it)).collect(),
            in_use: catalog::TRUNK_IN_USE.gauge(recorder, &at),
            max: catalog::TRUNK_MAX.gauge(recorder, &at),
            up: catalog::TRUNK_UP.gauge(recorder, &at),
        }
    }
}

/// What the gauges of one meter will show.
#[derive(Clone, Copy, Default)]
struct Use {
    calls: usize,
    max: usize,
    down: bool,
}

/// The meters of every trunk.
pub(super) struct TrunkMeters(Capped<TrunkRef, TrunkMeter>);

impl TrunkMeters {
    pub(super) fn new() -> Self {
        Self(Capped::new(TRUNKS_MAX))
    }

    fn of(&mut self, recorder: &PrometheusRecorder, trunk: &TrunkRef) -> &TrunkMeter {
        self.0.of(trunk, |trunk| TrunkMeter::new(recorder, trunk))
    }

    pub(super) fn arrived(&mut self, recorder: &PrometheusRecorder, trunk: &TrunkRef) {
        self.of(recorder, trunk).arrived.increment(1);
    }

    /// A call ended that no queue had.
    pub(super) fn refused(
        &mut self,
        recorder: &PrometheusRecorder,
        trunk: &TrunkRef,
        cause: EndCause,
    ) {
        if let Some(at) = REFUSALS.iter().position(|&it| it == cause) {
            self.of(recorder, trunk).refused[at].increment(1);
        }
    }

    /// An agent reported trouble on the line of a call.
    pub(super) fn trouble(
        &mut self,
        recorder: &PrometheusRecorder,
        trunk: &TrunkRef,
        kind: TroubleKind,
    ) {
        if let Some(at) = TroubleKind::ALL.iter().position(|&it| it == kind) {
            self.of(recorder, trunk).trouble[at].increment(1);
        }
    }

    /// Sets the gauges. A trunk that is no longer there shows no channels and counts as up: nothing is wrong with it.
    pub(super) fn show(&mut self, recorder: &PrometheusRecorder, samples: &[TrunkSample]) {
        let mut uses = vec![Use::default(); self.0.meters().len()];
        for sample in samples {
            let at = self.0.place(&sample.trunk, |trunk| TrunkMeter::new(recorder, trunk));
            uses.resize(self.0.meters().len(), Use::default());
            uses[at].calls += sample.in_use;
            uses[at].max += sample.max;
            uses[at].down |= !sample.up;
        }
        for (meter, shown) in self.0.meters().iter().zip(uses) {
            meter.in_use.set(shown.calls as f64);
            meter.max.set(shown.max as f64);
            meter.up.set(if shown.down { 0. } else { 1. });
        }
    }
}
