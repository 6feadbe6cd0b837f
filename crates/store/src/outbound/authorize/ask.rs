//! What is asked of [`Store::authorize`](crate::Store::authorize), and what it answers.

use std::collections::BTreeMap;
use std::time::Duration;

use timbre_compliance::Refusal;
use timbre_model::{
    AgentId, AttemptRecord, CampaignId, Civil, ClientId, Lead, LeadId, ListId, PhoneNumber,
    Recycle, Slug, TenantId,
};

use crate::Filter;

/// A request for attempts.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Whose.
    pub tenant: TenantId,
    /// For which campaign.
    pub campaign: CampaignId,
    /// On whose behalf.
    pub client: ClientId,
    /// The campaign's lists.
    pub lists: Vec<AskedList>,
    /// How often a lead and its numbers are tried.
    pub recycle: Recycle,
    /// What is wanted.
    pub want: Wanted,
    /// A personal callback is anybody's so long after it was due.
    pub callback_fallback: Duration,
    /// What the callee refuses where a conversation ends with one of these dispositions.
    pub refusals: BTreeMap<Slug, Refusal>,
    /// How far back the ledger is read: at least the longest period that a rule looks at.
    pub look_back: Duration,
    /// Now.
    pub at: Civil,
}

/// A list in a request.
#[derive(Debug, Clone)]
pub struct AskedList {
    /// Which.
    pub list: ListId,
    /// Its share of the calls, against the others.
    pub weight: u32,
    /// Who of it is called.
    pub filter: Option<Filter>,
    /// Those who were never tried come before those whose next try is due.
    pub fewest_first: bool,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The next leads.
    Next {
        /// Most attempts.
        most: u32,
        /// Of which at most so many may be callbacks that an agent promised.
        personal_most: u32,
        /// Agents who can take a callback that they promised.
        ready: Vec<AgentId>,
    },
    /// The next lead, for an agent to look at. Decided like the others, but claimed without a charge.
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
    /// A number that an agent entered.
    Number(PhoneNumber),
}

/// One number of one lead, about which is to be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The lead, its state as it was before; `None` where an agent entered the number.
    pub lead: Option<Lead>,
    /// The place of the number among the lead's.
    pub index: usize,
    /// The number.
    pub number: PhoneNumber,
    /// The agent who promised to call, where nobody else may.
    pub agent: Option<AgentId>,
}

/// What is decided about a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling<E> {
    /// It may be dialed: the attempt as it is to be written, and what goes with the permit.
    Permit(Box<AttemptRecord>, E),
    /// It may not. The lead's other numbers are tried; where none may be dialed, the lead is blocked.
    Refuse {
        /// The rule's id.
        rule: String,
        /// In words for people.
        because: String,
        /// When it may be looked at again; `None`: never.
        until: Option<Civil>,
    },
    /// Not now, and not for the lead's fault: it stays as it is.
    Skip,
    /// Nothing of the campaign may be dialed: the lead stays as it is, and no other is looked at.
    Withhold {
        /// The rule's id.
        rule: String,
        /// In words for people.
        because: String,
    },
}

/// What was decided. All of it is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome<E> {
    /// May be dialed, each once.
    pub permits: Vec<Permitted<E>>,
    /// For [`Wanted::Reserve`]: the lead, its state as it was before.
    pub reserved: Option<Lead>,
    /// May not be dialed.
    pub refused: Vec<RefusedLead>,
    /// Rule and words of a [`Ruling::Withhold`].
    pub withheld: Option<(String, String)>,
    /// Whether asking again makes sense.
    pub more: MoreLeads,
}

impl<E> Default for Outcome<E> {
    fn default() -> Self {
        Self {
            permits: Vec::new(),
            reserved: None,
            refused: Vec::new(),
            withheld: None,
            more: MoreLeads::Now,
        }
    }
}

/// A permit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permitted<E> {
    /// The attempt, as it was written.
    pub attempt: Box<AttemptRecord>,
    /// Its lead, where there is one; its state as it was before.
    pub lead: Option<Lead>,
    /// The agent who promised to call, where nobody else may.
    pub agent: Option<AgentId>,
    /// What the ruling gave along.
    pub extra: E,
}

/// A lead that may not be dialed now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedLead {
    /// Which; `None`: a number that an agent entered.
    pub lead: Option<LeadId>,
    /// The rule's id. `exhausted`: it was tried as often as the campaign allows; `claimed`: another has it; `finished`;
    /// `unknown`: there is no such lead.
    pub rule: String,
    /// In words for people.
    pub because: String,
    /// When it may be tried; `None`: never.
    pub until: Option<Civil>,
}

/// Whether the lists hold more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoreLeads {
    /// They may.
    Now,
    /// Nothing before this moment.
    Later(Civil),
    /// Every lead is finished or blocked for good.
    Exhausted,
}
