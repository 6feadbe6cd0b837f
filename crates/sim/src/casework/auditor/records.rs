//! Each piece of work as it was kept: versions, edges, events without a gap.

use timbre_casework::{
    By, CallbackState, CaseKind, CaseState, FollowUpState, MessageState, NewEvent, Record,
    RecordKind,
};

use super::{Auditor, Entry};

impl Auditor {
    pub(in crate::casework) fn read(&mut self, log: Vec<Entry>) {
        for Entry { records, events } in log {
            for (seq, event) in &events {
                self.seq += 1;
                let (expected, seq) = (self.seq, *seq);
                self.check(seq == expected, || format!("event {seq} where {expected} follows"));
                self.hash_in(&event.id);
                self.note_alarm(event);
            }
            for record in records {
                self.turn(&record, &events);
                self.last.insert((record.kind(), record.id()), record);
            }
        }
    }

    fn hash_in(&mut self, text: &str) {
        for byte in text.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// One version of a record: the one after the last, by an edge that there is, told as the rules of its kind say.
    fn turn(&mut self, record: &Record, events: &[(u64, NewEvent)]) {
        let id = (record.kind(), record.id());
        let former = self.last.get(&id).cloned();
        let version = former.as_ref().map_or(0, Record::version) + 1;
        let name = format!("{} {:032x} version {}", id.0, id.1, record.version());
        self.check(record.version() == version, || format!("{name} where {version} follows"));
        let allowed = edge(former.as_ref(), record);
        self.check(allowed, || format!("{name}: no such edge: {former:?} to {record:?}"));
        let told: Vec<&NewEvent> =
            events.iter().map(|(_, it)| it).filter(|it| it.subject == subject(record)).collect();
        let ids: Vec<String> = told.iter().map(|it| it.id.clone()).collect();
        let expected: Vec<String> = (0..told.len()).map(|n| event_id(record, n)).collect();
        self.check(ids == expected, || format!("{name}: told as {ids:?}, not {expected:?}"));
        let silent = former.as_ref().is_some_and(|it| state(it) == state(record));
        let quiet = match id.0 {
            RecordKind::FollowUp | RecordKind::Callback => silent,
            RecordKind::Survey => matches!(record, Record::Survey(it) if it.answer.is_none()),
            RecordKind::Customer => true,
            _ => false,
        };
        self.check(quiet || !told.is_empty(), || format!("{name}: nothing told"));
        if let (Some(word), Some(it)) = (state(record), told.last()) {
            let as_told = it.data.get("state").and_then(|it| it.as_str());
            self.check(as_told.is_none_or(|it| it == word), || {
                format!("{name}: is {word} and told {as_told:?}")
            });
        }
        self.by_whom(&name, former.as_ref(), record);
    }

    /// Time closes no case.
    fn by_whom(&mut self, name: &str, former: Option<&Record>, now: &Record) {
        let Record::Case(case) = now else { return };
        let was_open = !matches!(former, Some(Record::Case(it)) if it.state.is_closed());
        if case.state.is_closed() && was_open {
            let by_time = case.story.last().is_none_or(|it| it.by == By::System);
            self.check(!by_time, || format!("{name}: closed by time"));
            let answered = case.answer.is_some() || case.kind != CaseKind::Complaint;
            self.check(answered, || format!("{name}: closed without an answer"));
        }
    }

    fn note_alarm(&mut self, event: &NewEvent) {
        let at = event.at.as_micros();
        let id = event.subject.split_once('/').map(|(_, id)| id);
        let Some(id) = id.and_then(|it| u128::from_str_radix(it, 16).ok()) else { return };
        let role = || event.data.get("role").and_then(|it| it.as_str()).unwrap_or("").to_owned();
        match event.kind.as_str() {
            "timbre.case.warned.v1" => self.alarm(id, at, "warned".to_owned()),
            "timbre.case.overdue.v1" => self.alarm(id, at, "overdue".to_owned()),
            "timbre.case.escalated.v1" => self.alarm(id, at, role()),
            "timbre.follow_up.due.v1" => self.fell_due((RecordKind::FollowUp, id), at),
            "timbre.callback.due.v1" => self.fell_due((RecordKind::Callback, id), at),
            "timbre.callback.expired.v1" => {
                let again = self.expired.insert(id, at).is_some();
                self.check(!again, || format!("callback {id:032x} expired twice"));
            }
            _ => {}
        }
    }

    fn alarm(&mut self, id: u128, at: i64, what: String) {
        self.alarms.entry(id).or_default().push((at, what));
    }

    fn fell_due(&mut self, id: (RecordKind, u128), at: i64) {
        let again = self.due.insert(id, at).is_some();
        self.check(!again, || format!("{} {:032x} fell due twice", id.0, id.1));
    }
}

fn subject(it: &Record) -> String {
    let kind = match it.kind() {
        RecordKind::Case => "cases",
        RecordKind::Sale => "sales",
        RecordKind::FollowUp => "follow_ups",
        RecordKind::Message => "messages",
        RecordKind::Callback => "callbacks",
        RecordKind::Survey => "surveys",
        RecordKind::Trouble => "troubles",
        RecordKind::Customer => "customers",
    };
    format!("{kind}/{:032x}", it.id())
}

fn event_id(it: &Record, n: usize) -> String {
    let (id, version) = (it.id(), it.version());
    match it.kind() {
        RecordKind::Case => format!("case/{id:032x}/{version}/{n}"),
        RecordKind::Survey => format!("survey-{id:032x}-kept"),
        kind => format!("{kind}-{id:032x}-{version}"),
    }
}

fn state(it: &Record) -> Option<&'static str> {
    match it {
        Record::Case(it) => Some(it.state.as_str()),
        Record::FollowUp(it) => Some(it.state.as_str()),
        Record::Message(it) => Some(it.state.as_str()),
        Record::Callback(it) => Some(it.state.as_str()),
        _ => None,
    }
}

/// Whether a record may become so: it stays where it is, or takes one edge of its kind.
fn edge(former: Option<&Record>, now: &Record) -> bool {
    match (former, now) {
        (None, Record::Case(now)) => now.state == CaseState::Received,
        (Some(Record::Case(it)), Record::Case(now)) => {
            it.state == now.state || case_edge(now.kind, it.state, now.state)
        }
        (None, Record::FollowUp(now)) => now.state == FollowUpState::Planned,
        (Some(Record::FollowUp(it)), Record::FollowUp(now)) => {
            use FollowUpState::{Attempting, Confirmed, Due, Incident, Planned, Unreachable};
            it.state == now.state
                || matches!(
                    (it.state, now.state),
                    (Planned, Due)
                        | (Due, Attempting)
                        | (Attempting | Unreachable, Confirmed | Incident)
                        | (Attempting, Unreachable)
                )
        }
        (None, Record::Message(now)) => {
            matches!(now.state, MessageState::Taken | MessageState::Held)
        }
        (Some(Record::Message(it)), Record::Message(now)) => {
            use MessageState::{Answered, Delivered, Dropped, Held, Taken};
            let edge = (it.state, now.state);
            matches!(edge, (Held, Taken | Dropped) | (Taken, Delivered) | (Delivered, Answered))
        }
        (None, Record::Callback(now)) => now.state == CallbackState::Planned,
        (Some(Record::Callback(it)), Record::Callback(now)) => {
            use CallbackState::{Attempting, Canceled, Done, Due, Expired, Planned};
            it.state == now.state
                || matches!(
                    (it.state, now.state),
                    (Planned, Due | Canceled)
                        | (Due, Attempting | Expired)
                        | (Attempting, Done | Expired)
                        | (Expired, Done)
                )
        }
        _ => true,
    }
}

fn case_edge(kind: CaseKind, from: CaseState, to: CaseState) -> bool {
    use CaseState::{Agreed, Confirmed, Executing, Investigating, Proposed, Received, Rejected};
    if kind != CaseKind::Complaint {
        return matches!((from, to), (Received, Confirmed) | (Confirmed, Received));
    }
    matches!(
        (from, to),
        (Received, Investigating | Proposed | Rejected)
            | (Investigating, Proposed | Agreed | Rejected)
            | (Proposed, Investigating | Agreed)
            | (Agreed, Executing | Investigating | Confirmed)
            | (Executing, Investigating | Confirmed)
            | (Confirmed | Rejected, Investigating)
    )
}
