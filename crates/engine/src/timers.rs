//! Deadlines. Every call and every agent has at most one: the first of those that its state calls for. So the set is
//! bounded by what it serves, and nothing in it is ever stale.

use std::collections::BTreeSet;

use timbre_model::Mono;

use crate::WakeReason;

/// When, and why.
pub(crate) type Deadline = (Mono, WakeReason);

/// Of all calls and agents. The reason tells whether the number is a call's or an agent's.
#[derive(Debug, Default)]
pub(crate) struct Timers(BTreeSet<(Mono, WakeReason, u32)>);

impl Timers {
    /// Replaces what `slot` holds for `owner`.
    pub(crate) fn set(
        &mut self,
        slot: &mut Option<Deadline>,
        owner: usize,
        next: Option<Deadline>,
    ) {
        if *slot == next {
            return;
        }
        if let Some((at, why)) = slot.take() {
            self.0.remove(&(at, why, owner as u32));
        }
        if let Some((at, why)) = next {
            self.0.insert((at, why, owner as u32));
        }
        *slot = next;
    }

    /// The first.
    pub(crate) fn next(&self) -> Option<Deadline> {
        self.0.first().map(|&(at, why, _)| (at, why))
    }

    /// The first that is due, with its owner. It stays until its owner's state has moved on.
    pub(crate) fn due(&self, now: Mono) -> Option<(WakeReason, usize)> {
        self.0.first().filter(|(at, ..)| *at <= now).map(|&(_, why, owner)| (why, owner as usize))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether `deadline` is set for `owner`.
    pub(crate) fn holds(&self, (at, why): Deadline, owner: usize) -> bool {
        self.0.contains(&(at, why, owner as u32))
    }
}
