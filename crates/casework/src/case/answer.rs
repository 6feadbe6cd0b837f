//! The reasoned answer, and how a case ends: by the customer's word or by a refusal with reasons, never by time.

use serde_json::json;
use timbre_model::FieldError;

use super::deadline::{self, CaseRules};
use super::text::{TEXT_MAX, language, needed, same_language, text};
use super::turn::{Turn, only_complaints, only_from, only_open, refused};
use crate::{Act, Answer, Case, CaseKind, CaseState, Channel, Confirmation, Party, Refusal, Work};

/// An answer as it is given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Word {
    /// The answer, with its reasons.
    pub text: String,
    /// The complaint is found right.
    pub upheld: bool,
    /// Through what; `None`: as it came.
    pub channel: Option<Channel>,
    /// In which language (BCP 47); `None`: as it came.
    pub language: Option<String>,
    /// The customer asked for another channel or language than theirs.
    pub as_asked: bool,
    /// Where the customer may turn to (alternative dispute resolution); there where it is not upheld.
    pub adr: String,
}

/// Answers a complaint, with reasons. The term is kept by this; the case stays open until it is confirmed or rejected.
pub fn answer(case: &Case, word: &Word, act: &Act, rules: &CaseRules<'_>) -> Result<Work, Refusal> {
    only_open(case, "answered")?;
    let answer = reasoned(case, word, act, rules)?;
    let mut turn = Turn::of(case, act);
    let more = json!({ "upheld": answer.upheld, "channel": answer.channel });
    let text = answer.text.clone();
    give(&mut turn.case, answer);
    turn.did("answered", text, more);
    Ok(turn.done())
}

/// Turns a complaint down, with reasons, with where else the customer may turn to, and with time to mend it: until then,
/// and after, it can be reopened.
pub fn reject(
    case: &Case,
    reasons: &Word,
    act: &Act,
    rules: &CaseRules<'_>,
) -> Result<Work, Refusal> {
    only_complaints(case, "rejected")?;
    only_open(case, "rejected")?;
    let remedy =
        "what was agreed is owed: take it up again with `investigate` where it cannot be done";
    use CaseState::{Investigating, Proposed, Received};
    only_from(case, &[Received, Investigating, Proposed], "rejected", remedy)?;
    let word = Word { upheld: false, ..reasons.clone() };
    let answer = reasoned(case, &word, act, rules)?;
    let mut turn = Turn::of(case, act);
    let more = json!({ "cure_until": answer.cure_until.map(|it| it.as_micros()) });
    let text = answer.text.clone();
    give(&mut turn.case, answer);
    close(&mut turn.case, CaseState::Rejected, act);
    turn.did("rejected", text, more);
    Ok(turn.done())
}

/// What the customer says of what was done. Satisfied, the case is closed; otherwise somebody finds out more, and the
/// term begins anew. A compliment or a suggestion is closed by having been thanked for.
pub fn confirm(
    case: &Case,
    satisfied: bool,
    note: &str,
    act: &Act,
    rules: &CaseRules<'_>,
) -> Result<Work, Refusal> {
    only_open(case, "confirmed")?;
    if case.kind == CaseKind::Complaint {
        use CaseState::{Agreed, Executing};
        let remedy = "agree on a solution first, or reject it with reasons";
        only_from(case, &[Agreed, Executing], "confirmed", remedy)?;
    }
    let note = text("note", note, TEXT_MAX)?;
    let Act { at, by } = act.clone();
    let said = Confirmation { at, by, satisfied, note: note.clone() };
    let mut turn = Turn::of(case, act);
    turn.case.confirmation = Some(said);
    if !satisfied {
        turn.did("disputed", note, json!({}));
        again(&mut turn.case, act, rules);
        return Ok(turn.done());
    }
    let ours = |it: &&crate::Task| it.done_at.is_none() && it.who != Party::Customer;
    if case.tasks.iter().any(|it| ours(&it)) {
        return Err(refused(case, "confirmed", "do its open tasks first: they were promised"));
    }
    if case.kind == CaseKind::Complaint && case.answer.is_none() {
        // What was agreed with the customer, in their words' channel and language, is the reasoned answer.
        let answer = agreed_answer(case, act);
        give(&mut turn.case, answer);
    }
    close(&mut turn.case, CaseState::Confirmed, act);
    turn.did("confirmed", note, json!({}));
    Ok(turn.done())
}

/// Takes a closed case up again: the customer came back, or mended what their complaint lacked.
pub fn reopen(
    case: &Case,
    reason: &str,
    act: &Act,
    rules: &CaseRules<'_>,
) -> Result<Work, Refusal> {
    use CaseState::{Confirmed, Rejected};
    let remedy = "it is open: go on with it";
    only_from(case, &[Confirmed, Rejected], "reopened", remedy)?;
    let reason = needed("reason", reason, TEXT_MAX, "write why it is taken up again")?;
    let mut turn = Turn::of(case, act);
    again(&mut turn.case, act, rules);
    if case.kind != CaseKind::Complaint {
        turn.case.state = CaseState::Received;
    }
    turn.did("reopened", reason, json!({ "reopened": turn.case.reopened }));
    Ok(turn.done())
}

fn reasoned(
    case: &Case,
    word: &Word,
    act: &Act,
    rules: &CaseRules<'_>,
) -> Result<Answer, FieldError> {
    let Word { text: words, upheld, channel, language: tongue, as_asked, adr } = word;
    let text_ = needed("text", words, TEXT_MAX, "write the answer, with its reasons")?;
    let channel = channel.unwrap_or(case.channel);
    let tongue = match tongue {
        Some(it) => language("language", it)?,
        None => case.language.clone(),
    };
    if !as_asked && channel != case.channel {
        let remedy =
            format!("answer by {}, as it came, unless the customer asked otherwise", case.channel);
        return Err(FieldError::new("channel", channel, remedy));
    }
    if !as_asked && !same_language(&tongue, &case.language) {
        let remedy = format!("answer in {}, unless the customer asked otherwise", case.language);
        return Err(FieldError::new("language", tongue, remedy));
    }
    let adr = text("adr", adr, TEXT_MAX)?;
    if !upheld && adr.is_empty() {
        let remedy = "say where the customer may turn to (alternative dispute resolution)";
        return Err(FieldError::new("adr", "", remedy));
    }
    let refused = !upheld && case.kind == CaseKind::Complaint;
    let Act { at, by } = act.clone();
    Ok(Answer {
        at,
        by,
        text: text_,
        channel,
        language: tongue,
        upheld: *upheld,
        adr: Some(adr).filter(|it| !it.is_empty()),
        cure_until: refused.then(|| rules.cure_until(case, act.at)),
    })
}

fn agreed_answer(case: &Case, act: &Act) -> Answer {
    let Act { at, by } = act.clone();
    Answer {
        at,
        by,
        text: case.solution.clone(),
        channel: case.channel,
        language: case.language.clone(),
        upheld: true,
        adr: None,
        cure_until: None,
    }
}

fn give(case: &mut Case, answer: Answer) {
    if let Some(deadline) = &mut case.deadline {
        deadline.meet(answer.at);
    }
    case.answer = Some(answer);
}

fn close(case: &mut Case, state: CaseState, act: &Act) {
    case.state = state;
    case.closed_at = Some(act.at);
}

/// Another round. The former answer and deadline stay in the record of the former one.
fn again(case: &mut Case, act: &Act, rules: &CaseRules<'_>) {
    case.state = CaseState::Investigating;
    case.reopened += 1;
    case.closed_at = None;
    case.answer = None;
    for proposal in &mut case.proposals {
        proposal.accepted.get_or_insert(false);
    }
    // A term that runs goes on; one that was kept, or missed, gives way to the next.
    let runs = case.deadline.as_ref().is_some_and(|it| it.kept(act.at).is_none());
    if !runs {
        case.former_deadlines.extend(case.deadline.take());
        case.deadline = deadline::of(case.kind, case.matter, act.at, act.at, rules);
    }
}
