//! What a customer says of a call at its end: satisfaction.

use serde::{Deserialize, Serialize};
use timbre_model::{AgentId, CallId, Civil, ClientId, QueueId, SurveyKind, TenantId};

use crate::{Cause, CustomerId, SurveyId};

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
