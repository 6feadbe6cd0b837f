//! One ordered set of deadlines for everything that waits; whoever runs the switch sleeps until the first.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::port::LegId;

/// What is to be done at a deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Due {
    /// The ACK of our final response should have come.
    Ack(LegId),
    /// A dialed leg has rung for its time.
    Ring(LegId),
    /// The session is to be refreshed, or has expired (RFC 4028 §10).
    Session(LegId),
    /// A refresh that met a 491 is to be tried again (RFC 3261 §14.1).
    Refresh(LegId),
    /// A leg that ended should have been forgotten long ago.
    Linger(LegId),
    /// A registration ends.
    Binding(String),
    /// A phone is to be asked whether it is there.
    Qualify(String),
    /// A trunk is to be asked whether it is there.
    Trunk(String),
    /// An address to which a trunk's calls go out is to be asked whether it is there.
    Proxy(String, SocketAddr),
}

/// Names one deadline, for taking it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Alarm(Instant, u64);

/// The deadlines.
#[derive(Debug, Default)]
pub(crate) struct Wheel {
    due: BTreeMap<Alarm, Due>,
    made: u64,
}

impl Wheel {
    /// Sets a deadline.
    pub fn set(&mut self, now: Instant, after: Duration, due: Due) -> Alarm {
        self.made += 1;
        let alarm = Alarm(now + after, self.made);
        self.due.insert(alarm, due);
        alarm
    }

    /// Takes a deadline back, if it is still there.
    pub fn cancel(&mut self, alarm: &mut Option<Alarm>) {
        if let Some(alarm) = alarm.take() {
            self.due.remove(&alarm);
        }
    }

    /// The first deadline.
    pub fn next(&self) -> Option<Instant> {
        self.due.first_key_value().map(|(alarm, _)| alarm.0)
    }

    /// Takes out what is due at `now`, the oldest first.
    pub fn pop(&mut self, now: Instant) -> Option<Due> {
        let first = self.due.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }
}
