//! Offers: made, taken, failed.

use std::time::Duration;

use timbre_model::{
    Change, NotReadyReason, Now, OfferId, OfferOutcome, OfferRecord, ReleasedBy, StationMode,
    TimelineKind,
};

use crate::agent::{After, AgentState, Answer, Line, Offered};
use crate::bounds::LOOK_PAST_MAX;
use crate::call::Stage;
use crate::engine::Party;
use crate::port::SwitchAction;
use crate::preview::Looked;
use crate::turn::Turn;
use crate::{Because, EventKind, OfferMade, matching};

/// Whether an agent who becomes idle joins the end of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Idleness {
    /// A call or a pause is over.
    New,
    /// An offer came to nothing: the place among the idle is kept.
    Kept,
}

impl Turn<'_> {
    /// A call waits: offers it to the longest-idle agent, if there is one.
    pub(crate) fn seek_agent(&mut self, call: usize) {
        if let Some(agent) = matching::agent_for(self.floor, call, self.now.mono) {
            self.offer(call, agent, Because::LongestIdle);
        }
    }

    /// An agent's call, offer or pause is over: what was asked for meanwhile, or the next call, or Ready.
    pub(crate) fn settle(&mut self, agent: usize, idleness: Idleness) {
        let it = &mut self.floor.agents[agent];
        match it.after.take() {
            // Whatever was asked for, nobody is there to do it, and nothing else would end the shift.
            _ if it.grace_over() => self.sign_out(agent),
            Some(After::SignedOut) => self.sign_out(agent),
            Some(After::NotReady(reason)) => self.enter(agent, AgentState::NotReady(reason)),
            None => match it.hindrance() {
                Some(reason) => self.enter(agent, AgentState::NotReady(reason)),
                None => self.become_idle(agent, idleness),
            },
        }
    }

    fn become_idle(&mut self, agent: usize, idleness: Idleness) {
        if idleness == Idleness::New {
            self.floor.counters.turns += 1;
            self.floor.agents[agent].idle.turn = self.floor.counters.turns;
        }
        match matching::call_for(self.floor, agent, self.now.mono) {
            Some(call) => self.offer(call, agent, Because::OldestCall),
            None => {
                self.enter(agent, AgentState::Ready);
                self.seek_for_placed(agent);
            }
        }
    }

    /// With one more idle, another one may be spared for a placed call.
    pub(crate) fn seek_for_placed(&mut self, agent: usize) {
        for n in 0..self.floor.agents[agent].serves.len() {
            let queue = &self.floor.queues[self.floor.agents[agent].serves[n]];
            let placed = |&&call: &&usize| self.floor.calls[call].placed.is_some();
            let first = queue.line.free.values().take(LOOK_PAST_MAX + 1).find(placed).copied();
            first.into_iter().for_each(|call| self.seek_agent(call));
        }
    }

    /// Offers a waiting call to an agent.
    pub(crate) fn offer(&mut self, call: usize, agent: usize, because: Because) {
        self.floor.calls[call].tally.offers += 1;
        let to = &self.floor.agents[agent];
        let accepts = to.auto_accepts() || self.floor.calls[call].placed.is_some();
        let straight = accepts && to.spec.station == StationMode::Persistent;
        let persistent = to.station.leg.filter(|_| to.spec.station == StationMode::Persistent);
        let line = persistent.map_or_else(|| Line::Placed(self.new_leg()), Line::Persistent);
        self.announce_offer(call, agent, because);
        if straight {
            self.record_offer(call, agent, self.now, Some(OfferOutcome::Accepted));
            return self.taken(call, agent, line);
        }
        self.record_offer(call, agent, self.now, None);
        if let Line::Placed(leg) = line {
            self.floor.legs.insert(leg, Party::Agent(agent));
            let it = &self.floor.calls[call];
            let (caller, id) = (it.facts.caller.clone(), it.facts.id);
            let agent = self.floor.agents[agent].who.clone();
            self.act(SwitchAction::RingStation { leg, agent, caller, call: Some(id) });
        }
        let ends = self.now.after(self.floor.calls[call].rules.spec.offer_timeout);
        let answer = Answer::Pending { made: self.now, ends, taken: false };
        self.stage(call, Stage::Offered { agent });
        self.enter(agent, AgentState::Offered(Offered { call, line, answer }));
    }

    /// Tells an offer; the timeline of a call that is not answered yet begins with its answer.
    pub(crate) fn announce_offer(&mut self, call: usize, agent: usize, because: Because) {
        let it = &self.floor.calls[call];
        let offer = it.offer_id();
        let early = matches!(it.stage, Stage::Dialing { .. });
        let made = OfferMade {
            offer,
            agent: self.floor.agents[agent].who.clone(),
            queue: it.rules.name.clone(),
            caller: it.facts.caller.clone(),
            waited: it.age(self.now.mono),
            expires_in: it.rules.spec.offer_timeout,
            because,
            placed: it.placed.as_ref().map(|it| it.shown.clone()),
        };
        let agent = made.agent.agent.clone();
        self.event(EventKind::Offered(made));
        if early {
            return;
        }
        let because = because.as_str().to_owned();
        self.timeline(call, TimelineKind::Offered { agent, offer: offer.number, because });
    }

    /// Writes an offer as it now stands; with an outcome, also tells that it ended.
    fn record_offer(
        &mut self,
        call: usize,
        agent: usize,
        made: Now,
        outcome: Option<OfferOutcome>,
    ) {
        let it = &self.floor.calls[call];
        let (offer, queue) = (it.offer_id(), it.rules.name.clone());
        let agent = self.floor.agents[agent].who.clone();
        self.out.changes.push(Change::Offer(OfferRecord {
            id: offer,
            tenant: agent.tenant.clone(),
            queue: queue.queue.clone(),
            agent: agent.agent.clone(),
            offered_at: made.civil,
            ended_at: outcome.map(|_| self.now.civil),
            outcome,
        }));
        if let Some(outcome) = outcome {
            let OfferId { number, .. } = offer;
            let who = agent.agent.clone();
            self.timeline(call, TimelineKind::OfferEnded { agent: who, offer: number, outcome });
            let open_for = self.now.mono.since(made.mono);
            self.event(EventKind::OfferEnded { offer, agent, queue, outcome, open_for });
        }
    }

    /// A call that is placed for one agent is theirs from the start.
    pub(crate) fn announce_taken(&mut self, call: usize, agent: usize) {
        let it = &self.floor.calls[call];
        let taken = EventKind::OfferEnded {
            offer: it.offer_id(),
            agent: self.floor.agents[agent].who.clone(),
            queue: it.rules.name.clone(),
            outcome: OfferOutcome::Accepted,
            open_for: Duration::ZERO,
        };
        self.event(taken);
    }

    /// The same in the records, once there is a call to be recorded.
    pub(crate) fn book_taken(&mut self, call: usize, agent: usize) {
        let it = &self.floor.calls[call];
        let offer = it.offer_id();
        let queue = it.rules.name.queue.clone();
        let who = self.floor.agents[agent].who.clone();
        let now = self.now.civil;
        self.out.changes.push(Change::Offer(OfferRecord {
            id: offer,
            tenant: who.tenant,
            queue,
            agent: who.agent.clone(),
            offered_at: now,
            ended_at: Some(now),
            outcome: Some(OfferOutcome::Accepted),
        }));
        let (number, because) = (offer.number, Because::Reserved.as_str().to_owned());
        let agent = who.agent;
        let offered = TimelineKind::Offered { agent: agent.clone(), offer: number, because };
        self.timeline(call, offered);
        let outcome = OfferOutcome::Accepted;
        self.timeline(call, TimelineKind::OfferEnded { agent, offer: number, outcome });
    }

    /// The agent has taken the offer and the agent's leg is up.
    pub(crate) fn accept(&mut self, agent: usize) {
        let AgentState::Offered(Offered { call, line, answer }) = self.floor.agents[agent].state
        else {
            return;
        };
        let made = match answer {
            Answer::Pending { made, .. } => made,
            Answer::Ringing { .. } => return self.station_up(agent, call, line),
            Answer::Accepted => return,
        };
        self.record_offer(call, agent, made, Some(OfferOutcome::Accepted));
        self.taken(call, agent, line);
    }

    fn taken(&mut self, call: usize, agent: usize, line: Line) {
        if self.floor.calls[call].window_open(self.now.mono) {
            return self.connect(call, agent, line);
        }
        self.stage(call, Stage::Accepted { agent });
        let answer = Answer::Accepted;
        let state = AgentState::Offered(Offered { call, line, answer });
        match self.floor.agents[agent].state {
            // Not a new state: the offer's end tells it.
            AgentState::Offered(_) => {
                self.floor.agents[agent].state = state;
                self.rearm_agent(agent);
            }
            _ => self.enter(agent, state),
        }
    }

    /// Parts an agent from the call on offer, with `outcome` if the offer is still open, and gives the call's number.
    /// Both are left for the caller to place anew.
    pub(crate) fn withdraw(&mut self, agent: usize, outcome: OfferOutcome) -> Option<usize> {
        let AgentState::Offered(Offered { call, line, answer }) = self.floor.agents[agent].state
        else {
            return None;
        };
        if let Answer::Pending { made, .. } = answer {
            self.record_offer(call, agent, made, Some(outcome));
        }
        self.release_placed(line);
        Some(call)
    }

    /// Ends a leg that was placed for an offer, if it is still there.
    pub(crate) fn release_placed(&mut self, line: Line) {
        if let Line::Placed(leg) = line
            && self.floor.legs.swap_remove(&leg).is_some()
        {
            self.act(SwitchAction::HangUp { leg });
        }
    }

    /// An open offer failed by the agent's doing or misfortune: the call keeps its place and age and is offered again.
    pub(crate) fn fail_offer(&mut self, agent: usize, failure: Failure) {
        let call = match self.floor.agents[agent].state {
            AgentState::Offered(Offered { call, .. }) => Some(call),
            AgentState::Preview(_) => None,
            _ => return,
        };
        let after = &mut self.floor.agents[agent].after;
        match failure {
            Failure::Declined => {}
            Failure::Missed => _ = after.get_or_insert(After::NotReady(NotReadyReason::Missed)),
            Failure::PhoneLost => {
                _ = after.get_or_insert(After::NotReady(NotReadyReason::StationLost));
            }
            Failure::StreamLost => {}
            Failure::Forced => *after = Some(After::NotReady(NotReadyReason::Forced)),
            Failure::SignedOut => *after = Some(After::SignedOut),
        }
        let Some(call) = call else { return self.end_preview(agent, failure.looked()) };
        if let Stage::Dialing { .. } = self.floor.calls[call].stage {
            return self.end_dialing(call, ReleasedBy::Agent);
        }
        self.withdraw(agent, failure.outcome());
        if failure == Failure::Declined {
            let until = self.now.mono + self.floor.limits.rejected_again;
            self.floor.calls[call].pass_over(agent, until);
        }
        self.stage(call, Stage::Waiting);
        self.settle(agent, Idleness::Kept);
        self.seek_agent(call);
    }
}

/// Why an offer came to nothing while the customer waited on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    Declined,
    Missed,
    PhoneLost,
    StreamLost,
    Forced,
    SignedOut,
}

impl Failure {
    fn looked(self) -> Looked {
        match self {
            Self::Declined => Looked::Declined,
            Self::Missed => Looked::Missed,
            Self::PhoneLost | Self::StreamLost | Self::Forced | Self::SignedOut => {
                Looked::Rescinded
            }
        }
    }

    fn outcome(self) -> OfferOutcome {
        match self {
            Self::Declined => OfferOutcome::Rejected,
            Self::Missed => OfferOutcome::Timeout,
            Self::PhoneLost | Self::StreamLost | Self::Forced | Self::SignedOut => {
                OfferOutcome::Rescinded
            }
        }
    }
}
