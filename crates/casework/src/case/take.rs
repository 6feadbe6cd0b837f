//! Taking a case down. Only what was said and by whom must be there; all else may follow.

use serde_json::json;
use timbre_model::{CallId, Civil, ClientId, FieldError, QueueId, TenantId};

use super::amend::Amendment;
use super::deadline::{self, CaseRules};
use super::text::{LINE_MAX, TEXT_MAX, needed};
use super::turn::Turn;
use crate::{
    Act, By, Case, CaseId, CaseKey, CaseKind, CaseState, Channel, FollowUpId, Interaction,
    InteractionKind, Matter, Refusal, Severity, StepDone, Work,
};

/// What is taken down.
#[derive(Debug, Clone, PartialEq)]
pub struct Taking {
    /// Its id, drawn by chance.
    pub id: CaseId,
    /// Its key, drawn by chance: the store says whether it is free.
    pub key: CaseKey,
    /// Whose.
    pub tenant: TenantId,
    /// The client company it concerns.
    pub client: ClientId,
    /// What it is.
    pub kind: CaseKind,
    /// Through what it came.
    pub channel: Channel,
    /// When it came, where that is not now: a letter.
    pub received_at: Option<Civil>,
    /// The call in which it came.
    pub call: Option<CallId>,
    /// The queue of that call.
    pub queue: Option<QueueId>,
    /// The customer's name.
    pub customer_name: String,
    /// The language in which it came, where `more` does not say (BCP 47).
    pub language: String,
    /// What they say, in their words.
    pub statement: String,
    /// The follow-up that brought it to light.
    pub follow_up: Option<FollowUpId>,
    /// What else is known already.
    pub more: Amendment,
    /// How the taking was guided.
    pub checklist: Vec<StepDone>,
}

/// Takes a case down.
pub fn take(taking: Taking, act: &Act, rules: &CaseRules<'_>) -> Result<Work, Refusal> {
    let received_at = received(taking.received_at, act.at)?;
    let (more, checklist) = (taking.more.clone(), taking.checklist.clone());
    let mut turn = Turn::first(blank(taking, received_at, act)?, act);
    more.apply(&mut turn.case)?;
    super::checklist::record(&mut turn.case, &checklist);
    let case = &mut turn.case;
    case.deadline = deadline::of(case.kind, case.matter, received_at, act.at, rules);
    let statement = case.statement.clone();
    turn.did("received", statement, json!({}));
    let interaction = interaction(&turn.case);
    let mut work = turn.done();
    work.interactions.extend(interaction);
    Ok(work)
}

fn blank(taking: Taking, received_at: Civil, act: &Act) -> Result<Case, FieldError> {
    let name = needed("customer_name", &taking.customer_name, LINE_MAX, "ask the customer's name");
    let remedy = "write down what the customer says, in their words";
    let owner = match &act.by {
        By::Agent(agent) => Some(agent.clone()),
        By::Desk(_) | By::System => None,
    };
    Ok(Case {
        id: taking.id,
        tenant: taking.tenant,
        client: taking.client,
        version: 1,
        key: taking.key,
        kind: taking.kind,
        state: CaseState::Received,
        received_at,
        received_by: act.by.clone(),
        channel: taking.channel,
        call: taking.call,
        queue: taking.queue,
        customer: None,
        customer_name: name?,
        number: None,
        mail: None,
        language: super::text::language("language", &taking.language)?,
        statement: needed("statement", &taking.statement, TEXT_MAX, remedy)?,
        department: None,
        cause: None,
        consequences: String::new(),
        remedy_sought: String::new(),
        solution: String::new(),
        severity: Severity::Normal,
        product: String::new(),
        matter: Matter::General,
        recording_consent: None,
        receipt: None,
        deadline: None,
        former_deadlines: Vec::new(),
        owner,
        proposals: Vec::new(),
        tasks: Vec::new(),
        answer: None,
        confirmation: None,
        closed_at: None,
        reopened: 0,
        sale: None,
        follow_up: taking.follow_up,
        checklist: Vec::new(),
        story: Vec::new(),
    })
}

/// How long ago something may have come that is taken down now.
const LATE_MAX: std::time::Duration = std::time::Duration::from_secs(366 * 86_400);

fn received(at: Option<Civil>, now: Civil) -> Result<Civil, FieldError> {
    let at = at.unwrap_or(now);
    if at > now || at < now.before(LATE_MAX) {
        let remedy = "give a moment of the last year, or nothing where it came now";
        return Err(FieldError::new("receive_time", "", remedy));
    }
    Ok(at)
}

/// The contact with a known customer.
pub(super) fn interaction(case: &Case) -> Option<Interaction> {
    let agent = match &case.received_by {
        By::Agent(agent) => Some(agent.clone()),
        By::Desk(_) | By::System => None,
    };
    let cause = case.cause.map(|it| format!(", {it}")).unwrap_or_default();
    Some(Interaction {
        tenant: case.tenant.clone(),
        customer: case.customer?,
        at: case.received_at,
        kind: InteractionKind::Case,
        subject: case.id.as_u128(),
        agent,
        summary: format!("{} {}{cause}", case.kind, case.key),
    })
}
