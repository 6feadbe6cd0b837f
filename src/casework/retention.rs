//! Forgets what nobody asks about any more: events that everybody has read, answers of requests, and which mails were sent.

use std::time::Duration;

use timbre_model::{Civil, TenantId};
use timbre_store::{Store, StoreError};

use super::reactor::Reader;
use super::{Desk, now};
use crate::driver::clock;

/// How often.
const EVERY: Duration = Duration::from_secs(3_600);

/// Events are kept for a year and some: whoever evaluates a year can read it again.
const EVENTS_KEPT: Duration = Duration::from_secs(400 * 86_400);

/// A request that is sent again after this is performed again.
const REQUESTS_KEPT: Duration = Duration::from_secs(30 * 86_400);

/// A mail that is queued again after this is sent again.
const MAILS_KEPT: Duration = Duration::from_secs(400 * 86_400);

/// What the store forgets at once, so that nobody waits for it long.
const SLICE: u64 = 1_000;

/// Between two slices.
const REST: Duration = Duration::from_millis(200);

/// Forgets, every hour, without end. With the store away, the next hour will do.
pub async fn run(desk: Desk, readers: &'static [Reader]) {
    loop {
        if let Err(error) = forget(&desk, readers, now()).await {
            tracing::warn!(%error, "what is old is forgotten later");
        }
        clock::sleep(EVERY).await;
    }
}

async fn forget(desk: &Desk, readers: &[Reader], now: Civil) -> Result<(), StoreError> {
    let store = &desk.store;
    store.prune_requests(now.before(REQUESTS_KEPT)).await?;
    while store.prune_mails(now.before(MAILS_KEPT)).await? >= SLICE {
        clock::sleep(REST).await;
    }
    for tenant in desk.feed.tenants() {
        let until = read_by_all(desk, readers, &tenant).await?;
        while store.prune_events(&tenant, until, now.before(EVENTS_KEPT)).await? >= SLICE {
            clock::sleep(REST).await;
        }
    }
    Ok(())
}

/// The number up to which everybody has read a tenant's events.
async fn read_by_all(
    desk: &Desk,
    readers: &[Reader],
    tenant: &TenantId,
) -> Result<u64, StoreError> {
    let store: &Store = &desk.store;
    let mut least = store.event_head(tenant).await?;
    for reader in readers {
        least = least.min(store.cursor(tenant, reader.place).await?);
    }
    let floor = desk.feed.floor(tenant);
    for webhook in floor.iter().flat_map(|it| &it.casework.webhooks) {
        let state = store.webhook_state(tenant, &webhook.id).await?;
        least = least.min(state.map_or(least, |it| it.settled));
    }
    Ok(least)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Said, asked, count_up, desk, tenant};
    use super::*;

    const NONE: Reader = Reader {
        place: "none",
        types: &["test."],
        react: |_, _, _| Box::pin(async { Ok(super::super::Done::default()) }),
    };

    #[tokio::test]
    async fn only_what_is_old_and_was_read_by_all_is_forgotten() {
        let (desk, tenant) = (desk().await, tenant());
        for request in ["a", "b", "c"] {
            let counted = desk
                .change::<Said, _, _>(asked(&tenant, "Count", request), || count_up(&desk))
                .await;
            counted.expect("kept");
        }
        let left = async || desk.store.events(&tenant, 0, 10).await.expect("events").len();
        let later = now() + REQUESTS_KEPT + Duration::from_secs(1);
        // Its events happened long ago, its requests just now.
        forget(&desk, &[NONE], now()).await.expect("the store is there");
        assert!(desk.store.request(&tenant, "a").await.expect("a store").is_some());
        assert_eq!(left().await, 3, "one reader has read none of them");
        forget(&desk, &[], later).await.expect("the store is there");
        assert!(left().await <= 1, "they are old, and the last may stay");
        assert!(desk.store.request(&tenant, "a").await.expect("a store").is_none());
        assert_eq!(desk.store.event_head(&tenant).await.expect("a head"), 3, "numbers go on");
    }
}
