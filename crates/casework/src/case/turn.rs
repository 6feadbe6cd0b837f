//! One change of a case under way: the next version, its line of the story, its events.

use serde_json::{Value, json};

use crate::{Act, Case, CaseState, NewEvent, Note, Record, RecordKind, Refusal, Work};

/// Most lines that people may add to a story; what the workflow itself writes is always kept.
pub(super) const NOTES_MAX: usize = 2_000;

/// A change under way.
pub(super) struct Turn<'a> {
    pub(super) case: Case,
    act: &'a Act,
    events: Vec<NewEvent>,
}

impl<'a> Turn<'a> {
    /// Begins the next version of a case.
    pub(super) fn of(case: &Case, act: &'a Act) -> Self {
        let case = Case { version: case.version + 1, ..case.clone() };
        Self { case, act, events: Vec::new() }
    }

    /// Begins the first version.
    pub(super) fn first(case: Case, act: &'a Act) -> Self {
        Self { case, act, events: Vec::new() }
    }

    /// Writes down and tells what happened; `what` is the word of the story and of the event.
    pub(super) fn did(&mut self, what: &str, text: impl Into<String>, more: Value) {
        let Act { at, by } = self.act.clone();
        self.case.story.push(Note { at, by, what: what.to_owned(), text: text.into() });
        let number = self.events.len();
        self.events.push(event(&self.case, what, number, self.act, more));
    }

    /// Every record and event of the change.
    pub(super) fn done(self) -> Work {
        // What is told is how the case stands at the end of the change.
        let state = Value::from(self.case.state.as_str());
        let mut events = self.events;
        for event in &mut events {
            event.data["state"] = state.clone();
        }
        let records = vec![Record::Case(Box::new(self.case))];
        Work { records, events, ..Work::default() }
    }
}

/// What is told of a case: nothing that says who the customer is.
fn event(case: &Case, verb: &str, number: usize, act: &Act, more: Value) -> NewEvent {
    let mut data = json!({
        "case": case.id,
        "key": case.key,
        "kind": case.kind,
        "state": case.state,
        "version": case.version,
        "matter": case.matter,
        "severity": case.severity,
        "channel": case.channel,
        "cause": case.cause,
        "department": case.department,
        "owner": case.owner,
        "call": case.call,
        "customer": case.customer,
        "by": act.by,
        "due_at": case.deadline.as_ref().map(|it| it.due_at.as_micros()),
        "rule": case.deadline.as_ref().map(|it| it.rule.as_str()),
    });
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        data.retain(|_, value| !value.is_null());
        data.extend(more);
    }
    NewEvent {
        id: format!("case/{}/{}/{number}", case.id, case.version),
        kind: format!("timbre.case.{verb}.v1"),
        subject: format!("cases/{}", case.id),
        client: Some(case.client.clone()),
        at: act.at,
        data,
    }
}

/// Refuses a move from any state but `from`.
pub(super) fn only_from(
    case: &Case,
    from: &[CaseState],
    verb: &'static str,
    remedy: &'static str,
) -> Result<(), Refusal> {
    if from.contains(&case.state) { Ok(()) } else { Err(refused(case, verb, remedy)) }
}

/// Refuses a move of a case that is closed.
pub(super) fn only_open(case: &Case, verb: &'static str) -> Result<(), Refusal> {
    if case.state.is_closed() { Err(refused(case, verb, "reopen it first")) } else { Ok(()) }
}

/// Refuses a move that only complaints make.
pub(super) fn only_complaints(case: &Case, verb: &'static str) -> Result<(), Refusal> {
    if case.kind == crate::CaseKind::Complaint {
        return Ok(());
    }
    let remedy = "a compliment or a suggestion is only thanked for and confirmed; take a complaint where it is one";
    Err(refused(case, verb, remedy))
}

/// The refusal of a move.
pub(super) fn refused(case: &Case, verb: &'static str, remedy: &'static str) -> Refusal {
    Refusal::State { kind: RecordKind::Case, state: case.state.as_str(), verb, remedy }
}
