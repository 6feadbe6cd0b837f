//! The handle, in its first shape: what it will do.
use timbre_model::*;

use crate::{
    CallFilter, Description, DoneRequest, FloorVersion, Page, PageRequest, Recovered, StateTime,
    StoreError,
};

/// The repository. Cheap to clone; all clones share one pool.
#[derive(Debug, Clone)]
pub struct Store {}

macro_rules! shape { ($($(#[$doc:meta])* $name:ident($($arg:ident: $ty:ty),*) -> $out:ty;)*) => {
    impl Store { $($(#[$doc])* pub async fn $name(&self, $($arg: $ty),*) -> Result<$out, StoreError> {
        let _ = ($($arg,)*);
        Err(StoreError::Unavailable("not built yet".to_owned()))
    })* }
}}

impl Store {
    /// `sqlite://path`, `sqlite::memory:` or `postgres://…`; runs the migrations.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Err(StoreError::Setup(url.to_owned()))
    }
    /// Waits for what is under way and lets go of the database.
    pub async fn close(&self) {}
}

shape! {
    /// All changes in one transaction, in order. Repeatable.
    commit(changes: Vec<Change>) -> ();
    /// Ends what a dead node left open.
    recover(at: Civil) -> Recovered;
    /// The latest definition of every tenant.
    floors() -> Vec<FloorVersion>;
    /// The latest definition of a tenant.
    floor(tenant: &TenantId) -> Option<FloorVersion>;
    /// A call.
    call(tenant: &TenantId, id: CallId) -> Option<CallRecord>;
    /// Its timeline, in order.
    timeline(tenant: &TenantId, id: CallId) -> Vec<TimelineEntry>;
    /// Its offers, in order.
    offers(tenant: &TenantId, id: CallId) -> Vec<OfferRecord>;
    /// Calls, newest first.
    list_calls(tenant: &TenantId, filter: &CallFilter, page: &PageRequest) -> Page;
    /// An agent's records from `from` until before `to`, in order.
    agent_states(tenant: &TenantId, agent: &AgentId, from: Civil, to: Civil) -> Vec<AgentStateRecord>;
    /// Time in each state between two instants; of one agent, or of all.
    state_times(tenant: &TenantId, agent: Option<&AgentId>, from: Civil, to: Civil) -> Vec<StateTime>;
    /// Keeps a token.
    put_token(token: &TokenRecord) -> ();
    /// The token of a secret's SHA-256.
    token_by_hash(hash: [u8; 32]) -> Option<TokenRecord>;
    /// A tenant's tokens, oldest first.
    list_tokens(tenant: &TenantId) -> Vec<TokenRecord>;
    /// Revokes a token; `false` where there is none that was still in force.
    revoke_token(tenant: &TenantId, id: &str, at: Civil) -> bool;
    /// Keeps the answer to a request; gives the one that is kept, which is the first.
    remember_request(tenant: &TenantId, request_id: &str, done: DoneRequest) -> DoneRequest;
    /// The answer to a request that was done before.
    request(tenant: &TenantId, request_id: &str) -> Option<DoneRequest>;
    /// Forgets requests done before `before`; how many.
    prune_requests(before: Civil) -> u64;
    /// Writes one row durably: the database is reachable and takes writes.
    health() -> ();
    /// What the database is.
    describe() -> Description;
}
