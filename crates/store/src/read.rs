//! What is asked of the store, and what it answers with.

use std::time::Duration;

use timbre_model::{
    AgentId, AgentStateKind, CallId, CallOutcome, CallRecord, Civil, FloorSpec, PhoneNumber,
    QueueId, TenantId,
};

/// A definition of a floor, as it took effect.
#[derive(Debug, Clone, PartialEq)]
pub struct FloorVersion {
    /// Whose.
    pub tenant: TenantId,
    /// Counts the tenant's definitions from 1.
    pub version: u64,
    /// When it took effect.
    pub at: Civil,
    /// The definition.
    pub spec: FloorSpec,
}

/// Which calls to list; what is `None` does not narrow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallFilter {
    /// Calls that this queue took.
    pub queue: Option<QueueId>,
    /// Calls that this agent took.
    pub agent: Option<AgentId>,
    /// Calls that count as this.
    pub outcome: Option<CallOutcome>,
    /// `true`: calls that have not ended. `false`: calls that have.
    pub open: Option<bool>,
    /// Calls that arrived at or after this.
    pub arrived_from: Option<Civil>,
    /// Calls that arrived before this.
    pub arrived_to: Option<Civil>,
    /// Calls from this number.
    pub caller: Option<PhoneNumber>,
}

/// Which part of a list to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// How many at most: 1 to [`PageRequest::SIZE_MAX`]; anything else is brought into that range.
    pub size: u32,
    /// Where the former page ended; `None` for the first.
    pub after: Option<Cursor>,
}

impl PageRequest {
    /// Most calls of one page.
    pub const SIZE_MAX: u32 = 1_000;
}

/// The last call of a page. Printed `MICROSECONDS-CALL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor {
    /// When it arrived.
    pub arrived_at: Civil,
    /// The call.
    pub call: CallId,
}

impl Cursor {
    /// Reads `MICROSECONDS-CALL`.
    pub fn parse(text: &str) -> Option<Self> {
        let (micros, call) = text.rsplit_once('-')?;
        Some(Self {
            arrived_at: Civil::from_micros(micros.parse().ok()?),
            call: CallId::parse(call)?,
        })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.arrived_at.as_micros(), self.call)
    }
}

/// A part of the list of calls, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The calls.
    pub calls: Vec<CallRecord>,
    /// Where the next page begins; `None` where there is none.
    pub next: Option<Cursor>,
}

/// How long an agent was in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateTime {
    /// The agent.
    pub agent: AgentId,
    /// The state.
    pub state: AgentStateKind,
    /// For how long in all.
    pub total: Duration,
}

/// A mutating request that was done, and what was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoneRequest {
    /// The method's name.
    pub method: String,
    /// The answer, as it was sent.
    pub response: Vec<u8>,
    /// When.
    pub at: Civil,
}

/// What [`Store::recover`](crate::Store::recover) closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recovered {
    /// Calls that were up.
    pub calls: u64,
    /// Calls whose wrap-up was open, those of `calls` that had an agent included.
    pub wrap_ups: u64,
    /// Offers that were open.
    pub offers: u64,
    /// Agents who were signed in.
    pub agents: u64,
    /// Attempts of which nobody knows how they went.
    pub attempts: u64,
    /// Leads that were being called or reserved.
    pub leads: u64,
}

/// What the database is, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// `sqlite` or `postgres`.
    pub engine: &'static str,
    /// The library's or the server's version.
    pub version: String,
    /// SQLite's journal mode; `wal` for Postgres, which has no other.
    pub journal_mode: String,
    /// SQLite's `synchronous` as a word; Postgres's `synchronous_commit`.
    pub synchronous: String,
    /// SQLite's file, `None` for one in memory and for Postgres.
    pub file: Option<std::path::PathBuf>,
}
