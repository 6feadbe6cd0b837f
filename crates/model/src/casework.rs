//! What follows a conversation, as an operator defines it: dispositions with their effects, departments, roles, terms,
//! follow-ups, notifications.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::call::words;
use crate::floor::span;
use crate::{AgentId, ClientId, ListId, Secret, Slug};

/// A tree of dispositions (tipificaciones), used by queues and campaigns that name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DispositionTree {
    /// Its id.
    pub id: Slug,
    /// The first level.
    pub dispositions: Vec<DispositionSpec>,
}

/// A disposition, or a group of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DispositionSpec {
    /// Its code. Of a group, too; only one without `children` can be chosen.
    pub code: Slug,
    /// Its name, for people.
    pub name: String,
    /// The key that chooses it within its level: a digit or a letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<char>,
    /// VICIdial's status code for it, for import and export: at most 6 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vicidial: Option<String>,
    /// What it brings about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Effect>,
    /// What the agent must write down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldSpec>,
    /// The next level.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Self>,
}

/// What a disposition brings about, once its wrap-up ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The lead is finished. So it is where no effect says otherwise.
    Final,
    /// The lead is tried again.
    Retry {
        /// After this.
        #[serde(with = "span")]
        after: Duration,
    },
    /// Another call is promised: the agent gives `callback_at` (RFC 3339) and perhaps `callback_personal` (`yes`).
    Callback,
    /// They do not want to be called again.
    DoNotCall {
        /// By whom.
        reach: Reach,
    },
    /// They do not want what is offered: a law may demand a rest before the next call.
    Refused,
    /// They bought: plans follow-ups.
    Sale {
        /// By which policy of the floor.
        policy: Slug,
    },
    /// They complain: opens a case where the agent has opened none for the call.
    Complaint,
    /// The number is somebody else's: never called again for this lead.
    WrongNumber,
    /// The person has died: none of their numbers is called again for this client company.
    Deceased,
    /// Says what a follow-up call found; nothing where the call is none.
    FollowUp(FollowUpOutcome),
}

/// What a follow-up call found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FollowUpOutcome {
    /// All is as it was promised.
    Confirmed,
    /// Something is not: a case is opened.
    Incident,
}

/// Whose calls a wish not to be called bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Everybody's.
    Tenant,
    /// The client company's.
    Client,
    /// The campaign's.
    Campaign,
}

/// Something an agent writes down with a disposition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldSpec {
    /// Its id.
    pub id: Slug,
    /// Its name, for people.
    pub name: String,
    /// What may stand there.
    #[serde(default)]
    pub kind: FieldKind,
    /// May be left empty.
    #[serde(default)]
    pub optional: bool,
}

/// What may stand in a field.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// At most 2,000 characters.
    #[default]
    Text,
    /// A decimal number.
    Number,
    /// A date or a moment (RFC 3339).
    Time,
    /// One of these.
    Choice(Vec<String>),
}

/// How a tenant's casework is done.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CaseworkSpec {
    /// ISO 3166, where customers' rights and working days are looked up; a client company may have its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// ISO 3166-2 without the country, for regional holidays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// IANA time zone of working days; by default the country's first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Departments that cases and messages concern.
    pub departments: Vec<DepartmentSpec>,
    /// Named roles that cases are escalated to, in the order of escalation.
    pub escalation: Vec<EscalationRole>,
    /// How long before a case falls due its owner is warned, longest first; empty: a day and two hours.
    #[serde(with = "spans", skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Duration>,
    /// How sales are looked after.
    pub follow_ups: Vec<FollowUpPolicy>,
    /// The list into which calls promised in inbound conversations are laid; a campaign that calls it places them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callbacks: Option<ListId>,
    /// How mail is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailSpec>,
    /// Who is told what happens.
    pub webhooks: Vec<WebhookSpec>,
}

/// A department.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepartmentSpec {
    /// Its id.
    pub id: Slug,
    /// Its name, for people.
    pub name: String,
    /// Where its messages are mailed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// Agents who answer for it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub agents: BTreeSet<AgentId>,
}

/// Whom a case that is late is brought to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EscalationRole {
    /// The role: `team-lead`, `customer-ombudsman`.
    pub role: Slug,
    /// How long after the deadline; zero: with it.
    #[serde(with = "span", default)]
    pub after: Duration,
    /// Who holds it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub agents: BTreeSet<AgentId>,
    /// Where they are mailed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
}

/// How a sale is looked after (postventa).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowUpPolicy {
    /// Its id.
    pub id: Slug,
    /// How long after the sale, once for each follow-up.
    #[serde(with = "spans")]
    pub after: Vec<Duration>,
    /// The list into which due follow-ups are laid; a campaign that calls it places them.
    pub list: ListId,
    /// How often one is tried before the customer counts as unreachable.
    #[serde(default = "tries")]
    pub tries: u32,
    /// Promises that every sale of this policy makes, beside those the agent writes down: `delivered in 5 days`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promises: Vec<String>,
}

impl FollowUpPolicy {
    /// How often a follow-up is tried where its policy does not say.
    pub const TRIES: u32 = 3;
}

fn tries() -> u32 {
    FollowUpPolicy::TRIES
}

/// How mail is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSpec {
    /// `smtp://HOST:PORT` (in the clear, or with STARTTLS where the server has it) or `smtps://HOST:PORT`.
    pub server: String,
    /// Who it is from.
    pub from: String,
    /// The user name, where the server asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
}

/// Somebody who is told what happens, by HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSpec {
    /// Its id.
    pub id: Slug,
    /// Where events are posted: `https://…`, or `http://…` to a private address.
    pub url: String,
    /// What signs them (HMAC-SHA256).
    pub secret: Secret,
    /// Beginnings of the types of events that are told: `timbre.case.`; empty: every one.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub types: BTreeSet<String>,
    /// Tells only what concerns this client company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
}

/// What a customer is asked by key after a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurveySpec {
    /// The question.
    pub kind: SurveyKind,
    /// One customer is asked at most once in this.
    #[serde(with = "span", default = "survey_period")]
    pub period: Duration,
}

impl SurveySpec {
    /// How often a customer is asked at most, where the definition does not say.
    pub const PERIOD: Duration = Duration::from_secs(30 * 86_400);
}

fn survey_period() -> Duration {
    SurveySpec::PERIOD
}

/// A question of satisfaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SurveyKind {
    /// Satisfaction, 1 to 5.
    Csat,
    /// Would recommend, 0 to 9 by key (0 to 10 shortened to one key).
    Nps,
    /// Effort, 1 to 7.
    Effort,
}

words! {
    FollowUpOutcome { Confirmed = "confirmed", Incident = "incident", }
    SurveyKind { Csat = "csat", Nps = "nps", Effort = "effort", }
}

mod spans {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct One(#[serde(with = "crate::floor::span")] Duration);

    pub(super) fn serialize<S: Serializer>(spans: &[Duration], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(spans.iter().map(|it| One(*it)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Duration>, D::Error> {
        Ok(Vec::<One>::deserialize(from)?.into_iter().map(|it| it.0).collect())
    }
}
