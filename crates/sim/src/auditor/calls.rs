//! The book of each call, by the events.

use std::collections::BTreeMap;

use timbre_engine::CallEnded;
use timbre_engine::port::Arrival;
use timbre_model::{AgentRef, CallId, CallOutcome, ReleasedBy};

use super::Auditor;
use super::line::Place;
use super::rules::ring_of;

/// What is known of a call.
#[derive(Debug)]
pub(super) struct CallBook {
    pub(super) queue: Option<usize>,
    pub(super) place: Place,
    pub(super) arrived: u64,
    pub(super) answered: Option<u64>,
    pub(super) contact: Contact,
    pub(super) held: bool,
    /// Agents who declined it, or may have.
    pub(super) passed_over: BTreeMap<usize, Refusal>,
    pub(super) offers: u32,
    pub(super) end: Option<CallOutcome>,
    pub(super) wrapped_up: bool,
    pub(super) records: Records,
}

/// An agent is passed over for a call until `until`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal {
    pub(super) until: u64,
    /// The agent declined. Otherwise a taken call was let go: by the agent, who is then passed over, or by other hands.
    pub(super) certain: bool,
}

/// The call and its agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contact {
    None,
    Offered { agent: usize, number: u32 },
    Taken { agent: usize },
    Connected { agent: usize },
}

/// What the records say of a call.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) entries: u32,
    /// Its end, once it is recorded.
    pub(super) end: Option<(timbre_model::Civil, CallOutcome)>,
    pub(super) wrapped_up: bool,
}

impl Auditor {
    pub(super) fn call_arrived(&mut self, arrival: &Arrival) {
        self.customer_leg(arrival.leg, arrival.call);
        let queue = self.rules.queue_of(arrival.dialed_number.as_ref());
        self.lines.arrivals += 1;
        let rank = queue.map_or(0, |it| self.rules.queue(it).rank);
        let book = CallBook {
            queue,
            place: (rank, self.lines.arrivals),
            arrived: self.now,
            answered: None,
            contact: Contact::None,
            held: false,
            passed_over: BTreeMap::new(),
            offers: 0,
            end: None,
            wrapped_up: false,
            records: Records::default(),
        };
        let twice = self.calls.insert(arrival.call, book).is_some();
        self.demand(!twice, || format!("call {} arrived twice", arrival.call));
        self.accounts.entry(queue).or_default().arrived += 1;
    }

    pub(super) fn call_queued(&mut self, call: CallId) {
        self.joins_line(call);
    }

    fn age(&self, call: CallId) -> u64 {
        self.calls.get(&call).map_or(0, |it| self.now - it.arrived)
    }

    pub(super) fn call_answered(&mut self, call: CallId, ring: u32) {
        let wanted = ring_of(self.age(call));
        self.demand(ring == wanted, || {
            format!("call {call} answered in ring {ring}, not {wanted}")
        });
    }

    pub(super) fn call_connected(&mut self, call: CallId, agent: &AgentRef) {
        let agent = self.rules.agent(&agent.agent);
        let Some(book) = self.calls.get_mut(&call) else { return };
        let was = std::mem::replace(&mut book.contact, Contact::Connected { agent });
        self.demand(was == Contact::Taken { agent }, || {
            format!("call {call} was connected to agent-{agent} from {was:?}")
        });
    }

    pub(super) fn call_held(&mut self, call: CallId, held: bool) {
        let Some(book) = self.calls.get_mut(&call) else { return };
        let changes = std::mem::replace(&mut book.held, held) != held;
        let connected = matches!(book.contact, Contact::Connected { .. });
        self.demand(changes && connected, || format!("call {call} held: {held}, out of turn"));
    }

    pub(super) fn call_ended(&mut self, ended: &CallEnded) {
        let call = ended.call;
        self.leaves_line(call);
        let age = self.age(call);
        let Some(book) = self.calls.get_mut(&call) else {
            return self.object(format!("call {call} ended and had never come"));
        };
        let twice = book.end.replace(ended.outcome).is_some();
        let queue = book.queue.map(|it| self.rules.queue(it));
        let late = book.answered.is_none() && queue.is_some_and(|it| age > it.latest);
        let wanted = match (book.contact, ended.released_by) {
            (Contact::Connected { .. }, _) => CallOutcome::Answered,
            (_, ReleasedBy::Customer) if queue.is_some_and(|it| age <= it.short) => {
                CallOutcome::AbandonedShort
            }
            (_, ReleasedBy::Customer) => CallOutcome::Abandoned,
            (_, ReleasedBy::System | ReleasedBy::Agent) => CallOutcome::Refused,
            (_, ReleasedBy::Network) => CallOutcome::Lost,
        };
        let open = matches!(book.contact, Contact::Offered { .. });
        self.demand(!twice, || format!("call {call} ended twice"));
        self.demand(!late, || format!("call {call} was never answered, {age} µs after it came"));
        self.demand(!open, || format!("call {call} ended with an open offer"));
        let outcome = ended.outcome;
        self.demand(outcome == wanted, || format!("call {call} counts as {outcome}, not {wanted}"));
    }

    pub(super) fn call_wrapped_up(&mut self, call: CallId, agent: &AgentRef) {
        let agent = self.rules.agent(&agent.agent);
        let Some(book) = self.calls.get_mut(&call) else { return };
        let twice = std::mem::replace(&mut book.wrapped_up, true);
        let theirs = book.end.is_some() && book.contact == Contact::Connected { agent };
        self.demand(theirs && !twice, || format!("agent-{agent} wrapped up call {call}"));
    }
}
