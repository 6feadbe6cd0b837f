//! What the SIP switch has counted.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram};
use metrics_exporter_prometheus::PrometheusRecorder;
use timbre_sip::media::MediaStats;
use timbre_sip::{Counters, RefusedFor};

use super::catalog;

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

    pub(super) fn show(&mut self, recorder: &PrometheusRecorder, sample: &Counters) {
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
        for why in RefusedFor::ALL {
            let refused = catalog::SIP_REFUSED.counter(recorder, &[why.label()]);
            refused.absolute(sample.refused_for(why));
        }
        self.show_media(recorder, &sample.media);
    }

    fn show_media(&mut self, recorder: &PrometheusRecorder, media: &MediaStats) {
        self.media_received.absolute(media.packets_received);
        self.media_sent.absolute(media.packets_sent);
        self.media_lost.absolute(media.packets_lost);
        self.keys.absolute(media.keys);
        self.timeouts.absolute(media.timeouts);
        for (reason, count) in media.dropped.by_reason() {
            catalog::MEDIA_DROPPED.counter(recorder, &[reason]).absolute(count);
        }
        let (sum, reports) = self.jitter_seen;
        if let Some(new @ 1..) = media.jitter_count.checked_sub(reports) {
            let total = Duration::from_micros(media.jitter_sum_micros);
            let mean = total.saturating_sub(sum).as_secs_f64() / new as f64;
            self.jitter.record_many(mean, usize::try_from(new).unwrap_or(usize::MAX));
            self.jitter_seen = (total, media.jitter_count);
        }
    }
}
