//! Messages (recados).

use timbre_casework::message::NewMessage;
use timbre_casework::{
    CallBack, CallbackId, CustomerId, Decision, Delivery, Message, MessageId, MessageState,
    Recipient, RecordKind,
};
use timbre_model::{AgentId, CallId, Civil, ClientId, FieldError, Slug, TenantId};

use super::agent::{optional, word};
use super::name::id;
use super::record::{self, by_from_wire, by_to_wire, read_etag, read_id_or_none};
use super::time::{moment, need_moment, read_moment};
use super::{lead, name};
use crate::api::pb;
use pb::message::Recipient as WireRecipient;

/// A message as the wire has it.
pub fn to_wire(it: &Message) -> pb::Message {
    let Message {
        id,
        tenant,
        client,
        version,
        taken_at,
        taken_by,
        call,
        recipient,
        department,
        from,
        customer,
        number,
        text,
        purpose,
        call_back,
        state,
        decision,
        delivered,
        callback,
        answered,
    } = it;
    let (call_back, call_back_time) = call_back_to_wire(call_back);
    pb::Message {
        name: record::name(tenant, RecordKind::Message, id.as_u128()),
        etag: version.to_string(),
        client: client.to_string(),
        take_time: Some(moment(*taken_at)),
        taken_by: by_to_wire(taken_by),
        call: text_of(call.as_ref()),
        recipient: Some(recipient_to_wire(recipient)),
        department: text_of(department.as_ref()),
        from: from.clone().unwrap_or_default(),
        customer: text_of(customer.as_ref()),
        number: number.as_ref().map(|it| it.expose().to_owned()).unwrap_or_default(),
        text: text.clone(),
        purpose: purpose.clone(),
        call_back: call_back.to_owned(),
        call_back_time: call_back_time.map(moment),
        state: state.to_string(),
        decision: decision.as_ref().map(decision_to_wire),
        deliver_time: delivered.map(|(at, _)| moment(at)),
        delivered_by: delivered.map(|(_, by)| by.to_string()).unwrap_or_default(),
        promised_call: text_of(callback.as_ref()),
        answer_time: answered.as_ref().map(|(at, ..)| moment(*at)),
        answered_by: answered.as_ref().map(|(_, by, _)| by_to_wire(by)).unwrap_or_default(),
        answer: answered.as_ref().map(|(.., said)| said.clone()).unwrap_or_default(),
    }
}

/// Reads a message as the server sent it.
pub fn from_wire(wire: pb::Message) -> Result<Message, FieldError> {
    let (tenant, id) = record::read_name("message.name", &wire.name, RecordKind::Message)?;
    let version = read_etag("message.etag", &wire.etag)?;
    let delivered = match read_moment("message.deliver_time", wire.deliver_time)? {
        None => None,
        Some(at) => Some((at, word("message.delivered_by", &wire.delivered_by, Delivery::parse)?)),
    };
    let answered = match read_moment("message.answer_time", wire.answer_time)? {
        None => None,
        Some(at) => {
            let by = by_from_wire("message.answered_by", &wire.answered_by)?;
            Some((at, by, wire.answer.clone()))
        }
    };
    let callback = read_id_or_none("message.promised_call", &wire.promised_call)?;
    let taken_at = need_moment("message.take_time", wire.take_time)?;
    let taken_by = by_from_wire("message.taken_by", &wire.taken_by)?;
    let state = word("message.state", &wire.state, MessageState::parse)?;
    let decision = wire.decision.clone().map(decision_from_wire).transpose()?;
    let NewMessage {
        tenant,
        client,
        call,
        recipient,
        department,
        from,
        customer,
        number,
        text,
        purpose,
        call_back,
    } = new_from_wire(wire, &tenant)?;
    Ok(Message {
        id: MessageId::from_u128(id),
        tenant,
        client,
        version: version.unwrap_or_default(),
        taken_at,
        taken_by,
        call,
        recipient,
        department,
        from,
        customer,
        number,
        text,
        purpose,
        call_back,
        state,
        decision,
        delivered,
        callback: callback.map(CallbackId::from_u128),
        answered,
    })
}

/// A message to be taken, as the wire has it.
pub fn new_to_wire(new: &NewMessage) -> pb::Message {
    let NewMessage {
        tenant: _,
        client,
        call,
        recipient,
        department,
        from,
        customer,
        number,
        text,
        purpose,
        call_back,
    } = new;
    let (call_back, call_back_time) = call_back_to_wire(call_back);
    pb::Message {
        client: client.to_string(),
        call: text_of(call.as_ref()),
        recipient: Some(recipient_to_wire(recipient)),
        department: text_of(department.as_ref()),
        from: from.clone().unwrap_or_default(),
        customer: text_of(customer.as_ref()),
        number: number.as_ref().map(|it| it.expose().to_owned()).unwrap_or_default(),
        text: text.clone(),
        purpose: purpose.clone(),
        call_back: call_back.to_owned(),
        call_back_time: call_back_time.map(moment),
        ..pb::Message::default()
    }
}

/// Reads a message to be taken. What is output only is not looked at.
pub fn new_from_wire(wire: pb::Message, tenant: &TenantId) -> Result<NewMessage, FieldError> {
    let absent =
        || FieldError::new("message.recipient", "", "name an agent, a department or an address");
    let customer = read_id_or_none("message.customer", &wire.customer)?;
    let number = match wire.number.as_str() {
        "" => None,
        text => Some(lead::read_number("message.number", text)?),
    };
    let at = read_moment("message.call_back_time", wire.call_back_time)?;
    let call_back = match wire.call_back.as_str() {
        "" | "none" => CallBack::None,
        "we_call" => CallBack::WeCall(at),
        "they_call" => CallBack::TheyCall(at),
        other => {
            let remedy = "give none, we_call or they_call";
            return Err(FieldError::new("message.call_back", name::cut(other), remedy));
        }
    };
    Ok(NewMessage {
        tenant: tenant.clone(),
        client: id("message.client", &wire.client, ClientId::parse)?,
        call: optional("message.call", &wire.call, CallId::parse)?,
        recipient: recipient_from_wire(wire.recipient.ok_or_else(absent)?)?,
        department: optional("message.department", &wire.department, |it| Slug::parse(it).ok())?,
        from: Some(wire.from).filter(|it| !it.is_empty()),
        customer: customer.map(CustomerId::from_u128),
        number,
        text: wire.text,
        purpose: wire.purpose,
        call_back,
    })
}

fn recipient_to_wire(it: &Recipient) -> WireRecipient {
    match it {
        Recipient::Agent(agent) => WireRecipient::Agent(agent.to_string()),
        Recipient::Department(department) => WireRecipient::ToDepartment(department.to_string()),
        Recipient::Mail(address) => WireRecipient::Mail(address.clone()),
    }
}

fn recipient_from_wire(wire: WireRecipient) -> Result<Recipient, FieldError> {
    Ok(match wire {
        WireRecipient::Agent(it) => Recipient::Agent(id("message.agent", &it, AgentId::parse)?),
        WireRecipient::ToDepartment(it) => {
            Recipient::Department(id("message.to_department", &it, Slug::parse)?)
        }
        WireRecipient::Mail(address) => Recipient::Mail(address),
    })
}

fn call_back_to_wire(it: &CallBack) -> (&'static str, Option<Civil>) {
    match it {
        CallBack::None => ("none", None),
        CallBack::WeCall(at) => ("we_call", *at),
        CallBack::TheyCall(at) => ("they_call", *at),
    }
}

fn decision_to_wire(Decision { at, by, pass_on, note }: &Decision) -> pb::MessageDecision {
    pb::MessageDecision {
        time: Some(moment(*at)),
        by: by_to_wire(by),
        pass_on: *pass_on,
        note: note.clone(),
    }
}

fn decision_from_wire(wire: pb::MessageDecision) -> Result<Decision, FieldError> {
    let pb::MessageDecision { time, by, pass_on, note } = wire;
    let at = need_moment("message.decision.time", time)?;
    Ok(Decision { at, by: by_from_wire("message.decision.by", &by)?, pass_on, note })
}

fn text_of(it: Option<&impl ToString>) -> String {
    it.map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests;
