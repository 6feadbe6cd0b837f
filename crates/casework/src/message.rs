//! Messages (recados).

use std::fmt;

use serde::{Deserialize, Serialize};
use timbre_model::{AgentId, CallId, Civil, ClientId, PhoneNumber, Slug, TenantId, words};

use crate::{By, CallbackId, CustomerId, MessageId};

mod deliver;
mod mail;
mod take;

pub use deliver::{answer, decide, deliver};
pub use mail::{MessageMail, mail};
pub use take::{NewMessage, TEXT_MAX, take};

/// A message that somebody left for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Whose.
    pub tenant: TenantId,
    /// The client company it concerns.
    pub client: ClientId,
    /// Counts its changes from 1.
    pub version: u64,
    /// When it was taken.
    pub taken_at: Civil,
    /// By whom.
    pub taken_by: By,
    /// In which call.
    pub call: Option<CallId>,
    /// For whom.
    pub recipient: Recipient,
    /// The department concerned.
    pub department: Option<Slug>,
    /// Who left it; `None`: they would not say, and a supervisor decides what becomes of it.
    pub from: Option<String>,
    /// The customer, where known.
    pub customer: Option<CustomerId>,
    /// Their telephone.
    pub number: Option<PhoneNumber>,
    /// What it says.
    pub text: String,
    /// What it is about, in a few words.
    pub purpose: String,
    /// Who calls whom back, and when.
    pub call_back: CallBack,
    /// Where it stands.
    pub state: MessageState,
    /// What a supervisor decided of a message without a name.
    pub decision: Option<Decision>,
    /// When it was delivered first, and through what.
    pub delivered: Option<(Civil, Delivery)>,
    /// The call that was promised by it, once it is passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<CallbackId>,
    /// When it was answered, by whom, and what was said.
    pub answered: Option<(Civil, By, String)>,
}

/// For whom a message is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// An agent: in their stream and agenda.
    Agent(AgentId),
    /// A department: its agents, and its mail.
    Department(Slug),
    /// Somebody with an address: by mail.
    Mail(String),
}

/// Who calls whom back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallBack {
    /// Nobody needs to.
    None,
    /// The recipient calls, at that time where one was named.
    WeCall(Option<Civil>),
    /// The caller calls again.
    TheyCall(Option<Civil>),
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageState {
    /// A caller without a name: waits for a supervisor's decision.
    Held,
    /// Taken down; not seen by its recipient.
    Taken,
    /// Its recipient has it.
    Delivered,
    /// Its recipient did what it asks.
    Answered,
    /// A supervisor decided that it is not passed on.
    Dropped,
}

/// What a supervisor decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// When.
    pub at: Civil,
    /// Who.
    pub by: By,
    /// It is passed on.
    pub pass_on: bool,
    /// Why.
    pub note: String,
}

/// Through what something was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Delivery {
    /// The recipient's stream.
    Stream,
    /// Mail.
    Mail,
}

words! {
    MessageState {
        Held = "held", Taken = "taken", Delivered = "delivered", Answered = "answered", Dropped = "dropped",
    }
    Delivery { Stream = "stream", Mail = "mail", }
}

#[cfg(test)]
mod tests;
