//! Records as the store sees them, and what one piece of work leaves.

use std::fmt;

use serde::{Deserialize, Serialize};
use timbre_model::{AgentId, Civil, ClientId, PhoneNumber, Slug, TenantId, words};

use crate::{
    Callback, Case, Customer, CustomerId, FollowUp, Interaction, Message, Sale, Survey, Trouble,
};

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// An agent.
    Agent(AgentId),
    /// Somebody with a token of another role: the token's id.
    Desk(String),
    /// Timbre itself, by a deadline or by an effect of a disposition.
    System,
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKind {
    /// A [`Case`].
    Case,
    /// A [`Sale`].
    Sale,
    /// A [`FollowUp`].
    FollowUp,
    /// A [`Message`].
    Message,
    /// A [`Callback`].
    Callback,
    /// A [`Survey`].
    Survey,
    /// A [`Trouble`].
    Trouble,
    /// A [`Customer`].
    Customer,
}

words! {
    RecordKind {
        Case = "case", Sale = "sale", FollowUp = "follow_up", Message = "message", Callback = "callback",
        Survey = "survey", Trouble = "trouble", Customer = "customer",
    }
}

/// A record, whatever it is of.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A case.
    Case(Box<Case>),
    /// A sale.
    Sale(Box<Sale>),
    /// A follow-up.
    FollowUp(Box<FollowUp>),
    /// A message.
    Message(Box<Message>),
    /// A callback.
    Callback(Box<Callback>),
    /// A question of satisfaction.
    Survey(Box<Survey>),
    /// Line trouble.
    Trouble(Box<Trouble>),
    /// A customer.
    Customer(Box<Customer>),
}

/// One line of an agenda: something that somebody is to do by some time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgendaItem {
    /// By when.
    pub due_at: Civil,
    /// By whom; `None`: anybody of the client company's agents.
    pub agent: Option<AgentId>,
    /// By whom of a department.
    pub department: Option<Slug>,
    /// In a few words.
    pub title: String,
}

/// By what a record is found, and when it is looked at again. Derived from it whenever it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Index {
    /// The word of its state; empty where it has none.
    pub state: String,
    /// It waits for somebody or something.
    pub open: bool,
    /// Whose it is: the owner of a case, the seller of a sale.
    pub agent: Option<AgentId>,
    /// The customer.
    pub customer: Option<CustomerId>,
    /// The customer's number.
    pub number: Option<PhoneNumber>,
    /// Unique within its tenant and kind: the digits of a case's key.
    pub key: Option<String>,
    /// When it came about: lists are ordered by it.
    pub at: Civil,
    /// When a clock must look at it next ([`crate::wake`]).
    pub wake_at: Option<Civil>,
    /// When it falls due, for lists of what is overdue.
    pub due_at: Option<Civil>,
    /// What stands in agendas because of it.
    pub agenda: Vec<AgendaItem>,
}

/// Something that happened, for whoever listens: a CloudEvent 1.0 without its envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewEvent {
    /// Unique within the tenant: an event of the same id is kept once.
    pub id: String,
    /// `timbre.case.received`, as in docs/events.md.
    pub kind: String,
    /// `cases/0123…`: events of one subject are told in their order.
    pub subject: String,
    /// The client company it concerns.
    pub client: Option<ClientId>,
    /// When.
    pub at: Civil,
    /// What there is to tell, as JSON. No more than its listeners need.
    pub data: serde_json::Value,
}

/// What a piece of work leaves: all of it in one transaction, or nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Work {
    /// Records as they now stand. Each carries the version after that which was read; the store refuses any other.
    pub records: Vec<Record>,
    /// Contacts with customers.
    pub interactions: Vec<Interaction>,
    /// What is told.
    pub events: Vec<NewEvent>,
}

impl Work {
    /// This and `other`, in one transaction.
    pub fn join(&mut self, other: Self) {
        let Self { records, interactions, events } = other;
        self.records.extend(records);
        self.interactions.extend(interactions);
        self.events.extend(events);
    }
}

/// A moment and who acts at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// When.
    pub at: Civil,
    /// Who.
    pub by: By,
}

/// Why something cannot be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A field of what was given.
    #[error("{0}")]
    Field(#[from] timbre_model::FieldError),
    /// The record is in a state that does not allow it.
    #[error("a {kind} that is {state} cannot be {verb}: {remedy}")]
    State {
        /// What it is.
        kind: RecordKind,
        /// The word of its state.
        state: &'static str,
        /// What was wanted: `proposed`, `reopened`.
        verb: &'static str,
        /// What can be done instead.
        remedy: &'static str,
    },
}

impl Record {
    /// What it is.
    pub fn kind(&self) -> RecordKind {
        match self {
            Self::Case(_) => RecordKind::Case,
            Self::Sale(_) => RecordKind::Sale,
            Self::FollowUp(_) => RecordKind::FollowUp,
            Self::Message(_) => RecordKind::Message,
            Self::Callback(_) => RecordKind::Callback,
            Self::Survey(_) => RecordKind::Survey,
            Self::Trouble(_) => RecordKind::Trouble,
            Self::Customer(_) => RecordKind::Customer,
        }
    }

    /// Its id.
    pub fn id(&self) -> u128 {
        match self {
            Self::Case(it) => it.id.as_u128(),
            Self::Sale(it) => it.id.as_u128(),
            Self::FollowUp(it) => it.id.as_u128(),
            Self::Message(it) => it.id.as_u128(),
            Self::Callback(it) => it.id.as_u128(),
            Self::Survey(it) => it.id.as_u128(),
            Self::Trouble(it) => it.id.as_u128(),
            Self::Customer(it) => it.id.as_u128(),
        }
    }

    /// Whose.
    pub fn tenant(&self) -> &TenantId {
        match self {
            Self::Case(it) => &it.tenant,
            Self::Sale(it) => &it.tenant,
            Self::FollowUp(it) => &it.tenant,
            Self::Message(it) => &it.tenant,
            Self::Callback(it) => &it.tenant,
            Self::Survey(it) => &it.tenant,
            Self::Trouble(it) => &it.tenant,
            Self::Customer(it) => &it.tenant,
        }
    }

    /// The client company it concerns.
    pub fn client(&self) -> &ClientId {
        match self {
            Self::Case(it) => &it.client,
            Self::Sale(it) => &it.client,
            Self::FollowUp(it) => &it.client,
            Self::Message(it) => &it.client,
            Self::Callback(it) => &it.client,
            Self::Survey(it) => &it.client,
            Self::Trouble(it) => &it.client,
            Self::Customer(it) => &it.client,
        }
    }

    /// Counts its changes from 1.
    pub fn version(&self) -> u64 {
        match self {
            Self::Case(it) => it.version,
            Self::Sale(it) => it.version,
            Self::FollowUp(it) => it.version,
            Self::Message(it) => it.version,
            Self::Callback(it) => it.version,
            Self::Survey(it) => it.version,
            Self::Trouble(it) => it.version,
            Self::Customer(it) => it.version,
        }
    }

    /// By what it is found.
    pub fn index(&self) -> Index {
        match self {
            Self::Case(it) => crate::index::case(it),
            Self::Sale(it) => crate::index::sale(it),
            Self::FollowUp(it) => crate::index::follow_up(it),
            Self::Message(it) => crate::index::message(it),
            Self::Callback(it) => crate::index::callback(it),
            Self::Survey(it) => crate::index::survey(it),
            Self::Trouble(it) => crate::index::trouble(it),
            Self::Customer(it) => crate::index::customer(it),
        }
    }

    /// Its JSON form, as it is kept.
    pub fn to_json(&self) -> serde_json::Result<String> {
        match self {
            Self::Case(it) => serde_json::to_string(it),
            Self::Sale(it) => serde_json::to_string(it),
            Self::FollowUp(it) => serde_json::to_string(it),
            Self::Message(it) => serde_json::to_string(it),
            Self::Callback(it) => serde_json::to_string(it),
            Self::Survey(it) => serde_json::to_string(it),
            Self::Trouble(it) => serde_json::to_string(it),
            Self::Customer(it) => serde_json::to_string(it),
        }
    }

    /// Reads the JSON form of a record of `kind`.
    pub fn from_json(kind: RecordKind, text: &str) -> serde_json::Result<Self> {
        Ok(match kind {
            RecordKind::Case => Self::Case(serde_json::from_str(text)?),
            RecordKind::Sale => Self::Sale(serde_json::from_str(text)?),
            RecordKind::FollowUp => Self::FollowUp(serde_json::from_str(text)?),
            RecordKind::Message => Self::Message(serde_json::from_str(text)?),
            RecordKind::Callback => Self::Callback(serde_json::from_str(text)?),
            RecordKind::Survey => Self::Survey(serde_json::from_str(text)?),
            RecordKind::Trouble => Self::Trouble(serde_json::from_str(text)?),
            RecordKind::Customer => Self::Customer(serde_json::from_str(text)?),
        })
    }
}
