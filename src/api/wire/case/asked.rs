//! What is asked of cases.

use timbre_casework::case::{Amendment, NewTask, Word};
use timbre_casework::{
    CaseKind, CaseState, Cause, Channel, CustomerId, Matter, SaleId, Severity, Step, StepDone, Task,
};
use timbre_model::{AgentId, CallId, Civil, ClientId, FieldError, Slug};

use super::{parts, read_customer, read_number, some_id};
use crate::api::pb;
use crate::api::wire::agent::{optional, read_call, word};
use crate::api::wire::name::cut;
use crate::api::wire::record;
use crate::api::wire::time::{moment, need_moment, read_moment};

/// A case as it is taken down, before call, tenant and chance have been asked.
#[derive(Debug, Clone, PartialEq)]
pub struct TakenDown {
    /// The client company, where it is named.
    pub client: Option<ClientId>,
    /// What it is.
    pub kind: CaseKind,
    /// Through what it came.
    pub channel: Channel,
    /// When, where that is not now.
    pub received_at: Option<Civil>,
    /// In which call.
    pub call: Option<CallId>,
    /// Who.
    pub customer_name: String,
    /// What they say.
    pub statement: String,
    /// What else is known.
    pub more: Amendment,
    /// How the taking was guided.
    pub checklist: Vec<StepDone>,
}

/// Reads what is taken down. What the server sets itself is not looked at.
pub fn taking_from_wire(wire: pb::Case) -> Result<TakenDown, FieldError> {
    let kind = optional("case.kind", &wire.kind, CaseKind::parse)?;
    let channel = optional("case.channel", &wire.channel, Channel::parse)?;
    let call = &wire.call;
    let more = amendment_from_wire(wire.clone(), None)?;
    Ok(TakenDown {
        client: some_id("case.client", &wire.client, ClientId::parse)?,
        kind: kind.unwrap_or(CaseKind::Complaint),
        channel: channel.unwrap_or(Channel::Phone),
        received_at: read_moment("case.receive_time", wire.receive_time)?,
        call: (!call.is_empty()).then(|| read_call("case.call", call)).transpose()?,
        customer_name: wire.customer_name,
        statement: wire.statement,
        // Both are given once, above.
        more: Amendment { customer_name: None, statement: None, ..more },
        checklist: steps_from_wire("case.checklist", wire.checklist)?,
    })
}

/// What is taken down, as the wire has it.
pub fn taking_to_wire(taken: &TakenDown) -> pb::Case {
    let TakenDown {
        client,
        kind,
        channel,
        received_at,
        call,
        customer_name,
        statement,
        more,
        checklist,
    } = taken;
    pb::Case {
        client: super::text(client.as_ref()),
        kind: kind.to_string(),
        channel: channel.to_string(),
        receive_time: received_at.map(moment),
        call: super::text(call.as_ref()),
        customer_name: customer_name.clone(),
        statement: statement.clone(),
        checklist: steps_to_wire(checklist),
        ..amendment_to_wire(more).0
    }
}

/// Fields that may be changed, as an update mask names them.
const FIELDS: [&str; 16] = [
    "customer",
    "customer_name",
    "number",
    "mail",
    "language",
    "statement",
    "department",
    "cause",
    "consequences",
    "remedy_sought",
    "solution",
    "severity",
    "product",
    "matter",
    "recording_consent",
    "sale",
];

/// Reads what is changed: the fields of the mask, or without one those that are not empty.
pub fn amendment_from_wire(
    wire: pb::Case,
    mask: Option<Vec<String>>,
) -> Result<Amendment, FieldError> {
    let mask = mask.unwrap_or_default();
    if let Some(other) = mask.iter().find(|it| !FIELDS.contains(&it.as_str())) {
        let remedy = format!("name some of {}", FIELDS.join(", "));
        return Err(FieldError::new("update_mask", cut(other), remedy));
    }
    let asked = |field: &str| mask.iter().any(|it| it == field);
    let text =
        |field: &str, it: String| (asked(field) || mask.is_empty() && !it.is_empty()).then_some(it);
    // What cannot be emptied must not be asked to be.
    let needed = |field: &str, it: &str| {
        if asked(field) && it.is_empty() {
            let remedy = "give a value, or leave it out of the update mask";
            return Err(FieldError::new(format!("case.{field}"), "", remedy));
        }
        Ok(asked(field) || mask.is_empty())
    };
    let given = |field: &str, it: &str| {
        Ok::<_, FieldError>(if needed(field, it)? { it.to_owned() } else { String::new() })
    };
    let customer = read_customer("case.customer", &given("customer", &wire.customer)?)?;
    let sale = record::read_id_or_none("case.sale", &given("sale", &wire.sale)?)?;
    Ok(Amendment {
        customer,
        number: read_number(&given("number", &wire.number)?)?,
        language: Some(given("language", &wire.language)?).filter(|it| !it.is_empty()),
        department: some_id(
            "case.department",
            &given("department", &wire.department)?,
            Slug::parse,
        )?,
        cause: optional("case.cause", &given("cause", &wire.cause)?, Cause::parse)?,
        severity: optional("case.severity", &given("severity", &wire.severity)?, Severity::parse)?,
        matter: optional("case.matter", &given("matter", &wire.matter)?, Matter::parse)?,
        sale: sale.map(SaleId::from_u128),
        recording_consent: wire
            .recording_consent
            .filter(|_| asked("recording_consent") || mask.is_empty()),
        customer_name: text("customer_name", wire.customer_name),
        mail: text("mail", wire.mail),
        statement: text("statement", wire.statement),
        consequences: text("consequences", wire.consequences),
        remedy_sought: text("remedy_sought", wire.remedy_sought),
        solution: text("solution", wire.solution),
        product: text("product", wire.product),
    })
}

/// What is changed, and the mask that says so.
pub fn amendment_to_wire(it: &Amendment) -> (pb::Case, Vec<String>) {
    let Amendment {
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
        sale,
    } = it;
    let wire = pb::Case {
        customer: super::text(customer.as_ref()),
        customer_name: customer_name.clone().unwrap_or_default(),
        number: number.as_ref().map(|it| it.expose().to_owned()).unwrap_or_default(),
        mail: mail.clone().unwrap_or_default(),
        language: language.clone().unwrap_or_default(),
        statement: statement.clone().unwrap_or_default(),
        department: super::text(department.as_ref()),
        cause: super::text(cause.as_ref()),
        consequences: consequences.clone().unwrap_or_default(),
        remedy_sought: remedy_sought.clone().unwrap_or_default(),
        solution: solution.clone().unwrap_or_default(),
        severity: super::text(severity.as_ref()),
        product: product.clone().unwrap_or_default(),
        matter: super::text(matter.as_ref()),
        recording_consent: *recording_consent,
        sale: super::text(sale.as_ref()),
        ..pb::Case::default()
    };
    let given = [
        customer.is_some(),
        customer_name.is_some(),
        number.is_some(),
        mail.is_some(),
        language.is_some(),
        statement.is_some(),
        department.is_some(),
        cause.is_some(),
        consequences.is_some(),
        remedy_sought.is_some(),
        solution.is_some(),
        severity.is_some(),
        product.is_some(),
        matter.is_some(),
        recording_consent.is_some(),
        sale.is_some(),
    ];
    let mask = FIELDS.iter().zip(given).filter(|(_, given)| *given);
    (wire, mask.map(|(field, _)| (*field).to_owned()).collect())
}

/// Reads an answer as it is given.
pub fn word_from_wire(wire: Option<pb::CaseWord>) -> Result<Word, FieldError> {
    let pb::CaseWord { text, upheld, channel, language, as_asked, adr } = wire.unwrap_or_default();
    Ok(Word {
        text,
        upheld,
        channel: optional("word.channel", &channel, Channel::parse)?,
        language: Some(language).filter(|it| !it.is_empty()),
        as_asked,
        adr,
    })
}

/// An answer as it is given.
pub fn word_to_wire(it: &Word) -> pb::CaseWord {
    let Word { text, upheld, channel, language, as_asked, adr } = it.clone();
    pb::CaseWord {
        text,
        upheld,
        channel: super::text(channel.as_ref()),
        language: language.unwrap_or_default(),
        as_asked,
        adr,
    }
}

/// Reads tasks that are agreed on.
pub fn tasks_from_wire(wire: Vec<pb::CaseTask>) -> Result<Vec<NewTask>, FieldError> {
    super::all(wire, |it| {
        let who = parts::party_from_wire("tasks.who", &it.who)?;
        let by = need_moment("tasks.due_time", it.due_time)?;
        Ok(NewTask { what: it.what, who, by })
    })
}

/// Tasks that are agreed on.
pub fn tasks_to_wire(tasks: &[NewTask]) -> Vec<pb::CaseTask> {
    let task = |NewTask { what, who, by }: &NewTask| {
        let (what, who) = (what.clone(), who.clone());
        parts::task_to_wire(&Task { what, who, by: *by, done_at: None })
    };
    tasks.iter().map(task).collect()
}

/// Reads steps of the checklist.
pub fn steps_from_wire(field: &str, wire: Vec<pb::StepDone>) -> Result<Vec<StepDone>, FieldError> {
    super::all(wire, |pb::StepDone { step, after_ms }| {
        Ok(StepDone { step: word(field, &step, Step::parse)?, after_ms })
    })
}

/// Steps of the checklist.
pub fn steps_to_wire(steps: &[StepDone]) -> Vec<pb::StepDone> {
    let step = |it: &StepDone| pb::StepDone { step: it.step.to_string(), after_ms: it.after_ms };
    steps.iter().map(step).collect()
}

/// Which cases to list; what is `None` or false does not narrow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CaseQuery {
    /// Only those whose answer is late.
    pub overdue: bool,
    /// Only those that are open.
    pub open: bool,
    /// In this state.
    pub state: Option<CaseState>,
    /// Of this kind.
    pub kind: Option<CaseKind>,
    /// Of this agent.
    pub owner: Option<AgentId>,
    /// Of this client company.
    pub client: Option<ClientId>,
    /// Of this cause.
    pub cause: Option<Cause>,
    /// Of this department.
    pub department: Option<Slug>,
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// Received at or after this.
    pub from: Option<Civil>,
    /// Received before this.
    pub to: Option<Civil>,
}

/// Reads which cases to list. Page and parent are not looked at.
pub fn query_from_wire(wire: &pb::ListCasesRequest) -> Result<CaseQuery, FieldError> {
    let pb::ListCasesRequest {
        parent: _,
        page_size: _,
        page_token: _,
        overdue,
        open,
        state,
        kind,
        owner,
        client,
        cause,
        department,
        customer,
        from_time,
        to_time,
    } = wire;
    Ok(CaseQuery {
        overdue: *overdue,
        open: *open,
        state: optional("state", state, CaseState::parse)?,
        kind: optional("kind", kind, CaseKind::parse)?,
        owner: some_id("owner", owner, AgentId::parse)?,
        client: some_id("client", client, ClientId::parse)?,
        cause: optional("cause", cause, Cause::parse)?,
        department: some_id("department", department, Slug::parse)?,
        customer: read_customer("customer", customer)?,
        from: read_moment("from_time", *from_time)?,
        to: read_moment("to_time", *to_time)?,
    })
}

/// Which cases to list, of the first page.
pub fn query_to_wire(query: &CaseQuery) -> pb::ListCasesRequest {
    let CaseQuery {
        overdue,
        open,
        state,
        kind,
        owner,
        client,
        cause,
        department,
        customer,
        from,
        to,
    } = query;
    pb::ListCasesRequest {
        parent: String::new(),
        page_size: 0,
        page_token: String::new(),
        overdue: *overdue,
        open: *open,
        state: super::text(state.as_ref()),
        kind: super::text(kind.as_ref()),
        owner: super::text(owner.as_ref()),
        client: super::text(client.as_ref()),
        cause: super::text(cause.as_ref()),
        department: super::text(department.as_ref()),
        customer: super::text(customer.as_ref()),
        from_time: from.map(moment),
        to_time: to.map(moment),
    }
}
