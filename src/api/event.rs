//! `EventService`: what happened, for whoever listens.

use std::time::Duration;

use timbre_model::{FieldError, TenantId, WebhookSpec};
use timbre_store::{DeadLetterCursor, PageRequest, StoreError, StoredEvent, WebhookState};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::api::auth::Caller;
use crate::api::floor::tenant_of;
use crate::api::pb::{self, event_service_server::EventService};
use crate::api::wire::{event, page};
use crate::api::{Context, requests, status};
use crate::casework::pace::Pace;
use crate::driver::clock;

/// Events that wait for a slow watcher: the store keeps those behind them.
const WATCH_BUFFER: usize = 64;

/// Events read at once.
const BATCH: u32 = 500;

/// The longest wait between two looks: another node may have kept something.
const PATIENCE: Duration = Duration::from_secs(1);

/// Pages of the store that are looked through for one page of a list that is narrowed to few types.
const LOOKS_MAX: usize = 20;

/// The service.
pub struct Events(pub Context, pub CancellationToken);

#[tonic::async_trait]
impl EventService for Events {
    type WatchStream = ReceiverStream<Result<pb::Event, Status>>;

    async fn watch(
        &self,
        request: Request<pb::WatchRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::WatchRequest { parent, after_sequence, type_prefix } = request.into_inner();
        let tenant = tenant_of(&caller, &parent)?;
        let (to_watcher, stream) = mpsc::channel(WATCH_BUFFER);
        let watch = Watch { context: self.0.clone(), tenant, type_prefix, to_watcher };
        tokio::spawn(self.1.clone().run_until_cancelled_owned(watch.run(after_sequence)));
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn list_events(
        &self,
        request: Request<pb::ListEventsRequest>,
    ) -> Result<Response<pb::ListEventsResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::ListEventsRequest { parent, after_sequence, type_prefix, page_size, page_token } =
            request.into_inner();
        let tenant = tenant_of(&caller, &parent)?;
        let size = page::read_size(page_size).map_err(status::invalid_field)?;
        let token = page::read_token(&page_token).map_err(status::invalid_field)?;
        let number = |it: String| it.parse().map_err(|_| status::invalid_field(strange_token()));
        let after = token.map(number).transpose()?.unwrap_or(after_sequence);
        let some = self.some(&tenant, after, size, &type_prefix).await;
        let (events, next) = some.map_err(|it| status::store(&it))?;
        Ok(Response::new(pb::ListEventsResponse {
            events: events.iter().map(|it| event::to_wire(&tenant, it)).collect(),
            next_page_token: next.map(|it| page::token(&it.to_string())).unwrap_or_default(),
        }))
    }

    async fn list_webhooks(
        &self,
        request: Request<pb::ListWebhooksRequest>,
    ) -> Result<Response<pb::ListWebhooksResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::ListWebhooksRequest { parent, page_size, page_token } = request.into_inner();
        let tenant = tenant_of(&caller, &parent)?;
        let size = page::read_size(page_size).map_err(status::invalid_field)? as usize;
        let after = page::read_token(&page_token).map_err(status::invalid_field)?;
        let floor = self.0.desk.floor(&tenant)?;
        let mut defined: Vec<_> = floor.casework.webhooks.iter().collect();
        defined.sort_by(|a, b| a.id.cmp(&b.id));
        let behind =
            |it: &&&WebhookSpec| after.as_ref().is_none_or(|id| it.id.as_str() > id.as_str());
        let behind: Vec<_> = defined.iter().filter(behind).collect();
        let next = behind.get(size - 1).filter(|_| behind.len() > size);
        let mut webhooks = Vec::new();
        for spec in behind.iter().take(size) {
            let progress = self.progress(&tenant, spec).await.map_err(|it| status::store(&it))?;
            webhooks.push(event::progress_to_wire(&tenant, &progress));
        }
        Ok(Response::new(pb::ListWebhooksResponse {
            webhooks,
            next_page_token: next.map(|it| page::token(it.id.as_str())).unwrap_or_default(),
        }))
    }

    async fn list_dead_letters(
        &self,
        request: Request<pb::ListDeadLettersRequest>,
    ) -> Result<Response<pb::ListDeadLettersResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::ListDeadLettersRequest { parent, page_size, page_token } = request.into_inner();
        let tenant = tenant_of(&caller, &parent)?;
        let size = page::read_size(page_size).map_err(status::invalid_field)?;
        let token = page::read_token(&page_token).map_err(status::invalid_field)?;
        let cursor = |it: String| {
            DeadLetterCursor::parse(&it).ok_or_else(|| status::invalid_field(strange_token()))
        };
        let after = token.map(cursor).transpose()?;
        let found = self.0.store.dead_letters(&tenant, size, after.as_ref()).await;
        let found = found.map_err(|it| status::store(&it))?;
        let letters = found.letters.iter().map(|it| event::letter_to_wire(&tenant, it));
        Ok(Response::new(pb::ListDeadLettersResponse {
            dead_letters: letters.collect(),
            next_page_token: found.next.map(|it| page::token(&it.to_string())).unwrap_or_default(),
        }))
    }

    async fn replay_dead_letter(
        &self,
        request: Request<pb::ReplayDeadLetterRequest>,
    ) -> Result<Response<pb::ReplayDeadLetterResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::ReplayDeadLetterRequest { name, request_id } = request.into_inner();
        let (tenant, letter) = event::read_letter("name", &name).map_err(status::invalid_field)?;
        caller.owns(&tenant)?;
        let method = "ReplayDeadLetter";
        let once = match requests::Once::begin(&self.0.store, &tenant, method, &request_id).await? {
            requests::Begun::Done(done) => {
                return requests::again(&done.response).map(Response::new);
            }
            requests::Begun::New(once) => once,
        };
        let event::LetterName { channel, target, id } = letter;
        let revived = self.0.store.revive(&tenant, channel, &target, &id, clock::civil()).await;
        if !revived.map_err(|it| status::store(&it))? {
            return Err(status::unknown(status::reasons::UNKNOWN_RECORD, name));
        }
        let answer = pb::ReplayDeadLetterResponse {};
        once.done(&answer).await?;
        Ok(Response::new(answer))
    }
}

fn strange_token() -> FieldError {
    let remedy = "give a next_page_token of this server, or nothing for the first page";
    FieldError::new("page_token", "", remedy)
}

impl Events {
    /// Events whose type begins so, and where the next page begins.
    async fn some(
        &self,
        tenant: &TenantId,
        mut after: u64,
        size: u32,
        type_prefix: &str,
    ) -> Result<(Vec<StoredEvent>, Option<u64>), StoreError> {
        let mut found = Vec::new();
        for _ in 0..LOOKS_MAX {
            let events = self.0.store.events(tenant, after, PageRequest::SIZE_MAX).await?;
            let all = events.len() < PageRequest::SIZE_MAX as usize;
            for event in events {
                if found.len() == size as usize {
                    return Ok((found, Some(after)));
                }
                after = event.seq;
                if event.event.kind.starts_with(type_prefix) {
                    found.push(event);
                }
            }
            if all {
                return Ok((found, None));
            }
        }
        Ok((found, Some(after)))
    }

    async fn progress(
        &self,
        tenant: &TenantId,
        spec: &WebhookSpec,
    ) -> Result<event::WebhookProgress, StoreError> {
        let store = &self.0.store;
        let latest = store.event_head(tenant).await?;
        let state = store.webhook_state(tenant, &spec.id).await?;
        // One that is new is told what happens from now on.
        let state = state.unwrap_or(WebhookState { settled: latest, ..WebhookState::default() });
        let held = store.webhook_held(tenant, &spec.id, PageRequest::SIZE_MAX).await?.len();
        let (id, url) = (spec.id.clone(), spec.url.clone());
        Ok(event::WebhookProgress { id, url, state, latest, held: held as u64 })
    }
}

/// A stream of events under way.
struct Watch {
    context: Context,
    tenant: TenantId,
    type_prefix: String,
    to_watcher: mpsc::Sender<Result<pb::Event, Status>>,
}

impl Watch {
    async fn run(self, mut after: u64) {
        let mut pace = Pace::new(&self.context.store);
        loop {
            let events = match self.context.store.events(&self.tenant, after, BATCH).await {
                Ok(events) => events,
                Err(error) => {
                    // The watcher comes back with the number of the last event that it was told.
                    let _ = self.to_watcher.send(Err(status::store(&error))).await;
                    return;
                }
            };
            let all = events.len() < BATCH as usize;
            for it in events {
                after = it.seq;
                let told = it.event.kind.starts_with(&self.type_prefix);
                let message = || Ok(event::to_wire(&self.tenant, &it));
                if told && self.to_watcher.send(message()).await.is_err() {
                    return;
                }
            }
            if all {
                tokio::select! {
                    () = pace.wait(PATIENCE) => {}
                    () = self.to_watcher.closed() => return,
                }
            }
        }
    }
}
