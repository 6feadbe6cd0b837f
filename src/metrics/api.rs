//! How RPCs end, and how long they take.

use std::time::Duration;

use metrics::{Counter, Histogram};
use metrics_exporter_prometheus::PrometheusRecorder;

use super::capped::Capped;
use super::{OTHER, catalog};

/// Methods that have series of their own. The API has fewer; a client may ask for any path.
const METHODS_MAX: usize = 100;

/// One method's handles.
struct MethodMeter {
    method: String,
    seconds: Histogram,
    /// By code, as codes come: gRPC has seventeen.
    requests: Vec<(&'static str, Counter)>,
}

impl MethodMeter {
    fn new(recorder: &PrometheusRecorder, method: Option<&str>) -> Self {
        let method = method.unwrap_or(OTHER);
        Self {
            method: method.to_owned(),
            seconds: catalog::API_SECONDS.histogram(recorder, &[method]),
            requests: Vec::new(),
        }
    }

    fn ended(&mut self, recorder: &PrometheusRecorder, code: &'static str, took: Duration) {
        self.seconds.record(took);
        let known = self.requests.iter().position(|(it, _)| *it == code);
        let at = known.unwrap_or_else(|| {
            let counter = catalog::API_REQUESTS.counter(recorder, &[&self.method, code]);
            self.requests.push((code, counter));
            self.requests.len() - 1
        });
        self.requests[at].1.increment(1);
    }
}

/// The meters of every method.
pub(super) struct ApiMeters(Capped<String, MethodMeter>);

impl ApiMeters {
    pub(super) fn new() -> Self {
        Self(Capped::new(METHODS_MAX))
    }

    pub(super) fn ended(
        &mut self,
        recorder: &PrometheusRecorder,
        method: &str,
        code: &'static str,
        took: Duration,
    ) {
        self.0.of(method, |method| MethodMeter::new(recorder, method)).ended(recorder, code, took);
    }
}
