//! Who keeps a case, what is written down beside its moves, and what the customer is given to keep.

use serde_json::json;
use timbre_model::{AgentId, FieldError};

use super::text::{TEXT_MAX, line, mail, needed, text};
use super::turn::{NOTES_MAX, Turn, only_open};
use crate::{Act, Case, Channel, Receipt, Refusal, Work};

/// Another owner. The story goes with the case, so that the customer never repeats it.
pub fn assign(case: &Case, owner: &AgentId, note: &str, act: &Act) -> Result<Work, Refusal> {
    only_open(case, "assigned")?;
    let note = text("note", note, TEXT_MAX)?;
    let mut turn = Turn::of(case, act);
    let former = turn.case.owner.replace(owner.clone());
    turn.did("assigned", note, json!({ "from": former }));
    Ok(turn.done())
}

/// Something that was found out or said.
pub fn note(case: &Case, words: &str, act: &Act) -> Result<Work, Refusal> {
    let words = needed("text", words, TEXT_MAX, "write what is to be kept")?;
    if case.story.len() >= NOTES_MAX {
        let remedy = format!("a case's story has at most {NOTES_MAX} lines");
        return Err(FieldError::new("text", case.story.len(), remedy).into());
    }
    let mut turn = Turn::of(case, act);
    turn.did("noted", words, json!({}));
    Ok(turn.done())
}

/// What the customer is given to keep: content, date and time on a durable medium (Ley 10/2025 art. 11). A voice is none.
pub fn receipt(case: &Case, channel: Channel, to: &str, act: &Act) -> Result<Work, Refusal> {
    if channel == Channel::Phone {
        let remedy = "a receipt is something to keep: mail, post, chat, web or in_person";
        return Err(FieldError::new("channel", channel, remedy).into());
    }
    let to = match (channel, to.trim()) {
        (Channel::Mail, "") => {
            let known = case.mail.clone();
            known.ok_or_else(|| FieldError::new("to", "", "ask for an address to mail it to"))?
        }
        (Channel::Mail, given) => mail("to", given)?,
        (_, given) => line("to", given)?,
    };
    let mut turn = Turn::of(case, act);
    turn.did("receipt_given", format!("{channel} {to}"), json!({ "medium": channel }));
    turn.case.receipt = Some(Receipt { at: act.at, channel, to });
    Ok(turn.done())
}
