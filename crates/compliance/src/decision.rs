//! What is answered, and why.

use std::sync::Arc;

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use timbre_model::{Civil, ConsentBasis};

use crate::hours::Hours;
use crate::rule::{StartPoint, Trigger};

/// Stable name of a rule: `ES-window-96.2`. Beyond those of the data there are `campaign-schedule`, `internal-list`,
/// `jurisdiction`, `zone` and `clock`.
pub type RuleId = Arc<str>;

/// The answer to one attempt, with every rule that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Whether it may be dialed.
    pub verdict: Verdict,
    /// Every rule that applied, in the order of the data.
    pub trace: Vec<RuleDecision>,
}

/// Whether an attempt may be dialed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It may, if these are kept.
    Permit(Obligations),
    /// It may not. Where several rules refuse, this is the one that blocks longest.
    Refuse {
        /// Which rule.
        rule: RuleId,
        /// Why.
        reason: Reason,
        /// First instant at which this rule and every window would permit. `None`: no waiting helps; see
        /// [`Reason::remedy`].
        earliest: Option<Civil>,
    },
}

/// What a permit binds the dialer to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Obligations {
    /// Let it ring at least so long before giving up, in milliseconds.
    pub min_ring_ms: Option<u32>,
    /// An agent within this, or the call counts as abandoned.
    pub answer_to_agent: Option<AnswerToAgent>,
    /// What an abandoned callee must hear.
    pub abandoned_message: Option<AbandonedMessage>,
    /// What the agent must say at the start.
    pub disclosures: Vec<String>,
    /// What must be presented.
    pub caller_id: CallerIdDuty,
    /// How long the number rests after it was abandoned.
    pub recall_ban: Option<RecallBan>,
}

/// The longest silence before an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerToAgent {
    /// At most, in milliseconds.
    pub max_ms: u32,
    /// Counted from here.
    pub from: StartPoint,
}

/// The message to a callee for whom no agent came.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AbandonedMessage {
    /// Must begin within this, in milliseconds.
    pub within_ms: Option<u32>,
    /// What it must say.
    pub says: Vec<String>,
}

/// What the caller id must be.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CallerIdDuty {
    /// A number must be presented.
    pub present: bool,
    /// It must be one that can be called back.
    pub callable: bool,
    /// It must begin with one of these (with the country code). Empty: any.
    pub prefixes: Vec<String>,
}

/// How long a number rests after an abandoned call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecallBan {
    /// For so long, in hours.
    pub hours: u32,
    /// A guaranteed agent lifts it.
    pub unless_guaranteed_agent: bool,
    /// Afterwards only with a guaranteed agent.
    pub then_guaranteed_agent: bool,
}

/// What one rule saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleDecision {
    /// Which.
    pub rule: RuleId,
    /// Whether it lets the call pass.
    pub passed: bool,
    /// What it looked at.
    pub looked: Looked,
    /// Why it does not pass.
    pub reason: Option<Reason>,
    /// Where it does not pass: the first instant at which it and every window would. `None`: no waiting helps.
    pub until: Option<Civil>,
}

/// What a rule looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Looked {
    /// The callee's clock: in the zone that refuses, or else the first.
    Local {
        /// IANA name.
        zone: Arc<str>,
        /// What the clock there shows.
        at: DateTime,
        /// The holiday there, if it is one.
        holiday: Option<Arc<str>>,
        /// The rule's hours on that day of the week.
        hours: Hours,
    },
    /// Earlier calls.
    Count {
        /// So many count.
        found: u32,
        /// So many are allowed.
        max: u32,
    },
    /// The last event that starts a rest.
    Last {
        /// Which kind.
        of: Trigger,
        /// When, if ever.
        at: Option<Civil>,
    },
    /// A registry.
    List {
        /// Its name.
        name: Arc<str>,
        /// The imported version.
        version: Option<String>,
        /// Its date.
        imported_at: Option<Civil>,
    },
    /// What allows the call.
    Consent {
        /// Of which kind.
        basis: Option<ConsentBasis>,
        /// How old, in days.
        age_days: Option<i32>,
    },
    /// What the callee sees; numbers are not kept here.
    CallerId {
        /// Whether anything is presented.
        presented: bool,
    },
    /// A duty that comes with the permit, or a rule that needs no look.
    Duty,
}

/// Why an attempt is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The host's clock jumped and has not been confirmed.
    ClockUntrusted,
    /// No rules are known for this country.
    UnknownJurisdiction,
    /// A zone that does not exist.
    UnknownZone,
    /// The number is on a list of the house.
    InternalList,
    /// The number is in a registry.
    RegistryListed,
    /// A registry that must be consulted was never imported.
    RegistryMissing,
    /// A registry is older than the law allows.
    RegistryStale,
    /// Outside the legal hours.
    OutsideWindow,
    /// A holiday.
    Holiday,
    /// Outside the campaign's hours.
    OutsideSchedule,
    /// As many calls as are allowed have been made.
    CountReached,
    /// The number rests after an earlier event.
    Cooldown(Trigger),
    /// The next call needs an agent who is guaranteed.
    GuaranteedAgentNeeded {
        /// Not before this, even so.
        from: Option<Civil>,
    },
    /// Nothing allows this call.
    NoLegalBasis,
    /// What allowed it is too old.
    ConsentExpired,
    /// Nothing is presented, and something must be.
    CallerIdMissing,
    /// What is presented may not be used for this.
    CallerIdForbidden,
    /// Forbidden outright.
    Prohibited,
}

/// What would help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Waiting until `earliest`.
    Wait,
    /// The operator: import a list, present another number, reserve an agent, confirm the clock. The lead itself is
    /// not at fault and stays.
    Operator,
    /// Nothing: this person is not to be called for this.
    Never,
}

impl Reason {
    /// What would help.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::OutsideWindow
            | Self::Holiday
            | Self::OutsideSchedule
            | Self::CountReached
            | Self::Cooldown(_) => Remedy::Wait,
            Self::ClockUntrusted
            | Self::UnknownJurisdiction
            | Self::UnknownZone
            | Self::RegistryMissing
            | Self::RegistryStale
            | Self::GuaranteedAgentNeeded { .. }
            | Self::CallerIdMissing
            | Self::CallerIdForbidden => Remedy::Operator,
            Self::InternalList
            | Self::RegistryListed
            | Self::NoLegalBasis
            | Self::ConsentExpired
            | Self::Prohibited => Remedy::Never,
        }
    }
}
