//! What becomes of a message: decided, delivered, answered.

use super::take::{TEXT_MAX, promised, told};
use super::{Decision, Delivery, Message, MessageState};
use crate::{Act, By, CallbackId, RecordKind, Refusal, Work};
use timbre_model::{Civil, FieldError};

/// A supervisor decides what becomes of a message whose caller would not give a name. `callback` is the id of the call that
/// it promises, where it does and is passed on.
pub fn decide(
    it: &Message,
    pass_on: bool,
    note: String,
    callback: CallbackId,
    act: &Act,
) -> Result<Work, Refusal> {
    if it.state != MessageState::Held {
        return Err(refused(it, "decided on", "only one without a name waits for a decision"));
    }
    if note.trim().is_empty() {
        return Err(FieldError::new("note", "", "say why").into());
    }
    check_length("note", &note)?;
    let decision = Decision { at: act.at, by: act.by.clone(), pass_on, note };
    let state = if pass_on { MessageState::Taken } else { MessageState::Dropped };
    let mut message = Message { state, decision: Some(decision), ..next(it) };
    if !pass_on {
        return Ok(told(message, "dropped", act.at));
    }
    let promised = promised(&message, callback, act)?;
    message.callback = promised.as_ref().map(|_| callback);
    let mut work = told(message, "passed_on", act.at);
    work.records.extend(promised.iter().flat_map(|it| it.records.clone()));
    work.events.extend(promised.into_iter().flat_map(|it| it.events));
    Ok(work)
}

/// Its recipient has it. Again, or where it was answered before: nothing more.
pub fn deliver(it: &Message, through: Delivery, at: Civil) -> Result<Work, Refusal> {
    match it.state {
        MessageState::Delivered | MessageState::Answered => Ok(Work::default()),
        MessageState::Taken => {
            let delivered = Some((at, through));
            let state = MessageState::Delivered;
            Ok(told(Message { state, delivered, ..next(it) }, "delivered", at))
        }
        MessageState::Held => Err(refused(it, "delivered", "a supervisor decides on it first")),
        MessageState::Dropped => Err(refused(it, "delivered", "it was decided not to pass it on")),
    }
}

/// Its recipient acknowledges it, with what was said or done.
pub fn answer(it: &Message, said: String, act: &Act) -> Result<Work, Refusal> {
    match it.state {
        MessageState::Taken | MessageState::Delivered => {}
        MessageState::Held => {
            return Err(refused(it, "answered", "a supervisor decides on it first"));
        }
        MessageState::Answered => return Err(refused(it, "answered", "it was answered before")),
        MessageState::Dropped => {
            return Err(refused(it, "answered", "it was decided not to pass it on"));
        }
    }
    check_length("said", &said)?;
    let answered = Some((act.at, act.by.clone(), said));
    let delivered = it.delivered.or(match &act.by {
        By::Agent(_) => Some((act.at, Delivery::Stream)),
        By::Desk(_) | By::System => None,
    });
    let message = Message { state: MessageState::Answered, delivered, answered, ..next(it) };
    Ok(told(message, "answered", act.at))
}

fn next(it: &Message) -> Message {
    Message { version: it.version + 1, ..it.clone() }
}

fn check_length(field: &str, text: &str) -> Result<(), FieldError> {
    let remedy = || format!("write at most {TEXT_MAX} characters");
    let long = text.chars().count() > TEXT_MAX;
    if long { Err(FieldError::new(field, "", remedy())) } else { Ok(()) }
}

fn refused(it: &Message, verb: &'static str, remedy: &'static str) -> Refusal {
    Refusal::State { kind: RecordKind::Message, state: it.state.as_str(), verb, remedy }
}
