//! What the world did, as the world knows it: never what the code says of it.

use std::collections::BTreeMap;

use timbre_casework::{CallbackState, CaseKind, Cause, FollowUpState, Matter, MessageState, Party};
use timbre_model::{AgentId, CallId, PhoneNumber, Slug};

/// A step of a case that somebody took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Investigated,
    Proposed,
    Accepted,
    /// With this the last proposal was declined.
    Declined,
    Agreed,
    Executed,
    TaskDone,
    Answered(bool),
    Rejected,
    Confirmed,
    Disputed,
    Reopened,
}

#[derive(Debug, Clone)]
pub(super) struct CaseEntry {
    pub(super) taken: i64,
    pub(super) received: i64,
    pub(super) customer: u128,
    pub(super) kind: CaseKind,
    pub(super) matter: Matter,
    pub(super) cause: Option<Cause>,
    pub(super) department: Option<Slug>,
    pub(super) owner: Option<AgentId>,
    pub(super) call: Option<CallId>,
    pub(super) follow_up: Option<u128>,
    pub(super) tasks: Vec<(Party, i64, bool)>,
    pub(super) deeds: Vec<(i64, Deed)>,
}

#[derive(Debug, Clone)]
pub(super) struct SaleEntry {
    pub(super) at: i64,
    /// Seconds after the sale at which its policy asks.
    pub(super) after: Vec<i64>,
    pub(super) promises: Vec<Option<bool>>,
}

#[derive(Debug, Clone)]
pub(super) struct FollowUpEntry {
    pub(super) sale: u128,
    pub(super) due: i64,
    pub(super) state: FollowUpState,
    pub(super) tries: u64,
    /// Who talked with the customer.
    pub(super) agent: Option<AgentId>,
}

#[derive(Debug, Clone)]
pub(super) struct MessageEntry {
    pub(super) due: i64,
    pub(super) agent: Option<AgentId>,
    pub(super) department: Option<Slug>,
    pub(super) state: MessageState,
}

#[derive(Debug, Clone)]
pub(super) struct CallbackEntry {
    pub(super) made: i64,
    pub(super) due: i64,
    pub(super) agent: Option<AgentId>,
    pub(super) state: CallbackState,
    /// Until when it is of use.
    pub(super) until: i64,
}

#[derive(Debug, Clone)]
pub(super) struct SurveyEntry {
    pub(super) at: i64,
    pub(super) customer: u128,
    pub(super) queue: usize,
    pub(super) agent: AgentId,
    pub(super) answer: Option<u8>,
}

/// A call that came in.
#[derive(Debug, Clone)]
pub(super) struct CallEntry {
    pub(super) id: CallId,
    pub(super) at: i64,
    pub(super) queue: usize,
    pub(super) number: Option<PhoneNumber>,
    /// Microseconds until the agent.
    pub(super) waited: Option<i64>,
    pub(super) lost: bool,
}

#[derive(Debug, Default)]
pub(super) struct Book {
    /// When the node was away.
    pub(super) outages: Vec<(i64, i64)>,
    pub(super) cases: BTreeMap<u128, CaseEntry>,
    pub(super) sales: BTreeMap<u128, SaleEntry>,
    pub(super) follow_ups: BTreeMap<u128, FollowUpEntry>,
    pub(super) messages: BTreeMap<u128, MessageEntry>,
    pub(super) callbacks: BTreeMap<u128, CallbackEntry>,
    pub(super) surveys: BTreeMap<u128, SurveyEntry>,
    pub(super) customers: BTreeMap<u128, u128>,
    pub(super) calls: Vec<CallEntry>,
    /// What was refused although it was right to do.
    pub(super) refused: Vec<String>,
}
