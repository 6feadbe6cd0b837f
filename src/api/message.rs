//! `MessageService`: messages, from whoever takes them to whoever answers them.

use timbre_casework::message::NewMessage;
use timbre_casework::{CallbackId, Message, MessageId, MessageState, RecordKind};
use timbre_model::{AgentId, ClientId, FieldError, TenantId};
use timbre_store::RecordFilter;
use tonic::{Request, Response, Status};

use crate::api::auth::Caller;
use crate::api::floor::tenant_of;
use crate::api::pb::{self, message_service_server::MessageService};
use crate::api::wire::{message, name, page, record};
use crate::api::{Context, requests, status};
use crate::casework::{Fault, messages, new_id};

/// The service.
pub struct Messages(pub Context);

#[tonic::async_trait]
impl MessageService for Messages {
    async fn take_message(
        &self,
        request: Request<pb::TakeMessageRequest>,
    ) -> Result<Response<pb::Message>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::TakeMessageRequest { parent, request_id, message } = request.into_inner();
        let tenant = tenant_of(&caller, &parent)?;
        let new = message::new_from_wire(message.unwrap_or_default(), &tenant);
        let new: NewMessage = new.map_err(status::invalid_field)?;
        let (desk, ids) = (&self.0.desk, messages::new_ids());
        caller.scope(desk)?.check(&new.client)?;
        let take = async || {
            let (done, message) = messages::take(desk, ids, &new, caller.by())?;
            Ok((done, message::to_wire(&message)))
        };
        let asked = requests::asked(&tenant, "TakeMessage", &request_id)?;
        Ok(Response::new(desk.change(asked, take).await?))
    }

    async fn get_message(
        &self,
        request: Request<pb::GetMessageRequest>,
    ) -> Result<Response<pb::Message>, Status> {
        let caller = Caller::of(&request)?;
        let (tenant, id) = named(caller, &request.get_ref().name)?;
        let scope = caller.scope(&self.0.desk)?;
        let message = self.0.desk.message(&tenant, id, &scope).await?;
        Ok(Response::new(message::to_wire(&message)))
    }

    async fn list_messages(
        &self,
        request: Request<pb::ListMessagesRequest>,
    ) -> Result<Response<pb::ListMessagesResponse>, Status> {
        let caller = Caller::of(&request)?;
        let asked = request.get_ref();
        let tenant = tenant_of(caller, &asked.parent)?;
        let at = page::read_call_page(asked.page_size, &asked.page_token);
        let at = at.map_err(status::invalid_field)?;
        let filter = filter(asked).map_err(status::invalid_field)?;
        let client = read_client(&asked.client).map_err(status::invalid_field)?;
        let clients = caller.scope(&self.0.desk)?.narrow(client)?;
        let filter = RecordFilter { clients: clients.map(|it| it.into_iter().collect()), ..filter };
        let found = self.0.store.records(&tenant, &filter, &at).await;
        let found = found.map_err(|it| status::store(&it))?;
        let messages = found.records.iter().filter_map(|it| match it {
            timbre_casework::Record::Message(it) => Some(message::to_wire(it)),
            _ => None,
        });
        Ok(Response::new(pb::ListMessagesResponse {
            messages: messages.collect(),
            next_page_token: page::call_token(found.next),
        }))
    }

    async fn answer_message(
        &self,
        request: Request<pb::AnswerMessageRequest>,
    ) -> Result<Response<pb::Message>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::AnswerMessageRequest { name, request_id, answer, etag } = request.into_inner();
        let (tenant, id) = named(&caller, &name)?;
        let desk = &self.0.desk;
        let (scope, floor) = (caller.scope(desk)?, desk.floor(&tenant)?);
        let change = async || {
            let it = desk.message(&tenant, id, &scope).await?;
            same(&it, &etag)?;
            let agent = caller.agent.as_ref().map(|it| &it.agent);
            if !messages::may_answer(&it, &floor, agent) {
                let remedy = "it is for somebody else: its recipient answers it, or a supervisor";
                return Err(FieldError::new("name", id, remedy).into());
            }
            let (done, message) = messages::answer(&it, &answer, caller.by())?;
            Ok((done, message::to_wire(&message)))
        };
        let asked = requests::asked(&tenant, "AnswerMessage", &request_id)?;
        Ok(Response::new(desk.change(asked, change).await?))
    }

    async fn decide_message(
        &self,
        request: Request<pb::DecideMessageRequest>,
    ) -> Result<Response<pb::Message>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::DecideMessageRequest { name, request_id, pass_on, note, etag } =
            request.into_inner();
        let (tenant, id) = named(&caller, &name)?;
        let (desk, callback) = (&self.0.desk, CallbackId::from_u128(new_id()));
        let scope = caller.scope(desk)?;
        let change = async || {
            let it = desk.message(&tenant, id, &scope).await?;
            same(&it, &etag)?;
            let decided = messages::decide(desk, &it, (pass_on, &note), callback, caller.by())?;
            Ok((decided.0, message::to_wire(&decided.1)))
        };
        let asked = requests::asked(&tenant, "DecideMessage", &request_id)?;
        Ok(Response::new(desk.change(asked, change).await?))
    }
}

fn named(caller: &Caller, text: &str) -> Result<(TenantId, MessageId), Status> {
    let read = record::read_own("name", text, RecordKind::Message, &caller.tenant);
    let (tenant, id) = read.map_err(status::invalid_field)?;
    caller.owns(&tenant)?;
    Ok((tenant, MessageId::from_u128(id)))
}

/// Refuses where the message is not as the caller read it.
fn same(it: &Message, etag: &str) -> Result<(), Fault> {
    match record::read_etag("etag", etag)? {
        Some(version) if version != it.version => {
            Err(Fault::Changed(format!("the message {}", it.id)))
        }
        Some(_) | None => Ok(()),
    }
}

fn read_client(text: &str) -> Result<Option<ClientId>, FieldError> {
    let fault = |_| FieldError::new("client", name::cut(text), "give a client company's id");
    if text.is_empty() { Ok(None) } else { ClientId::parse(text).map(Some).map_err(fault) }
}

fn filter(asked: &pb::ListMessagesRequest) -> Result<RecordFilter, FieldError> {
    let pb::ListMessagesRequest {
        parent: _,
        page_size: _,
        page_token: _,
        client: _,
        agent,
        state,
        open,
    } = asked;
    let given = |text: &str| Some(text.to_owned()).filter(|it| !it.is_empty());
    let words = || MessageState::ALL.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ");
    let state = match given(state) {
        Some(text) if MessageState::parse(&text).is_none() => {
            let remedy = format!("give one of {}", words());
            return Err(FieldError::new("state", name::cut(&text), remedy));
        }
        state => state,
    };
    let agent = match given(agent) {
        Some(text) => Some(
            AgentId::parse(&text)
                .map_err(|_| FieldError::new("agent", name::cut(&text), "give an agent's id"))?,
        ),
        None => None,
    };
    let open = open.then_some(true);
    Ok(RecordFilter { state, open, agent, ..RecordFilter::of(RecordKind::Message) })
}
