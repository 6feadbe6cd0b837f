//! What follows a conversation, at work: pure workflows (`timbre_casework`) over what the store keeps.
//!
//! The [`Desk`] performs one change: it has a workflow say what becomes of the records it read, and keeps all of that with
//! the answer, or nothing. [`clockwork`] does so when a record's time has come, [`reactor`] when something happened;
//! [`webhooks`] and [`mail`] tell the world. None of them knows protobuf or SQL.

pub mod agenda;
pub mod calendar;
pub mod callbacks;
pub mod cases;
pub mod clockwork;
pub mod cloud_event;
pub mod counting;
pub mod customers;
pub mod dispositions;
pub mod follow_ups;
pub mod mail;
pub mod messages;
pub mod news;
pub(crate) mod pace;
pub mod reactor;
pub mod reports;
pub mod retention;
mod scope;
pub mod surveys;
pub mod trouble;
pub mod webhooks;

#[cfg(test)]
mod tests;

use timbre_casework::{Refusal, Work};
use timbre_model::{Civil, FloorSpec, TenantId};
use timbre_store::{DoneRequest, Mail, Store, StoreError, TrailEntry, With, WorkError};

use crate::driver::{Handle, clock, entropy};
use crate::feed::Feed;
use crate::metrics::Metrics;

pub use scope::Scope;

/// How often a change is begun again because somebody else changed the same record, or took the same key.
const TRIES: u32 = 5;

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The workflow says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no such record.
    #[error("{0} is not known")]
    Unknown(String),
    /// The record is another than the one that was read: its version is not that of the request's etag.
    #[error("{0} was changed by somebody else: read it again")]
    Changed(String),
    /// Others changed the same record each time.
    #[error("others change the same record at the same time: try again")]
    Busy,
    /// The record belongs to a client company that the agent does not work for.
    #[error("an agent may not see what belongs to the client company {0}")]
    OtherClient(timbre_model::ClientId),
    /// The tenant has no floor.
    #[error("the tenant has no floor: apply one")]
    NoFloor,
    /// The request's id was used for this other method.
    #[error("the request_id was used for {0}")]
    Reused(String),
    /// An answer that was kept cannot be read.
    #[error("a kept answer cannot be read")]
    Unreadable,
    /// The loop has ended.
    #[error(transparent)]
    Stopped(#[from] crate::driver::Stopped),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault {
    /// Trying again later, without anything else being done, may help.
    pub fn passes(&self) -> bool {
        matches!(self, Self::Busy | Self::Store(StoreError::Unavailable(_)))
    }
}

impl From<timbre_model::FieldError> for Fault {
    fn from(fault: timbre_model::FieldError) -> Self {
        Self::Refused(fault.into())
    }
}

/// An answer that can be kept and given again.
pub trait Answer: Sized {
    /// Its bytes.
    fn to_bytes(&self) -> Vec<u8>;
    /// From its bytes; `None` where they are not those of one.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

/// What a change leaves: kept in one transaction.
#[derive(Debug, Default)]
pub struct Done {
    /// Records, interactions, events.
    pub work: Work,
    /// Letters to be sent.
    pub mails: Vec<Mail>,
    /// What goes into the audit trail.
    pub trail: Vec<TrailEntry>,
}

impl Done {
    fn is_nothing(&self) -> bool {
        let Self { work, mails, trail } = self;
        *work == Work::default() && mails.is_empty() && trail.is_empty()
    }
}

impl From<Work> for Done {
    fn from(work: Work) -> Self {
        Self { work, ..Self::default() }
    }
}

/// A change that was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Whose.
    pub tenant: &'a TenantId,
    /// The method.
    pub method: &'static str,
    /// Makes a retry safe; may be empty.
    pub request_id: &'a str,
}

impl Asked<'_> {
    fn again<A: Answer>(&self, done: DoneRequest) -> Result<A, Fault> {
        if done.method != self.method {
            return Err(Fault::Reused(done.method));
        }
        A::from_bytes(&done.response).ok_or(Fault::Unreadable)
    }

    fn remembered(&self, answer: &impl Answer) -> Option<(String, DoneRequest)> {
        let (method, response) = (self.method.to_owned(), answer.to_bytes());
        let done = DoneRequest { method, response, at: clock::civil() };
        (!self.request_id.is_empty()).then(|| (self.request_id.to_owned(), done))
    }
}

/// Where casework is done. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    /// Keeps it.
    pub store: Store,
    /// Knows the floors.
    pub feed: Feed,
    /// Reaches the loop.
    pub driver: Handle,
    /// Counts.
    pub metrics: Metrics,
}

impl Desk {
    /// A tenant's floor definition.
    pub fn floor(&self, tenant: &TenantId) -> Result<std::sync::Arc<FloorSpec>, Fault> {
        self.feed.floor(tenant).ok_or(Fault::NoFloor)
    }

    /// Performs a change that was asked for: `workflow` reads what it needs and says what to keep and to answer. It is run
    /// again where somebody else was quicker, and not at all where the same request was performed before: the first
    /// answer is given again.
    pub async fn change<A: Answer, D: Into<Done>, W>(
        &self,
        asked: Asked<'_>,
        workflow: impl Fn() -> W,
    ) -> Result<A, Fault>
    where
        // Not `AsyncFn`: of its futures it could not be said that they are `Send`.
        W: Future<Output = Result<(D, A), Fault>>,
    {
        if !asked.request_id.is_empty()
            && let Some(done) = self.store.request(asked.tenant, asked.request_id).await?
        {
            return asked.again(done);
        }
        for _ in 0..TRIES {
            let (done, answer) = workflow().await?;
            let with = With { request: asked.remembered(&answer), ..With::default() };
            match self.keep(asked.tenant, done.into(), with).await {
                Ok(()) => return Ok(answer),
                Err(WorkError::Stale | WorkError::KeyTaken) => {}
                Err(WorkError::Repeated(done)) => return asked.again(done),
                Err(WorkError::Store(error)) => return Err(error.into()),
            }
        }
        Err(Fault::Busy)
    }

    /// Performs a change that nobody asked for: because of the time or of something that happened. `cursor` moves with it.
    /// Whether there was anything to keep; without, the cursor stays where it was.
    pub async fn change_unasked<W: Future<Output = Result<Done, Fault>>>(
        &self,
        tenant: &TenantId,
        cursor: Option<(&'static str, u64)>,
        workflow: impl Fn() -> W,
    ) -> Result<bool, Fault> {
        for _ in 0..TRIES {
            let done = workflow().await?;
            if done.is_nothing() {
                return Ok(false);
            }
            match self.keep(tenant, done, With { cursor, ..With::default() }).await {
                Ok(()) => return Ok(true),
                Err(WorkError::Store(error)) => return Err(error.into()),
                // No request was named, so that none can be repeated.
                Err(WorkError::Stale | WorkError::KeyTaken | WorkError::Repeated(_)) => {}
            }
        }
        Err(Fault::Busy)
    }

    async fn keep(&self, tenant: &TenantId, done: Done, with: With) -> Result<(), WorkError> {
        let Done { work, mails, trail } = done;
        self.store.work(tenant, work, With { mails, trail, ..with }).await
    }
}

/// An id for a new record.
pub fn new_id() -> u128 {
    u128::from_be_bytes(entropy::bytes())
}

/// Chance for what needs little: a case's key.
pub fn chance() -> u64 {
    u64::from_be_bytes(entropy::bytes())
}

/// This moment.
pub fn now() -> Civil {
    clock::civil()
}
