//! What an agent should know of a customer.

use timbre_casework::customer::{Brief, File};
use timbre_casework::{
    CaseId, CaseKey, CustomerId, FollowUpId, Interaction, InteractionKind, Promise, RecordKind,
    SaleId,
};
use timbre_model::{AgentId, CallId, FieldError, TenantId};

use super::{from_wire, read_etag, to_wire};
use crate::api::pb;
use crate::api::wire::agent::{optional, word};
use crate::api::wire::name::cut;
use crate::api::wire::time::{moment, need_moment, read_moment};

/// As the wire has it.
pub fn file_to_wire(file: &File) -> pb::CustomerFile {
    let File { customer, interactions, records } = file;
    pb::CustomerFile {
        customer: Some(to_wire(customer)),
        interactions: interactions.iter().map(interaction_to_wire).collect(),
        records: records.iter().map(brief_to_wire).collect(),
    }
}

/// Reads it back.
pub fn file_from_wire(wire: pb::CustomerFile) -> Result<File, FieldError> {
    let pb::CustomerFile { customer, interactions, records } = wire;
    let absent = || FieldError::new("customer", "", "give the customer");
    let customer = from_wire(customer.ok_or_else(absent)?)?;
    let whose = (customer.tenant.clone(), customer.id);
    let contacts = interactions.into_iter().map(|it| interaction_from_wire(&whose, it));
    Ok(File {
        interactions: contacts.collect::<Result<_, _>>()?,
        records: records.into_iter().map(brief_from_wire).collect::<Result<_, _>>()?,
        customer,
    })
}

/// As the wire has it.
pub fn interaction_to_wire(it: &Interaction) -> pb::Interaction {
    let Interaction { tenant: _, customer: _, at, kind, subject, agent, summary } = it;
    pb::Interaction {
        time: Some(moment(*at)),
        kind: kind.to_string(),
        subject: hex(*subject),
        agent: agent.as_ref().map(ToString::to_string).unwrap_or_default(),
        summary: summary.clone(),
    }
}

/// Reads it back, as one of the customer's.
pub fn interaction_from_wire(
    (tenant, customer): &(TenantId, CustomerId),
    wire: pb::Interaction,
) -> Result<Interaction, FieldError> {
    let pb::Interaction { time, kind, subject, agent, summary } = wire;
    Ok(Interaction {
        tenant: tenant.clone(),
        customer: *customer,
        at: need_moment("interactions.time", time)?,
        kind: word("interactions.kind", &kind, InteractionKind::parse)?,
        subject: read_hex("interactions.subject", &subject)?,
        agent: read_agent("interactions.agent", &agent)?,
        summary,
    })
}

/// As the wire has it.
pub fn brief_to_wire(brief: &Brief) -> pb::CustomerRecord {
    let Brief {
        kind,
        id,
        version,
        state,
        open,
        at,
        due_at,
        agent,
        summary,
        key,
        promises,
        call,
        sale,
        case,
        follow_up,
    } = brief;
    pb::CustomerRecord {
        kind: kind.to_string(),
        id: hex(*id),
        etag: version.to_string(),
        state: state.clone(),
        open: *open,
        time: Some(moment(*at)),
        due_time: due_at.map(moment),
        agent: agent.as_ref().map(ToString::to_string).unwrap_or_default(),
        summary: summary.clone(),
        key: key.map(|it| it.to_string()).unwrap_or_default(),
        promises: promises.iter().map(promise_to_wire).collect(),
        call: call.map(|it| it.to_string()).unwrap_or_default(),
        sale: sale.map(|it| it.to_string()).unwrap_or_default(),
        case: case.map(|it| it.to_string()).unwrap_or_default(),
        follow_up: follow_up.map(|it| it.to_string()).unwrap_or_default(),
    }
}

/// Reads it back.
pub fn brief_from_wire(wire: pb::CustomerRecord) -> Result<Brief, FieldError> {
    let pb::CustomerRecord {
        kind,
        id,
        etag,
        state,
        open,
        time,
        due_time,
        agent,
        summary,
        key,
        promises,
        call,
        sale,
        case,
        follow_up,
    } = wire;
    Ok(Brief {
        kind: word("records.kind", &kind, RecordKind::parse)?,
        id: read_hex("records.id", &id)?,
        version: read_etag("records.etag", &etag)?.unwrap_or(0),
        state,
        open,
        at: need_moment("records.time", time)?,
        due_at: read_moment("records.due_time", due_time)?,
        agent: read_agent("records.agent", &agent)?,
        summary,
        key: optional("records.key", &key, CaseKey::parse)?,
        promises: promises.into_iter().map(promise_from_wire).collect::<Result<_, _>>()?,
        call: optional("records.call", &call, CallId::parse)?,
        sale: optional("records.sale", &sale, SaleId::parse)?,
        case: optional("records.case", &case, CaseId::parse)?,
        follow_up: optional("records.follow_up", &follow_up, FollowUpId::parse)?,
    })
}

fn promise_to_wire(promise: &Promise) -> pb::CustomerPromise {
    let Promise { text, kept, note, checked_at } = promise;
    pb::CustomerPromise {
        text: text.clone(),
        kept: *kept,
        note: note.clone(),
        check_time: checked_at.map(moment),
    }
}

fn promise_from_wire(wire: pb::CustomerPromise) -> Result<Promise, FieldError> {
    let pb::CustomerPromise { text, kept, note, check_time } = wire;
    let checked_at = read_moment("records.promises.check_time", check_time)?;
    Ok(Promise { text, kept, note, checked_at })
}

fn hex(id: u128) -> String {
    format!("{id:032x}")
}

fn read_hex(field: &str, text: &str) -> Result<u128, FieldError> {
    let id = CustomerId::parse(text).map(CustomerId::as_u128);
    id.ok_or_else(|| FieldError::new(field, cut(text), "give 32 hexadecimal digits"))
}

fn read_agent(field: &str, text: &str) -> Result<Option<AgentId>, FieldError> {
    optional(field, text, |it| AgentId::parse(it).ok())
}
