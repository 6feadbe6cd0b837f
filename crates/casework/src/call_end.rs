//! What is said of a call at its end: satisfaction and line trouble.

use std::fmt;

use serde::{Deserialize, Serialize};
use timbre_model::{
    AgentId, CallId, Civil, ClientId, QueueId, SurveyKind, TenantId, TrunkId, words,
};

use crate::{Cause, CustomerId, SurveyId, TroubleId};

/// A question of satisfaction, asked by key after a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// Its id: that of its call.
    pub id: SurveyId,
    /// Whose.
    pub tenant: TenantId,
    /// The client company.
    pub client: ClientId,
    /// Counts its changes from 1.
    pub version: u64,
    /// The call after which it was asked.
    pub call: CallId,
    /// The queue of the call.
    pub queue: QueueId,
    /// Who had the conversation.
    pub agent: AgentId,
    /// The customer, where known.
    pub customer: Option<CustomerId>,
    /// The cause of the case that the conversation was about.
    pub cause: Option<Cause>,
    /// The question.
    pub kind: SurveyKind,
    /// When it was asked.
    pub asked_at: Civil,
    /// The key that was pressed; `None`: hung up or waited.
    pub answer: Option<u8>,
}

/// Line trouble that an agent reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trouble {
    /// Its id.
    pub id: TroubleId,
    /// Whose.
    pub tenant: TenantId,
    /// The client company.
    pub client: ClientId,
    /// Counts its changes from 1.
    pub version: u64,
    /// The call.
    pub call: CallId,
    /// The trunk of the call.
    pub trunk: TrunkId,
    /// Who reported it.
    pub agent: AgentId,
    /// When.
    pub at: Civil,
    /// What.
    pub kind: TroubleKind,
    /// What the switch measured of the customer's leg until then; `None`: nothing.
    pub media: Option<MediaStats>,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TroubleKind {
    /// Noise.
    Noise,
    /// Echo.
    Echo,
    /// Words drop out.
    Dropouts,
    /// One of them hears nothing.
    OneWay,
    /// Delay.
    Delay,
}

words! {
    TroubleKind {
        Noise = "noise", Echo = "echo", Dropouts = "dropouts", OneWay = "one_way", Delay = "delay",
    }
}

/// What was measured of a leg's media (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MediaStats {
    /// Packets received.
    pub received: u64,
    /// Packets that did not come.
    pub lost: u64,
    /// Interarrival jitter in milliseconds.
    pub jitter_ms: f64,
}
