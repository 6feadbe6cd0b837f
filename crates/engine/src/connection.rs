//! Answering, connecting, holding.

use timbre_model::TimelineKind;

use crate::EventKind;
use crate::agent::{AgentState, Line};
use crate::call::{Held, Stage, Talk};
use crate::port::SwitchAction;
use crate::turn::Turn;

impl Turn<'_> {
    /// Lets the agent and the customer hear each other; answers the customer if nothing has yet.
    pub(crate) fn connect(&mut self, call: usize, agent: usize, line: Line) {
        let customer = self.floor.calls[call].leg;
        self.act(SwitchAction::Bridge { customer, agent: line.leg() });
        self.answered(call, false);
        let it = &self.floor.calls[call];
        let waited = it.age(self.now.mono);
        let who = self.floor.agents[agent].who.clone();
        let name = who.agent.clone();
        let connected = EventKind::CallConnected {
            call: it.facts.id,
            queue: it.rules.name.clone(),
            agent: who,
            waited,
            within_service_level: waited <= it.rules.spec.service_level,
            placed: it.placed.as_ref().map(|it| it.shown.clone()),
        };
        let attempt = it.placed.as_ref().map(|it| it.attempt);
        self.event(connected);
        self.timeline(call, TimelineKind::Connected { agent: name });
        let talk = Talk { agent, since: self.now };
        self.stage(call, Stage::Talking { talk, held: None });
        // Known before the end, so that a call that its node does not outlive is still its agent's.
        self.write_call(call, |_| {});
        self.enter(agent, AgentState::Talking { call, line });
        if let Some(attempt) = attempt {
            self.live_answer_served(attempt, agent);
        }
    }

    /// The greeting answers a caller whom no agent has answered in time. The call keeps its place.
    pub(crate) fn greet(&mut self, call: usize) {
        let it = &self.floor.calls[call];
        let language = it.rules.spec.announcements.language;
        let leg = it.leg;
        self.act(SwitchAction::Greet { leg, language });
        self.answered(call, true);
        self.rearm_call(call);
    }

    fn answered(&mut self, call: usize, by_greeting: bool) {
        let it = &mut self.floor.calls[call];
        if it.ringing.answered.is_some() {
            return;
        }
        let after = it.age(self.now.mono);
        let ring = it.ringing.cadence.ring_at(after);
        it.ringing.answered = Some((self.now.civil, ring));
        let (call_id, queue) = (it.facts.id, it.rules.name.clone());
        self.timeline(call, TimelineKind::Answered { ring, by_greeting });
        self.event(EventKind::CallAnswered { call: call_id, queue, after, ring, by_greeting });
    }

    /// Puts the customer on hold; nothing happens unless they talk.
    pub(crate) fn hold(&mut self, call: usize, by_phone: bool) {
        let since = self.now.mono;
        let it = &mut self.floor.calls[call];
        let Stage::Talking { talk, held: held @ None } = &mut it.stage else { return };
        *held = Some(Held { since, by_phone });
        it.hold.count = it.hold.count.saturating_add(1);
        let (agent, customer) = (talk.agent, it.leg);
        let (call_id, queue) = (it.facts.id, it.rules.name.clone());
        if let Some(line) = self.floor.agents[agent].state.line() {
            self.act(SwitchAction::Hold { customer, agent: line.leg() });
        }
        self.timeline(call, TimelineKind::Held);
        let who = self.floor.agents[agent].who.clone();
        self.event(EventKind::CallHeld { call: call_id, queue, agent: who });
        self.restate(agent);
    }

    /// Takes the customer off hold; nothing happens unless they are.
    pub(crate) fn resume(&mut self, call: usize) {
        let Some(agent) = self.close_hold(call) else { return };
        let customer = self.floor.calls[call].leg;
        if let Some(line) = self.floor.agents[agent].state.line() {
            self.act(SwitchAction::Bridge { customer, agent: line.leg() });
        }
        self.restate(agent);
    }

    /// Ends a hold in the books. Gives the agent if there was one.
    pub(crate) fn close_hold(&mut self, call: usize) -> Option<usize> {
        let now = self.now.mono;
        let it = &mut self.floor.calls[call];
        let Stage::Talking { talk, held } = &mut it.stage else { return None };
        let held_for = now.since(held.take()?.since);
        it.hold.total += held_for;
        it.hold.longest = it.hold.longest.max(held_for);
        let at = talk.agent;
        let (call_id, queue) = (it.facts.id, it.rules.name.clone());
        self.timeline(call, TimelineKind::Resumed);
        let agent = self.floor.agents[at].who.clone();
        self.event(EventKind::CallResumed { call: call_id, queue, agent, held_for });
        Some(at)
    }
}
