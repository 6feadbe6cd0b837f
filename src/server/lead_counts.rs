//! Counts every list's leads by state for the metrics.
//!
//! Apart from the other gauges: a count reads an index of the whole list, which takes longer than these may wait.

use std::time::Duration;

use timbre_engine::Engine;
use timbre_model::{ListId, TenantId};
use timbre_store::{LeadCounts, Store, StoreError};

use crate::driver::{Handle, clock};
use crate::feed::Feed;
use crate::metrics::Metrics;

/// How long after the start the first count comes.
const SOON: Duration = Duration::from_secs(2);
/// How long one count comes after the other.
const EVERY: Duration = Duration::from_secs(30);

pub(super) struct LeadCounter {
    pub(super) driver: Handle,
    pub(super) feed: Feed,
    pub(super) store: Store,
    pub(super) metrics: Metrics,
}

impl LeadCounter {
    pub(super) async fn run(self) {
        clock::sleep(SOON).await;
        loop {
            let every_tenant =
                |engine: &Engine, _| engine.tenants().cloned().collect::<Vec<TenantId>>();
            let Ok(tenants) = self.driver.look(every_tenant).await else { return };
            match self.count(&tenants).await {
                Ok(counts) => self.metrics.leads(&counts),
                // What was shown last stays: a gauge of zero would be worse.
                Err(error) => tracing::warn!(%error, "the leads cannot be counted"),
            }
            clock::sleep(EVERY).await;
        }
    }

    async fn count(
        &self,
        tenants: &[TenantId],
    ) -> Result<Vec<(TenantId, ListId, &'static str, u64)>, StoreError> {
        let mut all = Vec::new();
        for tenant in tenants {
            let Some(floor) = self.feed.floor(tenant) else { continue };
            for list in &floor.lists {
                let counts = self.store.lead_counts(tenant, &list.id).await?;
                let named = by_state(counts)
                    .map(|(state, leads)| (tenant.clone(), list.id.clone(), state, leads));
                all.extend(named);
            }
        }
        Ok(all)
    }
}

fn by_state(counts: LeadCounts) -> [(&'static str, u64); 6] {
    let LeadCounts { ready, claimed, retry, callback, finished, blocked } = counts;
    [
        ("ready", ready),
        ("claimed", claimed),
        ("retry", retry),
        ("callback", callback),
        ("finished", finished),
        ("blocked", blocked),
    ]
}
