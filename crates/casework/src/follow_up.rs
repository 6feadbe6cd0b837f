//! Checks after a sale (postventa): is all as it was promised?

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use timbre_model::{
    AgentId, CallId, Civil, ClientId, FieldError, FollowUpOutcome, FollowUpPolicy, LeadId, ListId,
    TenantId, words,
};

use crate::sale::{self, Check};
use crate::{
    Act, By, CaseId, CustomerId, FollowUpId, Interaction, InteractionKind, NewEvent, Record,
    RecordKind, Refusal, Sale, SaleId, Work,
};

/// A check after a sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// Its id.
    pub id: FollowUpId,
    /// Whose.
    pub tenant: TenantId,
    /// The client company that sold.
    pub client: ClientId,
    /// Counts its changes from 1.
    pub version: u64,
    /// The sale.
    pub sale: SaleId,
    /// Counts the follow-ups of its sale from 1.
    pub number: u32,
    /// Who bought.
    pub customer: Option<CustomerId>,
    /// Where it stands.
    pub state: FollowUpState,
    /// When it falls due.
    pub due_at: Civil,
    /// The list into which it is laid, and then the lead that it is.
    pub list: ListId,
    /// The lead.
    pub lead: Option<LeadId>,
    /// How often it was tried.
    pub tries: u32,
    /// How often it may be.
    pub tries_max: u32,
    /// The call in which it was done.
    pub call: Option<CallId>,
    /// Who did it.
    pub agent: Option<AgentId>,
    /// The case that it opened.
    pub case: Option<CaseId>,
    /// What came of it, in words.
    pub note: String,
    /// When it ended.
    pub ended_at: Option<Civil>,
}

/// Where a follow-up stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FollowUpState {
    /// Its time has not come.
    Planned,
    /// Its time has come; it waits to be dialed.
    Due,
    /// It was dialed at least once.
    Attempting,
    /// All is as it was promised.
    Confirmed,
    /// Something is not; a case follows it.
    Incident,
    /// Nobody was reached as often as it may be tried.
    Unreachable,
}

words! {
    FollowUpState {
        Planned = "planned", Due = "due", Attempting = "attempting", Confirmed = "confirmed",
        Incident = "incident", Unreachable = "unreachable",
    }
}

impl FollowUpState {
    /// Nothing more is to be done.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Confirmed | Self::Incident | Self::Unreachable)
    }
}

/// What a follow-up call found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// Whether all is well.
    pub outcome: FollowUpOutcome,
    /// What the customer says of the single promises. Of those that are not named all were kept, where all is well.
    pub checks: Vec<Check>,
    /// In words.
    pub note: String,
    /// The call in which it was asked.
    pub call: Option<CallId>,
    /// Who asked, where that is not who writes it down.
    pub agent: Option<AgentId>,
}

/// Plans the follow-up of a sale that is `number`th, `after` it.
pub(crate) fn plan(
    id: FollowUpId,
    sale: &Sale,
    (number, after): (u32, Duration),
    policy: &FollowUpPolicy,
) -> FollowUp {
    FollowUp {
        id,
        tenant: sale.tenant.clone(),
        client: sale.client.clone(),
        version: 1,
        sale: sale.id,
        number,
        customer: sale.customer,
        state: FollowUpState::Planned,
        due_at: sale.at + after,
        list: policy.list.clone(),
        lead: None,
        tries: 0,
        tries_max: policy.tries,
        call: None,
        agent: None,
        case: None,
        note: String::new(),
        ended_at: None,
    }
}

/// Its time has come: it was laid into its list as `lead`.
pub fn due(it: &FollowUp, lead: LeadId, at: Civil) -> Result<Work, Refusal> {
    if it.state != FollowUpState::Planned {
        return Err(refused(it, "due", "it has been due before"));
    }
    let it = FollowUp { state: FollowUpState::Due, lead: Some(lead), ..it.clone() };
    Ok(work(next(it), "due", at))
}

/// Its lead is dialed.
pub fn attempted(it: &FollowUp, at: Civil) -> Result<Work, Refusal> {
    if it.state.is_over() {
        return Ok(Work::default());
    }
    let tries = it.tries.saturating_add(1);
    let it = FollowUp { state: FollowUpState::Attempting, tries, ..it.clone() };
    Ok(work(next(it), "attempting", at))
}

/// An attempt reached nobody. After the last of its tries, or where its lead is `finished`, the customer is unreachable.
pub fn missed(it: &FollowUp, finished: bool, at: Civil) -> Result<Work, Refusal> {
    let last = finished || it.tries >= it.tries_max;
    // Who was talked with was reached: their agent still owes the outcome.
    if it.state.is_over() || it.call.is_some() || !last {
        return Ok(Work::default());
    }
    let it = FollowUp { state: FollowUpState::Unreachable, ended_at: Some(at), ..it.clone() };
    Ok(work(next(it), "unreachable", at))
}

/// Somebody was talked with and no outcome was given: it stands in the agent's agenda until there is one.
pub fn talked(it: &FollowUp, call: CallId, agent: Option<AgentId>) -> Work {
    if it.state.is_over() || it.call == Some(call) {
        return Work::default();
    }
    let it = FollowUp { call: Some(call), agent, ..it.clone() };
    Work { records: vec![Record::FollowUp(Box::new(next(it)))], ..Work::default() }
}

/// Ends it with what was found. Of an incident `case` is the case that follows it.
pub fn finish(
    it: &FollowUp,
    of: &Sale,
    findings: Findings,
    case: Option<CaseId>,
    act: &Act,
) -> Result<Work, Refusal> {
    // Who answers late, or calls themselves, is heard, too.
    if matches!(it.state, FollowUpState::Confirmed | FollowUpState::Incident) {
        return Err(refused(it, "finished", "take a case where there is more to say"));
    }
    let Findings { outcome, checks, note, call, agent } = findings;
    sale::fits("note", &note)?;
    let checks = match outcome {
        FollowUpOutcome::Confirmed => all_kept(of, checks)?,
        FollowUpOutcome::Incident => checks,
    };
    let checked = of.checked(&checks, act.at)?;
    let by = match &act.by {
        By::Agent(agent) => Some(agent.clone()),
        By::Desk(_) | By::System => None,
    };
    let state = match outcome {
        FollowUpOutcome::Confirmed => FollowUpState::Confirmed,
        FollowUpOutcome::Incident => FollowUpState::Incident,
    };
    let ended = FollowUp {
        state,
        call: call.or(it.call),
        agent: agent.or(by).or_else(|| it.agent.clone()),
        case,
        note,
        ended_at: Some(act.at),
        ..it.clone()
    };
    let contact = contact(&ended, act.at);
    let mut done = work(next(ended), outcome.as_str(), act.at);
    done.interactions.extend(contact);
    if !checks.is_empty() {
        done.join(sale::work(sale::next(checked), "promise_checked", act.at));
    }
    Ok(done)
}

/// All is well: every promise that is not named was kept, and none that is named was broken.
fn all_kept(of: &Sale, checks: Vec<Check>) -> Result<Vec<Check>, FieldError> {
    if let Some(broken) = checks.iter().find(|it| !it.kept) {
        let remedy = "a promise was not kept: give the outcome incident";
        return Err(FieldError::new("outcome", broken.promise, remedy));
    }
    let promises = (1..).zip(&of.promises);
    let silent = promises.filter(|(number, it)| {
        it.kept.is_none() && !checks.iter().any(|check| check.promise == *number)
    });
    let kept = silent.map(|(promise, _)| Check { promise, kept: true, note: String::new() });
    let kept: Vec<Check> = kept.collect();
    Ok(checks.into_iter().chain(kept).collect())
}

fn contact(it: &FollowUp, at: Civil) -> Option<Interaction> {
    Some(Interaction {
        tenant: it.tenant.clone(),
        customer: it.customer?,
        at,
        kind: InteractionKind::FollowUp,
        subject: it.id.as_u128(),
        agent: it.agent.clone(),
        summary: it.state.to_string(),
    })
}

fn next(it: FollowUp) -> FollowUp {
    FollowUp { version: it.version + 1, ..it }
}

fn refused(it: &FollowUp, verb: &'static str, remedy: &'static str) -> Refusal {
    Refusal::State { kind: RecordKind::FollowUp, state: it.state.as_str(), verb, remedy }
}

/// The record, and the event that tells it.
pub(crate) fn work(it: FollowUp, verb: &str, at: Civil) -> Work {
    let event = NewEvent {
        id: format!("follow_up-{}-{}", it.id, it.version),
        kind: format!("timbre.follow_up.{verb}.v1"),
        subject: format!("follow_ups/{}", it.id),
        client: Some(it.client.clone()),
        at,
        data: json!({
            "follow_up": it.id, "sale": it.sale, "number": it.number, "state": it.state, "due_at": it.due_at,
            "lead": it.lead, "tries": it.tries, "call": it.call, "agent": it.agent, "case": it.case,
            "customer": it.customer,
        }),
    };
    Work { records: vec![Record::FollowUp(Box::new(it))], events: vec![event], ..Work::default() }
}

#[cfg(test)]
mod tests;
