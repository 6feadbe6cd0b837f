//! The book of each agent, by the events and by what their streams and phones did.

use timbre_engine::AgentChanged;
use timbre_model::{AgentRef, AgentSpec, AgentStateKind, CallId, LegId, StationMode};

use super::Auditor;
use super::calls::Contact;

/// What is known of an agent.
#[derive(Debug)]
pub(super) struct AgentBook {
    pub(super) state: AgentStateKind,
    /// The call on offer, taken, or connected.
    pub(super) call: Option<CallId>,
    stream: bool,
    registered: bool,
    persistent: bool,
    pub(super) line: Option<LegId>,
    /// Since when idle, in a count. Kept through an offer that came to nothing.
    turn: u64,
}

impl AgentBook {
    pub(super) fn new(spec: &AgentSpec) -> Self {
        Self {
            state: AgentStateKind::SignedOut,
            call: None,
            stream: false,
            registered: false,
            persistent: spec.station == StationMode::Persistent,
            line: None,
            turn: 0,
        }
    }

    fn offerable(&self) -> bool {
        self.stream && if self.persistent { self.line.is_some() } else { self.registered }
    }
}

impl Auditor {
    pub(super) fn stream(&mut self, agent: &AgentRef, up: bool) {
        let agent = self.rules.agent(&agent.agent);
        self.agents[agent].stream = up;
    }

    pub(super) fn phone_registered(&mut self, agent: &AgentRef, reachable: bool) {
        let agent = self.rules.agent(&agent.agent);
        self.agents[agent].registered = reachable;
    }

    pub(super) fn phone_called_in(&mut self, who: &AgentRef, leg: LegId) {
        let agent = self.rules.agent(&who.agent);
        self.phone_leg(leg, agent, true);
        self.agents[agent].line = Some(leg);
    }

    /// The agent is idle no more, for an offer.
    pub(super) fn becomes_busy(&mut self, agent: usize) {
        let book = &self.agents[agent];
        if self.lines.idle.remove(&book.turn).is_none() && book.state != AgentStateKind::Offered {
            self.agents[agent].turn = self.lines.next_turn();
        }
    }

    pub(super) fn agent_state(&mut self, change: &AgentChanged) {
        let agent = self.rules.agent(&change.agent.agent);
        let (was, is, call) = (self.agents[agent].state, change.now.state, change.now.call);
        let from = change.from;
        self.demand(from == was, || format!("agent-{agent} was {was}, not {from}"));
        self.let_go(agent, call);
        self.agents[agent].state = is;
        self.check_contact(agent, is, call);
        if self.lines.idle.get(&self.agents[agent].turn) == Some(&agent) {
            let turn = self.agents[agent].turn;
            self.lines.idle.remove(&turn);
        }
        match is {
            AgentStateKind::Ready => self.becomes_idle(agent, was),
            AgentStateKind::SignedOut => self.agents[agent].stream = false,
            AgentStateKind::Offered
            | AgentStateKind::Talking
            | AgentStateKind::WrapUp
            | AgentStateKind::NotReady => {}
        }
    }

    fn becomes_idle(&mut self, agent: usize, was: AgentStateKind) {
        if was != AgentStateKind::Offered {
            self.agents[agent].turn = self.lines.next_turn();
        }
        self.lines.idle.insert(self.agents[agent].turn, agent);
        let able = self.agents[agent].offerable();
        self.demand(able, || format!("agent-{agent} is ready without a stream or a phone"));
    }

    /// An agent has the call that has this agent, and no other (P8).
    fn check_contact(&mut self, agent: usize, state: AgentStateKind, call: Option<CallId>) {
        let former = std::mem::replace(&mut self.agents[agent].call, call);
        if let Some(book) = former.filter(|_| former != call).and_then(|it| self.calls.get(&it)) {
            let left = book.end.is_some() || book.contact == Contact::None;
            self.demand(left, || format!("agent-{agent} left {former:?} behind"));
        }
        let book = call.and_then(|call| self.calls.get(&call));
        let contact = book.map(|it| it.contact);
        let over = book.is_some_and(|it| it.end.is_some());
        let fits = match (state, contact) {
            (AgentStateKind::Offered, Some(Contact::Offered { agent: other, .. }))
            | (AgentStateKind::Offered, Some(Contact::Taken { agent: other })) => other == agent,
            (AgentStateKind::Talking, Some(Contact::Connected { agent: other })) => {
                other == agent && !over
            }
            (AgentStateKind::WrapUp, Some(Contact::Connected { agent: other })) => {
                other == agent && over
            }
            (AgentStateKind::Offered | AgentStateKind::Talking | AgentStateKind::WrapUp, _) => {
                false
            }
            (
                AgentStateKind::SignedOut | AgentStateKind::Ready | AgentStateKind::NotReady,
                contact,
            ) => contact.is_none(),
        };
        self.demand(fits, || format!("agent-{agent} is {state} with {call:?}: {contact:?}"));
    }

    /// The node died: nobody is signed in, no phone is there.
    pub(super) fn forget_agents(&mut self) {
        for book in &mut self.agents {
            book.state = AgentStateKind::SignedOut;
            (book.call, book.line) = (None, None);
            (book.stream, book.registered) = (false, false);
        }
        self.lines.idle.clear();
        self.lines.waiting.iter_mut().for_each(|it| it.clear());
    }
}
