//! What a case is made of.

use timbre_casework::{
    Answer, Channel, Confirmation, Deadline, Note, Party, Proposal, Receipt, Task,
};
use timbre_model::{AgentId, FieldError, Slug};

use crate::api::pb;
use crate::api::wire::agent::word;
use crate::api::wire::name::{cut, id};
use crate::api::wire::record::{by_from_wire, by_to_wire};
use crate::api::wire::time::{moment, need_moment, read_moment};

pub(super) fn receipt_to_wire(it: &Receipt) -> pb::CaseReceipt {
    let Receipt { at, channel, to } = it;
    let (channel, to) = (channel.to_string(), to.clone());
    pb::CaseReceipt { time: Some(moment(*at)), channel, to }
}

pub(super) fn receipt_from_wire(wire: pb::CaseReceipt) -> Result<Receipt, FieldError> {
    let pb::CaseReceipt { time, channel, to } = wire;
    Ok(Receipt {
        at: need_moment("case.receipt.time", time)?,
        channel: word("case.receipt.channel", &channel, Channel::parse)?,
        to,
    })
}

pub(super) fn deadline_to_wire(it: &Deadline) -> pb::CaseDeadline {
    let Deadline { since, due_at, rule, warned, lapsed_at, met_at, escalated, wake_at } = it;
    let escalation = |(role, at): &(Slug, _)| pb::CaseEscalation {
        role: role.to_string(),
        time: Some(moment(*at)),
    };
    pb::CaseDeadline {
        start_time: Some(moment(*since)),
        due_time: Some(moment(*due_at)),
        rule: rule.clone(),
        warned: *warned,
        lapse_time: lapsed_at.map(moment),
        met_time: met_at.map(moment),
        escalations: escalated.iter().map(escalation).collect(),
        wake_time: wake_at.map(moment),
    }
}

pub(super) fn deadline_from_wire(wire: pb::CaseDeadline) -> Result<Deadline, FieldError> {
    let pb::CaseDeadline {
        start_time,
        due_time,
        rule,
        warned,
        lapse_time,
        met_time,
        escalations,
        wake_time,
    } = wire;
    let escalation = |pb::CaseEscalation { role, time }| {
        let role = id("case.deadline.escalations.role", &role, Slug::parse)?;
        Ok((role, need_moment("case.deadline.escalations.time", time)?))
    };
    Ok(Deadline {
        since: need_moment("case.deadline.start_time", start_time)?,
        due_at: need_moment("case.deadline.due_time", due_time)?,
        rule,
        warned,
        lapsed_at: read_moment("case.deadline.lapse_time", lapse_time)?,
        met_at: read_moment("case.deadline.met_time", met_time)?,
        escalated: super::all(escalations, escalation)?,
        wake_at: read_moment("case.deadline.wake_time", wake_time)?,
    })
}

pub(super) fn proposal_to_wire(it: &Proposal) -> pb::CaseProposal {
    let Proposal { at, by, text, accepted } = it;
    let (by, text) = (by_to_wire(by), text.clone());
    pb::CaseProposal { time: Some(moment(*at)), by, text, accepted: *accepted }
}

pub(super) fn proposal_from_wire(wire: pb::CaseProposal) -> Result<Proposal, FieldError> {
    let pb::CaseProposal { time, by, text, accepted } = wire;
    let at = need_moment("case.proposals.time", time)?;
    Ok(Proposal { at, by: by_from_wire("case.proposals.by", &by)?, text, accepted })
}

pub(super) fn task_to_wire(it: &Task) -> pb::CaseTask {
    let Task { what, who, by, done_at } = it;
    pb::CaseTask {
        what: what.clone(),
        who: party_to_wire(who),
        due_time: Some(moment(*by)),
        done_time: done_at.map(moment),
    }
}

pub(super) fn task_from_wire(wire: pb::CaseTask) -> Result<Task, FieldError> {
    let pb::CaseTask { what, who, due_time, done_time } = wire;
    Ok(Task {
        what,
        who: party_from_wire("tasks.who", &who)?,
        by: need_moment("tasks.due_time", due_time)?,
        done_at: read_moment("tasks.done_time", done_time)?,
    })
}

/// `agent:{agent}`, `department:{department}` or `customer`.
fn party_to_wire(who: &Party) -> String {
    match who {
        Party::Agent(agent) => format!("agent:{agent}"),
        Party::Department(department) => format!("department:{department}"),
        Party::Customer => "customer".to_owned(),
    }
}

/// Reads who is to do something.
pub(super) fn party_from_wire(field: &str, text: &str) -> Result<Party, FieldError> {
    let remedy = "give agent:{agent}, department:{department} or customer";
    let fault = || FieldError::new(field, cut(text), remedy);
    match text.split_once(':') {
        None if text == "customer" => Ok(Party::Customer),
        Some(("agent", it)) => AgentId::parse(it).map(Party::Agent).map_err(|_| fault()),
        Some(("department", it)) => Slug::parse(it).map(Party::Department).map_err(|_| fault()),
        _ => Err(fault()),
    }
}

pub(super) fn answer_to_wire(it: &Answer) -> pb::CaseAnswer {
    let Answer { at, by, text, channel, language, upheld, adr, cure_until } = it;
    pb::CaseAnswer {
        time: Some(moment(*at)),
        by: by_to_wire(by),
        text: text.clone(),
        channel: channel.to_string(),
        language: language.clone(),
        upheld: *upheld,
        adr: adr.clone().unwrap_or_default(),
        cure_until_time: cure_until.map(moment),
    }
}

pub(super) fn answer_from_wire(wire: pb::CaseAnswer) -> Result<Answer, FieldError> {
    let pb::CaseAnswer { time, by, text, channel, language, upheld, adr, cure_until_time } = wire;
    Ok(Answer {
        at: need_moment("case.answer.time", time)?,
        by: by_from_wire("case.answer.by", &by)?,
        text,
        channel: word("case.answer.channel", &channel, Channel::parse)?,
        language,
        upheld,
        adr: Some(adr).filter(|it| !it.is_empty()),
        cure_until: read_moment("case.answer.cure_until_time", cure_until_time)?,
    })
}

pub(super) fn confirmation_to_wire(it: &Confirmation) -> pb::CaseConfirmation {
    let Confirmation { at, by, satisfied, note } = it;
    let (by, note) = (by_to_wire(by), note.clone());
    pb::CaseConfirmation { time: Some(moment(*at)), by, satisfied: *satisfied, note }
}

pub(super) fn confirmation_from_wire(
    wire: pb::CaseConfirmation,
) -> Result<Confirmation, FieldError> {
    let pb::CaseConfirmation { time, by, satisfied, note } = wire;
    let at = need_moment("case.confirmation.time", time)?;
    Ok(Confirmation { at, by: by_from_wire("case.confirmation.by", &by)?, satisfied, note })
}

pub(super) fn note_to_wire(it: &Note) -> pb::CaseNote {
    let Note { at, by, what, text } = it;
    let (what, text) = (what.clone(), text.clone());
    pb::CaseNote { time: Some(moment(*at)), by: by_to_wire(by), what, text }
}

pub(super) fn note_from_wire(wire: pb::CaseNote) -> Result<Note, FieldError> {
    let pb::CaseNote { time, by, what, text } = wire;
    let at = need_moment("case.story.time", time)?;
    Ok(Note { at, by: by_from_wire("case.story.by", &by)?, what, text })
}
