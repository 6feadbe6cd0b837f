//! An agent looks at a lead before it is called.

use std::sync::Arc;

use timbre_model::{
    CallId, CallerId, DialMode, Lead, LeadState, NotReadyReason, Now, OfferId, OfferOutcome,
};

use crate::agent::{After, AgentState};
use crate::asking::{Ask, Batch, Kind};
use crate::engine::Engine;
use crate::offering::Idleness;
use crate::turn::Turn;
use crate::{Because, EventKind, OfferMade, PlacedCall, Rejection, Want};

/// A lead before an agent's eyes.
#[derive(Debug, Clone)]
pub(crate) struct Preview {
    pub(crate) offer: OfferId,
    pub(crate) campaign: usize,
    pub(crate) lead: Arc<Lead>,
    pub(crate) made: Now,
    pub(crate) ends: Now,
    /// The agent wants it called, and this request asks whether it may be.
    pub(crate) asked: Option<u64>,
}

/// How looking ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Looked {
    /// The agent does not want it called.
    Declined,
    /// The agent said nothing in time.
    Missed,
    /// The agent or the campaign went.
    Rescinded,
    /// It may not be called: whoever decided that has placed the lead.
    Refused,
}

impl Turn<'_> {
    /// Shows a lead to the agent it was reserved for. A lead that nobody looks at goes back.
    pub(crate) fn preview(&mut self, number: u64, batch: &Batch, lead: Arc<Lead>) {
        let it = &self.floor.campaigns[batch.campaign];
        let agent = batch.agent.filter(|&at| it.running() && self.waits(at, number));
        let (Some(agent), DialMode::Preview { timeout }) = (agent, it.spec().mode) else {
            return self.change_lead(&lead, LeadState::Ready);
        };
        // No call is there yet that could lend its id: the moment and the request tell previews apart for good.
        let moment = u128::from(self.now.civil.as_micros().unsigned_abs());
        let id = CallId::from_u128(moment << 64 | u128::from(number));
        let offer = OfferId { call: id, number: 1 };
        let queue = self.floor.queues[it.queue].rules.name.clone();
        let number = lead.person.numbers.first().map(|it| it.number.clone());
        let shown = number.clone().map(|number| PlacedCall {
            campaign: it.name.clone(),
            number,
            lead: Some(lead.clone()),
            disclosures: Vec::new(),
        });
        let made = OfferMade {
            offer,
            agent: self.floor.agents[agent].who.clone(),
            queue,
            caller: number.map_or(CallerId::Withheld, CallerId::Number),
            waited: std::time::Duration::ZERO,
            expires_in: timeout,
            because: Because::Reserved,
            placed: shown.map(Arc::new),
        };
        let preview = Preview {
            offer,
            campaign: batch.campaign,
            lead,
            made: self.now,
            ends: self.now.after(timeout),
            asked: None,
        };
        self.event(EventKind::Offered(made));
        self.enter(agent, AgentState::Preview(Box::new(preview)));
    }

    /// The agent wants the lead called.
    pub(crate) fn call_previewed(&mut self, agent: usize) -> Result<(), Rejection> {
        let AgentState::Preview(preview) = &self.floor.agents[agent].state else {
            return Err(self.wrong_state(agent));
        };
        let (campaign, lead) = (preview.campaign, preview.lead.clone());
        let (trunk, _) = self.trunk_of(campaign)?;
        let id = self.floor.agents[agent].who.agent.clone();
        let ask = Ask { campaign, trunk, most: 1, agent: Some(agent), kind: Kind::ByHand };
        let batch = self.ask(ask, Want::Lead { lead: lead.id, agent: id });
        if let Some(batch) = self.floor.batches.get_mut(&batch) {
            batch.lead = Some(lead);
        }
        let it = &mut self.floor.agents[agent];
        if let AgentState::Preview(preview) = &mut it.state {
            preview.asked = Some(batch);
        }
        self.rearm_agent(agent);
        self.tell_preview_ended(agent, OfferOutcome::Accepted);
        Ok(())
    }

    /// A trunk for a call by hand.
    pub(crate) fn trunk_of(&self, campaign: usize) -> Result<(usize, u32), Rejection> {
        self.floor.find_trunk(campaign, self.now).map_err(|why| {
            let campaign = self.floor.campaigns[campaign].name.campaign.clone();
            Rejection::NoTrunk { campaign, why }
        })
    }

    fn tell_preview_ended(&mut self, agent: usize, outcome: OfferOutcome) {
        let it = &self.floor.agents[agent];
        let AgentState::Preview(preview) = &it.state else { return };
        let queue = self.floor.campaigns[preview.campaign].queue;
        let ended = EventKind::OfferEnded {
            offer: preview.offer,
            agent: it.who.clone(),
            queue: self.floor.queues[queue].rules.name.clone(),
            outcome,
            open_for: self.now.mono.since(preview.made.mono),
        };
        self.event(ended);
    }

    /// The agent looks no more, and the lead goes back where nobody else has placed it.
    pub(crate) fn end_preview(&mut self, agent: usize, how: Looked) {
        let AgentState::Preview(preview) = &self.floor.agents[agent].state else { return };
        let (lead, asked) = (preview.lead.clone(), preview.asked.is_some());
        let outcome = match how {
            Looked::Declined => OfferOutcome::Rejected,
            Looked::Missed => OfferOutcome::Timeout,
            Looked::Rescinded | Looked::Refused => OfferOutcome::Rescinded,
        };
        if !asked {
            self.tell_preview_ended(agent, outcome);
        }
        // What was asked for is placed by the answer: a permit's attempt that is not dialed places its lead.
        if !asked {
            let state = match how {
                Looked::Declined => {
                    LeadState::Retry { at: self.now.civil + self.floor.limits.rejected_again }
                }
                Looked::Missed | Looked::Rescinded | Looked::Refused => LeadState::Ready,
            };
            self.change_lead(&lead, state);
        }
        if how == Looked::Missed {
            let after = &mut self.floor.agents[agent].after;
            _ = after.get_or_insert(After::NotReady(NotReadyReason::Missed));
        }
        self.settle(agent, Idleness::Kept);
    }

    /// A campaign shows no leads any more.
    pub(crate) fn end_previews_of(&mut self, campaign: usize) {
        let looks = |state: &AgentState| match state {
            AgentState::Preview(it) => it.campaign == campaign && it.asked.is_none(),
            _ => false,
        };
        let agents = self.floor.agents.iter().filter(|(_, it)| looks(&it.state));
        let agents: Vec<usize> = agents.map(|(at, _)| at).collect();
        agents.into_iter().for_each(|at| self.end_preview(at, Looked::Rescinded));
    }
}

impl Engine {
    /// Somebody looks at a lead of this campaign.
    pub(crate) fn anybody_looks(&self, campaign: usize) -> bool {
        let looks = |state: &AgentState| matches!(state, AgentState::Preview(it) if it.campaign == campaign);
        self.agents.iter().any(|(_, it)| looks(&it.state))
    }
}
