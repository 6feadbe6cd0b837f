//! One step in progress: the floor, the moment and the effects so far.

use std::time::Duration;

use timbre_model::{
    AgentStateKind, AgentStateRecord, Change, LegId, Now, TimelineEntry, TimelineKind,
};

use crate::agent::AgentState;
use crate::call::Stage;
use crate::engine::Engine;
use crate::port::SwitchAction;
use crate::{AgentChanged, Because, Effects, Event, EventKind, Rejection, matching};

/// What every part of a step works on.
pub(crate) struct Turn<'a> {
    pub(crate) floor: &'a mut Engine,
    pub(crate) now: Now,
    pub(crate) out: &'a mut Effects,
}

impl Turn<'_> {
    pub(crate) fn event(&mut self, what: EventKind) {
        self.out.events.push(Event { at: self.now.civil, what });
    }

    pub(crate) fn act(&mut self, action: SwitchAction) {
        self.out.actions.push(action);
    }

    pub(crate) fn timeline(&mut self, call: usize, what: TimelineKind) {
        let call = &mut self.floor.calls[call];
        call.tally.entries += 1;
        self.out.changes.push(Change::Timeline(TimelineEntry {
            call: call.facts.id,
            tenant: call.facts.trunk.tenant.clone(),
            number: call.tally.entries,
            at: self.now.civil,
            what,
        }));
    }

    /// Puts an agent into a state, in the records and among the idle.
    pub(crate) fn enter(&mut self, agent: usize, state: AgentState) {
        let it = &mut self.floor.agents[agent];
        let from = it.state.kind();
        let lasted = self.now.mono.since(it.since.mono);
        it.state = state;
        it.since = self.now;
        it.reserved = None;
        self.floor.keep_idle(agent);
        self.rearm_agent(agent);
        self.record_state(agent);
        let now = self.floor.view(agent);
        let who = self.floor.agents[agent].who.clone();
        self.event(EventKind::AgentState(AgentChanged { agent: who, from, lasted, now }));
        self.note_state(agent);
    }

    /// The agent's campaigns learn of a new state; one who is idle is looked at soon.
    fn note_state(&mut self, agent: usize) {
        if self.floor.agents[agent].campaigns.is_empty() {
            return;
        }
        self.tell_phases(agent);
        if matches!(self.floor.agents[agent].state, AgentState::Ready) {
            for n in 0..self.floor.agents[agent].campaigns.len() {
                self.hasten(self.floor.agents[agent].campaigns[n]);
            }
        }
    }

    /// Something of what is seen of an agent changed, but not the state: a hold, a longer wrap-up, a pause to come.
    pub(crate) fn restate(&mut self, agent: usize) {
        let now = self.floor.view(agent);
        let (from, lasted) = (now.state, Duration::ZERO);
        let agent = self.floor.agents[agent].who.clone();
        self.event(EventKind::AgentState(AgentChanged { agent, from, lasted, now }));
    }

    fn record_state(&mut self, agent: usize) {
        self.floor.counters.states += 1;
        let it = &self.floor.agents[agent];
        self.out.changes.push(Change::AgentState(AgentStateRecord {
            tenant: it.who.tenant.clone(),
            agent: it.who.agent.clone(),
            at: self.now.civil,
            number: self.floor.counters.states,
            state: it.state.kind(),
            reason: it.state.reason().cloned(),
            call: it.state.call().map(|call| self.floor.calls[call].facts.id),
        }));
    }

    pub(crate) fn rearm_agent(&mut self, agent: usize) {
        let it = &mut self.floor.agents[agent];
        let next = it.deadline();
        self.floor.timers.set(&mut it.timer, agent, next);
    }

    pub(crate) fn rearm_call(&mut self, call: usize) {
        let it = &mut self.floor.calls[call];
        let next = it.deadline();
        self.floor.timers.set(&mut it.timer, call, next);
    }

    /// Moves a call to another stage, its place in line included.
    pub(crate) fn stage(&mut self, call: usize, stage: Stage) {
        self.floor.unfile(call);
        self.floor.calls[call].stage = stage;
        self.floor.file(call);
        self.rearm_call(call);
    }

    pub(crate) fn new_leg(&mut self) -> LegId {
        self.floor.counters.legs += 1;
        LegId::placed(self.floor.counters.legs)
    }

    /// Looks at up to `most` of the agents for whom a new floor may have brought calls.
    pub(crate) fn look_again(&mut self, most: usize) {
        for _ in 0..most {
            let Some(agent) = self.floor.look_again.pop_front() else { return };
            let idle = self.floor.agents.get(agent).is_some_and(|it| it.idle.joined);
            if let Some(call) = idle.then(|| matching::call_for(self.floor, agent, self.now.mono)) {
                call.into_iter().for_each(|call| self.offer(call, agent, Because::OldestCall));
            }
        }
    }

    /// That the agent's state does not allow it.
    pub(crate) fn wrong_state(&self, agent: usize) -> Rejection {
        let it = &self.floor.agents[agent];
        Rejection::WrongState { agent: it.who.agent.clone(), state: it.state.kind() }
    }

    /// A rejection unless the agent is signed in.
    pub(crate) fn signed_in(&self, agent: usize) -> Result<(), Rejection> {
        match self.floor.agents[agent].state.kind() {
            AgentStateKind::SignedOut => Err(self.wrong_state(agent)),
            _ => Ok(()),
        }
    }
}

impl Engine {
    /// Ready agents who are kept for nothing are among the idle of the queues they serve; others are not.
    pub(crate) fn keep_idle(&mut self, agent: usize) {
        let it = &mut self.agents[agent];
        let ready = it.is_idle();
        if it.idle.joined == ready {
            return;
        }
        it.idle.joined = ready;
        let it = &self.agents[agent];
        for &queue in &it.serves {
            let idle = &mut self.queues[queue].idle;
            if ready { idle.join(it.idle.turn, agent) } else { idle.leave(&self.agents) }
        }
    }

    /// Takes a call out of its queue's books.
    pub(crate) fn unfile(&mut self, call: usize) {
        let it = &self.calls[call];
        let queue = &mut self.queues[it.queue];
        match it.stage {
            Stage::Waiting => drop(queue.line.free.remove(&it.place)),
            Stage::Offered { .. } | Stage::Accepted { .. } | Stage::Dialing { .. } => {
                queue.line.offered.remove(&it.place);
            }
            Stage::Talking { .. } => queue.counts.talking -= 1,
            Stage::WrapUp { .. } => queue.counts.wrap_up -= 1,
        }
    }

    /// Enters a call into its queue's books.
    pub(crate) fn file(&mut self, call: usize) {
        let it = &self.calls[call];
        let queue = &mut self.queues[it.queue];
        match it.stage {
            Stage::Waiting => drop(queue.line.free.insert(it.place, call)),
            Stage::Offered { .. } | Stage::Accepted { .. } | Stage::Dialing { .. } => {
                queue.line.offered.insert(it.place, call);
            }
            Stage::Talking { .. } => queue.counts.talking += 1,
            Stage::WrapUp { .. } => queue.counts.wrap_up += 1,
        }
    }
}
