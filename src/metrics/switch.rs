//! What the SIP switch has counted.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram};
use metrics_exporter_prometheus::PrometheusRecorder;

use super::catalog;

/// The switch's counters at one moment. All but the last three only grow.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SwitchSample {
    /// INVITEs received that began a dialog.
    pub invites_received: u64,
    /// INVITEs sent that began a dialog.
    pub invites_sent: u64,
    /// Responses received, by class: index 0 is 1xx, 5 is 6xx.
    pub responses_received: [u64; 6],
    /// Responses sent, by class.
    pub responses_sent: [u64; 6],
    /// Requests received again.
    pub retransmissions_received: u64,
    /// Registrations granted or refreshed.
    pub registrations: u64,
    /// Requests refused, by reason: a closed set of words, always in the same order.
    pub refused: Vec<(&'static str, u64)>,
    /// Panics caught.
    pub panics: u64,
    /// Voice.
    pub media: MediaSample,
    /// Legs up or being set up, now.
    pub legs: usize,
    /// INVITEs whose final response has no ACK yet, now.
    pub awaiting_ack: usize,
    /// Phones that can be reached, now.
    pub stations_reachable: usize,
}

/// The voice's counters at one moment. All only grow.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MediaSample {
    /// RTP packets received.
    pub packets_received: u64,
    /// RTP packets sent.
    pub packets_sent: u64,
    /// RTP packets not relayed, by reason: a closed set of words, always in the same order.
    pub dropped: Vec<(&'static str, u64)>,
    /// RTP packets that were missing when a later one came.
    pub packets_lost: u64,
    /// Sum of all jitter reports (RFC 3550 §6.4.1).
    pub jitter_sum: Duration,
    /// How many reports that is.
    pub jitter_reports: u64,
    /// Keys pressed (RFC 4733).
    pub keys: u64,
    /// Legs ended because their voice stopped.
    pub timeouts: u64,
}

const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "6xx"];

/// The switch's handles.
pub(super) struct SwitchMeter {
    invites_received: Counter,
    invites_sent: Counter,
    responses_received: [Counter; 6],
    responses_sent: [Counter; 6],
    retransmissions: Counter,
    registrations: Counter,
    panics: Counter,
    legs: Gauge,
    awaiting_ack: Gauge,
    stations: Gauge,
    media_received: Counter,
    media_sent: Counter,
    media_lost: Counter,
    keys: Counter,
    timeouts: Counter,
    jitter: Histogram,
    jitter_seen: (Duration, u64),
}

impl SwitchMeter {
    pub(super) fn new(recorder: &PrometheusRecorder) -> Self {
        let counter = |family: &catalog::Family| family.counter(recorder, &[]);
        let gauge = |family: &catalog::Family| family.gauge(recorder, &[]);
        let classes = |family: &catalog::Family| CLASSES.map(|it| family.counter(recorder, &[it]));
        Self {
            invites_received: counter(catalog::SIP_INVITES_IN),
            invites_sent: counter(catalog::SIP_INVITES_OUT),
            responses_received: classes(catalog::SIP_RESPONSES_IN),
            responses_sent: classes(catalog::SIP_RESPONSES_OUT),
            retransmissions: counter(catalog::SIP_RETRANSMISSIONS),
            registrations: counter(catalog::SIP_REGISTRATIONS),
            panics: counter(catalog::SIP_PANICS),
            legs: gauge(catalog::SIP_LEGS),
            awaiting_ack: gauge(catalog::SIP_AWAITING_ACK),
            stations: gauge(catalog::SIP_STATIONS),
            media_received: counter(catalog::MEDIA_IN),
            media_sent: counter(catalog::MEDIA_OUT),
            media_lost: counter(catalog::MEDIA_LOST),
            keys: counter(catalog::MEDIA_KEYS),
            timeouts: counter(catalog::MEDIA_TIMEOUTS),
            jitter: catalog::MEDIA_JITTER.histogram(recorder, &[]),
            jitter_seen: (Duration::ZERO, 0),
        }
    }

    pub(super) fn show(&mut self, recorder: &PrometheusRecorder, sample: &SwitchSample) {
        self.invites_received.absolute(sample.invites_received);
        self.invites_sent.absolute(sample.invites_sent);
        for class in 0..CLASSES.len() {
            self.responses_received[class].absolute(sample.responses_received[class]);
            self.responses_sent[class].absolute(sample.responses_sent[class]);
        }
        self.retransmissions.absolute(sample.retransmissions_received);
        self.registrations.absolute(sample.registrations);
        self.panics.absolute(sample.panics);
        self.legs.set(sample.legs as f64);
        self.awaiting_ack.set(sample.awaiting_ack as f64);
        self.stations.set(sample.stations_reachable as f64);
        for &(reason, count) in &sample.refused {
            catalog::SIP_REFUSED.counter(recorder, &[reason]).absolute(count);
        }
        self.show_media(recorder, &sample.media);
    }

    fn show_media(&mut self, recorder: &PrometheusRecorder, media: &MediaSample) {
        self.media_received.absolute(media.packets_received);
        self.media_sent.absolute(media.packets_sent);
        self.media_lost.absolute(media.packets_lost);
        self.keys.absolute(media.keys);
        self.timeouts.absolute(media.timeouts);
        for &(reason, count) in &media.dropped {
            catalog::MEDIA_DROPPED.counter(recorder, &[reason]).absolute(count);
        }
        let (sum, reports) = self.jitter_seen;
        if let Some(new @ 1..) = media.jitter_reports.checked_sub(reports) {
            let mean = media.jitter_sum.saturating_sub(sum).as_secs_f64() / new as f64;
            self.jitter.record_many(mean, usize::try_from(new).unwrap_or(usize::MAX));
            self.jitter_seen = (media.jitter_sum, media.jitter_reports);
        }
    }
}
