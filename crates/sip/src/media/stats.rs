//! What the media engine counts. Everything only grows, but for the three gauges.

use std::time::Duration;

use super::reception::Arrival;

/// A snapshot of the counters since the start. RTP only, unless a field says otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MediaStats {
    /// Datagrams that came to RTP ports, whatever became of them.
    pub packets_received: u64,
    /// Their bytes, without UDP and IP headers.
    pub bytes_received: u64,
    /// Packets sent: relayed ones, music, prompts and silence.
    pub packets_sent: u64,
    /// Their bytes, without UDP and IP headers.
    pub bytes_sent: u64,
    /// Packets that went from one leg to the other.
    pub packets_relayed: u64,
    /// Packets received and not used, by reason.
    pub dropped: DropCounts,
    /// Packets missing when a later one came (RFC 3550 §A.3), before late ones are taken off.
    pub packets_lost: u64,
    /// Packets that came after one of a higher number, or twice. `packets_lost` less this is the
    /// loss that remained.
    pub packets_late: u64,
    /// Jitter readings (RFC 3550 §A.8), one per leg and five seconds, summed: microseconds.
    pub jitter_sum_micros: u64,
    /// How many readings `jitter_sum_micros` sums.
    pub jitter_count: u64,
    /// RTCP datagrams that came from far ends.
    pub rtcp_received: u64,
    /// RTCP reports sent.
    pub rtcp_sent: u64,
    /// Keys pressed (RFC 4733 events, each once).
    pub keys: u64,
    /// Times that a far end which should send fell silent for the configured time.
    pub timeouts: u64,
    /// Legs opened since the start.
    pub legs_opened: u64,
    /// Legs that could not be opened for want of ports or descriptors.
    pub legs_refused: u64,
    /// Legs open now (gauge).
    pub legs_open: u64,
    /// Socket pairs that wait for late packets of an ended call to die out (gauge).
    pub pairs_quarantined: u64,
    /// Socket pairs bound and ready for a leg (gauge).
    pub pairs_idle: u64,
}

impl MediaStats {
    pub(crate) fn count_arrival(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::First => {}
            Arrival::Next { lost } => self.packets_lost += u64::from(lost),
            Arrival::Late => self.packets_late += 1,
        }
    }

    /// Takes one reading of a leg's jitter, in samples of 125 µs.
    pub(crate) fn read_jitter(&mut self, samples: u32) {
        self.jitter_sum_micros += u64::from(samples) * 125;
        self.jitter_count += 1;
    }
}

/// What was measured of one leg since it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LegMedia {
    /// Packets of the far end that were believed.
    pub received: u64,
    /// Packets of the far end that were missing, less those that came late or twice (RFC 3550 §A.3).
    pub lost: u64,
    /// Interarrival jitter of what the far end sends (RFC 3550 §A.8), as it was last.
    pub jitter: Duration,
    /// Packets sent to the far end.
    pub sent: u64,
    /// Since the far end was heard last.
    pub silent_for: Duration,
}

/// Why packets were dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DropCounts {
    /// Not from the source that the leg is locked to, or from one still on probation.
    pub wrong_source: u64,
    /// Not RTP: short, another version, lengths beyond the end, larger than a frame of Ethernet.
    pub malformed: u64,
    /// The leg is not bridged, or its peer is not connected or does not receive.
    pub no_peer: u64,
    /// The leg has no far end yet.
    pub unconnected: u64,
    /// A payload type which was not agreed, or which the peer cannot hear.
    pub unplayable: u64,
    /// Sent before the peer was switched to this leg.
    pub stale: u64,
    /// For a leg that is closed.
    pub closed: u64,
    /// The network would not take it.
    pub unsent: u64,
}

impl DropCounts {
    /// Each count with its reason, snake case.
    pub fn by_reason(&self) -> [(&'static str, u64); 8] {
        let Self {
            wrong_source,
            malformed,
            no_peer,
            unconnected,
            unplayable,
            stale,
            closed,
            unsent,
        } = *self;
        [
            ("wrong_source", wrong_source),
            ("malformed", malformed),
            ("no_peer", no_peer),
            ("unconnected", unconnected),
            ("unplayable", unplayable),
            ("stale", stale),
            ("closed", closed),
            ("unsent", unsent),
        ]
    }
}

/// The fate of one packet that goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dropped {
    WrongSource,
    Malformed,
    NoPeer,
    Unconnected,
    Unplayable,
    Stale,
    Closed,
    Unsent,
}

impl DropCounts {
    pub(crate) fn count(&mut self, dropped: Dropped) {
        let counter = match dropped {
            Dropped::WrongSource => &mut self.wrong_source,
            Dropped::Malformed => &mut self.malformed,
            Dropped::NoPeer => &mut self.no_peer,
            Dropped::Unconnected => &mut self.unconnected,
            Dropped::Unplayable => &mut self.unplayable,
            Dropped::Stale => &mut self.stale,
            Dropped::Closed => &mut self.closed,
            Dropped::Unsent => &mut self.unsent,
        };
        *counter += 1;
    }
}
