//! What is dialed over the trunks: how near each is to its limits, and whose doing it is that attempts end.

use metrics::{Counter, Gauge};
use metrics_exporter_prometheus::PrometheusRecorder;
use timbre_engine::TrunkView;
use timbre_model::{AttemptOutcome, Blame, TrunkRef};

use super::capped::Capped;
use super::trunks::TRUNKS_MAX;
use super::{OTHER, catalog};

struct DialingMeter {
    dialed: Counter,
    ended: Vec<(Blame, Counter)>,
    in_setup: Gauge,
    per_second: Gauge,
    spent: Gauge,
    trouble: Gauge,
    stopped: Gauge,
}

impl DialingMeter {
    fn new(recorder: &PrometheusRecorder, trunk: Option<&TrunkRef>) -> Self {
        let (tenant, trunk) =
            trunk.map_or((OTHER, OTHER), |it| (it.tenant.as_str(), it.trunk.as_str()));
        let gauge = |family: &catalog::Family| family.gauge(recorder, &[tenant, trunk]);
        let ended = |&it: &Blame| {
            (it, catalog::TRUNK_ENDED.counter(recorder, &[tenant, trunk, it.as_str()]))
        };
        Self {
            dialed: catalog::TRUNK_DIALED.counter(recorder, &[tenant, trunk]),
            ended: Blame::ALL.iter().map(ended).collect(),
            in_setup: gauge(catalog::TRUNK_SETUP),
            per_second: gauge(catalog::TRUNK_PACE),
            spent: gauge(catalog::TRUNK_SPENT),
            trouble: gauge(catalog::TRUNK_TROUBLE),
            stopped: gauge(catalog::TRUNK_STOPPED),
        }
    }
}

/// What the gauges of one meter will show: of its trunk, or of all that share it.
#[derive(Clone, Copy, Default)]
struct Standing {
    in_setup: u32,
    per_second: f64,
    spent: f64,
    trouble: bool,
    stopped: bool,
}

impl Standing {
    fn add(&mut self, view: &TrunkView) {
        self.in_setup += view.in_setup;
        self.per_second += view.rate;
        self.spent += view.spent_today;
        self.trouble |= view.in_trouble;
        self.stopped |= view.stopped;
    }
}

/// The meters of every trunk that calls are placed over.
pub(super) struct DialingMeters(Capped<TrunkRef, DialingMeter>);

impl DialingMeters {
    pub(super) fn new() -> Self {
        Self(Capped::new(TRUNKS_MAX))
    }

    fn of(&mut self, recorder: &PrometheusRecorder, trunk: &TrunkRef) -> &DialingMeter {
        self.0.of(trunk, |trunk| DialingMeter::new(recorder, trunk))
    }

    pub(super) fn dialed(&mut self, recorder: &PrometheusRecorder, trunk: &TrunkRef) {
        self.of(recorder, trunk).dialed.increment(1);
    }

    pub(super) fn ended(
        &mut self,
        recorder: &PrometheusRecorder,
        trunk: &TrunkRef,
        outcome: AttemptOutcome,
    ) {
        let ended = &self.of(recorder, trunk).ended;
        if let Some((_, counter)) = ended.iter().find(|(of, _)| *of == outcome.blame()) {
            counter.increment(1);
        }
    }

    /// Sets the gauges. A trunk that is no longer there has nothing in set-up and may dial nothing.
    pub(super) fn show(&mut self, recorder: &PrometheusRecorder, views: &[TrunkView]) {
        let mut standings = vec![Standing::default(); self.0.meters().len()];
        for view in views {
            let at = self.0.place(&view.trunk, |trunk| DialingMeter::new(recorder, trunk));
            standings.resize(self.0.meters().len(), Standing::default());
            standings[at].add(view);
        }
        for (meter, shown) in self.0.meters().iter().zip(standings) {
            meter.in_setup.set(shown.in_setup);
            meter.per_second.set(shown.per_second);
            meter.spent.set(shown.spent);
            meter.trouble.set(f64::from(u8::from(shown.trouble)));
            meter.stopped.set(f64::from(u8::from(shown.stopped)));
        }
    }
}
