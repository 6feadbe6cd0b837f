//! Counts what happens for the metrics: every event that is kept while the node runs, once, and what is open.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use timbre_casework::{CaseId, CaseKind, CaseState, Cause};
use timbre_model::{Civil, FollowUpOutcome, TenantId};
use timbre_store::{StoreError, StoredEvent};

use super::pace::Pace;
use super::{Desk, now};
use crate::driver::clock;
use crate::metrics::Counted;

/// Events read at once.
const BATCH: u32 = 500;

/// The longest wait between two looks.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is open is counted after so many seconds anew: it reads an index of all that is open.
const SAMPLE_EVERY: Duration = Duration::from_secs(15);

/// The task that counts.
pub struct Counting {
    desk: Desk,
    /// The event of each tenant that was counted last.
    counted: BTreeMap<TenantId, u64>,
    sampled: Option<Civil>,
}

/// What the events of a case say, as far as it is counted.
#[derive(Debug, Deserialize)]
struct CaseData {
    case: CaseId,
    kind: CaseKind,
    cause: Option<Cause>,
    state: CaseState,
    /// Microseconds since the epoch.
    due_at: Option<i64>,
}

impl Counting {
    /// One that counts from now on.
    pub fn new(desk: Desk) -> Self {
        Self { desk, counted: BTreeMap::new(), sampled: None }
    }

    /// Counts without end. With the store away it waits: nothing happens then that could be counted.
    pub async fn run(mut self) {
        let mut pace = Pace::new(&self.desk.store);
        loop {
            if let Err(error) = self.turn().await {
                tracing::warn!(%error, "casework cannot be counted");
                clock::sleep(PATIENCE).await;
            }
            pace.wait(PATIENCE).await;
        }
    }

    async fn turn(&mut self) -> Result<(), StoreError> {
        let at = now();
        let due = self.sampled.is_none_or(|last| last + SAMPLE_EVERY <= at || last > at);
        for tenant in self.desk.feed.tenants() {
            if (due || !self.counted.contains_key(&tenant))
                && let Some(floor) = self.desk.feed.floor(&tenant)
            {
                self.desk.metrics.begin_casework(&tenant, &floor);
            }
            self.count(&tenant).await?;
            if due {
                let open = self.desk.store.open_counts(&tenant, at).await?;
                self.desk.metrics.open_casework(&tenant, &open);
                let letters = self.desk.store.waiting_letters(&tenant).await?;
                self.desk.metrics.waiting_letters(&tenant, letters);
            }
        }
        if due {
            self.sampled = Some(at);
        }
        Ok(())
    }

    async fn count(&mut self, tenant: &TenantId) -> Result<(), StoreError> {
        let mut after = match self.counted.get(tenant) {
            Some(after) => *after,
            None => self.desk.store.event_head(tenant).await?,
        };
        loop {
            let events = self.desk.store.events(tenant, after, BATCH).await?;
            for event in &events {
                self.count_event(tenant, event).await?;
                after = event.seq;
            }
            self.counted.insert(tenant.clone(), after);
            if events.len() < BATCH as usize {
                return Ok(());
            }
        }
    }

    async fn count_event(&self, tenant: &TenantId, it: &StoredEvent) -> Result<(), StoreError> {
        let kind = it.event.kind.strip_prefix("timbre.").and_then(|it| it.strip_suffix(".v1"));
        let count = |what| self.desk.metrics.count_casework(tenant, what);
        let ended = |outcome| count(Counted::FollowUpEnded(outcome));
        match kind.and_then(|it| it.split_once('.')) {
            Some(("case", verb)) => return self.count_case(tenant, verb, it).await,
            Some(("follow_up", "confirmed")) => ended(Some(FollowUpOutcome::Confirmed)),
            Some(("follow_up", "incident")) => ended(Some(FollowUpOutcome::Incident)),
            Some(("follow_up", "unreachable")) => ended(None),
            Some(("callback", "done")) => count(Counted::CallbackEnded { done: true }),
            Some(("callback", "expired")) => count(Counted::CallbackEnded { done: false }),
            _ => {}
        }
        Ok(())
    }

    async fn count_case(
        &self,
        tenant: &TenantId,
        verb: &str,
        it: &StoredEvent,
    ) -> Result<(), StoreError> {
        // One that cannot be read was written by another version; it is not worth stopping the count.
        let Ok(data) = serde_json::from_value::<CaseData>(it.event.data.clone()) else {
            return Ok(());
        };
        let count = |what| self.desk.metrics.count_casework(tenant, what);
        let cause = data.cause.unwrap_or(Cause::Other);
        match verb {
            "received" => count(Counted::CaseTaken(data.kind)),
            "confirmed" | "rejected" if data.state.is_closed() => {
                count(Counted::CaseClosed(data.kind, cause, data.state));
            }
            "reopened" => count(Counted::CaseReopened),
            "escalated" => count(Counted::Escalated),
            _ => {}
        }
        if matches!(verb, "answered" | "rejected") {
            if let Some(due) = data.due_at {
                count(Counted::Deadline { kept: it.event.at <= Civil::from_micros(due) });
            }
            if let Some(case) = self.desk.store.case(tenant, data.case).await? {
                count(Counted::CaseAnswered(data.kind, it.event.at.since(case.received_at)));
            }
        }
        Ok(())
    }
}
