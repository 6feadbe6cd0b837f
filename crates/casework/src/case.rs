//! A case: a complaint, a compliment or a suggestion, with its deadline and its story.

mod amend;
mod answer;
mod checklist;
mod deadline;
mod hand_over;
mod letter;
mod remedy;
mod take;
mod text;
mod turn;
mod wake;

use std::fmt;

use serde::{Deserialize, Serialize};
use timbre_model::{AgentId, CallId, Civil, ClientId, PhoneNumber, QueueId, Slug, TenantId, words};

use crate::{By, CaseId, CaseKey, CustomerId, FollowUpId, SaleId};

pub use amend::{Amendment, amend};
pub use answer::{Word, answer, confirm, reject, reopen};
pub use checklist::{StepText, checklist, steps};
pub use deadline::CaseRules;
pub use hand_over::{assign, note, receipt};
pub use letter::Letter;
pub use remedy::{NewTask, agree, decide, execute, investigate, propose, task_done};
pub use take::{Taking, take};
pub use wake::{Woken, wake};

/// A case as it is kept: what ISO 10002:2018 and Ley 10/2025 (arts. 11 to 17) ask of an entry of the register.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// Whose.
    pub tenant: TenantId,
    /// The client company it concerns.
    pub client: ClientId,
    /// Counts its changes from 1.
    pub version: u64,
    /// What the customer was given to refer to it.
    pub key: CaseKey,
    /// What it is.
    pub kind: CaseKind,
    /// Where it stands.
    pub state: CaseState,
    /// When it was received.
    pub received_at: Civil,
    /// Who took it.
    pub received_by: By,
    /// Through what it came.
    pub channel: Channel,
    /// The call in which it came.
    pub call: Option<CallId>,
    /// The queue of that call.
    pub queue: Option<QueueId>,
    /// The customer.
    pub customer: Option<CustomerId>,
    /// Their name.
    pub customer_name: String,
    /// Where they can be reached.
    pub number: Option<PhoneNumber>,
    /// Where they can be written to.
    pub mail: Option<String>,
    /// In which language they are answered (BCP 47).
    pub language: String,
    /// What they complain of, in their words.
    pub statement: String,
    /// The department concerned.
    pub department: Option<Slug>,
    /// Why it came to this.
    pub cause: Option<Cause>,
    /// What it has done to the customer.
    pub consequences: String,
    /// What they ask for.
    pub remedy_sought: String,
    /// What is done about it.
    pub solution: String,
    /// How grave it is.
    pub severity: Severity,
    /// The product or service.
    pub product: String,
    /// What it is about, as far as a law sets another term for it.
    pub matter: Matter,
    /// Whether the customer agreed to be recorded; `None`: not asked.
    pub recording_consent: Option<bool>,
    /// What they were given to keep.
    pub receipt: Option<Receipt>,
    /// When it must be answered, and by which rule. Compliments and suggestions have none.
    pub deadline: Option<Deadline>,
    /// The deadlines of former rounds, where it was reopened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_deadlines: Vec<Deadline>,
    /// Who keeps it until it is solved.
    pub owner: Option<AgentId>,
    /// Alternatives that were proposed.
    pub proposals: Vec<Proposal>,
    /// Who does what by when.
    pub tasks: Vec<Task>,
    /// The reasoned answer.
    pub answer: Option<Answer>,
    /// What the customer said of the solution.
    pub confirmation: Option<Confirmation>,
    /// When it was confirmed or rejected last.
    pub closed_at: Option<Civil>,
    /// How often it was taken up again.
    pub reopened: u32,
    /// The sale it is about.
    pub sale: Option<SaleId>,
    /// The follow-up that brought it to light.
    pub follow_up: Option<FollowUpId>,
    /// How the taking was guided.
    pub checklist: Vec<StepDone>,
    /// All that was done and said, oldest first. What a hand-over hands over.
    pub story: Vec<Note>,
}

/// What a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaseKind {
    /// The customer is dissatisfied and expects an answer.
    Complaint,
    /// The customer praises.
    Compliment,
    /// The customer has an idea.
    Suggestion,
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaseState {
    /// Taken down.
    Received,
    /// Somebody finds out what happened.
    Investigating,
    /// The customer was offered a solution.
    Proposed,
    /// The customer accepted it.
    Agreed,
    /// It is being carried out.
    Executing,
    /// The customer confirmed that it is solved.
    Confirmed,
    /// Turned down, with reasons.
    Rejected,
}

/// Through what something came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// A call.
    Phone,
    /// Electronic mail.
    Mail,
    /// A letter.
    Post,
    /// Instant messages.
    Chat,
    /// A form on a page.
    Web,
    /// At a counter.
    InPerson,
}

/// Why somebody complains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Product or service below expectations.
    BelowExpectations,
    /// Inflexibility.
    Inflexibility,
    /// Errors.
    Errors,
    /// Poor communication with the customer.
    ExternalCommunication,
    /// Poor communication within the house.
    InternalCommunication,
    /// Delays.
    Delays,
    /// Unprofessional conduct.
    Conduct,
    /// A charge that was not due.
    UndueCharge,
    /// A continuous service that does not continue.
    Continuity,
    /// Something else.
    Other,
}

/// How grave a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A nuisance.
    Low,
    /// As most.
    Normal,
    /// It costs the customer money or much time.
    High,
    /// Somebody's safety is at stake.
    Safety,
}

/// What a case is about, as far as a law sets another term for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Matter {
    /// Anything else.
    General,
    /// Billing or an undue charge.
    Billing,
    /// Whether and when a continuous basic service goes on.
    Continuity,
    /// A financial service.
    Finance,
}

words! {
    CaseKind { Complaint = "complaint", Compliment = "compliment", Suggestion = "suggestion", }
    CaseState {
        Received = "received", Investigating = "investigating", Proposed = "proposed", Agreed = "agreed",
        Executing = "executing", Confirmed = "confirmed", Rejected = "rejected",
    }
    Channel {
        Phone = "phone", Mail = "mail", Post = "post", Chat = "chat", Web = "web", InPerson = "in_person",
    }
    Cause {
        BelowExpectations = "below_expectations", Inflexibility = "inflexibility", Errors = "errors",
        ExternalCommunication = "external_communication", InternalCommunication = "internal_communication",
        Delays = "delays", Conduct = "conduct", UndueCharge = "undue_charge", Continuity = "continuity",
        Other = "other",
    }
    Severity { Low = "low", Normal = "normal", High = "high", Safety = "safety", }
    Matter { General = "general", Billing = "billing", Continuity = "continuity", Finance = "finance", }
}

impl CaseState {
    /// Nothing more is to be done, unless it is reopened.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Confirmed | Self::Rejected)
    }
}

/// What a customer was given to keep (a durable medium).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// When.
    pub at: Civil,
    /// Through what.
    pub channel: Channel,
    /// To which address.
    pub to: String,
}

/// When a case must be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// From when it counts: the reception, or the reopening.
    pub since: Civil,
    /// The moment: it is late after this.
    pub due_at: Civil,
    /// The rule it comes from, as `es.general`.
    pub rule: String,
    /// How many of the warnings before it were given, or were too late to be given.
    pub warned: u32,
    /// When it was noticed that it had lapsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lapsed_at: Option<Civil>,
    /// When the answer was given; nothing is due any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met_at: Option<Civil>,
    /// Roles it was escalated to, and when.
    pub escalated: Vec<(Slug, Civil)>,
    /// When the next warning or escalation is due.
    pub wake_at: Option<Civil>,
}

/// A solution that was proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// When.
    pub at: Civil,
    /// By whom.
    pub by: By,
    /// What.
    pub text: String,
    /// Whether the customer took it; `None`: they have not said.
    pub accepted: Option<bool>,
}

/// Something that somebody promised to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// What.
    pub what: String,
    /// Who: an agent, or a department.
    pub who: Party,
    /// By when.
    pub by: Civil,
    /// When it was done.
    pub done_at: Option<Civil>,
}

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// An agent.
    Agent(AgentId),
    /// A department.
    Department(Slug),
    /// The customer.
    Customer,
}

/// The reasoned answer (Ley 10/2025 art. 13).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// When.
    pub at: Civil,
    /// By whom.
    pub by: By,
    /// The answer, with its reasons.
    pub text: String,
    /// Through what.
    pub channel: Channel,
    /// In which language (BCP 47).
    pub language: String,
    /// The complaint was found right.
    pub upheld: bool,
    /// Where the customer may turn to (alternative dispute resolution); there where it was refused.
    pub adr: Option<String>,
    /// Until when the customer may mend what their complaint lacks.
    pub cure_until: Option<Civil>,
}

/// What the customer said of the solution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// When.
    pub at: Civil,
    /// Who asked.
    pub by: By,
    /// They are satisfied.
    pub satisfied: bool,
    /// In their words.
    pub note: String,
}

/// A step of the checklist of taking a complaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Greet.
    Greet,
    /// Listen.
    Listen,
    /// Empathise.
    Empathise,
    /// Apologise.
    Apologise,
    /// Ask.
    Ask,
    /// Verify understanding.
    Verify,
    /// Obtain information.
    Inform,
    /// Propose alternatives.
    Propose,
    /// Agree.
    Agree,
    /// Follow up.
    FollowUp,
    /// Close.
    Close,
}

words! {
    Step {
        Greet = "greet", Listen = "listen", Empathise = "empathise", Apologise = "apologise", Ask = "ask",
        Verify = "verify", Inform = "inform", Propose = "propose", Agree = "agree", FollowUp = "follow_up",
        Close = "close",
    }
}

/// A step that was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepDone {
    /// Which.
    pub step: Step,
    /// Milliseconds since the taking began.
    pub after_ms: u64,
}

/// A line of the story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When.
    pub at: Civil,
    /// Who.
    pub by: By,
    /// What happened: the word of a command or of a state.
    pub what: String,
    /// In words.
    pub text: String,
}

#[cfg(test)]
mod tests;
