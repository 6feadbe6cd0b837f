//! What must hold between two steps.

use crate::agent::{Agent, AgentState, Offered, Stream, WrapUp};
use crate::asking::Kind;
use crate::attempt::{Attempt, Progress};
use crate::call::{Call, Stage};
use crate::campaign::Campaign;
use crate::engine::{Engine, Party};
use crate::matching;
use crate::surveying::Survey;
use crate::trunk_guard::TrunkGuard;

impl Engine {
    /// Panics where the state contradicts itself. For tests and the simulator.
    pub fn check_invariants(&self) {
        self.agents.iter().for_each(|(at, agent)| self.check_agent(at, agent));
        self.calls.iter().for_each(|(at, call)| self.check_call(at, call));
        self.attempts.iter().for_each(|(at, attempt)| self.check_attempt(at, attempt));
        self.campaigns.iter().for_each(|(at, campaign)| self.check_campaign(at, campaign));
        self.trunks.iter().for_each(|(at, trunk)| self.check_trunk(at, trunk));
        self.surveys.iter().for_each(|(at, survey)| self.check_survey(at, survey));
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
                matches!(self.calls[*call].stage, Stage::Offered { agent } | Stage::Accepted { agent } | Stage::Dialing { agent } if agent == at)
            }
            AgentState::Preview(it) => {
                let asked = it.asked.is_none_or(|batch| self.batches.contains_key(&batch));
                asked && self.campaigns.contains(it.campaign) && agent.has_station()
            }
            AgentState::Talking { call, .. } => {
                matches!(self.calls[*call].stage, Stage::Talking { talk, .. } if talk.agent == at)
            }
            AgentState::WrapUp(WrapUp { call, .. }) => {
                matches!(self.calls[*call].stage, Stage::WrapUp { talk, .. } if talk.agent == at)
            }
        };
        let reserved = agent.reserved.is_none_or(|batch| {
            let ready = matches!(agent.state, AgentState::Ready);
            ready && self.batches.get(&batch).is_some_and(|it| it.agent == Some(at))
        });
        assert!(reserved, "{who:?}: kept for a request that is not open");
        let campaigns = |it: &usize| {
            self.campaigns[*it].running() && agent.serves.contains(&self.campaigns[*it].queue)
        };
        assert!(agent.campaigns.iter().all(campaigns), "{who:?}: campaigns");
        let held = agent.state.call().is_some();
        assert!(held || !agent.grace_over(), "{who:?}: nothing ends the shift");
        assert!(fits, "{who:?} contradicts {:?}", agent.state);
        if let Some(line) = agent.state.line() {
            assert_eq!(self.legs.get(&line.leg()), Some(&Party::Agent(at)), "{who:?}: leg in use");
        }
        if let Some(leg) = agent.station.leg {
            assert_eq!(self.legs.get(&leg), Some(&Party::Agent(at)), "{who:?}: persistent leg");
        }
        assert_eq!(agent.idle.joined, agent.is_idle(), "{who:?}: idle");
        assert_eq!(agent.timer, agent.deadline(), "{who:?}: deadline");
        assert!(agent.timer.is_none_or(|it| self.timers.holds(it, at)), "{who:?}: timer");
    }

    /// A call that is not over has its customer's leg, and an agent who has this call.
    fn check_call(&self, at: usize, call: &Call) {
        let id = call.facts.id;
        assert_eq!(self.call_index.get(&id), Some(&at), "{id}: index");
        let over = matches!(call.stage, Stage::WrapUp { .. });
        let leg = self.legs.get(&call.leg) == Some(&Party::Customer(at));
        let early = matches!(call.stage, Stage::Dialing { .. });
        assert_eq!(leg, !over && !early, "{id}: customer's leg");
        if let Some(placed) = &call.placed {
            let attempt = &self.attempts[placed.attempt];
            assert_eq!(attempt.call, Some(at), "{id}: its attempt");
            let fits = match (&call.stage, attempt.progress) {
                (Stage::Dialing { .. }, Progress::Held | Progress::SetUp) => attempt.bound,
                (Stage::Waiting, Progress::Waiting) => !attempt.bound,
                (Stage::Talking { .. }, Progress::Talking) => true,
                (Stage::WrapUp { .. }, Progress::WrapUp) => true,
                _ => false,
            };
            assert!(fits, "{id}: {:?} contradicts {:?}", call.stage, attempt.progress);
        }
        if let Some(agent) = call.agent() {
            assert_eq!(self.agents[agent].state.call(), Some(at), "{id}: its agent");
        }
        assert_eq!(call.timer, call.deadline(), "{id}: deadline");
        assert!(call.timer.is_none_or(|it| self.timers.holds(it, at)), "{id}: timer");
    }

    /// An attempt has one leg where it has any, and one call where it is one; open, it has no end in its record.
    fn check_attempt(&self, at: usize, it: &Attempt) {
        let id = it.record.id;
        assert_eq!(self.attempt_index.get(&id), Some(&at), "{id}: index of attempts");
        let leg = self.legs.get(&it.leg) == Some(&Party::Attempt(at));
        assert_eq!(leg, it.holds_leg(), "{id}: callee's leg");
        if let Some(call) = it.call {
            let placed = self.calls[call].placed.as_ref();
            assert_eq!(placed.map(|it| it.attempt), Some(at), "{id}: its call");
        }
        let pooled = matches!(it.progress, Progress::SetUp | Progress::Parting { .. });
        assert!(it.call.is_some() || pooled, "{id}: nobody has it");
        let dialed = it.record.dialed_at.is_some();
        assert_eq!(dialed, it.progress != Progress::Held, "{id}: dialed");
        let over = it.record.ended_at.is_some();
        assert_eq!(over, it.progress == Progress::WrapUp, "{id}: over");
        assert_eq!(it.timer, it.deadline(), "{id}: deadline of the attempt");
        assert!(it.timer.is_none_or(|timer| self.timers.holds(timer, at)), "{id}: its timer");
    }

    /// A campaign's books agree with its attempts and its requests.
    fn check_campaign(&self, at: usize, it: &Campaign) {
        let name = &it.name;
        let mut counts = [0; Progress::KINDS];
        let own = self.attempts.iter().filter(|(_, it)| it.campaign == at);
        own.for_each(|(_, it)| counts[it.progress.kind()] += 1);
        assert_eq!(it.counts, counts, "{name:?}: counts");
        let batches = self.batches.values().filter(|it| it.campaign == at);
        assert_eq!(it.asks.open as usize, batches.clone().count(), "{name:?}: requests");
        let pool = batches.filter(|it| it.kind == Kind::Pool).count();
        assert_eq!(usize::from(it.asks.pool), pool, "{name:?}: one request for the pool");
        assert_eq!(it.pacer.is_some(), it.pools(), "{name:?}: controller");
        let early = it.count(Progress::Held) + it.count(Progress::SetUp);
        assert!(it.running() || early == 0, "{name:?} dials, and does not run");
        let today = it.answers.today();
        assert!(today.abandoned <= today.answered, "{name:?}: abandoned");
        assert_eq!(it.timer, it.deadline(), "{name:?}: deadline");
        assert!(it.timer.is_none_or(|timer| self.timers.holds(timer, at)), "{name:?}: timer");
    }

    /// Who is asked has their leg and no agent, and it ends by itself.
    fn check_survey(&self, at: usize, it: &Survey) {
        let id = it.call();
        assert_eq!(self.survey_index.get(&id), Some(&at), "{id}: index of surveys");
        assert_eq!(self.legs.get(&it.leg), Some(&Party::Survey(at)), "{id}: leg of the survey");
        assert_eq!(it.timer, Some(it.deadline()), "{id}: deadline of the survey");
        assert!(self.timers.holds(it.deadline(), at), "{id}: timer of the survey");
    }

    /// A trunk's books agree with the attempts over it.
    fn check_trunk(&self, at: usize, it: &TrunkGuard) {
        let own = self.attempts.iter().filter(|(_, it)| it.trunk == at);
        let in_setup = own.clone().filter(|(_, it)| it.progress == Progress::SetUp).count();
        assert_eq!(it.in_setup as usize, in_setup, "{:?}: in set-up", it.name);
        assert_eq!(it.open as usize, own.count(), "{:?}: open", it.name);
        let asked: u32 = self.batches.values().filter(|it| it.trunk == at).map(|it| it.most).sum();
        assert_eq!(it.asked(), asked, "{:?}: asked for", it.name);
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
            let offered = count(|it| {
                matches!(it, Stage::Offered { .. } | Stage::Accepted { .. } | Stage::Dialing { .. })
            });
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
            + self.surveys.len()
            + self.agents.iter().filter(|(_, it)| it.timer.is_some()).count()
            + self.attempts.iter().filter(|(_, it)| it.timer.is_some()).count()
            + self.campaigns.iter().filter(|(_, it)| it.timer.is_some()).count();
        assert_eq!(armed, self.timers.len());
        assert_eq!(self.attempt_index.len(), self.attempts.len());
        assert_eq!(self.survey_index.len(), self.surveys.len());
        assert!(!self.batches.is_empty() || self.barred.is_empty(), "barred against nothing");
        for (leg, party) in &self.legs {
            let there = match *party {
                Party::Customer(call) => self.calls[call].leg == *leg,
                Party::Survey(survey) => self.surveys[survey].leg == *leg,
                Party::Attempt(at) => {
                    self.attempts[at].leg == *leg && self.attempts[at].holds_leg()
                }
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
