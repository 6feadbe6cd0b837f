//! Who waits and who is idle.

use std::collections::BTreeMap;

use timbre_model::CallId;

use super::Auditor;

/// A place in line: rank, then age.
pub(super) type Place = (u8, u64);

/// The lines of all queues, and the idle agents.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) waiting: Vec<BTreeMap<Place, CallId>>,
    /// By when they became idle, in a count.
    pub(super) idle: BTreeMap<u64, usize>,
    /// Counts the times somebody became idle.
    pub(super) turns: u64,
    /// Counts the arrivals.
    pub(super) arrivals: u64,
}

impl Lines {
    pub(super) fn new(queues: usize) -> Self {
        Self {
            waiting: vec![BTreeMap::new(); queues],
            idle: BTreeMap::new(),
            turns: 0,
            arrivals: 0,
        }
    }

    pub(super) fn next_turn(&mut self) -> u64 {
        self.turns += 1;
        self.turns
    }
}

impl Auditor {
    pub(super) fn joins_line(&mut self, call: CallId) {
        let Some(book) = self.calls.get(&call) else { return };
        if let Some(queue) = book.queue {
            self.lines.waiting[queue].insert(book.place, call);
        }
    }

    /// Whether the call was in line.
    pub(super) fn leaves_line(&mut self, call: CallId) -> bool {
        let Some(book) = self.calls.get(&call) else { return false };
        book.queue.is_some_and(|queue| self.lines.waiting[queue].remove(&book.place).is_some())
    }

    /// The first calls in line of the queues that the agent serves, which the agent may be offered.
    pub(super) fn first_for(&self, agent: usize) -> Option<(Place, CallId)> {
        let heads = self.rules.serves(agent).iter().filter_map(|&queue| {
            self.lines.waiting[queue].iter().find(|(_, call)| !self.excused(agent, **call))
        });
        heads.min().map(|(place, call)| (*place, *call))
    }

    /// The longest idle agent who serves the queue and must be offered the call. `chosen` counts even while excused:
    /// that an offer came too early is objected to elsewhere, and in the microsecond of the lapse it did not.
    pub(super) fn longest_idle_for(&self, call: CallId, chosen: usize) -> Option<usize> {
        let queue = self.calls.get(&call)?.queue?;
        let mut idle = self.lines.idle.values().copied();
        let due = |agent| agent == chosen || !self.excused(agent, call);
        idle.find(|&agent| self.serves(agent, queue) && due(agent))
    }

    pub(super) fn serves(&self, agent: usize, queue: usize) -> bool {
        self.rules.serves(agent).contains(&queue)
    }

    /// The agent declined the call not long ago. In the microsecond in which that lapses, both is right.
    fn excused(&self, agent: usize, call: CallId) -> bool {
        let book = self.calls.get(&call);
        book.is_some_and(|it| it.passed_over.get(&agent).is_some_and(|it| self.now <= it.until))
    }

    /// No call waits while an agent who may take it is idle.
    pub(super) fn check_nobody_waits_in_vain(&mut self) {
        if self.lines.waiting.iter().all(BTreeMap::is_empty) {
            return;
        }
        let idle = self.lines.idle.values();
        let vain = idle.filter_map(|&agent| Some((agent, self.first_for(agent)?.1))).next();
        if let Some((agent, call)) = vain {
            self.object(format!("call {call} waits while agent-{agent} is idle"));
        }
    }
}
