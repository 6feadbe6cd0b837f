//! What must hold between two steps.

use crate::agent::{Agent, AgentState, Offered, Stream, WrapUp};
use crate::call::{Call, Stage};
use crate::engine::{Engine, Party};
use crate::matching;

impl Engine {
    /// Panics where the state contradicts itself. For tests and the simulator.
    pub fn check_invariants(&self) {
        self.agents.iter().for_each(|(at, agent)| self.check_agent(at, agent));
        self.calls.iter().for_each(|(at, call)| self.check_call(at, call));
        self.check_queues();
        self.check_indices();
        self.check_liveness();
    }

    /// An agent has one call, and that call has this agent (P8).
    fn check_agent(&self, at: usize, agent: &Agent) {
        let who = &agent.who;
        let signed_out = matches!(agent.state, AgentState::SignedOut);
        assert_eq!(signed_out, matches!(agent.stream, Stream::None), "{who:?}: stream and state");
        let fits = match &agent.state {
            AgentState::SignedOut | AgentState::NotReady(_) => agent.after.is_none(),
            AgentState::Ready => agent.offerable().is_ok() && agent.after.is_none(),
            AgentState::Offered(Offered { call, .. }) => {
                matches!(self.calls[*call].stage, Stage::Offered { agent } | Stage::Accepted { agent } if agent == at)
            }
            AgentState::Talking { call, .. } => {
                matches!(self.calls[*call].stage, Stage::Talking { talk, .. } if talk.agent == at)
            }
            AgentState::WrapUp(WrapUp { call, .. }) => {
                matches!(self.calls[*call].stage, Stage::WrapUp { talk, .. } if talk.agent == at)
            }
        };
        let held = agent.state.call().is_some();
        assert!(held || !agent.grace_over(), "{who:?}: nothing ends the shift");
        assert!(fits, "{who:?} contradicts {:?}", agent.state);
        if let Some(line) = agent.state.line() {
            assert_eq!(self.legs.get(&line.leg()), Some(&Party::Agent(at)), "{who:?}: leg in use");
        }
        if let Some(leg) = agent.station.leg {
            assert_eq!(self.legs.get(&leg), Some(&Party::Agent(at)), "{who:?}: persistent leg");
        }
        assert_eq!(agent.idle.joined, matches!(agent.state, AgentState::Ready), "{who:?}: idle");
        assert_eq!(agent.timer, agent.deadline(), "{who:?}: deadline");
        assert!(agent.timer.is_none_or(|it| self.timers.holds(it, at)), "{who:?}: timer");
    }

    /// A call that is not over has its customer's leg, and an agent who has this call.
    fn check_call(&self, at: usize, call: &Call) {
        let id = call.facts.id;
        assert_eq!(self.call_index.get(&id), Some(&at), "{id}: index");
        let over = matches!(call.stage, Stage::WrapUp { .. });
        let leg = self.legs.get(&call.leg) == Some(&Party::Customer(at));
        assert_eq!(leg, !over, "{id}: customer's leg");
        if let Some(agent) = call.agent() {
            assert_eq!(self.agents[agent].state.call(), Some(at), "{id}: its agent");
        }
        assert_eq!(call.timer, call.deadline(), "{id}: deadline");
        assert!(call.timer.is_none_or(|it| self.timers.holds(it, at)), "{id}: timer");
    }

    /// Each queue's books agree with its calls and with the agents who serve it.
    fn check_queues(&self) {
        for (at, queue) in &self.queues {
            let name = &queue.rules.name;
            let count = |stage: fn(&Stage) -> bool| {
                self.calls.iter().filter(|(_, it)| it.queue == at && stage(&it.stage)).count()
            };
            let free = count(|it| matches!(it, Stage::Waiting));
            assert_eq!(free, queue.line.free.len(), "{name:?}: line");
            let offered = count(|it| matches!(it, Stage::Offered { .. } | Stage::Accepted { .. }));
            assert_eq!(offered, queue.line.offered.len(), "{name:?}: offered");
            let talking = count(|it| matches!(it, Stage::Talking { .. }));
            assert_eq!(talking, queue.counts.talking, "{name:?}: talking");
            let wrap_up = count(|it| matches!(it, Stage::WrapUp { .. }));
            assert_eq!(wrap_up, queue.counts.wrap_up, "{name:?}: wrap-up");
            let serving = |it: &Agent| it.idle.joined && it.serves.contains(&at);
            let idle = self.agents.iter().filter(|(_, it)| serving(it)).count();
            assert_eq!(idle, queue.idle.len(), "{name:?}: idle");
            assert_eq!(idle, queue.idle.iter(&self.agents).count(), "{name:?}: idle in order");
        }
    }

    fn check_indices(&self) {
        assert_eq!(self.call_index.len(), self.calls.len());
        let agents: usize = self.tenants.values().map(|it| it.agents.len()).sum();
        assert_eq!(agents, self.agents.len());
        let queues: usize = self.tenants.values().map(|it| it.queues.len()).sum();
        assert_eq!(queues, self.queues.len());
        let armed = self.calls.iter().filter(|(_, it)| it.timer.is_some()).count()
            + self.agents.iter().filter(|(_, it)| it.timer.is_some()).count();
        assert_eq!(armed, self.timers.len());
        for (leg, party) in &self.legs {
            let there = match *party {
                Party::Customer(call) => self.calls[call].leg == *leg,
                Party::Agent(agent) => {
                    let it = &self.agents[agent];
                    it.station.leg == Some(*leg)
                        || it.state.line().is_some_and(|line| line.leg() == *leg)
                }
            };
            assert!(there, "{leg:?} is {party:?}'s no more");
        }
    }

    /// No call waits while an agent who may take it is idle.
    fn check_liveness(&self) {
        let idle = self.agents.iter().filter(|(_, it)| it.idle.joined);
        for (at, agent) in idle.filter(|(at, _)| !self.look_again.contains(at)) {
            let call = matching::call_for(self, at, self.seen.mono);
            // A rejection that lapses in this very moment has its deadline due.
            let due = self.timers.due(self.seen.mono).is_some();
            assert!(call.is_none() || due, "{:?} is idle while a call waits", agent.who);
        }
    }
}
