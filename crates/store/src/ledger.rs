//! A store behind a spool: changes outlive an outage of the database.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use timbre_compliance::{History, Lists};
use timbre_model::{Change, Civil};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::{Ask, Candidate, Outcome, Recovered, Ruling, Spool, Store, StoreError};

/// Where a batch went. Either way it is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// Into the database.
    Stored,
    /// Into the spool, from where it goes into the database when that is back.
    Spooled,
}

/// Takes changes whether the database is there or not. Once one batch has gone into the spool, all go there until it has
/// drained, so that the database sees them in their order. A task of the ledger's drains it; it ends with the last clone.
#[derive(Debug, Clone)]
pub struct Ledger {
    shared: Arc<Shared>,
    replayer: Arc<Mutex<Option<JoinHandle<()>>>>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    spool: Spool,
    /// Held while it is decided where a batch goes, and while the spool is found drained.
    order: Mutex<()>,
    /// Held by whoever replays: up to where the spool is in the database.
    replayed: Mutex<u64>,
    spooling: AtomicBool,
}

/// How long to wait between attempts to reach the database.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);
/// Changes that are replayed in one transaction.
const REPLAY_CHANGES: usize = 4_096;

impl Ledger {
    /// Joins the two, and replays what the spool of an earlier run holds, now if the database is there, else when it
    /// comes.
    ///
    /// # Errors
    ///
    /// What [`Ledger::replay`] gives, save [`StoreError::Unavailable`].
    pub async fn open(store: Store, spool: Spool) -> Result<Self, StoreError> {
        let waiting = spool.waiting_bytes() > 0;
        let shared = Arc::new(Shared {
            store,
            spool,
            order: Mutex::new(()),
            replayed: Mutex::new(0),
            spooling: AtomicBool::new(waiting),
        });
        match Arc::clone(&shared).replay_apart().await {
            Ok(()) => {}
            Err(StoreError::Unavailable(why)) => {
                tracing::warn!(%why, "the spool waits for the database");
            }
            Err(fault) => return Err(fault),
        }
        let replayer = tokio::spawn(replay_when_spooled(Arc::downgrade(&shared)));
        Ok(Self { shared, replayer: Arc::new(Mutex::new(Some(replayer))) })
    }

    /// Makes a batch durable, in the database or in the spool. Cancelling the future does not cancel it.
    ///
    /// # Errors
    ///
    /// [`StoreError::SpoolFull`] where neither took it; [`StoreError::Refused`] where the database refused it for what it
    /// is: it is not spooled then, since it would be refused again.
    pub async fn commit(&self, changes: Vec<Change>) -> Result<Committed, StoreError> {
        let shared = Arc::clone(&self.shared);
        joined(tokio::spawn(async move { shared.commit(&changes).await })).await
    }

    /// Has attempts authorized, see [`Store::authorize`]: in order with the batches, and never while some wait in the spool,
    /// since what these say of numbers and leads is not in the database yet. Cancelling the future does not cancel it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] while the database is away or behind; else those of [`Store::authorize`].
    pub async fn authorize<E, D>(&self, ask: Ask, decide: D) -> Result<Outcome<E>, StoreError>
    where
        E: Send + 'static,
        D: FnMut(&Candidate, &History, &Lists) -> Ruling<E> + Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        let work = async move {
            let _order = shared.order.lock().await;
            if shared.spooling.load(Ordering::Acquire) {
                let why =
                    "changes wait in the spool: nothing is dialed before they are in the database";
                return Err(StoreError::Unavailable(why.to_owned()));
            }
            shared.store.authorize(ask, decide).await
        };
        joined(tokio::spawn(work)).await
    }

    /// Replays the spool to its end.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] where the database is still away; [`StoreError::Corrupt`] where the spool is damaged;
    /// [`StoreError::Refused`] where the database refuses a spooled batch. The spool keeps what was not replayed.
    pub async fn replay(&self) -> Result<(), StoreError> {
        Arc::clone(&self.shared).replay_apart().await
    }

    /// Replays the spool, then ends what the last run of the engine left open; see [`Store::recover`]. In this order: what
    /// the spool holds happened before.
    ///
    /// # Errors
    ///
    /// Those of [`Ledger::replay`] and [`Store::recover`].
    pub async fn recover(&self, at: Civil) -> Result<Recovered, StoreError> {
        self.replay().await?;
        self.shared.store.recover(at).await
    }

    /// Whether batches go into the spool: the database is away or behind, and nothing may be dialed.
    pub fn spooling(&self) -> bool {
        self.shared.spooling.load(Ordering::Acquire)
    }

    /// How many bytes wait for the database.
    pub fn waiting_bytes(&self) -> u64 {
        self.shared.spool.waiting_bytes()
    }

    /// Ends the ledger's task and lets go of the spool's file, once no other clone is left. The store stays open.
    pub async fn close(self) {
        if let Some(replayer) = self.replayer.lock().await.take() {
            replayer.abort();
            let _ = replayer.await;
        }
    }

    /// The store, for reading. What is spooled is not in it yet.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }
}

impl Shared {
    async fn commit(&self, changes: &[Change]) -> Result<Committed, StoreError> {
        if changes.is_empty() {
            return Ok(Committed::Stored);
        }
        let _order = self.order.lock().await;
        if !self.spooling.load(Ordering::Acquire) {
            match self.store.commit_all(changes).await {
                Ok(()) => return Ok(Committed::Stored),
                Err(StoreError::Unavailable(why)) => {
                    tracing::error!(%why, "the database is away: changes are spooled");
                }
                Err(fault) => return Err(fault),
            }
        }
        self.spool.append(changes).await?;
        self.spooling.store(true, Ordering::Release);
        Ok(Committed::Spooled)
    }

    /// Replays in a task of its own: cancelling the future does not cancel it.
    async fn replay_apart(self: Arc<Self>) -> Result<(), StoreError> {
        joined(tokio::spawn(async move { self.replay().await })).await
    }

    async fn replay(&self) -> Result<(), StoreError> {
        let mut replayed = self.replayed.lock().await;
        while self.spooling.load(Ordering::Acquire) {
            while let Some(chunk) = self.spool.read(*replayed, REPLAY_CHANGES).await? {
                self.store.commit_all(&chunk.changes).await?;
                *replayed = chunk.next;
            }
            // Nothing is appended while the order is held, so that an end found here is the end.
            let _order = self.order.lock().await;
            if self.spool.clear(*replayed).await? {
                *replayed = 0;
                self.spooling.store(false, Ordering::Release);
                tracing::info!("the spool has drained");
            }
        }
        Ok(())
    }
}

/// The ledger's task.
async fn replay_when_spooled(shared: Weak<Shared>) {
    let mut retry = tokio::time::interval(RETRY_INTERVAL);
    retry.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        retry.tick().await;
        let Some(shared) = shared.upgrade() else { return };
        if !shared.spooling.load(Ordering::Acquire) {
            continue;
        }
        match shared.replay().await {
            Ok(()) | Err(StoreError::Unavailable(_)) => {}
            Err(fault) => tracing::error!(%fault, "the spool cannot be replayed"),
        }
    }
}

async fn joined<T>(task: JoinHandle<Result<T, StoreError>>) -> Result<T, StoreError> {
    match task.await {
        Ok(done) => done,
        Err(fault) if fault.is_panic() => std::panic::resume_unwind(fault.into_panic()),
        Err(_) => Err(StoreError::Unavailable("the process is shutting down".to_owned())),
    }
}
