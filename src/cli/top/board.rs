//! What a wallboard knows: the floor as the supervisor's stream tells it.

use std::collections::BTreeMap;
use std::time::Duration;

use timbre_engine::AgentView;
use timbre_model::{AgentId, AgentRef, AgentStateKind, Civil, QueueId};

use crate::api::wire::pacing::CampaignStatus;
use crate::api::wire::queue::QueueStatus;
use crate::api::wire::watch::{FloorNews, FloorUpdate};
use crate::feed::QueueCounts;

/// The floor as it now stands.
#[derive(Debug, Default)]
pub struct Board {
    /// The last update that was seen.
    pub sequence: u64,
    /// Every queue, and when it was told, on our clock.
    pub queues: BTreeMap<QueueId, (QueueStatus, Civil)>,
    /// Every agent.
    pub agents: BTreeMap<AgentId, AgentView>,
    /// Every campaign, in the order of their ids.
    pub campaigns: Vec<CampaignStatus>,
    /// What stands below the board.
    pub notes: Vec<String>,
    /// Why the board may be stale.
    pub trouble: Option<String>,
    /// How far the server's clock is ahead of ours, in microseconds.
    ahead: i64,
}

impl Board {
    /// A board that knows nothing yet.
    pub fn new(notes: Vec<String>) -> Self {
        Self { notes, ..Self::default() }
    }

    /// Takes in an update at `now` on our clock.
    pub fn take(&mut self, update: FloorUpdate, now: Civil) {
        let FloorUpdate { sequence, at, what } = update;
        self.sequence = sequence;
        self.trouble = None;
        self.ahead = at.as_micros().saturating_sub(now.as_micros());
        match what {
            FloorNews::Snapshot { queues, agents } => {
                self.queues.clear();
                self.agents.clear();
                queues.into_iter().for_each(|it| self.queue(it, now));
                agents.into_iter().for_each(|(who, view)| self.agent(who, view));
            }
            FloorNews::Agent(who, view) => self.agent(who, view),
            FloorNews::Queue(status) => self.queue(status, now),
        }
    }

    fn queue(&mut self, status: QueueStatus, now: Civil) {
        self.queues.insert(status.queue.queue.clone(), (status, now));
    }

    fn agent(&mut self, who: AgentRef, view: AgentView) {
        self.agents.insert(who.agent, view);
    }

    /// How long an agent has been in their state.
    pub fn lasting(&self, view: &AgentView, now: Civil) -> Duration {
        let server = Civil::from_micros(now.as_micros().saturating_add(self.ahead));
        server.since(view.since)
    }

    /// How many agents are in each state.
    pub fn census(&self) -> Vec<(AgentStateKind, usize)> {
        let count = |kind| self.agents.values().filter(|it| it.state == kind).count();
        AgentStateKind::ALL.iter().map(|&kind| (kind, count(kind))).collect()
    }
}

/// How long a queue's oldest call has waited by now.
pub fn oldest(status: &QueueStatus, told: Civil, now: Civil) -> Option<Duration> {
    status.oldest_wait.map(|wait| wait + now.since(told))
}

/// How many of the day's live answers the cap lets go unserved.
pub fn may_abandon(status: &CampaignStatus) -> u64 {
    // Counts of calls stay far below 2^53, and a share of one is not negative.
    (status.answered_today as f64 * status.abandonment_cap) as u64
}

/// A share in percent; `None` of nothing.
fn share(part: u64, whole: u64) -> Option<f64> {
    // Counts of calls stay far below 2^53.
    (whole > 0).then(|| 100.0 * part as f64 / whole as f64)
}

/// Calls connected in time, of all that were offered to the queue and are over or connected, short abandonments apart.
pub fn service_level(counts: &QueueCounts) -> Option<f64> {
    let QueueCounts { answered, within_service_level, abandoned, refused, lost, .. } = counts;
    share(*within_service_level, answered + abandoned + refused + lost)
}

/// Rings and seconds from the INVITE to the 200 OK, on average.
pub fn answer(counts: &QueueCounts) -> Option<(f64, f64)> {
    let calls: u64 = counts.answered_in_ring.iter().sum();
    let rings = (1_u64..).zip(&counts.answered_in_ring).map(|(ring, n)| ring * n).sum::<u64>();
    (calls > 0).then(|| (rings as f64 / calls as f64, counts.answer_seconds / calls as f64))
}

/// Seconds of a hold, on average.
pub fn hold(counts: &QueueCounts) -> Option<f64> {
    (counts.holds > 0).then(|| counts.hold_seconds / counts.holds as f64)
}

/// Rings of the histogram; the last also counts later ones.
const RINGS_SHOWN: usize = 5;

/// The rings' histogram as eighths of a character's height, the tallest being full.
pub fn bars(counts: &QueueCounts) -> String {
    const HEIGHTS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let mut rings = [0; RINGS_SHOWN];
    for (at, n) in counts.answered_in_ring.iter().enumerate() {
        rings[at.min(RINGS_SHOWN - 1)] += n;
    }
    let tallest = rings.iter().copied().max().unwrap_or(0).max(1);
    let eighths = |n: &u64| usize::try_from((n * 8).div_ceil(tallest)).unwrap_or(8).min(8);
    rings.iter().map(|n| HEIGHTS[eighths(n)]).collect()
}

#[cfg(test)]
pub mod tests;
