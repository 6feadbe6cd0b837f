//! What happened, asked and told.

use tonic::Streaming;

use super::reads::request_id;
use super::{Client, ClientError, Paged};
use crate::api::pb;
use crate::api::pb::event_service_client::EventServiceClient;
use crate::api::wire::event::{
    LetterLine, WebhookProgress, from_wire, letter_from_wire, progress_from_wire,
};
use timbre_store::StoredEvent;

/// Events as they happen.
pub struct EventWatch {
    client: Client,
    events: Streaming<pb::Event>,
}

impl EventWatch {
    /// The next event; `None` where the server ended the stream. May be dropped and called again.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn next(&mut self) -> Result<Option<StoredEvent>, ClientError> {
        let event = self.events.message().await.map_err(|it| self.client.refused(it))?;
        Ok(event.map(from_wire).transpose()?)
    }
}

fn next(token: String) -> Option<String> {
    Some(token).filter(|it| !it.is_empty())
}

impl Client {
    /// Every event after the number `after` whose type begins so, and each that happens.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn watch_events(
        &self,
        after: u64,
        type_prefix: &str,
    ) -> Result<EventWatch, ClientError> {
        let request = pb::WatchRequest {
            parent: String::new(),
            after_sequence: after,
            type_prefix: type_prefix.to_owned(),
        };
        let mut service = EventServiceClient::new(self.channel.clone());
        let answer = service.watch(request).await.map_err(|it| self.refused(it))?;
        Ok(EventWatch { client: self.clone(), events: answer.into_inner() })
    }

    /// A page of events after the number `after`, oldest first.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn list_events(
        &self,
        after: u64,
        type_prefix: &str,
        page: (i32, String),
    ) -> Result<Paged<StoredEvent>, ClientError> {
        let request = pb::ListEventsRequest {
            parent: String::new(),
            after_sequence: after,
            type_prefix: type_prefix.to_owned(),
            page_size: page.0,
            page_token: page.1,
        };
        let mut service = EventServiceClient::new(self.channel.clone());
        let answer = service.list_events(request).await.map_err(|it| self.refused(it))?;
        let pb::ListEventsResponse { events, next_page_token } = answer.into_inner();
        let events = events.into_iter().map(from_wire).collect::<Result<_, _>>()?;
        Ok((events, next(next_page_token)))
    }

    /// A page of webhooks, and how far they are.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn list_webhooks(
        &self,
        page: (i32, String),
    ) -> Result<Paged<WebhookProgress>, ClientError> {
        let request = pb::ListWebhooksRequest {
            parent: String::new(),
            page_size: page.0,
            page_token: page.1,
        };
        let mut service = EventServiceClient::new(self.channel.clone());
        let answer = service.list_webhooks(request).await.map_err(|it| self.refused(it))?;
        let pb::ListWebhooksResponse { webhooks, next_page_token } = answer.into_inner();
        let webhooks = webhooks.into_iter().map(progress_from_wire).collect::<Result<_, _>>()?;
        Ok((webhooks, next(next_page_token)))
    }

    /// A page of what could not be delivered, newest first.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn list_dead_letters(
        &self,
        page: (i32, String),
    ) -> Result<Paged<LetterLine>, ClientError> {
        let request = pb::ListDeadLettersRequest {
            parent: String::new(),
            page_size: page.0,
            page_token: page.1,
        };
        let mut service = EventServiceClient::new(self.channel.clone());
        let answer = service.list_dead_letters(request).await.map_err(|it| self.refused(it))?;
        let pb::ListDeadLettersResponse { dead_letters, next_page_token } = answer.into_inner();
        let letters = dead_letters.into_iter().map(letter_from_wire).collect::<Result<_, _>>()?;
        Ok((letters, next(next_page_token)))
    }

    /// Has a dead letter delivered after all.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn replay_dead_letter(&self, name: &str) -> Result<(), ClientError> {
        let request =
            pb::ReplayDeadLetterRequest { name: name.to_owned(), request_id: request_id() };
        let mut service = EventServiceClient::new(self.channel.clone());
        let answer = service.replay_dead_letter(request).await;
        answer.map(drop).map_err(|it| self.refused(it))
    }
}
