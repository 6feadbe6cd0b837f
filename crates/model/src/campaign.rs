//! Campaigns and lists, as an operator writes them, and a campaign's state.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::call::words;
use crate::floor::{maybe_span, span};
use crate::{
    AttemptOutcome, CampaignId, Civil, ClientId, ListId, QueueId, Slug, TenantId, TrunkId,
};

/// An outbound campaign: lists, a mode, a law. Its answered calls enter its queue, which says who takes them, how they
/// are wrapped up and what comes first when inbound calls wait too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignSpec {
    /// Its id.
    pub id: CampaignId,
    /// Its name, for people.
    pub name: String,
    /// On whose behalf it calls.
    pub client: ClientId,
    /// The queue that its answered calls enter.
    pub queue: QueueId,
    /// How calls are placed.
    #[serde(default)]
    pub mode: DialMode,
    /// Whom it calls.
    pub lists: Vec<CampaignList>,
    /// The trunks it calls over, in order of preference.
    pub trunks: Vec<TrunkId>,
    /// The numbers it shows.
    pub caller_ids: CallerIdPool,
    /// How long a call may ring; a law may demand longer.
    #[serde(with = "span", default = "default::ring_timeout")]
    pub ring_timeout: Duration,
    /// How long an answered call may wait for an agent before it counts as abandoned; a law may demand less.
    #[serde(with = "span", default = "default::answer_to_agent")]
    pub answer_to_agent: Duration,
    /// The house's own promise within that: answers that wait longer are served, but the pacing counts them as if they
    /// were abandoned, so that they stay under the same share. `None`: it counts those that are abandoned.
    #[serde(with = "maybe_span", default, skip_serializing_if = "Option::is_none")]
    pub connect_within: Option<Duration>,
    /// Share of live answers that may be abandoned; a law may demand less.
    #[serde(default = "default::abandonment_cap")]
    pub abandonment_cap: f64,
    /// What the call is for.
    #[serde(default)]
    pub purpose: Purpose,
    /// Who speaks.
    #[serde(default)]
    pub voice: Voice,
    /// The client's trade, where a law asks: `energy`, `telecom`, `finance`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sector: Option<Slug>,
    /// Self-regulation codes that the operator adheres to.
    #[serde(default)]
    pub codes: BTreeSet<Slug>,
    /// Hours of its own, in the callee's time zone, within those of the law.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<WeeklyHours>,
    /// What becomes of a lead after an attempt that reached nobody.
    #[serde(default)]
    pub recycle: Recycle,
    /// Its share of agents whom several campaigns could use.
    #[serde(default = "default::weight")]
    pub weight: u32,
    /// Idle agents who are left to inbound calls.
    #[serde(default)]
    pub reserve: u32,
    /// Most lines in set-up for each agent of the campaign.
    #[serde(default = "default::lines_per_agent_max")]
    pub lines_per_agent_max: f64,
    /// A personal callback goes to any agent when its own is not there this long after it was due.
    #[serde(with = "span", default = "default::callback_fallback")]
    pub callback_fallback: Duration,
    /// The tree of dispositions of its calls; `None`: its queue's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispositions: Option<Slug>,
}

impl CampaignSpec {
    /// A campaign with nothing but what every campaign must say; all else is as in a definition that leaves it out.
    pub fn new(
        id: CampaignId,
        name: String,
        client: ClientId,
        queue: QueueId,
        caller_ids: CallerIdPool,
    ) -> Self {
        Self {
            id,
            name,
            client,
            queue,
            mode: DialMode::default(),
            lists: Vec::new(),
            trunks: Vec::new(),
            caller_ids,
            ring_timeout: default::ring_timeout(),
            answer_to_agent: default::answer_to_agent(),
            connect_within: None,
            abandonment_cap: default::abandonment_cap(),
            purpose: Purpose::default(),
            voice: Voice::default(),
            sector: None,
            codes: BTreeSet::new(),
            hours: None,
            recycle: Recycle::default(),
            weight: default::weight(),
            reserve: 0,
            lines_per_agent_max: default::lines_per_agent_max(),
            callback_fallback: default::callback_fallback(),
            dispositions: None,
        }
    }
}

/// How a campaign places its calls.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DialMode {
    /// An agent enters each number.
    Manual,
    /// An agent sees a lead and then has it called.
    Preview {
        /// How long the agent may look before the lead goes back.
        #[serde(with = "span")]
        timeout: Duration,
    },
    /// One line for each agent, who is reserved for it.
    #[default]
    Progressive,
    /// As many lines as idle agents times this.
    Power {
        /// Lines for each idle agent, 1 to 10.
        ratio: f64,
    },
    /// As many lines as the abandonment cap allows.
    Predictive {
        /// The way of deciding.
        #[serde(default)]
        controller: PacingMethod,
    },
}

impl DialMode {
    /// Each call is placed for one agent, who waits for it: no live answer can be without an agent.
    pub fn binds_agent(&self) -> bool {
        matches!(self, Self::Manual | Self::Preview { .. } | Self::Progressive)
    }

    /// Its word in records, metrics and messages.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Preview { .. } => "preview",
            Self::Progressive => "progressive",
            Self::Power { .. } => "power",
            Self::Predictive { .. } => "predictive",
        }
    }
}

/// A list in a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignList {
    /// Which.
    pub list: ListId,
    /// Its share of the calls, against the campaign's other lists.
    #[serde(default = "default::weight")]
    pub weight: u32,
    /// Who of it is called: an expression such as `province == "Lugo" and age >= 30`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
}

/// A list of leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListSpec {
    /// Its id.
    pub id: ListId,
    /// Its name, for people.
    pub name: String,
    /// Whose customers they are.
    pub client: ClientId,
    /// The country (ISO 3166) that completes national numbers.
    pub country: String,
    /// Who is called first.
    #[serde(default)]
    pub order: LeadOrder,
    /// What an import does with a number that is there already.
    #[serde(default)]
    pub duplicates: DuplicatePolicy,
}

/// Who of a list is called first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LeadOrder {
    /// In the order of the import.
    #[default]
    Imported,
    /// The newest import first.
    NewestFirst,
    /// Those with the fewest attempts.
    FewestAttempts,
    /// As a seed shuffles them.
    Random {
        /// The seed.
        seed: u64,
    },
    /// By a number in one of their attributes, least first.
    Attribute {
        /// Which.
        name: String,
        /// Greatest first.
        #[serde(default)]
        descending: bool,
    },
}

/// The numbers a campaign shows, and which of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallerIdPool {
    /// In E.164 form.
    pub numbers: Vec<crate::PhoneNumber>,
    /// Which of them.
    #[serde(default)]
    pub rotation: Rotation,
}

/// When a campaign calls on top of the law: spans of the day for each weekday, in the callee's time zone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WeeklyHours {
    /// Spans such as `09:00-14:00`.
    pub mon: Vec<DaySpan>,
    /// See `mon`.
    pub tue: Vec<DaySpan>,
    /// See `mon`.
    pub wed: Vec<DaySpan>,
    /// See `mon`.
    pub thu: Vec<DaySpan>,
    /// See `mon`.
    pub fri: Vec<DaySpan>,
    /// See `mon`.
    pub sat: Vec<DaySpan>,
    /// See `mon`.
    pub sun: Vec<DaySpan>,
}

impl WeeklyHours {
    /// The spans of a weekday, 0 being Monday.
    pub fn of_weekday(&self, day: usize) -> &[DaySpan] {
        [&self.mon, &self.tue, &self.wed, &self.thu, &self.fri, &self.sat, &self.sun][day % 7]
    }
}

/// A span of a day in whole minutes from midnight, its end not included. Written `09:00-21:00`; `24:00` is the end of
/// the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DaySpan {
    from: u16,
    to: u16,
}

impl DaySpan {
    /// From minute `from` to minute `to` of the day; `None` unless `from < to <= 1440`.
    pub const fn new(from: u16, to: u16) -> Option<Self> {
        if from < to && to <= 1_440 { Some(Self { from, to }) } else { None }
    }

    /// The first minute.
    pub const fn from(self) -> u16 {
        self.from
    }

    /// The minute after the last.
    pub const fn to(self) -> u16 {
        self.to
    }

    /// Whether it holds the minute.
    pub const fn holds(self, minute: u16) -> bool {
        self.from <= minute && minute < self.to
    }
}

impl TryFrom<String> for DaySpan {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let minutes = |text: &str| {
            let (hours, minutes) = text.trim().split_once(':')?;
            let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
            (hours <= 24 && minutes < 60).then_some(hours * 60 + minutes)
        };
        let parsed =
            text.split_once('-').and_then(|(from, to)| Self::new(minutes(from)?, minutes(to)?));
        parsed.ok_or_else(|| format!("{text:?} is no span of a day: write 09:00-21:00"))
    }
}

impl From<DaySpan> for String {
    fn from(it: DaySpan) -> Self {
        format!("{:02}:{:02}-{:02}:{:02}", it.from / 60, it.from % 60, it.to / 60, it.to % 60)
    }
}

/// What becomes of a lead whose attempt reached nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recycle {
    /// By outcome; one that is not named here follows [`RecycleRule::of`].
    pub after: BTreeMap<AttemptOutcome, RecycleRule>,
    /// Most attempts at one number of a lead.
    pub per_number: u32,
    /// Most attempts at a lead.
    pub per_lead: u32,
}

impl Default for Recycle {
    fn default() -> Self {
        Self { after: BTreeMap::new(), per_number: 6, per_lead: 10 }
    }
}

impl Recycle {
    /// What holds after `outcome`.
    pub fn rule(&self, outcome: AttemptOutcome) -> RecycleRule {
        self.after.get(&outcome).copied().unwrap_or_else(|| RecycleRule::of(outcome))
    }
}

/// What becomes of a lead after one outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecycleRule {
    /// How long until the next attempt.
    #[serde(with = "span")]
    pub delay: Duration,
    /// Most attempts that may end this way; after these the number is given up. Zero: at once.
    pub max: u32,
}

impl RecycleRule {
    /// What holds where a campaign does not say.
    pub fn of(outcome: AttemptOutcome) -> Self {
        let (minutes, max) = match outcome {
            AttemptOutcome::Busy => (15, 6),
            AttemptOutcome::NoAnswer => (240, 6),
            AttemptOutcome::Machine => (240, 4),
            AttemptOutcome::Abandoned => (72 * 60, 2),
            AttemptOutcome::Rejected => (24 * 60, 2),
            AttemptOutcome::Unreachable | AttemptOutcome::Congestion => (60, 6),
            AttemptOutcome::CarrierFault | AttemptOutcome::OurFault => (10, 6),
            AttemptOutcome::Cancelled | AttemptOutcome::Indeterminate => (60, 3),
            AttemptOutcome::Connected
            | AttemptOutcome::Unallocated
            | AttemptOutcome::WrongNumber => (0, 0),
        };
        Self { delay: Duration::from_secs(minutes * 60), max }
    }
}

/// A campaign's state, as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CampaignRecord {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub campaign: CampaignId,
    /// The state.
    pub state: CampaignState,
    /// Since when.
    pub since: Civil,
    /// When it first ran; counting periods of some laws begin here.
    pub started_at: Option<Civil>,
    /// Why it stopped by itself, for people.
    pub reason: Option<String>,
    /// What the pacing controller has learnt, in its own words.
    pub memory: Option<String>,
}

/// What the call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Purpose {
    /// To sell.
    #[default]
    Marketing,
    /// To collect a debt.
    Collections,
    /// To ask for opinions.
    Research,
    /// To serve a present customer: appointments, deliveries, incidents.
    CustomerService,
    /// To check after a sale (postventa).
    FollowUp,
    /// For a charity.
    Charity,
    /// For an election.
    Political,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Voice {
    /// An agent.
    #[default]
    Human,
    /// A recording or a machine.
    Automated,
}

/// The way a predictive campaign decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum PacingMethod {
    /// By a forecast of answers and of agents who become free.
    #[default]
    Forecast,
    /// By a ratio on idle agents that follows the abandonment measured.
    Adaptive,
}

/// Which of its numbers a campaign shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Rotation {
    /// One after the other.
    #[default]
    RoundRobin,
    /// The same to the same lead.
    Sticky,
    /// The one that shares the most leading digits with the callee's number.
    Nearest,
}

/// What an import does with a number that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum DuplicatePolicy {
    /// Reject one that the same list holds.
    #[default]
    RejectInList,
    /// Reject one that any list of the tenant holds.
    RejectInTenant,
    /// Replace what the lead of the same list says. It stands where it stood, but one that was refused until a time is
    /// looked at again where its numbers, its party or its consent are others.
    Update,
    /// Take it.
    Allow,
}

/// A campaign's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum CampaignState {
    /// Never run yet.
    #[default]
    Draft,
    /// Placing calls.
    Running,
    /// Placing none; calls in progress go on.
    Paused,
    /// Every lead is finished or blocked for good.
    Completed,
    /// Ended by an operator.
    Stopped,
    /// Ended because it could not go on.
    Failed,
}

impl CampaignState {
    /// It will place no calls any more, unless it is started anew.
    pub fn ended(self) -> bool {
        matches!(self, Self::Completed | Self::Stopped | Self::Failed)
    }
}

words! {
    Purpose {
        Marketing = "marketing", Collections = "collections", Research = "research",
        CustomerService = "customer_service", FollowUp = "follow_up", Charity = "charity",
        Political = "political",
    }
    Voice { Human = "human", Automated = "automated", }
    PacingMethod { Forecast = "forecast", Adaptive = "adaptive", }
    Rotation { RoundRobin = "round_robin", Sticky = "sticky", Nearest = "nearest", }
    DuplicatePolicy {
        RejectInList = "reject_in_list", RejectInTenant = "reject_in_tenant", Update = "update",
        Allow = "allow",
    }
    CampaignState {
        Draft = "draft", Running = "running", Paused = "paused", Completed = "completed",
        Stopped = "stopped", Failed = "failed",
    }
}

mod default {
    use super::Duration;

    pub(super) fn ring_timeout() -> Duration {
        Duration::from_secs(25)
    }
    pub(super) fn answer_to_agent() -> Duration {
        Duration::from_secs(2)
    }
    pub(super) fn abandonment_cap() -> f64 {
        0.03
    }
    pub(super) fn weight() -> u32 {
        1
    }
    pub(super) fn lines_per_agent_max() -> f64 {
        20.0
    }
    pub(super) fn callback_fallback() -> Duration {
        Duration::from_secs(900)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_a_day_are_read_as_people_write_them() {
        let span = DaySpan::try_from("09:00-21:00".to_owned()).unwrap();
        assert_eq!((span.from(), span.to()), (540, 1_260));
        assert!(span.holds(540) && span.holds(1_259) && !span.holds(1_260));
        assert_eq!(String::from(span), "09:00-21:00");
        for bad in ["", "9-21", "21:00-09:00", "09:00", "09:60-10:00", "25:00-26:00", "00:00-24:01"]
        {
            assert!(DaySpan::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        assert!(DaySpan::try_from("00:00-24:00".to_owned()).is_ok());
    }
}
