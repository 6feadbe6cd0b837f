//! Cases.

mod asked;
mod parts;

use timbre_casework::{
    Case, CaseId, CaseKey, CaseKind, CaseState, Cause, Channel, CustomerId, FollowUpId, Matter,
    RecordKind, SaleId, Severity,
};
use timbre_model::{AgentId, ClientId, FieldError, PhoneNumber, QueueId, Slug, TenantId};

use super::agent::{optional, read_call, word};
use super::name::{cut, id};
use super::record;
use super::time::{moment, need_moment, read_moment};
use crate::api::pb;
use crate::casework::cases::CaseName;

pub use asked::{
    CaseQuery, TakenDown, amendment_from_wire, amendment_to_wire, query_from_wire, query_to_wire,
    steps_from_wire, steps_to_wire, taking_from_wire, taking_to_wire, tasks_from_wire,
    tasks_to_wire, word_from_wire, word_to_wire,
};

/// `tenants/{tenant}/cases/{case}`.
pub fn name(tenant: &TenantId, case: CaseId) -> String {
    record::name(tenant, RecordKind::Case, case.as_u128())
}

/// `tenants/{tenant}/cases/{key}`, by the ten digits that the customer was given.
pub fn name_by_key(tenant: &TenantId, key: CaseKey) -> String {
    format!("tenants/{tenant}/cases/{}", key.digits())
}

/// Reads `tenants/{tenant}/cases/{case}`, by id or key; a bare id or key is one of `own`, the credential's tenant.
pub fn read_name(
    field: &str,
    text: &str,
    own: &TenantId,
) -> Result<(TenantId, CaseName), FieldError> {
    let read = || {
        let Some(rest) = text.strip_prefix("tenants/") else {
            return Some((own.clone(), CaseName::parse(text)?));
        };
        let (tenant, rest) = rest.split_once('/')?;
        let name = CaseName::parse(rest.strip_prefix("cases/")?)?;
        Some((TenantId::parse(tenant).ok()?, name))
    };
    let remedy = "give a name of the form tenants/{tenant}/cases/{case}, a case's id or its key of ten digits";
    read().ok_or_else(|| FieldError::new(field, cut(text), remedy))
}

/// Reads the agent who is to own a case.
pub fn read_owner(text: &str) -> Result<AgentId, FieldError> {
    id("owner", text, AgentId::parse)
}

/// A case as the wire has it.
pub fn to_wire(case: &Case) -> pb::Case {
    let Case {
        id,
        tenant,
        client,
        version,
        key,
        kind,
        state,
        received_at,
        received_by,
        channel,
        call,
        queue,
        customer,
        customer_name,
        number,
        mail,
        language,
        statement,
        department,
        cause,
        consequences,
        remedy_sought,
        solution,
        severity,
        product,
        matter,
        recording_consent,
        receipt,
        deadline,
        former_deadlines,
        owner,
        proposals,
        tasks,
        answer,
        confirmation,
        closed_at,
        reopened,
        sale,
        follow_up,
        checklist,
        story,
    } = case;
    pb::Case {
        name: name(tenant, *id),
        etag: version.to_string(),
        client: client.to_string(),
        key: key.digits(),
        kind: kind.to_string(),
        state: state.to_string(),
        receive_time: Some(moment(*received_at)),
        receiver: record::by_to_wire(received_by),
        channel: channel.to_string(),
        call: text(call.as_ref()),
        queue: text(queue.as_ref()),
        customer: customer.map(|it| customer_name_of(tenant, it)).unwrap_or_default(),
        customer_name: customer_name.clone(),
        number: number.as_ref().map(|it| it.expose().to_owned()).unwrap_or_default(),
        mail: mail.clone().unwrap_or_default(),
        language: language.clone(),
        statement: statement.clone(),
        department: text(department.as_ref()),
        cause: text(cause.as_ref()),
        consequences: consequences.clone(),
        remedy_sought: remedy_sought.clone(),
        solution: solution.clone(),
        severity: severity.to_string(),
        product: product.clone(),
        matter: matter.to_string(),
        recording_consent: *recording_consent,
        receipt: receipt.as_ref().map(parts::receipt_to_wire),
        deadline: deadline.as_ref().map(parts::deadline_to_wire),
        former_deadlines: former_deadlines.iter().map(parts::deadline_to_wire).collect(),
        owner: text(owner.as_ref()),
        proposals: proposals.iter().map(parts::proposal_to_wire).collect(),
        tasks: tasks.iter().map(parts::task_to_wire).collect(),
        answer: answer.as_ref().map(parts::answer_to_wire),
        confirmation: confirmation.as_ref().map(parts::confirmation_to_wire),
        close_time: closed_at.map(moment),
        reopened: *reopened,
        sale: text(sale.as_ref()),
        follow_up: text(follow_up.as_ref()),
        checklist: steps_to_wire(checklist),
        story: story.iter().map(parts::note_to_wire).collect(),
    }
}

/// Reads a case.
pub fn from_wire(wire: pb::Case) -> Result<Case, FieldError> {
    let pb::Case {
        name,
        etag,
        client,
        key,
        kind,
        state,
        receive_time,
        receiver,
        channel,
        call,
        queue,
        customer,
        customer_name,
        number,
        mail,
        language,
        statement,
        department,
        cause,
        consequences,
        remedy_sought,
        solution,
        severity,
        product,
        matter,
        recording_consent,
        receipt,
        deadline,
        former_deadlines,
        owner,
        proposals,
        tasks,
        answer,
        confirmation,
        close_time,
        reopened,
        sale,
        follow_up,
        checklist,
        story,
    } = wire;
    let (tenant, id_) = record::read_name("case.name", &name, RecordKind::Case)?;
    let bad_etag = || FieldError::new("case.etag", cut(&etag), "give an etag");
    let bad_key = || FieldError::new("case.key", cut(&key), "give a key of ten digits");
    Ok(Case {
        id: CaseId::from_u128(id_),
        tenant,
        client: id("case.client", &client, ClientId::parse)?,
        version: record::read_etag("case.etag", &etag)?.ok_or_else(bad_etag)?,
        key: CaseKey::parse(&key).ok_or_else(bad_key)?,
        kind: word("case.kind", &kind, CaseKind::parse)?,
        state: word("case.state", &state, CaseState::parse)?,
        received_at: need_moment("case.receive_time", receive_time)?,
        received_by: record::by_from_wire("case.receiver", &receiver)?,
        channel: word("case.channel", &channel, Channel::parse)?,
        call: (!call.is_empty()).then(|| read_call("case.call", &call)).transpose()?,
        queue: some_id("case.queue", &queue, QueueId::parse)?,
        customer: read_customer("case.customer", &customer)?,
        customer_name,
        number: read_number(&number)?,
        mail: Some(mail).filter(|it| !it.is_empty()),
        language,
        statement,
        department: some_id("case.department", &department, Slug::parse)?,
        cause: optional("case.cause", &cause, Cause::parse)?,
        consequences,
        remedy_sought,
        solution,
        severity: word("case.severity", &severity, Severity::parse)?,
        product,
        matter: word("case.matter", &matter, Matter::parse)?,
        recording_consent,
        receipt: receipt.map(parts::receipt_from_wire).transpose()?,
        deadline: deadline.map(parts::deadline_from_wire).transpose()?,
        former_deadlines: all(former_deadlines, parts::deadline_from_wire)?,
        owner: some_id("case.owner", &owner, AgentId::parse)?,
        proposals: all(proposals, parts::proposal_from_wire)?,
        tasks: all(tasks, parts::task_from_wire)?,
        answer: answer.map(parts::answer_from_wire).transpose()?,
        confirmation: confirmation.map(parts::confirmation_from_wire).transpose()?,
        closed_at: read_moment("case.close_time", close_time)?,
        reopened,
        sale: record::read_id_or_none("case.sale", &sale)?.map(SaleId::from_u128),
        follow_up: record::read_id_or_none("case.follow_up", &follow_up)?
            .map(FollowUpId::from_u128),
        checklist: steps_from_wire("case.checklist", checklist)?,
        story: all(story, parts::note_from_wire)?,
    })
}

/// A page of cases.
pub fn page_from_wire(wire: pb::ListCasesResponse) -> Result<(Vec<Case>, String), FieldError> {
    let pb::ListCasesResponse { cases, next_page_token } = wire;
    Ok((all(cases, from_wire)?, next_page_token))
}

fn text(it: Option<&impl ToString>) -> String {
    it.map(ToString::to_string).unwrap_or_default()
}

fn all<W, T>(
    wire: Vec<W>,
    read: impl Fn(W) -> Result<T, FieldError>,
) -> Result<Vec<T>, FieldError> {
    wire.into_iter().map(read).collect()
}

fn some_id<T>(
    field: &str,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, timbre_model::InvalidSlug>,
) -> Result<Option<T>, FieldError> {
    if text.is_empty() { Ok(None) } else { id(field, text, parse).map(Some) }
}

fn customer_name_of(tenant: &TenantId, customer: CustomerId) -> String {
    record::name(tenant, RecordKind::Customer, customer.as_u128())
}

/// Reads a customer's name or bare id.
fn read_customer(field: &str, text: &str) -> Result<Option<CustomerId>, FieldError> {
    let id = if text.starts_with("tenants/") {
        Some(record::read_name(field, text, RecordKind::Customer)?.1)
    } else {
        record::read_id_or_none(field, text)?
    };
    Ok(id.map(CustomerId::from_u128))
}

/// The fault does not repeat the text: it could be a real number.
fn read_number(text: &str) -> Result<Option<PhoneNumber>, FieldError> {
    if text.is_empty() {
        return Ok(None);
    }
    let remedy = "write + and 4 to 15 digits, with the country code";
    PhoneNumber::parse(text).map(Some).map_err(|_| FieldError::new("case.number", "", remedy))
}

#[cfg(test)]
mod tests;
