//! What passes between the engine and whoever authorizes attempts.
//!
//! The engine asks for attempts; the shell has each decided, charged and written as an intent in one transaction, and
//! brings back the permits. Only a permit may be dialed, once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use timbre_compliance::Refusal;
use timbre_model::{
    AgentId, AttemptRecord, CampaignRef, CampaignSpec, Civil, Lead, LeadId, ListSpec, Mono,
    PhoneNumber, Slug, TrunkId,
};

/// A campaign as it stood when it asked.
#[derive(Debug, Clone, PartialEq)]
pub struct CampaignPlan {
    /// Which.
    pub campaign: CampaignRef,
    /// Its definition.
    pub spec: CampaignSpec,
    /// Its lists, in the order of `spec.lists`.
    pub lists: Vec<ListSpec>,
    /// When it first ran.
    pub started_at: Civil,
    /// What a callee refuses where a conversation ends with one of these dispositions ([`crate::refusals`]).
    pub refusals: Arc<BTreeMap<Slug, Refusal>>,
}

/// A request for attempts. Answered by exactly one [`Authorized`] with the same batch.
#[derive(Debug, Clone, PartialEq)]
pub struct AuthorizeRequest {
    /// Tells requests of one run of the engine apart.
    pub batch: u64,
    /// For which campaign.
    pub plan: Arc<CampaignPlan>,
    /// Over which trunk the calls will go.
    pub trunk: TrunkId,
    /// Countries that the trunk may call; a lead elsewhere is refused by the trunk's rule.
    pub countries: Arc<BTreeSet<String>>,
    /// What is wanted.
    pub want: Want,
    /// When it was asked, for the intent's record.
    pub asked: Mono,
}

/// What a campaign wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Want {
    /// The next leads, to be dialed for whichever agent is free when they answer.
    Leads {
        /// Most attempts.
        most: u32,
        /// Of which at most so many may demand an agent of their own ([`Permit::agent`], [`Permit::bound`]).
        bindable: u32,
        /// Agents who are idle now, for callbacks promised by them; at most [`Want::READY_MAX`].
        ready: Vec<AgentId>,
    },
    /// The next lead, to be dialed for this agent.
    ForAgent {
        /// Who is reserved for it.
        agent: AgentId,
    },
    /// The next lead, for this agent to look at. Claims it and charges nothing.
    Reserve {
        /// Who.
        agent: AgentId,
    },
    /// This lead, which the agent has looked at.
    Lead {
        /// Which.
        lead: LeadId,
        /// Who.
        agent: AgentId,
    },
    /// A number that the agent entered.
    Number {
        /// Which.
        number: PhoneNumber,
        /// Who.
        agent: AgentId,
    },
}

impl Want {
    /// Most names in [`Want::Leads`].
    pub const READY_MAX: usize = 200;
}

/// The answer to an [`AuthorizeRequest`]. What it permits is charged and durable.
#[derive(Debug, Clone, PartialEq)]
pub struct Authorized {
    /// The request's batch.
    pub batch: u64,
    /// Its campaign.
    pub campaign: CampaignRef,
    /// What was decided, or why nothing could be.
    pub verdicts: Result<Verdicts, Withheld>,
}

/// What was decided on the leads that were looked at.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Verdicts {
    /// May be dialed, each once.
    pub permits: Vec<Permit>,
    /// The lead to look at, for [`Want::Reserve`].
    pub reserved: Option<Arc<Lead>>,
    /// May not be dialed. The leads keep the rule.
    pub refused: Vec<Refused>,
    /// Whether asking again makes sense.
    pub more: More,
}

/// An attempt that may be dialed.
#[derive(Debug, Clone, PartialEq)]
pub struct Permit {
    /// The attempt, as it was written. Open, with no outcome.
    pub attempt: Box<AttemptRecord>,
    /// The lead, where there is one.
    pub lead: Option<Arc<Lead>>,
    /// The callee's country, for the trunk's tariff.
    pub country: String,
    /// It must be dialed for this agent (a personal callback, a preview, a number entered).
    pub agent: Option<AgentId>,
    /// It must be dialed for one agent, whoever: the law demands one.
    pub bound: bool,
    /// How long it must ring before it is given up.
    pub ring_min: Duration,
    /// How long it may be without an agent once answered; `None`: as the campaign says.
    pub answer_to_agent_max: Option<Duration>,
    /// What the agent must tell at once.
    pub disclosures: Vec<String>,
}

/// A lead that may not be dialed now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Which; `None`: a number that an agent entered.
    pub lead: Option<LeadId>,
    /// The rule's id.
    pub rule: String,
    /// In words for people, with what was looked at.
    pub because: String,
    /// When it may be tried; `None`: never.
    pub until: Option<Civil>,
}

/// Whether the campaign's lists hold more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum More {
    /// They may.
    #[default]
    Now,
    /// Nothing before this moment.
    Later(Civil),
    /// Every lead is finished or blocked for good.
    Exhausted,
}

/// Why nothing could be decided. Nothing is dialed meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Withheld {
    /// The database is away or behind.
    StoreAway,
    /// The host's clock has stepped and is not trusted yet.
    ClockUntrusted,
    /// A list that the law demands was imported too long ago, or never.
    StaleList {
        /// Which, for people.
        list: String,
    },
    /// Something else, for people.
    Other(String),
}
