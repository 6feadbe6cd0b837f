//! Calls, and which of them to list.

use std::time::Duration;

use timbre_model::{
    AgentId, CallOutcome, CallRecord, CampaignId, ClientId, Disposition, EndCause, FieldError,
    HoldStats, LeadId, PhoneNumber, PlacedFor, QueueId, ReleasedBy, Slug, TrunkId,
};
use timbre_store::{CallFilter, PageRequest};

use super::agent::{caller_from_wire, caller_to_wire, optional};
use super::name::{self, id};
use super::page::{call_token, read_call_page};
use super::time::{moment, need_moment, read_moment, read_span, span};
use crate::api::pb;

/// A call as the wire has it.
pub fn to_wire(record: &CallRecord) -> pb::Call {
    fn text(it: Option<&impl ToString>) -> String {
        it.map(ToString::to_string).unwrap_or_default()
    }
    let CallRecord {
        id,
        tenant,
        trunk,
        dialed,
        caller,
        queue,
        client,
        arrived_at,
        answered_at,
        answered_ring,
        connected_at,
        agent,
        outbound,
        hold: HoldStats { count, total, longest },
        ended_at,
        outcome,
        cause,
        released_by,
        disposition,
        wrapped_up_at,
    } = record;
    pb::Call {
        name: name::call(tenant, *id),
        trunk: trunk.to_string(),
        dialed: dialed.clone(),
        caller: caller_to_wire(caller),
        queue: text(queue.as_ref()),
        client: text(client.as_ref()),
        agent: text(agent.as_ref()),
        arrive_time: Some(moment(*arrived_at)),
        answer_time: answered_at.map(moment),
        answered_ring: answered_ring.unwrap_or(0),
        connect_time: connected_at.map(moment),
        end_time: ended_at.map(moment),
        holds: *count,
        hold_duration: Some(span(*total)),
        longest_hold_duration: Some(span(*longest)),
        outcome: text(outcome.as_ref()),
        cause: text(cause.as_ref()),
        released_by: text(released_by.as_ref()),
        disposition: text(disposition.as_ref().map(|it| &it.code)),
        disposition_automatic: disposition.as_ref().is_some_and(|it| it.automatic),
        wrap_up_end_time: wrapped_up_at.map(moment),
        campaign: text(outbound.as_ref().map(|it| &it.campaign)),
        lead: outbound.as_ref().and_then(|it| it.lead).map_or(0, LeadId::as_u64),
        disposition_fields: disposition.as_ref().map(|it| it.fields.clone()).unwrap_or_default(),
    }
}

/// Reads a call.
pub fn from_wire(wire: pb::Call) -> Result<CallRecord, FieldError> {
    let pb::Call {
        name: call,
        trunk,
        dialed,
        caller,
        queue,
        client,
        agent,
        arrive_time,
        answer_time,
        answered_ring,
        connect_time,
        end_time,
        holds,
        hold_duration,
        longest_hold_duration,
        outcome,
        cause,
        released_by,
        disposition,
        disposition_automatic,
        wrap_up_end_time,
        campaign,
        lead,
        disposition_fields: fields,
    } = wire;
    let (tenant, call) = name::read_call("name", &call)?;
    let campaign = optional("campaign", &campaign, |text| CampaignId::parse(text).ok())?;
    let lead = (lead > 0).then(|| LeadId::from_u64(lead));
    let code = optional("disposition", &disposition, |text| Slug::parse(text).ok())?;
    Ok(CallRecord {
        id: call,
        tenant,
        trunk: id("trunk", &trunk, TrunkId::parse)?,
        dialed,
        caller: caller_from_wire("caller", &caller)?,
        queue: optional("queue", &queue, |text| QueueId::parse(text).ok())?,
        client: optional("client", &client, |text| ClientId::parse(text).ok())?,
        arrived_at: need_moment("arrive_time", arrive_time)?,
        answered_at: read_moment("answer_time", answer_time)?,
        answered_ring: (answered_ring > 0).then_some(answered_ring),
        connected_at: read_moment("connect_time", connect_time)?,
        agent: optional("agent", &agent, |text| AgentId::parse(text).ok())?,
        outbound: campaign.map(|campaign| PlacedFor { campaign, lead }),
        hold: HoldStats {
            count: holds,
            total: read_span("hold_duration", hold_duration)?.unwrap_or(Duration::ZERO),
            longest: read_span("longest_hold_duration", longest_hold_duration)?
                .unwrap_or(Duration::ZERO),
        },
        ended_at: read_moment("end_time", end_time)?,
        outcome: optional("outcome", &outcome, CallOutcome::parse)?,
        cause: optional("cause", &cause, EndCause::parse)?,
        released_by: optional("released_by", &released_by, ReleasedBy::parse)?,
        disposition: code.map(|code| Disposition {
            code,
            automatic: disposition_automatic,
            fields,
        }),
        wrapped_up_at: read_moment("wrap_up_end_time", wrap_up_end_time)?,
    })
}

/// Asks for a page of the calls of the credential's tenant. The wire cannot ask for ended calls only, so
/// `Some(false)` in [`CallFilter::open`] asks for all.
pub fn list_to_wire(filter: &CallFilter, page: &PageRequest) -> pb::ListCallsRequest {
    let CallFilter { queue, agent, outcome, open, arrived_from, arrived_to, caller } = filter;
    let PageRequest { size, after } = page;
    pb::ListCallsRequest {
        parent: String::new(),
        page_size: i32::try_from(*size).unwrap_or(i32::MAX),
        page_token: call_token(*after),
        queue: queue.as_ref().map(ToString::to_string).unwrap_or_default(),
        agent: agent.as_ref().map(ToString::to_string).unwrap_or_default(),
        outcome: outcome.map(|it| it.to_string()).unwrap_or_default(),
        in_progress: *open == Some(true),
        arrive_from: arrived_from.map(moment),
        arrive_until: arrived_to.map(moment),
        caller: caller.as_ref().map(|it| it.expose().to_owned()).unwrap_or_default(),
    }
}

/// Reads which calls are asked for. The parent is the caller's to check ([`name::read_tenant`]).
pub fn list_from_wire(
    wire: &pb::ListCallsRequest,
) -> Result<(CallFilter, PageRequest), Vec<FieldError>> {
    let pb::ListCallsRequest {
        parent: _,
        page_size,
        page_token,
        queue,
        agent,
        outcome,
        in_progress,
        arrive_from,
        arrive_until,
        caller,
    } = wire;
    let mut faults = Vec::new();
    let page = kept(&mut faults, read_call_page(*page_size, page_token));
    let filter = CallFilter {
        queue: kept(&mut faults, some("queue", queue, QueueId::parse)).flatten(),
        agent: kept(&mut faults, some("agent", agent, AgentId::parse)).flatten(),
        outcome: kept(&mut faults, optional("outcome", outcome, CallOutcome::parse)).flatten(),
        open: in_progress.then_some(true),
        arrived_from: kept(&mut faults, read_moment("arrive_from", *arrive_from)).flatten(),
        arrived_to: kept(&mut faults, read_moment("arrive_until", *arrive_until)).flatten(),
        caller: kept(&mut faults, read_caller(caller)).flatten(),
    };
    match page {
        Some(page) if faults.is_empty() => Ok((filter, page)),
        _ => Err(faults),
    }
}

fn kept<T>(faults: &mut Vec<FieldError>, read: Result<T, FieldError>) -> Option<T> {
    read.map_err(|fault| faults.push(fault)).ok()
}

fn some<T>(
    field: &str,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, timbre_model::InvalidSlug>,
) -> Result<Option<T>, FieldError> {
    if text.is_empty() { Ok(None) } else { id(field, text, parse).map(Some) }
}

fn read_caller(text: &str) -> Result<Option<PhoneNumber>, FieldError> {
    caller_from_wire("caller", text).map(|caller| caller.number().cloned())
}

#[cfg(test)]
mod tests;
