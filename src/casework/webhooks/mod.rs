//! Tells the floors' webhooks what happened: each event at least once, the events of one subject in their order.
//!
//! [`queue`] says what is delivered when, [`post`] delivers. Here both meet the store: what was delivered, is held back or
//! was given up is kept together, so that a node that dies delivers little twice and nothing never.

pub mod post;
mod queue;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use timbre_model::{Slug, TenantId, WebhookSpec};
use timbre_store::{StoreError, StoredEvent, WebhookState};
use tokio::task::{AbortHandle, JoinSet};

use super::pace::{Pace, until};
use super::{Desk, chance, cloud_event, now};
use crate::driver::clock;
use crate::metrics::{Counted, Delivered, Through};
use post::{Failure, Post};
use queue::Queue;

/// Events read at once.
const BATCH: u32 = 200;

/// The longest wait between two looks.
const PATIENCE: Duration = Duration::from_secs(1);

/// After so many looks, dead letters are looked for that are to be delivered after all.
const REVIVED_EVERY: u32 = 3;

/// A webhook of a tenant.
type Named = (TenantId, Slug);

/// Starts and ends the tellers of the floors' webhooks, as floors are applied; without end.
pub async fn run(desk: Desk) {
    let mut tellers = Tellers { desk, post: Post::default(), at_work: BTreeMap::new() };
    let mut tasks = JoinSet::new();
    loop {
        tellers.follow_floors(&mut tasks);
        // One that has ended is begun again.
        while tasks.try_join_next().is_some() {}
        clock::sleep(PATIENCE).await;
    }
}

struct Tellers {
    desk: Desk,
    post: Post,
    at_work: BTreeMap<Named, AbortHandle>,
}

impl Tellers {
    fn follow_floors(&mut self, tasks: &mut JoinSet<()>) {
        let defined: BTreeMap<Named, WebhookSpec> = self.defined().collect();
        self.at_work.retain(|named, task| {
            let goes_on = defined.contains_key(named) && !task.is_finished();
            if !goes_on {
                task.abort();
            }
            goes_on
        });
        for named in defined.into_keys() {
            let (desk, post) = (self.desk.clone(), self.post.clone());
            let (tenant, webhook) = named.clone();
            self.at_work
                .entry(named)
                .or_insert_with(|| tasks.spawn(Teller::new(desk, post, tenant, webhook).run()));
        }
    }

    fn defined(&self) -> impl Iterator<Item = (Named, WebhookSpec)> {
        let floors = self.desk.feed.tenants().into_iter();
        floors.flat_map(|tenant| {
            let floor = self.desk.feed.floor(&tenant);
            let webhooks = floor.map(|it| it.casework.webhooks.clone()).unwrap_or_default();
            webhooks.into_iter().map(move |it| ((tenant.clone(), it.id.clone()), it))
        })
    }
}

/// What came of a delivery.
type Landed = (u64, Result<(), Failure>);

/// Tells one webhook.
struct Teller {
    desk: Desk,
    post: Post,
    tenant: TenantId,
    webhook: Slug,
    under_way: JoinSet<Landed>,
}

impl Teller {
    fn new(desk: Desk, post: Post, tenant: TenantId, webhook: Slug) -> Self {
        Self { desk, post, tenant, webhook, under_way: JoinSet::new() }
    }

    async fn run(mut self) {
        let mut queue = loop {
            match self.restore().await {
                Ok(queue) => break queue,
                Err(error) => self.waits(&error).await,
            }
        };
        let mut pace = Pace::new(&self.desk.store);
        for look in 1_u32.. {
            if let Err(error) = self.turn(&mut queue, look % REVIVED_EVERY == 0).await {
                self.waits(&error).await;
            }
            let patience = queue.next_at().map_or(PATIENCE, |at| until(at).min(PATIENCE));
            tokio::select! {
                landed = self.under_way.join_next(), if !self.under_way.is_empty() => {
                    self.land(&mut queue, landed);
                }
                () = pace.wait(patience) => {}
            }
        }
    }

    async fn waits(&self, error: &StoreError) {
        tracing::warn!(tenant = %self.tenant, webhook = %self.webhook, %error, "a webhook waits for the store");
        clock::sleep(PATIENCE).await;
    }

    /// A webhook that is new is told what happens from now on.
    async fn restore(&self) -> Result<Queue, StoreError> {
        let Self { desk, tenant, webhook, .. } = self;
        let most = u32::try_from(queue::PENDING_MAX).unwrap_or(u32::MAX);
        if let Some(state) = desk.store.webhook_state(tenant, webhook).await? {
            let held = desk.store.webhook_held(tenant, webhook, most).await?;
            return Ok(Queue::restore(state, held));
        }
        let settled = desk.store.event_head(tenant).await?;
        let state = WebhookState { settled, ..WebhookState::default() };
        let change = timbre_store::WebhookChange { state: state.clone(), ..Default::default() };
        desk.store.keep_webhook(tenant, webhook, change).await?;
        Ok(Queue::restore(state, Vec::new()))
    }

    /// Reads what is new, delivers what is due, and keeps what came of it.
    async fn turn(&mut self, queue: &mut Queue, look_for_revived: bool) -> Result<(), StoreError> {
        while let Some(landed) = self.under_way.try_join_next() {
            self.land(queue, Some(landed));
        }
        if look_for_revived {
            let most = u32::try_from(queue::PENDING_MAX).unwrap_or(u32::MAX);
            let held = self.desk.store.webhook_held(&self.tenant, &self.webhook, most).await?;
            queue.hold_again(held);
        }
        let Some(spec) = self.spec() else { return Ok(()) };
        self.read(queue, &spec).await?;
        while let Some(event) = queue.start(now()) {
            self.deliver(event, spec.clone());
        }
        self.keep(queue).await
    }

    fn spec(&self) -> Option<WebhookSpec> {
        let floor = self.desk.feed.floor(&self.tenant)?;
        floor.casework.webhooks.iter().find(|it| it.id == self.webhook).cloned()
    }

    async fn read(&self, queue: &mut Queue, spec: &WebhookSpec) -> Result<(), StoreError> {
        loop {
            let most = BATCH.min(u32::try_from(queue.room()).unwrap_or(BATCH));
            if most == 0 {
                return Ok(());
            }
            let events = self.desk.store.events(&self.tenant, queue.read(), most).await?;
            let (all, now) = (events.len() < most as usize, now());
            for event in events {
                let told = tells(spec, &event);
                queue.take(event, told, now);
            }
            if all {
                return Ok(());
            }
        }
    }

    fn deliver(&mut self, event: StoredEvent, spec: WebhookSpec) {
        let post = self.post.clone();
        let json = cloud_event::json(&self.tenant, &event).to_string();
        self.under_way.spawn(async move {
            (event.seq, post.deliver(&spec, &event.event.id, json, now()).await)
        });
    }

    fn land(&self, queue: &mut Queue, landed: Option<Result<Landed, tokio::task::JoinError>>) {
        let Some(Ok((seq, came))) = landed else { return };
        let Self { tenant, webhook, .. } = self;
        let came = match came {
            Ok(()) => {
                queue.delivered(seq);
                Delivered::Taken
            }
            Err(failure) => {
                let why = failure.why.clone();
                let dead = queue.failed(seq, failure, now(), chance());
                tracing::warn!(%tenant, %webhook, seq, why, dead, "an event was not delivered");
                if dead { Delivered::GivenUp } else { Delivered::Failed }
            }
        };
        self.desk.metrics.count_casework(tenant, Counted::Delivery(Through::Webhook, came));
    }

    async fn keep(&self, queue: &mut Queue) -> Result<(), StoreError> {
        let Some(change) = queue.change() else { return Ok(()) };
        self.desk.store.keep_webhook(&self.tenant, &self.webhook, change.clone()).await?;
        queue.kept(&change);
        Ok(())
    }
}

/// Whether a webhook is told an event.
fn tells(spec: &WebhookSpec, it: &StoredEvent) -> bool {
    let of_type = spec.types.is_empty() || spec.types.iter().any(|t| it.event.kind.starts_with(t));
    of_type && spec.client.as_ref().is_none_or(|client| it.event.client.as_ref() == Some(client))
}
