//! What is kept: one record a fact, written by the engine as changes and read back from the store.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    AgentId, AgentStateKind, AttemptRecord, CallId, CallOutcome, CallerId, CampaignId,
    CampaignRecord, Civil, ClientId, DoNotCallEntry, EndCause, FloorSpec, HoldStats, LeadChange,
    LeadId, NotReadyReason, OfferId, OfferOutcome, QueueId, ReleasedBy, Slug, SurveyRecord,
    TenantId, TrunkId,
};

/// One thing to make durable. Changes of one batch are written in one transaction, in their order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A floor definition took effect and replaces the tenant's former one.
    Floor {
        /// Whose floor.
        tenant: TenantId,
        /// Counts the tenant's definitions from 1.
        version: u64,
        /// When it took effect.
        at: Civil,
        /// The definition.
        spec: Box<FloorSpec>,
    },
    /// A call as it now stands; replaces its former record.
    Call(Box<CallRecord>),
    /// A call's timeline grew.
    Timeline(TimelineEntry),
    /// An offer as it now stands; replaces its former record.
    Offer(OfferRecord),
    /// An agent entered a state.
    AgentState(AgentStateRecord),
    /// A campaign as it now stands; replaces its former record.
    Campaign(Box<CampaignRecord>),
    /// An attempt as it now stands; replaces its former record.
    Attempt(Box<AttemptRecord>),
    /// A lead stands elsewhere now.
    Lead(LeadChange),
    /// Somebody may not be called any more.
    DoNotCall(Box<DoNotCallEntry>),
    /// A customer was asked how satisfied they are, or has said so.
    Survey(Box<SurveyRecord>),
}

/// One call, from its arrival to its disposition. Open while `ended_at` is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecord {
    /// The call.
    pub id: CallId,
    /// Whose.
    pub tenant: TenantId,
    /// The trunk it came over.
    pub trunk: TrunkId,
    /// The number that was dialed, as the trunk sent it.
    pub dialed: String,
    /// Who called.
    pub caller: CallerId,
    /// The queue that took it; `None` where no entry point owned the number.
    pub queue: Option<QueueId>,
    /// On whose behalf the queue answers.
    pub client: Option<ClientId>,
    /// When the INVITE came.
    pub arrived_at: Civil,
    /// When we answered it (200 OK), by an agent or by the greeting.
    pub answered_at: Option<Civil>,
    /// In which ring we answered it.
    pub answered_ring: Option<u32>,
    /// When an agent's voice reached the customer.
    pub connected_at: Option<Civil>,
    /// The agent who took it.
    pub agent: Option<AgentId>,
    /// The campaign and the lead that it was placed for; `None`: it came in.
    pub outbound: Option<PlacedFor>,
    /// Its holds.
    pub hold: HoldStats,
    /// When it ended.
    pub ended_at: Option<Civil>,
    /// What it counts as.
    pub outcome: Option<CallOutcome>,
    /// Why it ended.
    pub cause: Option<EndCause>,
    /// Who ended it.
    pub released_by: Option<ReleasedBy>,
    /// How the agent classified it.
    pub disposition: Option<Disposition>,
    /// When its wrap-up ended.
    pub wrapped_up_at: Option<Civil>,
}

/// For what a call was placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedFor {
    /// The campaign.
    pub campaign: CampaignId,
    /// The lead; `None` where an agent entered the number.
    pub lead: Option<LeadId>,
}

/// How a conversation ended, as it was classified (tipificación).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disposition {
    /// The code, one of the floor's dispositions, or `unclassified` where wrap-up ran out.
    pub code: Slug,
    /// Set by the end of the wrap-up clock rather than by the agent.
    pub automatic: bool,
    /// What the agent wrote down with it, by the fields' ids. Only a call's record has it: an attempt's and a timeline are
    /// evidence that is never changed, and a customer may have this erased.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
}

impl Disposition {
    /// A code without fields.
    pub fn new(code: Slug, automatic: bool) -> Self {
        Self { code, automatic, fields: BTreeMap::new() }
    }

    /// The same without what the agent wrote down.
    pub fn bare(&self) -> Self {
        Self::new(self.code.clone(), self.automatic)
    }
}

/// One entry of a call's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// The call.
    pub call: CallId,
    /// Whose.
    pub tenant: TenantId,
    /// Counts the entries of its call from 1.
    pub number: u32,
    /// When.
    pub at: Civil,
    /// What happened.
    pub what: TimelineKind,
}

/// What happened to a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TimelineKind {
    /// The INVITE came.
    Arrived,
    /// It took its place in a queue.
    Queued {
        /// The queue.
        queue: QueueId,
    },
    /// It was offered to an agent.
    Offered {
        /// The agent.
        agent: AgentId,
        /// The offer's number.
        offer: u32,
        /// Why this agent: a word of `engine::Because`.
        because: String,
    },
    /// An offer ended.
    OfferEnded {
        /// The agent.
        agent: AgentId,
        /// The offer's number.
        offer: u32,
        /// How.
        outcome: OfferOutcome,
    },
    /// We answered (200 OK).
    Answered {
        /// In which ring.
        ring: u32,
        /// The greeting answered, no agent being there yet.
        by_greeting: bool,
    },
    /// The agent's voice reached the customer.
    Connected {
        /// The agent.
        agent: AgentId,
    },
    /// The customer was put on hold.
    Held,
    /// The customer was taken off hold.
    Resumed,
    /// The agent's control stream was lost while the call went on.
    AgentStreamLost,
    /// The agent's control stream came back.
    AgentStreamResumed,
    /// It ended.
    Ended {
        /// Why.
        cause: EndCause,
        /// By whose hand.
        released_by: ReleasedBy,
    },
    /// Wrap-up was extended.
    WrapUpExtended,
    /// It was classified and its wrap-up ended.
    WrappedUp {
        /// How.
        disposition: Disposition,
    },
}

/// One offer. Open while `outcome` is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferRecord {
    /// The offer.
    pub id: OfferId,
    /// Whose.
    pub tenant: TenantId,
    /// The queue of its call.
    pub queue: QueueId,
    /// To whom.
    pub agent: AgentId,
    /// When it was made.
    pub offered_at: Civil,
    /// When it ended.
    pub ended_at: Option<Civil>,
    /// How it ended.
    pub outcome: Option<OfferOutcome>,
}

/// An agent entered a state. It lasts until the agent's next record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentStateRecord {
    /// Whose.
    pub tenant: TenantId,
    /// The agent.
    pub agent: AgentId,
    /// When.
    pub at: Civil,
    /// Tells apart records of one agent at one microsecond; grows within a run of the engine.
    pub number: u64,
    /// The state.
    pub state: AgentStateKind,
    /// Why, for [`AgentStateKind::NotReady`].
    pub reason: Option<NotReadyReason>,
    /// The call, for the states that have one.
    pub call: Option<CallId>,
}
