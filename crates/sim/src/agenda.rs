//! What is going to happen, in order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use timbre_engine::port::{SwitchAction, SwitchEvent};
use timbre_engine::{Command, Event};
use timbre_model::LegId;

/// Something that will happen.
#[derive(Debug)]
pub(crate) enum Happening {
    /// The next caller dials.
    CallerDials,
    /// A report of the switch reaches the engine.
    Report(SwitchEvent),
    /// Somebody's command reaches the engine. The number is the agent's, if it was one's.
    Command(Option<usize>, Command),
    /// What a step brought about is durable: the switch acts and the streams carry the events.
    Effects(Vec<SwitchAction>, Vec<Event>),
    /// Somebody at the far end of a leg does something.
    Far(LegId, FarAct),
    /// Something in an agent's day.
    Agent(usize, Turn),
    /// A supervisor interferes.
    Supervisor,
    /// The operator changes the floor.
    Operator,
    /// The node dies at the next step.
    Crash,
}

/// What the far end of a leg does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FarAct {
    PickUp,
    Decline,
    Ignore,
    HangUp,
    /// Only as long as no agent is there.
    GiveUp,
    MediaStops,
    Hold(bool),
    Press(char),
    /// Hears the end of what began as the n-th recording.
    HearsOut(u32),
}

/// A turn in an agent's day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    Begins,
    Ends,
    StreamDrops,
    StreamReturns,
    PhoneFails,
    PhoneReturns,
    PauseDue,
}

/// The agenda. What is due at one microsecond happens in the order in which it was noted down.
#[derive(Debug)]
pub(crate) struct Agenda<T = Happening> {
    heap: BinaryHeap<Reverse<Entry<T>>>,
    noted: u64,
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), noted: 0 }
    }
}

#[derive(Debug)]
struct Entry<T> {
    at: u64,
    number: u64,
    what: T,
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl<T> Agenda<T> {
    pub(crate) fn note(&mut self, at: u64, what: T) {
        self.noted += 1;
        self.heap.push(Reverse(Entry { at, number: self.noted, what }));
    }

    /// When the next thing happens, in microseconds.
    pub(crate) fn next(&self) -> Option<u64> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        self.heap.pop().map(|Reverse(entry)| entry.what)
    }

    /// Forgets what a dead node takes with it.
    pub(crate) fn keep(&mut self, which: impl Fn(&T) -> bool) {
        self.heap.retain(|Reverse(entry)| which(&entry.what));
    }
}

impl Happening {
    /// Happens whether the node lives or not: unlike legs, reports, commands and effects under way.
    pub(crate) fn outlives_the_node(&self) -> bool {
        use Happening::{Agent, CallerDials, Crash, Operator, Supervisor};
        matches!(self, CallerDials | Agent(..) | Supervisor | Operator | Crash)
    }
}
