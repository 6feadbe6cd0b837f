//! What happens because its time has come: warnings and escalations, follow-ups and callbacks that fall due.
//!
//! A record says in its index when it is looked at again. What it then becomes is kept with its version, so that it
//! happens once, also where the node dies in between; what is due while the node is down happens when it is back.

use std::collections::BTreeMap;
use std::time::Duration;

use timbre_casework::RecordKind;
use timbre_model::{Civil, Mono, TenantId};
use timbre_store::StoreError;

use super::pace::{Pace, back_off, until};
use super::{Desk, Done, Fault, chance, now};
use crate::driver::clock::Clock;

/// Records woken at once.
const BATCH: u32 = 500;

/// The longest wait between two looks: the host's clock may be set meanwhile.
const PATIENCE: Duration = Duration::from_secs(1);

/// What becomes of a record whose time has come, by its kind.
async fn wake(desk: &Desk, due: &Due, now: Civil) -> Result<Done, Fault> {
    let (tenant, kind, id) = due;
    match kind {
        RecordKind::Case => super::cases::wake(desk, tenant, *id, now).await,
        RecordKind::Callback => super::callbacks::wake(desk, tenant, *id, now).await,
        RecordKind::FollowUp => super::follow_ups::wake(desk, tenant, *id, now).await,
        // The others wait for people, not for a time.
        RecordKind::Message
        | RecordKind::Sale
        | RecordKind::Survey
        | RecordKind::Trouble
        | RecordKind::Customer => Ok(Done::default()),
    }
}

/// A record, wherever it belongs.
type Due = (TenantId, RecordKind, u128);

/// The task that wakes records.
pub struct Clockwork {
    desk: Desk,
    clock: Clock,
    /// Records that could not be woken: how often, and when it is tried again.
    resting: BTreeMap<Due, (u32, Mono)>,
}

impl Clockwork {
    /// One that has woken nothing yet.
    pub fn new(desk: Desk) -> Self {
        Self { desk, clock: Clock::start(), resting: BTreeMap::new() }
    }

    /// Wakes records when their time comes, without end. With the store away it waits.
    pub async fn run(mut self) {
        let mut pace = Pace::new(&self.desk.store);
        loop {
            let wait = match self.turn(now()).await {
                Ok(next) => next.map_or(PATIENCE, |next| until(next).min(PATIENCE)),
                Err(error) => {
                    tracing::warn!(%error, "what is due waits for the store");
                    PATIENCE
                }
            };
            pace.wait(wait).await;
        }
    }

    /// Wakes what is due at `now`, and tells when the next record is.
    pub async fn turn(&mut self, now: Civil) -> Result<Option<Civil>, StoreError> {
        loop {
            let due = self.desk.store.woken(now, BATCH).await?;
            let (full, mut woken) = (due.len() >= BATCH as usize, false);
            for it in due {
                woken |= self.wake(it, now).await?;
            }
            if !(full && woken) {
                // What is still due rests.
                let next = self.desk.store.next_wake().await?;
                return Ok(next.filter(|next| *next > now));
            }
        }
    }

    async fn wake(&mut self, due: Due, now: Civil) -> Result<bool, StoreError> {
        if self.resting.get(&due).is_some_and(|(_, until)| *until > self.clock.mono()) {
            return Ok(false);
        }
        let woken =
            self.desk.change_unasked(&due.0, None, async || wake(&self.desk, &due, now).await);
        match woken.await {
            Ok(kept) => {
                self.resting.remove(&due);
                Ok(kept)
            }
            Err(Fault::Store(error @ StoreError::Unavailable(_))) => Err(error),
            Err(fault) => {
                self.rest(due, &fault);
                Ok(false)
            }
        }
    }

    /// One record that cannot be woken must not keep the others from it.
    fn rest(&mut self, due: Due, fault: &Fault) {
        let tries = self.resting.get(&due).map_or(1, |(tries, _)| tries + 1);
        let (tenant, kind, id) = &due;
        tracing::error!(%tenant, %kind, id = format_args!("{id:032x}"), %fault, tries, "cannot be woken");
        let until = self.clock.mono() + back_off(tries, chance());
        if self.resting.len() >= BATCH as usize {
            self.resting.retain(|_, (_, until)| *until > self.clock.mono());
        }
        if self.resting.len() < BATCH as usize {
            self.resting.insert(due, (tries, until));
        }
    }
}
