//! Attempts: dialed calls, and how they end.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::call::words;
use crate::{
    AgentId, CallId, CampaignId, Civil, ClientId, Consent, Disposition, LeadId, ListId,
    PhoneNumber, ReleasedBy, Slug, TenantId, TrunkId,
};

/// One dialed call to a lead, as evidence of who was called, when, why it was permitted, and how it went. It has the id of
/// the call that it may become. Open while `ended_at` is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRecord {
    /// The attempt.
    pub id: CallId,
    /// Whose.
    pub tenant: TenantId,
    /// For which campaign.
    pub campaign: CampaignId,
    /// On whose behalf.
    pub client: ClientId,
    /// The lead's list; `None` where an agent entered the number.
    pub list: Option<ListId>,
    /// The lead; `None` where an agent entered the number.
    pub lead: Option<LeadId>,
    /// The operator's key of the person.
    pub person: Option<String>,
    /// The number.
    pub number: PhoneNumber,
    /// The number shown.
    pub caller_id: PhoneNumber,
    /// Over which trunk.
    pub trunk: TrunkId,
    /// How it was placed: a word of [`crate::DialMode`].
    pub mode: String,
    /// The ground of the call.
    pub consent: Option<Consent>,
    /// The rules' decisions, the versions of the lists, and what each looked at, as JSON.
    pub decision: String,
    /// The callee's local time when it was permitted, with its zone: `2026-11-23T09:00:00+01:00[Europe/Madrid]`.
    pub local_time: String,
    /// When it was permitted and charged.
    pub intent_at: Civil,
    /// The same on the clock that never goes backwards.
    pub intent_mono: u64,
    /// When the INVITE was asked for.
    pub dialed_at: Option<Civil>,
    /// When the far end rang.
    pub ringing_at: Option<Civil>,
    /// When it answered.
    pub answered_at: Option<Civil>,
    /// When an agent's voice reached the callee.
    pub connected_at: Option<Civil>,
    /// The agent.
    pub agent: Option<AgentId>,
    /// What the answering-machine detector said.
    pub machine: Option<MachineVerdict>,
    /// What the agent said instead.
    pub machine_corrected: Option<MachineVerdict>,
    /// Whether the message for abandoned calls was heard.
    pub message_played: bool,
    /// When it ended.
    pub ended_at: Option<Civil>,
    /// How.
    pub outcome: Option<AttemptOutcome>,
    /// The final SIP status, where there was one.
    pub sip_status: Option<u16>,
    /// The Q.850 cause, where the network gave one (RFC 3326).
    pub q850_cause: Option<u8>,
    /// Who ended it.
    pub released_by: Option<ReleasedBy>,
    /// How the agent classified it.
    pub disposition: Option<Disposition>,
}

/// Somebody who may not be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoNotCallEntry {
    /// Whose list.
    pub tenant: TenantId,
    /// Whom.
    pub whom: Barred,
    /// For which calls.
    pub scope: DoNotCallScope,
    /// Since when.
    pub since: Civil,
    /// Until when; `None`: for good.
    pub until: Option<Civil>,
    /// Where it comes from: `agent`, `key`, `api`, `import`, …
    pub source: Slug,
    /// Who entered it, and why, for people.
    pub note: String,
}

/// Whom an entry bars.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Barred {
    /// One number.
    Number(PhoneNumber),
    /// Every number that begins so, in E.164 form.
    Prefix(String),
}

impl Barred {
    /// Whether it bars the number.
    pub fn holds(&self, number: &PhoneNumber) -> bool {
        match self {
            Self::Number(one) => one == number,
            Self::Prefix(prefix) => number.expose().starts_with(prefix.as_str()),
        }
    }
}

/// For which calls an entry holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoNotCallScope {
    /// All of the tenant's.
    Tenant,
    /// Those on behalf of a client company.
    Client(ClientId),
    /// Those of a campaign.
    Campaign(CampaignId),
}

impl DoNotCallScope {
    /// Whether it holds for a call of `campaign` on behalf of `client`.
    pub fn covers(&self, client: &ClientId, campaign: &CampaignId) -> bool {
        match self {
            Self::Tenant => true,
            Self::Client(one) => one == client,
            Self::Campaign(one) => one == campaign,
        }
    }
}

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttemptOutcome {
    /// Whoever answered was connected with an agent, who heard no machine.
    Connected,
    /// A person answered and no agent was there in time.
    Abandoned,
    /// A machine answered, also where only the agent noticed.
    Machine,
    /// Busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// The callee or the callee's network declined.
    Rejected,
    /// There is no such number.
    Unallocated,
    /// Somebody else answered: the number is not the lead's.
    WrongNumber,
    /// The number cannot be reached now.
    Unreachable,
    /// The carrier has no room (503, cause 34, 42).
    Congestion,
    /// The carrier failed.
    CarrierFault,
    /// We failed: what we sent was refused as wrong, or our media did not come up.
    OurFault,
    /// We took it back before an answer.
    Cancelled,
    /// The node died between permitting it and learning how it went. It counts; it is never sent again.
    Indeterminate,
}

impl AttemptOutcome {
    /// Whose doing it is.
    pub const fn blame(self) -> Blame {
        match self {
            Self::Connected | Self::Machine | Self::Busy | Self::NoAnswer | Self::Rejected => {
                Blame::Callee
            }
            Self::Unreachable | Self::Congestion | Self::CarrierFault => Blame::Carrier,
            Self::Unallocated | Self::WrongNumber => Blame::Caller,
            Self::Abandoned | Self::OurFault | Self::Cancelled | Self::Indeterminate => Blame::Us,
        }
    }
}

/// Whose doing an outcome is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Blame {
    /// The one who is called.
    Callee,
    /// Whoever gave us the number.
    Caller,
    /// The network.
    Carrier,
    /// Ourselves.
    Us,
}

/// Who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MachineVerdict {
    /// A person.
    Person,
    /// A machine.
    Machine,
    /// Could not be told.
    Unknown,
}

words! {
    AttemptOutcome {
        Connected = "connected", Abandoned = "abandoned", Machine = "machine", Busy = "busy",
        NoAnswer = "no_answer", Rejected = "rejected", Unallocated = "unallocated",
        WrongNumber = "wrong_number",
        Unreachable = "unreachable", Congestion = "congestion", CarrierFault = "carrier_fault",
        OurFault = "our_fault", Cancelled = "cancelled", Indeterminate = "indeterminate",
    }
    Blame { Callee = "callee", Caller = "caller", Carrier = "carrier", Us = "us", }
    MachineVerdict { Person = "person", Machine = "machine", Unknown = "unknown", }
}
