//! `AgendaService`: what somebody is to do, and promised calls.

use timbre_casework::callback::{self, NewCallback};
use timbre_casework::{Act, Callback, CallbackId, CallbackState, Record, RecordKind};
use timbre_model::{AgentId, AgentRef, ClientId, FieldError, FloorSpec, TenantId};
use timbre_store::RecordFilter;
use tonic::{Request, Response, Status};

use crate::api::auth::{Caller, forbidden};
use crate::api::floor::tenant_of;
use crate::api::pb::{self, agenda_service_server::AgendaService};
use crate::api::wire::agenda::{callback_to_wire, item_to_wire, new_from_wire};
use crate::api::wire::{name, page, record, time};
use crate::api::{Context, requests, status};
use crate::casework::agenda::Place;
use crate::casework::{Fault, callbacks, new_id, now};

/// The service.
pub struct Agendas(pub Context);

#[tonic::async_trait]
impl AgendaService for Agendas {
    async fn list_agenda(
        &self,
        request: Request<pb::ListAgendaRequest>,
    ) -> Result<Response<pb::ListAgendaResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::ListAgendaRequest { parent, page_size, page_token, from, until } =
            request.into_inner();
        let who = whose(&caller, &parent)?;
        let size = page::read_size(page_size).map_err(status::invalid_field)?;
        let after = read_place(&page_token).map_err(status::invalid_field)?;
        let from = time::read_moment("from", from).map_err(status::invalid_field)?;
        let until = time::read_moment("until", until).map_err(status::invalid_field)?;
        let (items, next) = self.0.desk.agenda(&who, (from, until), size, after).await?;
        Ok(Response::new(pb::ListAgendaResponse {
            items: items.iter().map(item_to_wire).collect(),
            next_page_token: next.map(|it| page::token(&it.to_string())).unwrap_or_default(),
        }))
    }

    async fn promise_callback(
        &self,
        request: Request<pb::PromiseCallbackRequest>,
    ) -> Result<Response<pb::Callback>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::PromiseCallbackRequest { parent, request_id, callback: wire } =
            request.into_inner();
        let tenant = tenant_of(&caller, &parent)?;
        let new = new_from_wire(wire.unwrap_or_default(), &tenant);
        let new = new.map_err(status::invalid_field)?;
        let (desk, id) = (&self.0.desk, CallbackId::from_u128(new_id()));
        caller.scope(desk)?.check(&new.client)?;
        known(&*desk.floor(&tenant)?, &new).map_err(status::invalid_field)?;
        let change = async || {
            let act = Act { at: now(), by: caller.by() };
            let work = callback::promise(id, new.clone(), &act)?;
            let kept = callbacks::of(&work).ok_or_else(|| unknown(id))?;
            Ok((work, callback_to_wire(&kept)))
        };
        let asked = requests::asked(&tenant, "PromiseCallback", &request_id)?;
        Ok(Response::new(desk.change(asked, change).await?))
    }

    async fn get_callback(
        &self,
        request: Request<pb::GetCallbackRequest>,
    ) -> Result<Response<pb::Callback>, Status> {
        let caller = Caller::of(&request)?;
        let (tenant, id) = named(caller, &request.get_ref().name)?;
        let scope = caller.scope(&self.0.desk)?;
        let found = self.0.desk.callback(&tenant, id, &scope).await?;
        Ok(Response::new(callback_to_wire(&found)))
    }

    async fn list_callbacks(
        &self,
        request: Request<pb::ListCallbacksRequest>,
    ) -> Result<Response<pb::ListCallbacksResponse>, Status> {
        let caller = Caller::of(&request)?;
        let asked = request.get_ref();
        let tenant = tenant_of(caller, &asked.parent)?;
        let at = page::read_call_page(asked.page_size, &asked.page_token);
        let at = at.map_err(status::invalid_field)?;
        let (filter, client) = filter(asked).map_err(status::invalid_field)?;
        let clients = caller.scope(&self.0.desk)?.narrow(client)?;
        let filter = RecordFilter { clients: clients.map(|it| it.into_iter().collect()), ..filter };
        let found = self.0.store.records(&tenant, &filter, &at).await;
        let found = found.map_err(|it| status::store(&it))?;
        let callbacks = found.records.iter().filter_map(|it| match it {
            Record::Callback(it) => Some(callback_to_wire(it)),
            _ => None,
        });
        Ok(Response::new(pb::ListCallbacksResponse {
            callbacks: callbacks.collect(),
            next_page_token: page::call_token(found.next),
        }))
    }

    async fn cancel_callback(
        &self,
        request: Request<pb::CancelCallbackRequest>,
    ) -> Result<Response<pb::Callback>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::CancelCallbackRequest { name, request_id, etag } = request.into_inner();
        let (tenant, id) = named(&caller, &name)?;
        let desk = &self.0.desk;
        let scope = caller.scope(desk)?;
        let change = async || {
            let it = desk.callback(&tenant, id, &scope).await?;
            same(&it, &etag)?;
            let (done, kept) = desk.cancel(&it, caller.by()).await?;
            Ok((done, callback_to_wire(&kept)))
        };
        let asked = requests::asked(&tenant, "CancelCallback", &request_id)?;
        Ok(Response::new(desk.change(asked, change).await?))
    }
}

/// Whose agenda is asked for. Agents see their own.
fn whose(caller: &Caller, parent: &str) -> Result<AgentRef, Status> {
    if parent.is_empty() {
        return caller.agent().cloned();
    }
    let who = name::read_agent("parent", parent).map_err(status::invalid_field)?;
    caller.owns(&who.tenant)?;
    match &caller.agent {
        Some(own) if *own != who => {
            Err(forbidden(caller.role, "a supervisor, for another agent's"))
        }
        Some(_) | None => Ok(who),
    }
}

fn read_place(token: &str) -> Result<Place, FieldError> {
    let remedy = "give a next_page_token of this server, or nothing for the first page";
    let fault = || FieldError::new("page_token", name::cut(token), remedy);
    let Some(text) = page::read_token(token)? else { return Ok(Place::default()) };
    Place::parse(&text).ok_or_else(fault)
}

fn named(caller: &Caller, text: &str) -> Result<(TenantId, CallbackId), Status> {
    let read = record::read_own("name", text, RecordKind::Callback, &caller.tenant);
    let (tenant, id) = read.map_err(status::invalid_field)?;
    caller.owns(&tenant)?;
    Ok((tenant, CallbackId::from_u128(id)))
}

fn unknown(id: CallbackId) -> Fault {
    Fault::Unknown(format!("the callback {id}"))
}

/// Refuses where the callback is not as the caller read it.
fn same(it: &Callback, etag: &str) -> Result<(), Fault> {
    match record::read_etag("etag", etag)? {
        Some(version) if version != it.version => {
            Err(Fault::Changed(format!("the callback {}", it.id)))
        }
        Some(_) | None => Ok(()),
    }
}

/// Refuses what the floor does not have.
fn known(floor: &FloorSpec, new: &NewCallback) -> Result<(), FieldError> {
    if !floor.clients.iter().any(|it| it.id == new.client) {
        let remedy = "name a client company of the floor";
        return Err(FieldError::new("callback.client", &new.client, remedy));
    }
    match &new.agent {
        Some(agent) if !floor.agents.iter().any(|it| it.id == *agent) => {
            Err(FieldError::new("callback.agent", agent, "name an agent of the floor"))
        }
        Some(_) | None => Ok(()),
    }
}

fn filter(
    asked: &pb::ListCallbacksRequest,
) -> Result<(RecordFilter, Option<ClientId>), FieldError> {
    let pb::ListCallbacksRequest {
        parent: _,
        page_size: _,
        page_token: _,
        client,
        agent,
        state,
        open,
    } = asked;
    let given = |text: &str| Some(text.to_owned()).filter(|it| !it.is_empty());
    let fault =
        |field: &str, text: &str, remedy: &str| FieldError::new(field, name::cut(text), remedy);
    let state = match given(state) {
        Some(text) if CallbackState::parse(&text).is_none() => {
            let words: Vec<_> = CallbackState::ALL.iter().map(|it| it.as_str()).collect();
            return Err(fault("state", &text, &format!("give one of {}", words.join(", "))));
        }
        state => state,
    };
    let agent = given(agent)
        .map(|it| AgentId::parse(&it).map_err(|_| fault("agent", &it, "give an agent's id")));
    let client = given(client).map(|it| {
        ClientId::parse(&it).map_err(|_| fault("client", &it, "give a client company's id"))
    });
    let filter = RecordFilter {
        state,
        open: open.then_some(true),
        agent: agent.transpose()?,
        ..RecordFilter::of(RecordKind::Callback)
    };
    Ok((filter, client.transpose()?))
}
