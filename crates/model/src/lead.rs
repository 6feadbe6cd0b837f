//! Leads: persons to be called in a campaign.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::call::words;
use crate::{AgentId, Civil, ListId, PhoneNumber, Slug, TenantId};

/// A lead's number within its tenant; the store counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LeadId(u64);

impl LeadId {
    /// From its number.
    pub const fn from_u64(id: u64) -> Self {
        Self(id)
    }

    /// Its number.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for LeadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One person to be called, as an import brings them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLead {
    /// Where they may be called, in order of preference; at least one, at most [`NewLead::NUMBERS_MAX`].
    pub numbers: Vec<LeadNumber>,
    /// Their name, for the agent.
    pub name: String,
    /// The operator's own key of the person or company; counts as the same person across lists.
    pub person: Option<String>,
    /// Whether they decide.
    pub role: LeadRole,
    /// Consumer or business.
    pub party: Party,
    /// On what ground they may be called.
    pub consent: Option<Consent>,
    /// Hints for the agent: `vip`, `talkative`, …
    pub tags: BTreeSet<Slug>,
    /// Any further column of the import.
    pub attributes: BTreeMap<String, String>,
}

impl NewLead {
    /// Most numbers of one lead.
    pub const NUMBERS_MAX: usize = 8;
}

/// A number of a lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadNumber {
    /// The number.
    pub number: PhoneNumber,
    /// What it is: `mobile`, `work`, …
    pub label: String,
    /// Where it rings.
    pub place: Place,
    /// Every time zone (IANA) in which the callee may be; each must permit a call.
    pub zones: Vec<String>,
}

/// Where a callee is, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// ISO 3166-1, two letters.
    pub country: String,
    /// ISO 3166-2 without the country: `CN`, `FL`, `RJ`.
    pub region: Option<String>,
}

/// On what ground somebody may be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The ground.
    pub basis: ConsentBasis,
    /// When it was given or last renewed.
    pub given_at: Civil,
}

/// A lead as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    /// Its number.
    pub id: LeadId,
    /// Whose.
    pub tenant: TenantId,
    /// In which list.
    pub list: ListId,
    /// The person.
    pub person: NewLead,
    /// Where it stands.
    pub state: LeadState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was tried last.
    pub last_attempt_at: Option<Civil>,
}

/// Where a lead stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum LeadState {
    /// May be called.
    Ready,
    /// Being called, or reserved by an agent.
    Claimed,
    /// May be called again later.
    Retry {
        /// From when.
        at: Civil,
    },
    /// A call was promised.
    Callback {
        /// For when.
        at: Civil,
        /// By whom; `None`: by any agent.
        agent: Option<AgentId>,
    },
    /// Over.
    Finished {
        /// Why: a disposition's code or an outcome's word.
        disposition: Slug,
    },
    /// May not be called.
    Blocked {
        /// The rule's id.
        rule: String,
        /// When it may be looked at again; `None`: never.
        until: Option<Civil>,
    },
}

impl LeadState {
    /// Every word that [`LeadState::as_str`] gives.
    pub const WORDS: &[&str] = &["ready", "claimed", "retry", "callback", "finished", "blocked"];

    /// The word that stands for it in records, metrics and messages.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Claimed => "claimed",
            Self::Retry { .. } => "retry",
            Self::Callback { .. } => "callback",
            Self::Finished { .. } => "finished",
            Self::Blocked { .. } => "blocked",
        }
    }
}

/// What a lead's state becomes, written after an attempt or a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadChange {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub lead: LeadId,
    /// The state.
    pub state: LeadState,
}

/// Whether a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum LeadRole {
    /// Not known.
    #[default]
    Unknown,
    /// Decides.
    DecisionMaker,
    /// Speaks for somebody who decides.
    Interlocutor,
}

/// Consumer or business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Party {
    /// A private person.
    #[default]
    Consumer,
    /// A company, or a person in their trade.
    Business,
}

/// The ground of a call (GDPR art. 6.1 and the national rules on calls).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConsentBasis {
    /// Express consent to calls from this company.
    Express,
    /// Express consent in a signed writing (47 CFR 64.1200(f)), which a recorded voice needs in the United States.
    Written,
    /// The callee asked to be called.
    Requested,
    /// A contract in force, on its object.
    Contract,
    /// A present customer, on like products: legitimate interest.
    ExistingCustomer,
    /// Legitimate interest without a customer relation.
    LegitimateInterest,
    /// Presumed consent.
    Presumed,
}

words! {
    LeadRole { Unknown = "unknown", DecisionMaker = "decision_maker", Interlocutor = "interlocutor", }
    Party { Consumer = "consumer", Business = "business", }
    ConsentBasis {
        Express = "express", Written = "written", Requested = "requested", Contract = "contract",
        ExistingCustomer = "existing_customer", LegitimateInterest = "legitimate_interest",
        Presumed = "presumed",
    }
}
