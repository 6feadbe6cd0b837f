//! Shape only.
use crate::{Recovered, Spool, Store, StoreError};
use timbre_model::{Change, Civil};
/// Where a batch went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// Into the database.
    Stored,
    /// Into the spool, from where it goes into the database when that is back.
    Spooled,
}
/// A store behind a spool.
#[derive(Debug, Clone)]
pub struct Ledger {}
impl Ledger {
    /// Replays what the spool holds as far as it can.
    pub async fn open(store: Store, spool: Spool) -> Result<Self, StoreError> {
        let _ = (store, spool);
        Err(StoreError::Setup(String::new()))
    }
    /// Makes a batch durable, in the database or in the spool.
    pub async fn commit(&self, changes: Vec<Change>) -> Result<Committed, StoreError> {
        let _ = changes;
        Err(StoreError::Unavailable(String::new()))
    }
    /// Drains the spool, then ends what a dead node left open.
    pub async fn recover(&self, at: Civil) -> Result<Recovered, StoreError> {
        let _ = at;
        Err(StoreError::Unavailable(String::new()))
    }
    /// Whether batches go into the spool: the database is away, and nothing may be dialed.
    pub fn spooling(&self) -> bool {
        false
    }
    /// The store, for reading.
    pub fn store(&self) -> &Store {
        unreachable!()
    }
}
