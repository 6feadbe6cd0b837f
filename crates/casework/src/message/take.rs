//! Taking a message down.

use serde_json::json;
use timbre_model::{
    AgentId, CallId, Civil, ClientId, FieldError, FloorSpec, PhoneNumber, Slug, TenantId,
};

use super::{CallBack, Message, MessageState, Recipient};
use crate::callback::{self, CallbackWhy, NewCallback};
use crate::{
    Act, By, CallbackId, CustomerId, Interaction, InteractionKind, MessageId, NewEvent, Record,
    Refusal, Work,
};

/// Longest text, in characters.
pub const TEXT_MAX: usize = 4_000;

/// Longest name and purpose, in characters.
const LINE_MAX: usize = 200;

/// Longest address of mail (RFC 5321 §4.5.3.1.3), in bytes.
const MAIL_MAX: usize = 254;

/// A message to take down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// Whose.
    pub tenant: TenantId,
    /// The client company it concerns.
    pub client: ClientId,
    /// In which call.
    pub call: Option<CallId>,
    /// For whom.
    pub recipient: Recipient,
    /// The department concerned.
    pub department: Option<Slug>,
    /// Who leaves it; `None`: they will not say.
    pub from: Option<String>,
    /// The customer, where known.
    pub customer: Option<CustomerId>,
    /// Their telephone.
    pub number: Option<PhoneNumber>,
    /// What it says.
    pub text: String,
    /// What it is about, in a few words.
    pub purpose: String,
    /// Who calls whom back, and when.
    pub call_back: CallBack,
}

/// Takes a message down. One without a name is held for a supervisor's decision. Where the recipient is to call at a time,
/// that call is promised under the id `callback`.
pub fn take(
    (id, callback): (MessageId, CallbackId),
    new: NewMessage,
    floor: &FloorSpec,
    act: &Act,
) -> Result<Work, Refusal> {
    check(&new, floor, act)?;
    let from = new.from.filter(|it| !it.trim().is_empty());
    let state = if from.is_some() { MessageState::Taken } else { MessageState::Held };
    let mut message = Message {
        id,
        tenant: new.tenant,
        client: new.client,
        version: 1,
        taken_at: act.at,
        taken_by: act.by.clone(),
        call: new.call,
        recipient: new.recipient,
        department: new.department,
        from,
        customer: new.customer,
        number: new.number,
        text: new.text,
        purpose: new.purpose,
        call_back: new.call_back,
        state,
        decision: None,
        delivered: None,
        callback: None,
        answered: None,
    };
    let promised = match state {
        MessageState::Held => None,
        _ => promised(&message, callback, act)?,
    };
    message.callback = promised.as_ref().map(|_| callback);
    let verb = if state == MessageState::Held { "held" } else { "taken" };
    let interactions = interaction(&message).into_iter().collect();
    let mut work = Work { interactions, ..told(message, verb, act.at) };
    work.records.extend(promised.iter().flat_map(|it| it.records.clone()));
    work.events.extend(promised.into_iter().flat_map(|it| it.events));
    Ok(work)
}

/// The call that a message promises, where it names a number and a time and somebody here is to make it.
pub(super) fn promised(it: &Message, id: CallbackId, act: &Act) -> Result<Option<Work>, Refusal> {
    let (CallBack::WeCall(Some(due_at)), Some(number)) = (&it.call_back, &it.number) else {
        return Ok(None);
    };
    let agent = match &it.recipient {
        Recipient::Agent(agent) => Some(agent.clone()),
        Recipient::Department(_) => None,
        Recipient::Mail(_) => return Ok(None),
    };
    let new = NewCallback {
        tenant: it.tenant.clone(),
        client: it.client.clone(),
        why: CallbackWhy::Promised,
        call: it.call,
        customer: it.customer,
        customer_name: it.from.clone().unwrap_or_default(),
        number: number.clone(),
        due_at: *due_at,
        agent,
        note: if it.purpose.is_empty() { super::mail::cut(&it.text) } else { it.purpose.clone() },
    };
    callback::promise(id, new, act).map(Some)
}

/// The record, and the event that tells it. What the message says is for its recipient alone.
pub(super) fn told(it: Message, verb: &str, at: Civil) -> Work {
    let (agent, department) = match &it.recipient {
        Recipient::Agent(agent) => (Some(agent.clone()), it.department.clone()),
        Recipient::Department(department) => (None, Some(department.clone())),
        Recipient::Mail(_) => (None, it.department.clone()),
    };
    let event = NewEvent {
        id: format!("message-{}-{}", it.id, it.version),
        kind: format!("timbre.message.{verb}.v1"),
        subject: format!("messages/{}", it.id),
        client: Some(it.client.clone()),
        at,
        data: json!({
            "message": it.id, "state": it.state, "agent": agent, "department": department, "call": it.call,
            "customer": it.customer, "delivered_by": it.delivered.as_ref().map(|(_, by)| by),
        }),
    };
    Work { records: vec![Record::Message(Box::new(it))], events: vec![event], ..Work::default() }
}

fn interaction(it: &Message) -> Option<Interaction> {
    let agent: Option<AgentId> = match &it.taken_by {
        By::Agent(agent) => Some(agent.clone()),
        By::Desk(_) | By::System => None,
    };
    Some(Interaction {
        tenant: it.tenant.clone(),
        customer: it.customer?,
        at: it.taken_at,
        kind: InteractionKind::Message,
        subject: it.id.as_u128(),
        agent,
        summary: it.purpose.clone(),
    })
}

fn check(new: &NewMessage, floor: &FloorSpec, act: &Act) -> Result<(), FieldError> {
    let fault = |field: &str, remedy: String| Err(FieldError::new(field, "", remedy));
    if new.text.trim().is_empty() {
        return fault("text", "write down what is to be passed on".to_owned());
    }
    if new.text.chars().count() > TEXT_MAX {
        return fault("text", format!("write at most {TEXT_MAX} characters"));
    }
    let lines = [("purpose", Some(&new.purpose)), ("from", new.from.as_ref())];
    for (field, line) in lines.into_iter().filter_map(|(field, it)| Some((field, it?))) {
        if line.chars().count() > LINE_MAX || line.chars().any(char::is_control) {
            return fault(field, format!("write at most {LINE_MAX} characters, in one line"));
        }
    }
    check_names(new, floor)?;
    let named = match new.call_back {
        CallBack::WeCall(at) | CallBack::TheyCall(at) => at,
        CallBack::None => None,
    };
    if named.is_some_and(|at| at > act.at + callback::AHEAD_MAX) {
        return fault("call_back_time", "name a time within a year".to_owned());
    }
    Ok(())
}

fn check_names(new: &NewMessage, floor: &FloorSpec) -> Result<(), FieldError> {
    let client = &new.client;
    if !floor.clients.iter().any(|it| it.id == *client) {
        return Err(FieldError::new("client", client, "name a client company of the floor"));
    }
    let departments = &floor.casework.departments;
    let known = |id: &Slug| departments.iter().any(|it| it.id == *id);
    let unknown = |field, id: &dyn std::fmt::Display| {
        Err(FieldError::new(field, id, "name one of the floor's casework.departments"))
    };
    match &new.recipient {
        Recipient::Agent(agent) if !floor.agents.iter().any(|it| it.id == *agent) => {
            return Err(FieldError::new("recipient", agent, "name an agent of the floor"));
        }
        Recipient::Department(id) if !known(id) => return unknown("recipient", id),
        Recipient::Mail(address) if !is_address(address) => {
            return Err(FieldError::new("recipient", "", "write an address: name@example.com"));
        }
        Recipient::Agent(_) | Recipient::Department(_) | Recipient::Mail(_) => {}
    }
    match &new.department {
        Some(id) if !known(id) => unknown("department", id),
        Some(_) | None => Ok(()),
    }
}

/// Whether a text can be an address: a name, `@` and a host, in printable ASCII without blanks. Whether it exists is for
/// its server to say.
fn is_address(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    let plain = text.bytes().all(|it| it.is_ascii_graphic() && !b"<>,;:\"\\()[]".contains(&it));
    plain && text.len() <= MAIL_MAX && !name.is_empty() && !name.contains('@') && host.contains('.')
}
