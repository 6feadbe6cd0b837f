//! What the switch has counted, for metrics.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use crate::media::MediaStats;

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusedFor {
    /// It came from an address that nobody provisioned, without valid credentials.
    UnknownSource,
    /// Its method is not served here.
    MethodNotAllowed,
    /// Too many legs, channels, or INVITEs awaiting ACK, or an unknown address that sent too fast.
    Overload,
    /// Its credentials were wrong, or came too often.
    AuthFailed,
    /// It is not SIP as RFC 3261 has it, or exceeds a bound.
    Malformed,
}

impl RefusedFor {
    /// All of them, in the order of [`Counters::refused`].
    pub const ALL: [Self; 5] = [
        Self::UnknownSource,
        Self::MethodNotAllowed,
        Self::Overload,
        Self::AuthFailed,
        Self::Malformed,
    ];

    /// A label value, snake case.
    pub fn label(self) -> &'static str {
        match self {
            Self::UnknownSource => "unknown_source",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Overload => "overload",
            Self::AuthFailed => "auth_failed",
            Self::Malformed => "malformed",
        }
    }
}

/// A snapshot. Everything but the last four fields only grows.
#[derive(Debug, Clone, Default)]
pub struct Counters {
    /// INVITEs received that began a dialog; retransmissions are not counted.
    pub invites_received: u64,
    /// INVITEs sent that began a dialog.
    pub invites_sent: u64,
    /// Responses sent, by class: index 0 is 1xx, 5 is 6xx. Retransmissions are not counted.
    pub responses_sent: [u64; 6],
    /// Responses received, by class.
    pub responses_received: [u64; 6],
    /// Requests received again.
    pub retransmissions_received: u64,
    /// Registrations granted or refreshed.
    pub registrations: u64,
    /// Requests refused, by [`RefusedFor::ALL`].
    pub refused: [u64; 5],
    /// Panics caught: each ended one call.
    pub panics: u64,
    /// Legs up or being set up, now.
    pub legs: usize,
    /// INVITEs whose final response has no ACK yet, now.
    pub awaiting_ack: usize,
    /// Phones that can be reached, now.
    pub stations_reachable: usize,
    /// Voice.
    pub media: MediaStats,
}

impl Counters {
    /// How many requests were refused for `why`.
    pub fn refused_for(&self, why: RefusedFor) -> u64 {
        self.refused[why as usize]
    }
}

/// Where they are counted.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    invites_received: AtomicU64,
    invites_sent: AtomicU64,
    responses_sent: [AtomicU64; 6],
    responses_received: [AtomicU64; 6],
    retransmissions_received: AtomicU64,
    registrations: AtomicU64,
    refused: [AtomicU64; 5],
    panics: AtomicU64,
    pub legs: AtomicUsize,
    pub stations_reachable: AtomicUsize,
}

impl Tally {
    pub fn invite_received(&self) {
        self.invites_received.fetch_add(1, Relaxed);
    }

    pub fn invite_sent(&self) {
        self.invites_sent.fetch_add(1, Relaxed);
    }

    pub fn response_sent(&self, code: u16) {
        class(&self.responses_sent, code);
    }

    pub fn response_received(&self, code: u16) {
        class(&self.responses_received, code);
    }

    pub fn retransmission(&self) {
        self.retransmissions_received.fetch_add(1, Relaxed);
    }

    pub fn registration(&self) {
        self.registrations.fetch_add(1, Relaxed);
    }

    pub fn refused(&self, why: RefusedFor) {
        self.refused[why as usize].fetch_add(1, Relaxed);
    }

    pub fn panic(&self) {
        self.panics.fetch_add(1, Relaxed);
    }

    pub fn snapshot(&self, awaiting_ack: usize, media: MediaStats) -> Counters {
        let all = |from: &[AtomicU64; 6]| from.each_ref().map(|it| it.load(Relaxed));
        Counters {
            invites_received: self.invites_received.load(Relaxed),
            invites_sent: self.invites_sent.load(Relaxed),
            responses_sent: all(&self.responses_sent),
            responses_received: all(&self.responses_received),
            retransmissions_received: self.retransmissions_received.load(Relaxed),
            registrations: self.registrations.load(Relaxed),
            refused: self.refused.each_ref().map(|it| it.load(Relaxed)),
            panics: self.panics.load(Relaxed),
            legs: self.legs.load(Relaxed),
            awaiting_ack,
            stations_reachable: self.stations_reachable.load(Relaxed),
            media,
        }
    }
}

fn class(classes: &[AtomicU64; 6], code: u16) {
    if let Some(class) = classes.get(usize::from(code / 100).wrapping_sub(1)) {
        class.fetch_add(1, Relaxed);
    }
}
