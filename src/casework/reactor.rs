//! What happens because something else did: effects of dispositions, customers of calls, outcomes of follow-ups, calls
//! that were lost.
//!
//! Each [`Reader`] has its own place in a tenant's events, which moves with what it keeps: what it does about an event is
//! done once, also where the node dies in between.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::BoxFuture;
use timbre_casework::Work;
use timbre_model::TenantId;
use timbre_store::{StoreError, StoredEvent, With, WorkError};

use super::pace::{Pace, back_off};
use super::{Desk, Done, Fault, chance, now};
use crate::driver::clock;

/// Events read at once.
const BATCH: u32 = 500;

/// The longest wait between two looks.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often an event is tried that a reader can do nothing with, before it is passed over.
const TRIES: u32 = 5;

/// After so many events that do not concern a reader its place is kept nevertheless, so that a new start reads fewer.
const KEEP_PLACE_EVERY: u64 = 2_000;

/// What somebody does about an event.
pub type React =
    for<'a> fn(&'a Desk, &'a TenantId, &'a StoredEvent) -> BoxFuture<'a, Result<Done, Fault>>;

/// Somebody who acts on events.
#[derive(Clone, Copy)]
pub struct Reader {
    /// The name of its place in the tenants' events. Never changed: a new name reads everything from the beginning.
    pub place: &'static str,
    /// Beginnings of the types of events that it reads.
    pub types: &'static [&'static str],
    /// What it does. It may be asked again for the same event, when what it wanted to keep was not kept.
    pub react: React,
}

/// Those who act, in their order for one event: whoever makes a customer known comes before those who name them.
pub const READERS: &[Reader] = &[
    super::customers::READER,
    super::surveys::READER,
    super::dispositions::READER,
    super::follow_ups::READER,
    super::callbacks::READER,
    super::news::READER,
];

impl Reader {
    fn reads(&self, kind: &str) -> bool {
        self.types.iter().any(|it| kind.starts_with(it))
    }
}

/// How far one tenant's events are read.
struct Progress {
    /// All events until this have been read.
    read: u64,
    /// The events until which each reader's place is kept.
    kept: Vec<u64>,
}

/// The task that acts on events.
pub struct Reactor {
    desk: Desk,
    readers: &'static [Reader],
    tenants: BTreeMap<TenantId, Progress>,
}

impl Reactor {
    /// One that has read nothing yet.
    pub fn new(desk: Desk, readers: &'static [Reader]) -> Self {
        Self { desk, readers, tenants: BTreeMap::new() }
    }

    /// Acts on what happens, without end. With the store away it waits.
    pub async fn run(mut self) {
        let mut pace = Pace::new(&self.desk.store);
        loop {
            if let Err(error) = self.turn().await {
                tracing::warn!(%error, "what follows from events waits for the store");
                clock::sleep(PATIENCE).await;
            }
            pace.wait(PATIENCE).await;
        }
    }

    /// Acts on all that has happened until now.
    pub async fn turn(&mut self) -> Result<(), StoreError> {
        for tenant in self.desk.feed.tenants() {
            let mut progress = match self.tenants.remove(&tenant) {
                Some(progress) => progress,
                None => self.begin(&tenant).await?,
            };
            let read = self.read_all(&tenant, &mut progress).await;
            self.tenants.insert(tenant, progress);
            read?;
        }
        Ok(())
    }

    async fn begin(&self, tenant: &TenantId) -> Result<Progress, StoreError> {
        let mut kept = Vec::new();
        for reader in self.readers {
            kept.push(self.desk.store.cursor(tenant, reader.place).await?);
        }
        Ok(Progress { read: kept.iter().copied().min().unwrap_or(0), kept })
    }

    async fn read_all(&self, tenant: &TenantId, progress: &mut Progress) -> Result<(), StoreError> {
        loop {
            let events = self.desk.store.events(tenant, progress.read, BATCH).await?;
            let waits = events.first().map_or(Duration::ZERO, |it| now().since(it.event.at));
            self.desk.metrics.events_lag(tenant, waits);
            for event in &events {
                for (reader, kept) in self.readers.iter().zip(&mut progress.kept) {
                    if *kept < event.seq && reader.reads(&event.event.kind) {
                        self.react(tenant, reader, event).await?;
                        *kept = event.seq;
                    }
                }
                progress.read = event.seq;
            }
            self.keep_places(tenant, progress).await?;
            if events.len() < BATCH as usize {
                self.desk.metrics.events_lag(tenant, Duration::ZERO);
                return Ok(());
            }
        }
    }

    async fn react(
        &self,
        tenant: &TenantId,
        reader: &Reader,
        event: &StoredEvent,
    ) -> Result<(), StoreError> {
        let place = Some((reader.place, event.seq));
        for tries in 1..=TRIES {
            let react = async || (reader.react)(&self.desk, tenant, event).await;
            let fault = match self.desk.change_unasked(tenant, place, react).await {
                Ok(_) => return Ok(()),
                Err(Fault::Store(error @ StoreError::Unavailable(_))) => return Err(error),
                Err(Fault::Stopped(it)) => return Err(StoreError::Unavailable(it.to_string())),
                Err(fault) => fault,
            };
            if self.desk.store.cursor(tenant, reader.place).await? >= event.seq {
                // It was kept, though the store did not say so.
                return Ok(());
            }
            let (id, kind) = (&event.event.id, &event.event.kind);
            tracing::error!(%tenant, reader = reader.place, id, kind, %fault, tries, "an event's effect fails");
            if !fault.passes() {
                break;
            }
            clock::sleep(back_off(tries, chance())).await;
        }
        // It is passed over: one event that cannot be understood must not keep all later ones from their effects.
        Ok(())
    }

    async fn keep_places(
        &self,
        tenant: &TenantId,
        progress: &mut Progress,
    ) -> Result<(), StoreError> {
        let Progress { read, kept } = progress;
        for (reader, kept) in self.readers.iter().zip(kept) {
            if read.saturating_sub(*kept) >= KEEP_PLACE_EVERY {
                let place = Some((reader.place, *read));
                let moved = With { cursor: place, ..With::default() };
                match self.desk.store.work(tenant, Work::default(), moved).await {
                    Err(WorkError::Store(error)) => return Err(error),
                    Ok(()) | Err(_) => *kept = *read,
                }
            }
        }
        Ok(())
    }
}
