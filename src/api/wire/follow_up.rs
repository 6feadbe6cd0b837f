//! Sales, their promises and their follow-ups.

use timbre_casework::follow_up::Findings;
use timbre_casework::sale::{Check, NewSale};
use timbre_casework::{
    CaseId, CustomerId, FollowUp, FollowUpId, FollowUpState, Promise, RecordKind, Sale, SaleId,
};
use timbre_model::{
    AgentId, CallId, CampaignId, ClientId, FieldError, FollowUpOutcome, LeadId, ListId, Slug,
    TenantId,
};
use timbre_store::RecordFilter;

use super::agent::{optional, word};
use super::lead::read_number;
use super::name::id;
use super::record::{name, read_id_or_none, read_name};
use super::time::{moment, need_moment, read_moment};
use crate::api::pb;

fn text(it: Option<&impl ToString>) -> String {
    it.map(ToString::to_string).unwrap_or_default()
}

/// `tenants/{tenant}/sales/{sale}`.
pub fn sale_name(tenant: &TenantId, id: SaleId) -> String {
    name(tenant, RecordKind::Sale, id.as_u128())
}

/// `tenants/{tenant}/follow-ups/{follow_up}`.
pub fn follow_up_name(tenant: &TenantId, id: FollowUpId) -> String {
    name(tenant, RecordKind::FollowUp, id.as_u128())
}

/// Reads the name of a sale.
pub fn read_sale(field: &str, text: &str) -> Result<(TenantId, SaleId), FieldError> {
    read_name(field, text, RecordKind::Sale).map(|(tenant, id)| (tenant, SaleId::from_u128(id)))
}

/// Reads the name of a follow-up.
pub fn read_follow_up(field: &str, text: &str) -> Result<(TenantId, FollowUpId), FieldError> {
    let read = read_name(field, text, RecordKind::FollowUp);
    read.map(|(tenant, id)| (tenant, FollowUpId::from_u128(id)))
}

/// As the wire has it.
pub fn sale_to_wire(sale: &Sale) -> pb::Sale {
    let Sale {
        id,
        tenant,
        client,
        version,
        at,
        call,
        campaign,
        agent,
        customer,
        customer_name,
        number,
        product,
        promises,
        policy,
        follow_ups,
    } = sale;
    pb::Sale {
        name: sale_name(tenant, *id),
        etag: version.to_string(),
        client: client.to_string(),
        time: Some(moment(*at)),
        call: text(call.as_ref()),
        campaign: text(campaign.as_ref()),
        agent: text(agent.as_ref()),
        customer: text(customer.as_ref()),
        customer_name: customer_name.clone(),
        number: number.expose().to_owned(),
        product: product.clone(),
        promises: promises.iter().map(promise_to_wire).collect(),
        policy: policy.to_string(),
        follow_ups: follow_ups.iter().map(ToString::to_string).collect(),
    }
}

/// Reads a sale that a server sent.
pub fn sale_from_wire(wire: pb::Sale) -> Result<Sale, FieldError> {
    let pb::Sale {
        name,
        etag,
        client,
        time,
        call,
        campaign,
        agent,
        customer,
        customer_name,
        number,
        product,
        promises,
        policy,
        follow_ups,
    } = wire;
    let (tenant, sale) = read_sale("name", &name)?;
    Ok(Sale {
        id: sale,
        tenant,
        client: id("client", &client, ClientId::parse)?,
        version: version("etag", &etag)?,
        at: need_moment("time", time)?,
        call: optional("call", &call, CallId::parse)?,
        campaign: optional("campaign", &campaign, |it| CampaignId::parse(it).ok())?,
        agent: optional("agent", &agent, |it| AgentId::parse(it).ok())?,
        customer: read_id_or_none("customer", &customer)?.map(CustomerId::from_u128),
        customer_name,
        number: read_number("number", &number)?,
        product,
        promises: promises.into_iter().map(promise_from_wire).collect::<Result<_, _>>()?,
        policy: id("policy", &policy, Slug::parse)?,
        follow_ups: follow_ups
            .iter()
            .map(|it| word("follow_ups", it, FollowUpId::parse))
            .collect::<Result<_, _>>()?,
    })
}

/// Reads a sale that is to be kept, and by which policy. What is output only is not looked at.
pub fn new_sale_from_wire(
    wire: pb::Sale,
    tenant: &TenantId,
    sale: SaleId,
) -> Result<(NewSale, Slug), FieldError> {
    let pb::Sale {
        name: _,
        etag: _,
        client,
        time,
        call,
        campaign,
        agent,
        customer,
        customer_name,
        number,
        product,
        promises,
        policy,
        follow_ups: _,
    } = wire;
    let new = NewSale {
        id: sale,
        tenant: tenant.clone(),
        client: id("sale.client", &client, ClientId::parse)?,
        at: read_moment("sale.time", time)?,
        call: optional("sale.call", &call, CallId::parse)?,
        campaign: optional("sale.campaign", &campaign, |it| CampaignId::parse(it).ok())?,
        agent: optional("sale.agent", &agent, |it| AgentId::parse(it).ok())?,
        customer: read_id_or_none("sale.customer", &customer)?.map(CustomerId::from_u128),
        customer_name,
        number: read_number("sale.number", &number)?,
        product,
        promises: promises.into_iter().map(|it| it.text).collect(),
    };
    Ok((new, id("sale.policy", &policy, Slug::parse)?))
}

/// A sale to be kept, as it is asked for.
pub fn new_sale_to_wire(new: &NewSale, policy: &Slug) -> pb::Sale {
    let NewSale {
        id: _,
        tenant: _,
        client,
        at,
        call,
        campaign,
        agent,
        customer,
        customer_name,
        number,
        product,
        promises,
    } = new;
    let promise = |it: &String| pb::SalePromise { text: it.clone(), ..pb::SalePromise::default() };
    pb::Sale {
        client: client.to_string(),
        time: at.map(moment),
        call: text(call.as_ref()),
        campaign: text(campaign.as_ref()),
        agent: text(agent.as_ref()),
        customer: text(customer.as_ref()),
        customer_name: customer_name.clone(),
        number: number.expose().to_owned(),
        product: product.clone(),
        promises: promises.iter().map(promise).collect(),
        policy: policy.to_string(),
        ..pb::Sale::default()
    }
}

fn promise_to_wire(Promise { text, kept, note, checked_at }: &Promise) -> pb::SalePromise {
    pb::SalePromise {
        text: text.clone(),
        kept: *kept,
        note: note.clone(),
        check_time: checked_at.map(moment),
    }
}

fn promise_from_wire(wire: pb::SalePromise) -> Result<Promise, FieldError> {
    let pb::SalePromise { text, kept, note, check_time } = wire;
    Ok(Promise { text, kept, note, checked_at: read_moment("promises.check_time", check_time)? })
}

fn version(field: &str, etag: &str) -> Result<u64, FieldError> {
    Ok(super::record::read_etag(field, etag)?.unwrap_or_default())
}

/// As the wire has it.
pub fn to_wire(it: &FollowUp) -> pb::FollowUp {
    let FollowUp {
        id,
        tenant,
        client,
        version,
        sale,
        number,
        customer,
        state,
        due_at,
        list,
        lead,
        tries,
        tries_max,
        call,
        agent,
        case,
        note,
        ended_at,
    } = it;
    pb::FollowUp {
        name: follow_up_name(tenant, *id),
        etag: version.to_string(),
        client: client.to_string(),
        sale: sale.to_string(),
        number: *number,
        customer: text(customer.as_ref()),
        state: state.to_string(),
        due_time: Some(moment(*due_at)),
        list: list.to_string(),
        lead: lead.map_or(0, LeadId::as_u64),
        tries: *tries,
        tries_max: *tries_max,
        call: text(call.as_ref()),
        agent: text(agent.as_ref()),
        case: text(case.as_ref()),
        note: note.clone(),
        end_time: ended_at.map(moment),
    }
}

/// Reads a follow-up that a server sent.
pub fn from_wire(wire: pb::FollowUp) -> Result<FollowUp, FieldError> {
    let pb::FollowUp {
        name,
        etag,
        client,
        sale,
        number,
        customer,
        state,
        due_time,
        list,
        lead,
        tries,
        tries_max,
        call,
        agent,
        case,
        note,
        end_time,
    } = wire;
    let (tenant, follow_up) = read_follow_up("name", &name)?;
    Ok(FollowUp {
        id: follow_up,
        tenant,
        client: id("client", &client, ClientId::parse)?,
        version: version("etag", &etag)?,
        sale: word("sale", &sale, SaleId::parse)?,
        number,
        customer: read_id_or_none("customer", &customer)?.map(CustomerId::from_u128),
        state: word("state", &state, FollowUpState::parse)?,
        due_at: need_moment("due_time", due_time)?,
        list: id("list", &list, ListId::parse)?,
        lead: (lead > 0).then(|| LeadId::from_u64(lead)),
        tries,
        tries_max,
        call: optional("call", &call, CallId::parse)?,
        agent: optional("agent", &agent, |it| AgentId::parse(it).ok())?,
        case: optional("case", &case, CaseId::parse)?,
        note,
        ended_at: read_moment("end_time", end_time)?,
    })
}

/// Reads what a customer says of a promise.
pub fn check_from_wire(wire: pb::PromiseCheck) -> Check {
    let pb::PromiseCheck { promise, kept, note } = wire;
    Check { promise, kept, note }
}

/// As it is asked for.
pub fn check_to_wire(Check { promise, kept, note }: &Check) -> pb::PromiseCheck {
    pb::PromiseCheck { promise: *promise, kept: *kept, note: note.clone() }
}

/// Reads what a follow-up found.
pub fn findings_from_wire(wire: &pb::RecordOutcomeRequest) -> Result<Findings, FieldError> {
    let pb::RecordOutcomeRequest { name: _, request_id: _, etag: _, outcome, checks, note, call } =
        wire;
    Ok(Findings {
        outcome: word("outcome", outcome, FollowUpOutcome::parse)?,
        checks: checks.iter().cloned().map(check_from_wire).collect(),
        note: note.clone(),
        call: optional("call", call, CallId::parse)?,
        agent: None,
    })
}

/// Which sales to list, but for the client companies.
pub fn sales_from_wire(
    wire: &pb::ListSalesRequest,
) -> Result<(RecordFilter, Option<ClientId>), FieldError> {
    let pb::ListSalesRequest {
        parent: _,
        page_size: _,
        page_token: _,
        client,
        agent,
        customer,
        number,
        from,
        to,
    } = wire;
    let filter = RecordFilter {
        agent: optional("agent", agent, |it| AgentId::parse(it).ok())?,
        customer: read_id_or_none("customer", customer)?.map(CustomerId::from_u128),
        number: match number.as_str() {
            "" => None,
            text => Some(read_number("number", text)?),
        },
        from: read_moment("from", *from)?,
        to: read_moment("to", *to)?,
        ..RecordFilter::of(RecordKind::Sale)
    };
    Ok((filter, optional("client", client, |it| ClientId::parse(it).ok())?))
}

/// Which follow-ups to list, but for the client companies.
pub fn follow_ups_from_wire(
    wire: &pb::ListFollowUpsRequest,
) -> Result<(RecordFilter, Option<ClientId>), FieldError> {
    let pb::ListFollowUpsRequest {
        parent: _,
        page_size: _,
        page_token: _,
        client,
        state,
        open,
        agent,
        customer,
        from,
        to,
    } = wire;
    let state = optional("state", state, FollowUpState::parse)?;
    let filter = RecordFilter {
        state: state.map(|it| it.to_string()),
        open: open.then_some(true),
        agent: optional("agent", agent, |it| AgentId::parse(it).ok())?,
        customer: read_id_or_none("customer", customer)?.map(CustomerId::from_u128),
        from: read_moment("from", *from)?,
        to: read_moment("to", *to)?,
        ..RecordFilter::of(RecordKind::FollowUp)
    };
    Ok((filter, optional("client", client, |it| ClientId::parse(it).ok())?))
}

#[cfg(test)]
mod tests;
