//! Calls and queues as seen from outside.

use timbre_model::{
    AgentRef, CallId, CampaignRef, CampaignState, Civil, DialMode, LegId, Mono, Now, QueueRef,
    TenantId, TrunkRef,
};

use crate::Withheld;
use crate::attempt::Progress;
use crate::engine::Engine;

/// A queue as seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueView {
    /// The queue.
    pub queue: QueueRef,
    /// Its name, for people.
    pub name: String,
    /// Calls that wait, offered ones included.
    pub waiting: usize,
    /// Since when the oldest of them has waited, in microseconds of the engine's clock.
    pub oldest: Option<Mono>,
    /// Agents who may take its calls and are idle.
    pub idle_agents: usize,
    /// Calls with an agent.
    pub talking: usize,
}

/// A call as seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallView {
    /// The call.
    pub call: CallId,
    /// The queue.
    pub queue: QueueRef,
    /// The agent it is offered to, or who has it.
    pub agent: Option<AgentRef>,
    /// Since the INVITE.
    pub arrived: Mono,
    /// An agent has it.
    pub connected: bool,
    /// The customer is on hold.
    pub on_hold: bool,
}

/// A campaign as seen from outside.
#[derive(Debug, Clone, PartialEq)]
pub struct CampaignView {
    /// The campaign.
    pub campaign: CampaignRef,
    /// Its state.
    pub state: CampaignState,
    /// Since when.
    pub since: Civil,
    /// Why, where it was not asked for.
    pub reason: Option<String>,
    /// How it places calls.
    pub mode: DialMode,
    /// Calls placed and not answered yet, ringing ones and those whose agent's phone rings first included.
    pub in_setup: u32,
    /// Of which the far end is known to ring.
    pub ringing: u32,
    /// Answered ones that wait for an agent.
    pub waiting: u32,
    /// Calls with an agent.
    pub talking: u32,
    /// Requests for attempts that are not answered.
    pub open_requests: u32,
    /// Share of live answers that may be abandoned: the definition's, or less where a law says so.
    pub abandonment_cap: f64,
    /// What the last decision rested on, where it runs and pools its agents.
    pub terms: Option<timbre_pacing::Terms>,
    /// Live answers of the present UTC day.
    pub answered_today: u64,
    /// Of which no agent was there in time.
    pub abandoned_today: u64,
    /// Why nothing can be authorized for it.
    pub withheld: Option<Withheld>,
    /// Why it asks for no more, where that is neither its pacing nor the law.
    pub holding_back: Option<String>,
}

/// A trunk as seen from outside, as far as calls are placed over it.
#[derive(Debug, Clone, PartialEq)]
pub struct TrunkView {
    /// The trunk.
    pub trunk: TrunkRef,
    /// Calls placed and not answered yet.
    pub in_setup: u32,
    /// Calls placed that are not over.
    pub open: u32,
    /// Calls a second that may be placed now.
    pub rate: f64,
    /// Spent on the present UTC day, with the least that calls in progress cost.
    pub spent_today: f64,
    /// The carrier is in trouble, and is spared.
    pub in_trouble: bool,
    /// Places no call: by definition or by hand.
    pub stopped: bool,
}

impl Engine {
    /// The customer's leg of a call that is in progress or in its wrap-up.
    pub fn customer_leg(&self, call: CallId) -> Option<LegId> {
        self.call_index.get(&call).map(|&at| self.calls[at].leg)
    }

    /// Every campaign of a tenant, in the order of their ids.
    pub fn campaigns(&self, tenant: &TenantId) -> Vec<CampaignView> {
        let Some(floor) = self.tenants.get(tenant) else { return Vec::new() };
        let mut ringing = vec![0; self.campaigns.iter().map(|(at, _)| at + 1).max().unwrap_or(0)];
        for (_, it) in &self.attempts {
            let rings = it.progress == Progress::SetUp && it.rang.is_some();
            ringing[it.campaign] += u32::from(rings);
        }
        let all = floor.campaigns.values();
        all.map(|&at| CampaignView { ringing: ringing[at], ..self.campaign_view(at) }).collect()
    }

    fn campaign_view(&self, at: usize) -> CampaignView {
        let it = &self.campaigns[at];
        CampaignView {
            campaign: it.name.clone(),
            state: it.state,
            since: it.since,
            reason: it.reason.clone(),
            mode: it.spec().mode,
            in_setup: it.count(Progress::Held) + it.count(Progress::SetUp),
            ringing: 0,
            waiting: it.count(Progress::Waiting),
            talking: it.count(Progress::Talking),
            open_requests: it.asks.open,
            abandonment_cap: it.cap(),
            terms: it.asks.terms.clone().filter(|_| it.pacer.is_some()),
            answered_today: it.answers.today().answered,
            abandoned_today: it.answers.today().abandoned,
            withheld: it.asks.withheld.clone(),
            holding_back: it.asks.holding_back.map(str::to_owned),
        }
    }

    /// Every trunk of a tenant over which calls are placed, in the order of their ids. `now`: for the money.
    pub fn trunks(&self, tenant: &TenantId, now: Now) -> Vec<TrunkView> {
        let Some(floor) = self.tenants.get(tenant) else { return Vec::new() };
        let all = floor.trunks.values().map(|&at| &self.trunks[at]);
        all.filter(|it| it.places())
            .map(|it| TrunkView {
                trunk: it.name.clone(),
                in_setup: it.in_setup,
                open: it.open,
                rate: it.rate(),
                spent_today: it.spent(now),
                in_trouble: it.in_trouble(),
                stopped: it.open_for_calls().is_err(),
            })
            .collect()
    }
}
