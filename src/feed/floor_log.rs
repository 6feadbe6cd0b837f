//! The recent changes of one tenant's floor, numbered, for any number of watchers.

use std::collections::VecDeque;
use std::sync::Mutex;

use timbre_engine::{AgentView, QueueView};
use timbre_model::{AgentRef, Civil};
use tokio::sync::watch;

use super::locked;
use super::tally::QueueCounts;
use crate::driver::clock;

/// Changes that are kept. A watcher further behind gets a snapshot.
pub const LOG_MAX: usize = 8_192;

/// A change of the floor.
#[derive(Debug, Clone)]
pub enum FloorUpdate {
    /// An agent changed.
    Agent(AgentRef, Box<AgentView>),
    /// A queue changed.
    Queue(Box<(QueueView, QueueCounts)>),
}

/// A watcher is so far behind that changes were dropped: it needs a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed;

/// The recent changes of one tenant's floor.
pub struct FloorLog {
    kept: Mutex<Kept>,
    grew: watch::Sender<u64>,
}

struct Kept {
    last: u64,
    entries: VecDeque<(u64, Civil, FloorUpdate)>,
}

impl Default for FloorLog {
    /// An empty log. Numbers begin at the present microsecond, so that they grow over restarts too.
    fn default() -> Self {
        let first = u64::try_from(clock::civil().as_micros()).unwrap_or_default();
        let kept = Kept { last: first, entries: VecDeque::new() };
        Self { kept: Mutex::new(kept), grew: watch::Sender::new(first) }
    }
}

impl FloorLog {
    /// Adds a change.
    pub fn push(&self, at: Civil, update: FloorUpdate) {
        let mut kept = locked(&self.kept);
        kept.last += 1;
        let last = kept.last;
        kept.entries.push_back((last, at, update));
        if kept.entries.len() > LOG_MAX {
            kept.entries.pop_front();
        }
        drop(kept);
        self.grew.send_replace(last);
    }

    /// The number of the newest change.
    pub fn last(&self) -> u64 {
        locked(&self.kept).last
    }

    /// The changes after number `after`, at most 256 of them.
    pub fn after(&self, after: u64) -> Result<Vec<(u64, Civil, FloorUpdate)>, Missed> {
        let kept = locked(&self.kept);
        let first = kept.entries.front().map_or(kept.last + 1, |(number, ..)| *number);
        if after + 1 < first || after > kept.last {
            return Err(Missed);
        }
        let skip = usize::try_from(after + 1 - first).unwrap_or(usize::MAX);
        Ok(kept.entries.iter().skip(skip).take(256).cloned().collect())
    }

    /// Tells when the log grows.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.grew.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use timbre_model::{AgentId, AgentStateKind, TenantId};

    fn update() -> FloorUpdate {
        let agent = AgentRef {
            tenant: TenantId::parse("t").expect("a slug"),
            agent: AgentId::parse("a").expect("a slug"),
        };
        FloorUpdate::Agent(
            agent,
            Box::new(AgentView {
                state: AgentStateKind::Ready,
                reason: None,
                since: Civil::default(),
                offer: None,
                call: None,
                on_hold: false,
                wrap_up_until: None,
                wrap_up_extendable: false,
                pause_after: None,
                connected: true,
                station: true,
            }),
        )
    }

    #[test]
    fn a_watcher_gets_what_it_missed_or_is_told_that_it_cannot() {
        let log = FloorLog::default();
        let start = log.last();
        for _ in 0..LOG_MAX + 10 {
            log.push(Civil::default(), update());
        }
        assert_eq!(log.after(start).err(), Some(Missed));
        let near = log.last() - 3;
        let numbers: Vec<_> =
            log.after(near).expect("kept").into_iter().map(|(number, ..)| number).collect();
        assert_eq!(numbers, [near + 1, near + 2, near + 3]);
        assert!(log.after(log.last()).expect("nothing new").is_empty());
        assert_eq!(log.after(log.last() + 1).err(), Some(Missed), "numbers of another run");
    }
}
