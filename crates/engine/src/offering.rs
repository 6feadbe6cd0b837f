//! Offers: made, taken, failed.

use timbre_model::{
    Change, NotReadyReason, Now, OfferId, OfferOutcome, OfferRecord, StationMode, TimelineKind,
};

use crate::agent::{After, AgentState, Answer, Line, Offered};
use crate::call::Stage;
use crate::engine::Party;
use crate::port::SwitchAction;
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
            None => self.enter(agent, AgentState::Ready),
        }
    }

    /// Offers a waiting call to an agent.
    pub(crate) fn offer(&mut self, call: usize, agent: usize, because: Because) {
        self.floor.calls[call].tally.offers += 1;
        let to = &self.floor.agents[agent];
        let straight = to.auto_accepts() && to.spec.station == StationMode::Persistent;
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

    fn announce_offer(&mut self, call: usize, agent: usize, because: Because) {
        let it = &self.floor.calls[call];
        let offer = it.offer_id();
        let made = OfferMade {
            offer,
            agent: self.floor.agents[agent].who.clone(),
            queue: it.rules.name.clone(),
            caller: it.facts.caller.clone(),
            waited: it.age(self.now.mono),
            expires_in: it.rules.spec.offer_timeout,
            because,
        };
        let agent = made.agent.agent.clone();
        self.event(EventKind::Offered(made));
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

    /// The agent has taken the offer and the agent's leg is up.
    pub(crate) fn accept(&mut self, agent: usize) {
        let AgentState::Offered(Offered { call, line, answer: Answer::Pending { made, .. } }) =
            self.floor.agents[agent].state
        else {
            return;
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
        let Some(call) = self.withdraw(agent, failure.outcome()) else { return };
        let after = &mut self.floor.agents[agent].after;
        match failure {
            Failure::Declined => {
                let until = self.now.mono + self.floor.limits.rejected_again;
                self.floor.calls[call].pass_over(agent, until);
            }
            Failure::Missed => _ = after.get_or_insert(After::NotReady(NotReadyReason::Missed)),
            Failure::PhoneLost => {
                _ = after.get_or_insert(After::NotReady(NotReadyReason::StationLost));
            }
            Failure::StreamLost => {}
            Failure::Forced => *after = Some(After::NotReady(NotReadyReason::Forced)),
            Failure::SignedOut => *after = Some(After::SignedOut),
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
