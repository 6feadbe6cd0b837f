//! Why a command took no effect.

use timbre_model::{
    AgentId, AgentStateKind, CallId, CampaignId, CampaignState, OfferId, QueueId, Slug, TenantId,
    TrunkId,
};

/// A command that took no effect, and why. `reason` has a page in `docs/errors`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// No such agent on the tenant's floor.
    #[error("no agent {agent} on this floor: apply a floor that has it")]
    UnknownAgent {
        /// Who was named.
        agent: AgentId,
    },
    /// No such call, or it has ended.
    #[error("no call {call} in progress")]
    UnknownCall {
        /// Which was named.
        call: CallId,
    },
    /// The agent has no such offer open.
    #[error("offer {offer} is not open: it ended or was made to somebody else")]
    OfferNotOpen {
        /// Which was named.
        offer: OfferId,
    },
    /// The agent's state does not allow it.
    #[error("agent {agent} is {state}")]
    WrongState {
        /// Who.
        agent: AgentId,
        /// The present state.
        state: AgentStateKind,
    },
    /// The agent is signed in on another stream.
    #[error("agent {agent} is signed in elsewhere: sign out there, or take over")]
    SignedInElsewhere {
        /// Who.
        agent: AgentId,
    },
    /// The call is on hold already, or is not.
    #[error("call {call} is {}", if *.on_hold { "on hold already" } else { "not on hold" })]
    HoldState {
        /// Which.
        call: CallId,
        /// It is on hold.
        on_hold: bool,
    },
    /// The agent is not the one who has this call.
    #[error("call {call} is not this agent's")]
    NotTheirCall {
        /// Which.
        call: CallId,
    },
    /// Wrap-up was extended before, or the queue allows no extension.
    #[error("wrap-up of call {call} cannot be extended again")]
    NotExtendable {
        /// Which.
        call: CallId,
    },
    /// The floor has no such pause.
    #[error("{reason} is no pause of this floor")]
    UnknownPause {
        /// Which was named.
        reason: Slug,
    },
    /// The floor has no such disposition.
    #[error("{code} is no disposition of this floor")]
    UnknownDisposition {
        /// Which was named.
        code: Slug,
    },
    /// A field of a disposition is missing or cannot be read.
    #[error("field {field} of disposition {code}: {remedy}")]
    DispositionField {
        /// The disposition.
        code: Slug,
        /// The field's id.
        field: String,
        /// What to write instead.
        remedy: String,
    },
    /// The tenant has no floor yet.
    #[error("tenant {tenant} has no floor: apply one")]
    NoFloor {
        /// Whose.
        tenant: TenantId,
    },
    /// The floor was changed by somebody else meanwhile.
    #[error("the floor is at version {present}, not {expected}: read it again")]
    FloorChanged {
        /// The version the caller saw.
        expected: u64,
        /// The present one.
        present: u64,
    },
    /// The definition would take away something in use.
    #[error("agent {agent} is signed in: sign them out before taking them off the floor")]
    AgentInUse {
        /// Who.
        agent: AgentId,
    },
    /// The agent's phone cannot be reached, so no call could be offered.
    #[error("agent {agent} has no phone that can be reached: register it, or let it call in")]
    NoStation {
        /// Who.
        agent: AgentId,
    },
    /// The node holds as many tenants as it may.
    #[error("this node holds {limit} tenants already")]
    TooManyTenants {
        /// How many it may hold.
        limit: usize,
    },
    /// No such campaign on the tenant's floor.
    #[error("no campaign {campaign} on this floor: apply a floor that has it")]
    UnknownCampaign {
        /// Which was named.
        campaign: CampaignId,
    },
    /// No such trunk on the tenant's floor.
    #[error("no trunk {trunk} on this floor: apply a floor that has it")]
    UnknownTrunk {
        /// Which was named.
        trunk: TrunkId,
    },
    /// The campaign's state, or the node's, does not allow it.
    #[error("campaign {campaign} is {state}, or this node takes no new calls")]
    CampaignState {
        /// Which.
        campaign: CampaignId,
        /// The present state.
        state: CampaignState,
    },
    /// The definition would take away a campaign that runs or has calls.
    #[error(
        "campaign {campaign} runs or has calls: stop it and wait before taking it off the floor"
    )]
    CampaignInUse {
        /// Which.
        campaign: CampaignId,
    },
    /// The agent does not serve the campaign's queue.
    #[error("agent {agent} does not serve the queue of campaign {campaign}")]
    NotServing {
        /// Who.
        agent: AgentId,
        /// Which.
        campaign: CampaignId,
    },
    /// No trunk of the campaign can place a call now.
    #[error("campaign {campaign} has no trunk for a call now: {why}")]
    NoTrunk {
        /// Which.
        campaign: CampaignId,
        /// What is in the way.
        why: &'static str,
    },
    /// The call was not placed for a lead, or is not answered yet.
    #[error("call {call} was not placed for a lead, or is not answered yet")]
    NoLead {
        /// Which.
        call: CallId,
    },
    /// The definition would take away a queue with calls.
    #[error("queue {queue} has calls: wait until it is empty before taking it off the floor")]
    QueueInUse {
        /// Which.
        queue: QueueId,
    },
}

/// What a rejection means to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Names something that is not there.
    NotFound,
    /// The present state does not allow it.
    Precondition,
    /// Somebody else was first.
    Conflict,
    /// The request itself is wrong.
    Invalid,
}

impl Rejection {
    /// What it means to the caller.
    pub fn class(&self) -> Class {
        match self {
            Self::UnknownAgent { .. }
            | Self::UnknownCall { .. }
            | Self::UnknownCampaign { .. }
            | Self::UnknownTrunk { .. }
            | Self::NoFloor { .. } => Class::NotFound,
            Self::OfferNotOpen { .. }
            | Self::WrongState { .. }
            | Self::SignedInElsewhere { .. }
            | Self::HoldState { .. }
            | Self::NotTheirCall { .. }
            | Self::NotExtendable { .. }
            | Self::AgentInUse { .. }
            | Self::NoStation { .. }
            | Self::TooManyTenants { .. }
            | Self::CampaignState { .. }
            | Self::CampaignInUse { .. }
            | Self::NotServing { .. }
            | Self::NoTrunk { .. }
            | Self::NoLead { .. }
            | Self::QueueInUse { .. } => Class::Precondition,
            Self::FloorChanged { .. } => Class::Conflict,
            Self::UnknownPause { .. }
            | Self::UnknownDisposition { .. }
            | Self::DispositionField { .. } => Class::Invalid,
        }
    }

    /// Its word in the API; `docs/errors/<reason>.md` explains it.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::UnknownAgent { .. } => "UNKNOWN_AGENT",
            Self::UnknownCall { .. } => "UNKNOWN_CALL",
            Self::OfferNotOpen { .. } => "OFFER_NOT_OPEN",
            Self::WrongState { .. } => "WRONG_STATE",
            Self::SignedInElsewhere { .. } => "SIGNED_IN_ELSEWHERE",
            Self::HoldState { .. } => "HOLD_STATE",
            Self::NotTheirCall { .. } => "NOT_THEIR_CALL",
            Self::NotExtendable { .. } => "NOT_EXTENDABLE",
            Self::UnknownPause { .. } => "UNKNOWN_PAUSE",
            Self::UnknownDisposition { .. } => "UNKNOWN_DISPOSITION",
            Self::DispositionField { .. } => "DISPOSITION_FIELD",
            Self::NoFloor { .. } => "NO_FLOOR",
            Self::FloorChanged { .. } => "FLOOR_CHANGED",
            Self::AgentInUse { .. } => "AGENT_IN_USE",
            Self::QueueInUse { .. } => "QUEUE_IN_USE",
            Self::UnknownCampaign { .. } => "UNKNOWN_CAMPAIGN",
            Self::UnknownTrunk { .. } => "UNKNOWN_TRUNK",
            Self::CampaignState { .. } => "CAMPAIGN_STATE",
            Self::CampaignInUse { .. } => "CAMPAIGN_IN_USE",
            Self::NotServing { .. } => "NOT_SERVING",
            Self::NoTrunk { .. } => "NO_TRUNK",
            Self::NoLead { .. } => "NO_LEAD",
            Self::NoStation { .. } => "NO_STATION",
            Self::TooManyTenants { .. } => "TOO_MANY_TENANTS",
        }
    }
}
