//! What a batch of the engine's changes tells: events of calls and of attempts.
//!
//! Their ids are made of what happened, so that a batch that is committed again tells nothing again.

use std::collections::BTreeMap;

use serde::Serialize;
use timbre_model::{
    AgentId, AttemptOutcome, AttemptRecord, CallId, CallOutcome, CallRecord, CampaignId, Change,
    Civil, ClientId, EndCause, LeadId, ListId, QueueId, ReleasedBy, Slug, SurveyRecord, TenantId,
    TimelineEntry, TimelineKind,
};

use super::NewRow;

/// What is told of a call. Numbers and names stand in its record, for those who may see them.
#[derive(Debug, Default, Serialize)]
struct CallData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'a ClientId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<&'a QueueId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign: Option<&'a CampaignId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lead: Option<LeadId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<&'a AgentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connected: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<CallOutcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<EndCause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    released_by: Option<ReleasedBy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disposition: Option<&'a Slug>,
    #[serde(skip_serializing_if = "Option::is_none")]
    automatic: Option<bool>,
}

/// What is told of an attempt.
#[derive(Debug, Serialize)]
struct AttemptData<'a> {
    client: &'a ClientId,
    campaign: &'a CampaignId,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<&'a ListId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lead: Option<LeadId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<&'a AgentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dialed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connected: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<AttemptOutcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disposition: Option<&'a Slug>,
}

/// What the changes tell, in their order. `calls` are the records of the calls among them, as they stand at the end.
pub(crate) fn of_batch(changes: &[Change], calls: &[&CallRecord]) -> Vec<NewRow> {
    let mut told = Vec::new();
    let mut by_id: Option<BTreeMap<_, &CallRecord>> = None;
    for change in changes {
        match change {
            Change::Timeline(entry) if is_told(&entry.what) => {
                let by_id = by_id.get_or_insert_with(|| {
                    calls.iter().map(|it| ((&it.tenant, it.id), *it)).collect()
                });
                told.extend(of_entry(entry, by_id.get(&(&entry.tenant, entry.call)).copied()));
            }
            Change::Attempt(record) => told.extend(of_attempt(record)),
            Change::Survey(record) => told.push(of_survey(record)),
            _ => {}
        }
    }
    told
}

fn is_told(what: &TimelineKind) -> bool {
    use TimelineKind::{Arrived, Connected, Ended, WrappedUp};
    matches!(what, Arrived | Connected { .. } | Ended { .. } | WrappedUp { .. })
}

fn of_entry(entry: &TimelineEntry, call: Option<&CallRecord>) -> Option<NewRow> {
    let first = CallData {
        client: call.and_then(|it| it.client.as_ref()),
        queue: call.and_then(|it| it.queue.as_ref()),
        campaign: call.and_then(|it| it.outbound.as_ref()).map(|it| &it.campaign),
        lead: call.and_then(|it| it.outbound.as_ref()).and_then(|it| it.lead),
        ..CallData::default()
    };
    let agent = call.and_then(|it| it.agent.as_ref());
    let (word, data) = match &entry.what {
        TimelineKind::Arrived => ("arrived", first),
        TimelineKind::Connected { agent } => {
            ("connected", CallData { agent: Some(agent), ..first })
        }
        TimelineKind::Ended { cause, released_by } => {
            let connected = call.map(|it| it.connected_at.is_some());
            let outcome = call.and_then(|it| it.outcome);
            let (cause, released_by) = (Some(*cause), Some(*released_by));
            ("ended", CallData { agent, connected, outcome, cause, released_by, ..first })
        }
        TimelineKind::WrappedUp { disposition } => {
            let (code, automatic) = (Some(&disposition.code), Some(disposition.automatic));
            ("wrapped_up", CallData { agent, disposition: code, automatic, ..first })
        }
        _ => return None,
    };
    Some(call_row(&entry.tenant, entry.call, word, entry.at, &data))
}

fn call_row(tenant: &TenantId, id: CallId, word: &str, at: Civil, data: &CallData<'_>) -> NewRow {
    NewRow {
        tenant: tenant.clone(),
        id: format!("calls/{id}/{word}"),
        kind: format!("timbre.call.{word}.v1"),
        subject: format!("calls/{id}"),
        client: data.client.cloned(),
        at,
        data: serde_json::to_string(data).expect("plain data has a JSON form"),
    }
}

/// The end of a call of which nothing but its record is known: its node died.
pub(crate) fn lost(call: &CallRecord) -> Option<NewRow> {
    let (cause, released_by) = (call.cause?, call.released_by?);
    let what = TimelineKind::Ended { cause, released_by };
    let entry = TimelineEntry {
        call: call.id,
        tenant: call.tenant.clone(),
        number: 0,
        at: call.ended_at?,
        what,
    };
    of_entry(&entry, Some(call))
}

/// The end of a wrap-up that nobody ended.
pub(crate) fn unclassified(call: &CallRecord) -> Option<NewRow> {
    let disposition = call.disposition.clone()?;
    let entry = TimelineEntry {
        call: call.id,
        tenant: call.tenant.clone(),
        number: 0,
        at: call.wrapped_up_at?,
        what: TimelineKind::WrappedUp { disposition },
    };
    of_entry(&entry, Some(call))
}

/// An attempt is written when it is dialed, when it is answered, when it ends and when it is classified.
pub(crate) fn of_attempt(it: &AttemptRecord) -> Option<NewRow> {
    let under_way = it.ringing_at.or(it.answered_at).or(it.connected_at).is_some();
    let (word, at) = match (it.dialed_at, it.ended_at) {
        (_, Some(at)) => ("ended", at),
        (Some(at), None) if !under_way => ("dialed", at),
        _ => return None,
    };
    let ended = word == "ended";
    let data = AttemptData {
        client: &it.client,
        campaign: &it.campaign,
        list: it.list.as_ref(),
        lead: it.lead,
        agent: it.agent.as_ref(),
        dialed: ended.then_some(it.dialed_at.is_some()),
        connected: ended.then_some(it.connected_at.is_some()),
        outcome: it.outcome,
        disposition: it.disposition.as_ref().map(|it| &it.code),
    };
    let id = it.id;
    Some(NewRow {
        tenant: it.tenant.clone(),
        id: format!("attempts/{id}/{word}"),
        kind: format!("timbre.attempt.{word}.v1"),
        subject: format!("attempts/{id}"),
        client: Some(it.client.clone()),
        at,
        data: serde_json::to_string(&data).expect("plain data has a JSON form"),
    })
}

/// A question that was asked, or answered. Its data is the record.
fn of_survey(it: &SurveyRecord) -> NewRow {
    let (word, at) = match it.answered_at {
        Some(at) => ("answered", at),
        None => ("asked", it.asked_at),
    };
    let call = it.call;
    NewRow {
        tenant: it.tenant.clone(),
        id: format!("surveys/{call}/{word}"),
        kind: format!("timbre.survey.{word}.v1"),
        subject: format!("surveys/{call}"),
        client: Some(it.client.clone()),
        at,
        data: serde_json::to_string(it).expect("plain data has a JSON form"),
    }
}
