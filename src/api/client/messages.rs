//! Messages, promised calls and agendas, in our own types.

use timbre_casework::callback::NewCallback;
use timbre_casework::message::NewMessage;
use timbre_casework::{Callback, Message, Trouble};
use timbre_model::{AgentId, AgentRef, Civil, ClientId};

use super::reads::request_id;
use super::{Client, ClientError, Paged};
use crate::api::pb;
use crate::api::pb::agenda_service_client::AgendaServiceClient;
use crate::api::pb::call_service_client::CallServiceClient;
use crate::api::pb::message_service_client::MessageServiceClient;
use crate::api::wire::{agenda, message, name, time, trouble};
use crate::casework::agenda::Item;

/// Which messages or callbacks to list.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// Of this client company.
    pub client: Option<ClientId>,
    /// Of this agent.
    pub agent: Option<AgentId>,
    /// In the state of this word.
    pub state: Option<&'static str>,
    /// Only those that wait for somebody.
    pub open: bool,
}

fn text(it: Option<&impl ToString>) -> String {
    it.map(ToString::to_string).unwrap_or_default()
}

fn next(token: String) -> Option<String> {
    Some(token).filter(|it| !it.is_empty())
}

/// Each fails where the server refuses, or is gone.
impl Client {
    /// Takes a message down.
    pub async fn take_message(&self, new: &NewMessage) -> Result<Message, ClientError> {
        let request = pb::TakeMessageRequest {
            parent: String::new(),
            request_id: request_id(),
            message: Some(message::new_to_wire(new)),
        };
        let mut service = MessageServiceClient::new(self.channel.clone());
        let answer = service.take_message(request).await.map_err(|it| self.refused(it))?;
        Ok(message::from_wire(answer.into_inner())?)
    }

    /// One message, by its name or bare id.
    pub async fn get_message(&self, name: &str) -> Result<Message, ClientError> {
        let mut service = MessageServiceClient::new(self.channel.clone());
        let request = pb::GetMessageRequest { name: name.to_owned() };
        let answer = service.get_message(request).await.map_err(|it| self.refused(it))?;
        Ok(message::from_wire(answer.into_inner())?)
    }

    /// A page of messages, newest first.
    pub async fn list_messages(
        &self,
        which: &Listed,
        (page_size, page_token): (i32, String),
    ) -> Result<Paged<Message>, ClientError> {
        let request = pb::ListMessagesRequest {
            parent: String::new(),
            page_size,
            page_token,
            client: text(which.client.as_ref()),
            agent: text(which.agent.as_ref()),
            state: which.state.unwrap_or_default().to_owned(),
            open: which.open,
        };
        let mut service = MessageServiceClient::new(self.channel.clone());
        let answer = service.list_messages(request).await.map_err(|it| self.refused(it))?;
        let pb::ListMessagesResponse { messages, next_page_token } = answer.into_inner();
        let messages = messages.into_iter().map(message::from_wire).collect::<Result<_, _>>()?;
        Ok((messages, next(next_page_token)))
    }

    /// Says that what a message asks was done.
    pub async fn answer_message(&self, name: &str, said: &str) -> Result<Message, ClientError> {
        let request = pb::AnswerMessageRequest {
            name: name.to_owned(),
            request_id: request_id(),
            answer: said.to_owned(),
            etag: String::new(),
        };
        let mut service = MessageServiceClient::new(self.channel.clone());
        let answer = service.answer_message(request).await.map_err(|it| self.refused(it))?;
        Ok(message::from_wire(answer.into_inner())?)
    }

    /// Decides whether a message without a name is passed on.
    pub async fn decide_message(
        &self,
        name: &str,
        pass_on: bool,
        note: &str,
    ) -> Result<Message, ClientError> {
        let request = pb::DecideMessageRequest {
            name: name.to_owned(),
            request_id: request_id(),
            pass_on,
            note: note.to_owned(),
            etag: String::new(),
        };
        let mut service = MessageServiceClient::new(self.channel.clone());
        let answer = service.decide_message(request).await.map_err(|it| self.refused(it))?;
        Ok(message::from_wire(answer.into_inner())?)
    }

    /// A page of an agenda, by due time; without an agent, the token's own.
    pub async fn list_agenda(
        &self,
        who: Option<&AgentRef>,
        (from, until): (Option<Civil>, Option<Civil>),
        (page_size, page_token): (i32, String),
    ) -> Result<Paged<Item>, ClientError> {
        let request = pb::ListAgendaRequest {
            parent: who.map(name::agent).unwrap_or_default(),
            page_size,
            page_token,
            from: from.map(time::moment),
            until: until.map(time::moment),
        };
        let mut service = AgendaServiceClient::new(self.channel.clone());
        let answer = service.list_agenda(request).await.map_err(|it| self.refused(it))?;
        let pb::ListAgendaResponse { items, next_page_token } = answer.into_inner();
        let items = items.into_iter().map(agenda::item_from_wire).collect::<Result<_, _>>()?;
        Ok((items, next(next_page_token)))
    }

    /// Promises a call.
    pub async fn promise_callback(&self, new: &NewCallback) -> Result<Callback, ClientError> {
        let request = pb::PromiseCallbackRequest {
            parent: String::new(),
            request_id: request_id(),
            callback: Some(agenda::new_to_wire(new)),
        };
        let mut service = AgendaServiceClient::new(self.channel.clone());
        let answer = service.promise_callback(request).await.map_err(|it| self.refused(it))?;
        Ok(agenda::callback_from_wire(answer.into_inner())?)
    }

    /// A page of callbacks, newest first.
    pub async fn list_callbacks(
        &self,
        which: &Listed,
        (page_size, page_token): (i32, String),
    ) -> Result<Paged<Callback>, ClientError> {
        let request = pb::ListCallbacksRequest {
            parent: String::new(),
            page_size,
            page_token,
            client: text(which.client.as_ref()),
            agent: text(which.agent.as_ref()),
            state: which.state.unwrap_or_default().to_owned(),
            open: which.open,
        };
        let mut service = AgendaServiceClient::new(self.channel.clone());
        let answer = service.list_callbacks(request).await.map_err(|it| self.refused(it))?;
        let pb::ListCallbacksResponse { callbacks, next_page_token } = answer.into_inner();
        let callbacks = callbacks.into_iter().map(agenda::callback_from_wire);
        Ok((callbacks.collect::<Result<_, _>>()?, next(next_page_token)))
    }

    /// One callback, by its name or bare id.
    pub async fn get_callback(&self, name: &str) -> Result<Callback, ClientError> {
        let mut service = AgendaServiceClient::new(self.channel.clone());
        let request = pb::GetCallbackRequest { name: name.to_owned() };
        let answer = service.get_callback(request).await.map_err(|it| self.refused(it))?;
        Ok(agenda::callback_from_wire(answer.into_inner())?)
    }

    /// Takes a promised call back.
    pub async fn cancel_callback(&self, name: &str) -> Result<Callback, ClientError> {
        let request = pb::CancelCallbackRequest {
            name: name.to_owned(),
            request_id: request_id(),
            etag: String::new(),
        };
        let mut service = AgendaServiceClient::new(self.channel.clone());
        let answer = service.cancel_callback(request).await.map_err(|it| self.refused(it))?;
        Ok(agenda::callback_from_wire(answer.into_inner())?)
    }

    /// A page of line trouble, newest first.
    pub async fn list_troubles(
        &self,
        (from, until): (Option<Civil>, Option<Civil>),
        (page_size, page_token): (i32, String),
    ) -> Result<Paged<Trouble>, ClientError> {
        let request = pb::ListTroublesRequest {
            parent: String::new(),
            page_size,
            page_token,
            from: from.map(time::moment),
            until: until.map(time::moment),
        };
        let mut service = CallServiceClient::new(self.channel.clone());
        let answer = service.list_troubles(request).await.map_err(|it| self.refused(it))?;
        let pb::ListTroublesResponse { troubles, next_page_token } = answer.into_inner();
        let troubles = troubles.into_iter().map(trouble::from_wire).collect::<Result<_, _>>()?;
        Ok((troubles, next(next_page_token)))
    }
}
