//! Agendas, and promised calls.

use timbre_casework::callback::NewCallback;
use timbre_casework::{
    AgendaItem, Callback, CallbackId, CallbackState, CallbackWhy, CustomerId, RecordKind,
};
use timbre_model::{AgentId, CallId, ClientId, FieldError, LeadId, ListId, Slug, TenantId};

use super::agent::{optional, word};
use super::lead;
use super::name::{self, id};
use super::record::{self, read_etag, read_id_or_none};
use super::time::{moment, need_moment, read_moment};
use crate::api::pb;
use crate::casework::agenda::{Item, What};

/// An item of an agenda as the wire has it.
pub fn item_to_wire(it: &Item) -> pb::AgendaItem {
    let Item { tenant, what, client, item: AgendaItem { due_at, agent, department, title } } = it;
    let (kind, resource) = match what {
        What::Record(kind, id) => (kind.as_str(), record::name(tenant, *kind, *id)),
        What::Lead(lead) => ("lead", name::lead(tenant, *lead)),
    };
    pb::AgendaItem {
        due_time: Some(moment(*due_at)),
        kind: kind.to_owned(),
        resource,
        client: text_of(client.as_ref()),
        agent: text_of(agent.as_ref()),
        department: text_of(department.as_ref()),
        title: title.clone(),
    }
}

/// Reads an item.
pub fn item_from_wire(wire: pb::AgendaItem) -> Result<Item, FieldError> {
    let pb::AgendaItem { due_time, kind, resource, client, agent, department, title } = wire;
    let field = "agenda_item.resource";
    let (tenant, what) = if kind == "lead" {
        let (tenant, lead) = name::read_lead(field, &resource)?;
        (tenant, What::Lead(lead))
    } else {
        let kind = word("agenda_item.kind", &kind, RecordKind::parse)?;
        let (tenant, id) = record::read_name(field, &resource, kind)?;
        (tenant, What::Record(kind, id))
    };
    let item = AgendaItem {
        due_at: need_moment("agenda_item.due_time", due_time)?,
        agent: optional("agenda_item.agent", &agent, |it| AgentId::parse(it).ok())?,
        department: optional("agenda_item.department", &department, |it| Slug::parse(it).ok())?,
        title,
    };
    let client = optional("agenda_item.client", &client, |it| ClientId::parse(it).ok())?;
    Ok(Item { tenant, what, client, item })
}

/// A callback as the wire has it.
pub fn callback_to_wire(it: &Callback) -> pb::Callback {
    let Callback {
        id,
        tenant,
        client,
        version,
        why,
        made_at,
        call,
        customer,
        customer_name,
        number,
        due_at,
        agent,
        state,
        list,
        lead,
        expires_at,
        note,
        ended_at,
    } = it;
    pb::Callback {
        name: record::name(tenant, RecordKind::Callback, id.as_u128()),
        etag: version.to_string(),
        client: client.to_string(),
        why: why.to_string(),
        create_time: Some(moment(*made_at)),
        call: text_of(call.as_ref()),
        customer: text_of(customer.as_ref()),
        customer_name: customer_name.clone(),
        number: number.expose().to_owned(),
        due_time: Some(moment(*due_at)),
        agent: text_of(agent.as_ref()),
        state: state.to_string(),
        list: text_of(list.as_ref()),
        lead: lead.map(LeadId::as_u64).unwrap_or_default(),
        expire_time: Some(moment(*expires_at)),
        note: note.clone(),
        end_time: ended_at.map(moment),
    }
}

/// Reads a callback as the server sent it.
pub fn callback_from_wire(wire: pb::Callback) -> Result<Callback, FieldError> {
    let (tenant, id) = record::read_name("callback.name", &wire.name, RecordKind::Callback)?;
    let version = read_etag("callback.etag", &wire.etag)?.unwrap_or_default();
    let why = word("callback.why", &wire.why, CallbackWhy::parse)?;
    let made_at = need_moment("callback.create_time", wire.create_time)?;
    let state = word("callback.state", &wire.state, CallbackState::parse)?;
    let list = optional("callback.list", &wire.list, |it| ListId::parse(it).ok())?;
    let lead = Some(wire.lead).filter(|it| *it != 0).map(LeadId::from_u64);
    let expires_at = need_moment("callback.expire_time", wire.expire_time)?;
    let ended_at = read_moment("callback.end_time", wire.end_time)?;
    let NewCallback {
        tenant,
        client,
        why: _,
        call,
        customer,
        customer_name,
        number,
        due_at,
        agent,
        note,
    } = new_from_wire(wire, &tenant)?;
    Ok(Callback {
        id: CallbackId::from_u128(id),
        tenant,
        client,
        version,
        why,
        made_at,
        call,
        customer,
        customer_name,
        number,
        due_at,
        agent,
        state,
        list,
        lead,
        expires_at,
        note,
        ended_at,
    })
}

/// A callback to be promised, as the wire has it.
pub fn new_to_wire(new: &NewCallback) -> pb::Callback {
    let NewCallback {
        tenant: _,
        client,
        why: _,
        call,
        customer,
        customer_name,
        number,
        due_at,
        agent,
        note,
    } = new;
    pb::Callback {
        client: client.to_string(),
        call: text_of(call.as_ref()),
        customer: text_of(customer.as_ref()),
        customer_name: customer_name.clone(),
        number: number.expose().to_owned(),
        due_time: Some(moment(*due_at)),
        agent: text_of(agent.as_ref()),
        note: note.clone(),
        ..pb::Callback::default()
    }
}

/// Reads a callback to be promised. What is output only is not looked at.
pub fn new_from_wire(wire: pb::Callback, tenant: &TenantId) -> Result<NewCallback, FieldError> {
    let customer = read_id_or_none("callback.customer", &wire.customer)?;
    Ok(NewCallback {
        tenant: tenant.clone(),
        client: id("callback.client", &wire.client, ClientId::parse)?,
        why: CallbackWhy::Promised,
        call: optional("callback.call", &wire.call, CallId::parse)?,
        customer: customer.map(CustomerId::from_u128),
        customer_name: wire.customer_name,
        number: lead::read_number("callback.number", &wire.number)?,
        due_at: need_moment("callback.due_time", wire.due_time)?,
        agent: optional("callback.agent", &wire.agent, |it| AgentId::parse(it).ok())?,
        note: wire.note,
    })
}

fn text_of(it: Option<&impl ToString>) -> String {
    it.map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests;
