//! What each queue counts. Handles are made once per queue; an event only adds to them.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram};
use metrics_exporter_prometheus::PrometheusRecorder;
use timbre_engine::{CallEnded, QueueView};
use timbre_model::{CallOutcome, EndCause, Mono, OfferOutcome, QueueRef, ReleasedBy};

use super::capped::Capped;
use super::{OTHER, catalog};

/// Queues of the node that have series of their own; later ones share those of [`OTHER`]. About 190 series each.
pub(super) const QUEUES_MAX: usize = 200;

/// Counters of one queue that come once per value of a closed enum, in the order of its `ALL`.
type Per<E> = Vec<(E, Counter)>;

fn add<E: PartialEq>(counters: &Per<E>, value: E) {
    if let Some((_, counter)) = counters.iter().find(|(of, _)| *of == value) {
        counter.increment(1);
    }
}

/// One queue's handles.
pub(super) struct QueueMeter {
    arrived: Counter,
    answered: Counter,
    within: Counter,
    abandoned: Counter,
    abandoned_short: Counter,
    refused: Per<EndCause>,
    lost: Counter,
    released: Per<ReleasedBy>,
    holds: Counter,
    offers: Per<OfferOutcome>,
    answer: Histogram,
    rings_by_agent: Histogram,
    rings_by_greeting: Histogram,
    wait: Histogram,
    abandon_wait: Histogram,
    hold: Histogram,
    talk: Histogram,
    wrap_up: Histogram,
    handle: Histogram,
    offer_open: Histogram,
    waiting: Gauge,
    oldest: Gauge,
    talking: Gauge,
    idle: Gauge,
}

/// Causes for which a queue refuses a call.
const REFUSALS: [EndCause; 4] =
    [EndCause::QueueFull, EndCause::Overload, EndCause::MaxWait, EndCause::Forced];

impl QueueMeter {
    fn new(recorder: &PrometheusRecorder, queue: Option<&QueueRef>) -> Self {
        let (tenant, queue) =
            queue.map_or((OTHER, OTHER), |it| (it.tenant.as_str(), it.queue.as_str()));
        let at = [tenant, queue];
        let counter = |family: &catalog::Family| family.counter(recorder, &at);
        let gauge = |family: &catalog::Family| family.gauge(recorder, &at);
        let histogram = |family: &catalog::Family| family.histogram(recorder, &at);
        let with =
            |family: &catalog::Family, word| family.counter(recorder, &[tenant, queue, word]);
        let rings = |word| catalog::QUEUE_RINGS.histogram(recorder, &[tenant, queue, word]);
        Self {
            arrived: counter(catalog::QUEUE_ARRIVED),
            answered: counter(catalog::QUEUE_ANSWERED),
            within: counter(catalog::QUEUE_WITHIN),
            abandoned: with(catalog::QUEUE_ABANDONED, "false"),
            abandoned_short: with(catalog::QUEUE_ABANDONED, "true"),
            refused: REFUSALS.map(|it| (it, with(catalog::QUEUE_REFUSED, it.as_str()))).into(),
            lost: counter(catalog::QUEUE_LOST),
            released: per(ReleasedBy::ALL, |it| with(catalog::QUEUE_RELEASED, it.as_str())),
            holds: counter(catalog::QUEUE_HOLDS),
            offers: per(OfferOutcome::ALL, |it| with(catalog::QUEUE_OFFERS, it.as_str())),
            answer: histogram(catalog::QUEUE_ANSWER),
            rings_by_agent: rings("false"),
            rings_by_greeting: rings("true"),
            wait: histogram(catalog::QUEUE_WAIT),
            abandon_wait: histogram(catalog::QUEUE_ABANDON_WAIT),
            hold: histogram(catalog::QUEUE_HOLD),
            talk: histogram(catalog::QUEUE_TALK),
            wrap_up: histogram(catalog::QUEUE_WRAP_UP),
            handle: histogram(catalog::QUEUE_HANDLE),
            offer_open: histogram(catalog::QUEUE_OFFER_OPEN),
            waiting: gauge(catalog::QUEUE_WAITING),
            oldest: gauge(catalog::QUEUE_OLDEST),
            talking: gauge(catalog::QUEUE_TALKING),
            idle: gauge(catalog::QUEUE_IDLE),
        }
    }

    pub(super) fn arrived(&self) {
        self.arrived.increment(1);
    }

    pub(super) fn picked_up(&self, after: Duration, ring: u32, by_greeting: bool) {
        self.answer.record(after);
        let rings = if by_greeting { &self.rings_by_greeting } else { &self.rings_by_agent };
        rings.record(ring);
    }

    pub(super) fn connected(&self, waited: Duration, within_service_level: bool) {
        self.answered.increment(1);
        self.within.increment(u64::from(within_service_level));
        self.wait.record(waited);
    }

    pub(super) fn held(&self) {
        self.holds.increment(1);
    }

    pub(super) fn offer_ended(&self, outcome: OfferOutcome, open_for: Duration) {
        add(&self.offers, outcome);
        self.offer_open.record(open_for);
    }

    pub(super) fn ended(&self, call: &CallEnded) {
        // A call refused at the door never took a place in the queue, yet it came for it.
        if matches!(call.cause, EndCause::QueueFull | EndCause::Overload) {
            self.arrived.increment(1);
        }
        match call.outcome {
            CallOutcome::Answered => self.answered_ended(call),
            CallOutcome::Abandoned => {
                self.abandoned.increment(1);
                self.abandon_wait.record(call.waited);
            }
            CallOutcome::AbandonedShort => {
                self.abandoned_short.increment(1);
                self.abandon_wait.record(call.waited);
            }
            CallOutcome::Refused => add(&self.refused, call.cause),
            CallOutcome::Lost => self.lost.increment(1),
        }
    }

    fn answered_ended(&self, call: &CallEnded) {
        add(&self.released, call.released_by);
        self.talk.record(call.talked.saturating_sub(call.held));
        if !call.held.is_zero() {
            self.hold.record(call.held);
        }
    }

    /// `talked` is unknown for a call that ended before this process began.
    pub(super) fn wrapped_up(&self, talked: Option<Duration>, took: Duration) {
        self.wrap_up.record(took);
        if let Some(talked) = talked {
            self.handle.record(talked + took);
        }
    }
}

fn per<E: Copy>(all: &[E], counter: impl Fn(E) -> Counter) -> Per<E> {
    all.iter().map(|&it| (it, counter(it))).collect()
}

/// The meters of every queue.
pub(super) struct QueueMeters(Capped<QueueRef, QueueMeter>);

/// What the gauges of one meter will show.
#[derive(Clone, Copy, Default)]
struct Depth {
    waiting: usize,
    oldest: Duration,
    talking: usize,
    idle: usize,
}

impl QueueMeters {
    pub(super) fn new() -> Self {
        Self(Capped::new(QUEUES_MAX))
    }

    pub(super) fn of(&mut self, recorder: &PrometheusRecorder, queue: &QueueRef) -> &QueueMeter {
        self.0.of(queue, |queue| QueueMeter::new(recorder, queue))
    }

    /// Sets the gauges; a queue that is not among `views` shows nothing.
    pub(super) fn show(&mut self, recorder: &PrometheusRecorder, views: &[QueueView], now: Mono) {
        let mut depths = vec![Depth::default(); self.0.meters().len()];
        for view in views {
            let at = self.0.place(&view.queue, |queue| QueueMeter::new(recorder, queue));
            depths.resize(self.0.meters().len(), Depth::default());
            let depth = &mut depths[at];
            depth.waiting += view.waiting;
            depth.talking += view.talking;
            depth.idle += view.idle_agents;
            let oldest = view.oldest.map_or(Duration::ZERO, |since| now.since(since));
            depth.oldest = depth.oldest.max(oldest);
        }
        for (meter, depth) in self.0.meters().iter().zip(depths) {
            meter.waiting.set(depth.waiting as f64);
            meter.oldest.set(depth.oldest);
            meter.talking.set(depth.talking as f64);
            meter.idle.set(depth.idle as f64);
        }
    }
}
