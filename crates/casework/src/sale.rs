//! Sales, what was promised in them, and the checks afterwards (postventa).

use std::fmt;

use serde::{Deserialize, Serialize};
use timbre_model::{
    AgentId, CallId, CampaignId, Civil, ClientId, LeadId, ListId, PhoneNumber, Slug, TenantId,
    words,
};

use crate::{CaseId, CustomerId, FollowUpId, SaleId};

/// A sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// Its id. Of a sale that a disposition brought: that of its call.
    pub id: SaleId,
    /// Whose.
    pub tenant: TenantId,
    /// The client company that sold.
    pub client: ClientId,
    /// Counts its changes from 1.
    pub version: u64,
    /// When.
    pub at: Civil,
    /// The call in which it was made.
    pub call: Option<CallId>,
    /// The campaign of that call.
    pub campaign: Option<CampaignId>,
    /// Who sold.
    pub agent: Option<AgentId>,
    /// Who bought.
    pub customer: Option<CustomerId>,
    /// Their name.
    pub customer_name: String,
    /// Where they can be reached.
    pub number: PhoneNumber,
    /// What was bought.
    pub product: String,
    /// What was promised.
    pub promises: Vec<Promise>,
    /// By which policy it is looked after.
    pub policy: Slug,
    /// Its follow-ups.
    pub follow_ups: Vec<FollowUpId>,
}

/// Something that was promised in a sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// What.
    pub text: String,
    /// Whether it was kept; `None`: the customer was not asked yet.
    pub kept: Option<bool>,
    /// What the customer said.
    pub note: String,
    /// When they were asked.
    pub checked_at: Option<Civil>,
}

/// A check after a sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// Its id.
    pub id: FollowUpId,
    /// Whose.
    pub tenant: TenantId,
    /// The client company that sold.
    pub client: ClientId,
    /// Counts its changes from 1.
    pub version: u64,
    /// The sale.
    pub sale: SaleId,
    /// Counts the follow-ups of its sale from 1.
    pub number: u32,
    /// Who bought.
    pub customer: Option<CustomerId>,
    /// Where it stands.
    pub state: FollowUpState,
    /// When it falls due.
    pub due_at: Civil,
    /// The list into which it is laid, and then the lead that it is.
    pub list: ListId,
    /// The lead.
    pub lead: Option<LeadId>,
    /// How often it was tried.
    pub tries: u32,
    /// How often it may be.
    pub tries_max: u32,
    /// The call in which it was done.
    pub call: Option<CallId>,
    /// Who did it.
    pub agent: Option<AgentId>,
    /// The case that it opened.
    pub case: Option<CaseId>,
    /// What came of it, in words.
    pub note: String,
    /// When it ended.
    pub ended_at: Option<Civil>,
}

/// Where a follow-up stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FollowUpState {
    /// Its time has not come.
    Planned,
    /// Its time has come; it waits to be dialed.
    Due,
    /// It was dialed at least once.
    Attempting,
    /// All is as it was promised.
    Confirmed,
    /// Something is not; a case follows it.
    Incident,
    /// Nobody was reached as often as it may be tried.
    Unreachable,
}

words! {
    FollowUpState {
        Planned = "planned", Due = "due", Attempting = "attempting", Confirmed = "confirmed",
        Incident = "incident", Unreachable = "unreachable",
    }
}

impl FollowUpState {
    /// Nothing more is to be done.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Confirmed | Self::Incident | Self::Unreachable)
    }
}
