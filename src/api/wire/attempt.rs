//! Attempts, as evidence.

use timbre_model::{
    AgentId, AttemptOutcome, AttemptRecord, CampaignId, ClientId, Disposition, FieldError, LeadId,
    ListId, MachineVerdict, ReleasedBy, Slug, TrunkId,
};
use timbre_store::AttemptFilter;

use super::agent::optional;
use super::lead::{consent_from_wire, consent_to_wire, read_number};
use super::name::{self, id};
use super::time::{moment, need_moment, read_moment};
use crate::api::pb;

/// A question for a page of attempts of the credential's tenant, as the wire has it.
pub fn list_to_wire(
    filter: &AttemptFilter,
    (page_size, page_token): (i32, String),
) -> pb::ListAttemptsRequest {
    let AttemptFilter { campaign, number, lead, outcome, from, to } = filter;
    pb::ListAttemptsRequest {
        parent: String::new(),
        page_size,
        page_token,
        campaign: campaign.as_ref().map(ToString::to_string).unwrap_or_default(),
        lead: lead.map_or(0, LeadId::as_u64),
        number: number.as_ref().map(|it| it.expose().to_owned()).unwrap_or_default(),
        outcome: outcome.map(|it| it.to_string()).unwrap_or_default(),
        intent_from: from.map(moment),
        intent_until: to.map(moment),
    }
}

/// As the wire has it.
pub fn to_wire(record: &AttemptRecord) -> pb::Attempt {
    fn text(it: Option<&impl ToString>) -> String {
        it.map(ToString::to_string).unwrap_or_default()
    }
    let AttemptRecord {
        id,
        tenant,
        campaign,
        client,
        list,
        lead,
        person,
        number,
        caller_id,
        trunk,
        mode,
        consent,
        decision,
        local_time,
        intent_at,
        intent_mono,
        dialed_at,
        ringing_at,
        answered_at,
        connected_at,
        agent,
        machine,
        machine_corrected,
        message_played,
        ended_at,
        outcome,
        sip_status,
        q850_cause,
        released_by,
        disposition,
    } = record;
    pb::Attempt {
        name: name::attempt(tenant, *id),
        campaign: campaign.to_string(),
        client: client.to_string(),
        list: text(list.as_ref()),
        lead: lead.map_or(0, LeadId::as_u64),
        person: person.clone().unwrap_or_default(),
        number: number.expose().to_owned(),
        caller_id: caller_id.expose().to_owned(),
        trunk: trunk.to_string(),
        mode: mode.clone(),
        consent: consent.as_ref().map(consent_to_wire),
        decision: decision.clone(),
        local_time: local_time.clone(),
        intent_time: Some(moment(*intent_at)),
        intent_mono: *intent_mono,
        dial_time: dialed_at.map(moment),
        ring_time: ringing_at.map(moment),
        answer_time: answered_at.map(moment),
        connect_time: connected_at.map(moment),
        agent: text(agent.as_ref()),
        machine: text(machine.as_ref()),
        machine_corrected: text(machine_corrected.as_ref()),
        message_played: *message_played,
        end_time: ended_at.map(moment),
        outcome: text(outcome.as_ref()),
        sip_status: sip_status.map_or(0, u32::from),
        q850_cause: q850_cause.map_or(0, u32::from),
        released_by: text(released_by.as_ref()),
        disposition: text(disposition.as_ref().map(|it| &it.code)),
        disposition_automatic: disposition.as_ref().is_some_and(|it| it.automatic),
    }
}

/// Reads it back.
pub fn from_wire(wire: pb::Attempt) -> Result<AttemptRecord, FieldError> {
    let pb::Attempt {
        name: attempt,
        campaign,
        client,
        list,
        lead,
        person,
        number,
        caller_id,
        trunk,
        mode,
        consent,
        decision,
        local_time,
        intent_time,
        intent_mono,
        dial_time,
        ring_time,
        answer_time,
        connect_time,
        agent,
        machine,
        machine_corrected,
        message_played,
        end_time,
        outcome,
        sip_status,
        q850_cause,
        released_by,
        disposition,
        disposition_automatic,
    } = wire;
    let (tenant, attempt) = name::read_attempt("name", &attempt)?;
    let code = optional("disposition", &disposition, |text| Slug::parse(text).ok())?;
    Ok(AttemptRecord {
        id: attempt,
        tenant,
        campaign: id("campaign", &campaign, CampaignId::parse)?,
        client: id("client", &client, ClientId::parse)?,
        list: optional("list", &list, |text| ListId::parse(text).ok())?,
        lead: (lead > 0).then(|| LeadId::from_u64(lead)),
        person: Some(person).filter(|it| !it.is_empty()),
        number: read_number("number", &number)?,
        caller_id: read_number("caller_id", &caller_id)?,
        trunk: id("trunk", &trunk, TrunkId::parse)?,
        mode,
        consent: consent.map(consent_from_wire).transpose()?,
        decision,
        local_time,
        intent_at: need_moment("intent_time", intent_time)?,
        intent_mono,
        dialed_at: read_moment("dial_time", dial_time)?,
        ringing_at: read_moment("ring_time", ring_time)?,
        answered_at: read_moment("answer_time", answer_time)?,
        connected_at: read_moment("connect_time", connect_time)?,
        agent: optional("agent", &agent, |text| AgentId::parse(text).ok())?,
        machine: optional("machine", &machine, MachineVerdict::parse)?,
        machine_corrected: optional(
            "machine_corrected",
            &machine_corrected,
            MachineVerdict::parse,
        )?,
        message_played,
        ended_at: read_moment("end_time", end_time)?,
        outcome: optional("outcome", &outcome, AttemptOutcome::parse)?,
        sip_status: code_of("sip_status", sip_status)?,
        q850_cause: code_of("q850_cause", q850_cause)?,
        released_by: optional("released_by", &released_by, ReleasedBy::parse)?,
        disposition: code.map(|code| Disposition::new(code, disposition_automatic)),
    })
}

fn code_of<T: TryFrom<u32>>(field: &str, code: u32) -> Result<Option<T>, FieldError> {
    if code == 0 {
        return Ok(None);
    }
    let remedy = "give the code as the network sent it";
    T::try_from(code).map(Some).map_err(|_| FieldError::new(field, code, remedy))
}
