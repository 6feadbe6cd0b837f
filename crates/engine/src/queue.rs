//! A queue: the line of its calls and the agents who are idle for it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use slab::Slab;

use crate::agent::Agent;
use crate::call::Rules;

/// A call's place in line: higher priority first, then the older.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// 9 less the priority, so that the first in order is the first in line.
    pub(crate) rank: u8,
    /// Counts the arrivals of the engine: time never goes backwards, so this is age.
    pub(crate) arrival: u64,
}

/// A queue and its live state.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) rules: Arc<Rules>,
    pub(crate) line: Line,
    pub(crate) idle: IdleAgents,
    pub(crate) counts: Counts,
}

/// Calls that no agent has yet.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// Not on offer.
    pub(crate) free: BTreeMap<Place, usize>,
    /// On offer, or waiting for the ring window with their agent.
    pub(crate) offered: BTreeMap<Place, usize>,
}

/// The other calls of a queue.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) talking: usize,
    pub(crate) wrap_up: usize,
}

impl Line {
    /// Calls without an agent.
    pub(crate) fn len(&self) -> usize {
        self.free.len() + self.offered.len()
    }

    /// The call that came first.
    pub(crate) fn oldest(&self) -> Option<usize> {
        let heads = [self.free.first_key_value(), self.offered.first_key_value()];
        heads.into_iter().flatten().min_by_key(|(place, _)| place.arrival).map(|(_, &call)| call)
    }
}

impl Queue {
    /// A queue without calls.
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            rules: Arc::new(rules),
            line: Line::default(),
            idle: IdleAgents::default(),
            counts: Counts::default(),
        }
    }

    /// Calls of every kind, those in wrap-up included.
    pub(crate) fn calls(&self) -> usize {
        self.line.len() + self.counts.talking + self.counts.wrap_up
    }
}

/// Agents in the order in which they became idle. Entries of agents who are idle no more stay behind until they are met
/// or until they outnumber the others.
#[derive(Debug, Default)]
pub(crate) struct IdleAgents {
    entries: VecDeque<(u64, usize)>,
    /// Entries that hold.
    count: usize,
}

impl IdleAgents {
    /// `turn` grows with every agent who becomes idle; one who returns from a failed offer has kept an old one.
    pub(crate) fn join(&mut self, turn: u64, agent: usize) {
        self.count += 1;
        if self.entries.back().is_none_or(|&(last, _)| last < turn) {
            self.entries.push_back((turn, agent));
        } else if let Err(at) = self.entries.binary_search_by_key(&turn, |&(turn, _)| turn) {
            self.entries.insert(at, (turn, agent));
        }
    }

    /// An agent is idle no more. `agents` is as it stands after that.
    pub(crate) fn leave(&mut self, agents: &Slab<Agent>) {
        self.count -= 1;
        if self.entries.len() > 2 * self.count + 16 {
            self.entries.retain(|&(turn, agent)| holds(agents, turn, agent));
        }
        while self.entries.front().is_some_and(|&(turn, agent)| !holds(agents, turn, agent)) {
            self.entries.pop_front();
        }
    }

    /// How many are idle.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// In the order in which they became idle.
    pub(crate) fn iter<'a>(&'a self, agents: &'a Slab<Agent>) -> impl Iterator<Item = usize> + 'a {
        self.entries
            .iter()
            .filter(|&&(turn, agent)| holds(agents, turn, agent))
            .map(|&(_, agent)| agent)
    }

    /// Forgets everybody.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.count = 0;
    }
}

fn holds(agents: &Slab<Agent>, turn: u64, agent: usize) -> bool {
    agents.get(agent).is_some_and(|it| it.idle.joined && it.idle.turn == turn)
}
