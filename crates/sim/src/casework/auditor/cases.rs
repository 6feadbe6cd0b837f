//! Cases against the world's book: where each stands, and what the clock must have told of it, when.

use timbre_casework::{Case, CaseKind, CaseState, Record, RecordKind};

use super::{Alarm, Auditor, awake, calendar};
use crate::casework::book::{Book, CaseEntry, Deed};
use crate::casework::scene::Place;

const HOUR: i64 = 3_600_000_000;

/// The roles of the floor and how long after the deadline each is told.
const ROLES: [(&str, i64); 3] = [("team-lead", 0), ("head", 24 * HOUR), ("ombudsman", 72 * HOUR)];

/// One deadline of a case.
#[derive(Debug, Clone)]
pub(super) struct Round {
    pub(super) since: i64,
    /// When somebody wrote it down.
    pub(super) begun: i64,
    pub(super) due: i64,
    pub(super) rule: &'static str,
    pub(super) met: Option<i64>,
    /// When the next one took its place.
    pub(super) over: Option<i64>,
}

/// Where a case stands by what was done.
#[derive(Debug, Clone)]
pub(super) struct Stand {
    pub(super) state: CaseState,
    pub(super) rounds: Vec<Round>,
    pub(super) upheld: Option<bool>,
    pub(super) reopened: u32,
    /// When it was closed and, then, taken up again.
    pub(super) closed: Vec<(i64, Option<i64>)>,
}

impl Stand {
    pub(super) fn of(it: &CaseEntry, place: &Place) -> Self {
        let rounds = if it.kind == CaseKind::Complaint {
            vec![round(it, place, it.received, it.taken)]
        } else {
            Vec::new()
        };
        let mut stand = Self {
            state: CaseState::Received,
            rounds,
            upheld: None,
            reopened: 0,
            closed: Vec::new(),
        };
        it.deeds.iter().for_each(|(at, deed)| stand.did(it, place, *at, *deed));
        stand
    }

    fn did(&mut self, it: &CaseEntry, place: &Place, at: i64, deed: Deed) {
        match deed {
            Deed::Investigated | Deed::Declined => self.state = CaseState::Investigating,
            Deed::Proposed => self.state = CaseState::Proposed,
            Deed::Accepted => self.state = CaseState::Agreed,
            Deed::Agreed if self.state == CaseState::Executing => {}
            Deed::Agreed => self.state = CaseState::Agreed,
            Deed::Executed | Deed::TaskDone => self.state = CaseState::Executing,
            Deed::Answered(upheld) => self.answer(at, upheld),
            Deed::Rejected => {
                self.answer(at, false);
                self.close(at, CaseState::Rejected);
            }
            Deed::Confirmed => {
                if self.upheld.is_none() {
                    self.answer(at, true);
                }
                self.close(at, CaseState::Confirmed);
            }
            Deed::Disputed | Deed::Reopened => self.again(it, place, at),
        }
    }

    fn answer(&mut self, at: i64, upheld: bool) {
        self.upheld = Some(upheld);
        if let Some(round) = self.rounds.last_mut() {
            round.met.get_or_insert(at);
        }
    }

    fn close(&mut self, at: i64, state: CaseState) {
        self.state = state;
        self.closed.push((at, None));
    }

    fn again(&mut self, it: &CaseEntry, place: &Place, at: i64) {
        self.reopened += 1;
        self.upheld = None;
        if let Some((_, again)) = self.closed.last_mut() {
            again.get_or_insert(at);
        }
        if it.kind != CaseKind::Complaint {
            self.state = CaseState::Received;
            return;
        }
        self.state = CaseState::Investigating;
        let Some(last) = self.rounds.last_mut() else { return };
        if last.met.is_some() || at > last.due {
            last.over = Some(at);
            self.rounds.push(round(it, place, at, at));
        }
    }

    /// Whether it was open at that moment.
    pub(super) fn open_at(&self, it: &CaseEntry, at: i64) -> bool {
        let closed = |(from, until): &(i64, Option<i64>)| {
            *from <= at && until.is_none_or(|until| at < until)
        };
        it.taken <= at && !self.closed.iter().any(closed)
    }
}

fn round(it: &CaseEntry, place: &Place, since: i64, begun: i64) -> Round {
    let (due, rule) = calendar::due(place, it.matter, since);
    Round { since, begun, due, rule, met: None, over: None }
}

impl Round {
    /// What the clock must have told until `end`, each at the first moment at which the node was there.
    fn alarms(&self, book: &Book, end: i64) -> Vec<Alarm> {
        let mut all: Vec<Alarm> = Vec::new();
        let mut warnings: Vec<i64> = [24, 2].map(|hours| self.due - hours * HOUR).to_vec();
        warnings.retain(|at| *at > self.since);
        if warnings.is_empty() {
            warnings.push(self.since + (self.due - self.since) / 2);
        }
        // What should have been warned of before anybody knew of the case is not.
        warnings.retain(|at| *at > self.begun);
        all.extend(warnings.iter().map(|at| (*at, "warned".to_owned())));
        all.push((self.due + 1, "overdue".to_owned()));
        all.extend(ROLES.iter().map(|(role, after)| (self.due + 1 + after, (*role).to_owned())));
        let stop = self.met.into_iter().chain(self.over).min().unwrap_or(i64::MAX);
        let at = |at: i64| awake(book, at).max(self.begun);
        let told = all.into_iter().map(|(due, what)| (at(due), what));
        told.filter(|(at, _)| *at <= stop && *at < end).collect()
    }
}

impl Auditor {
    pub(super) fn close_cases(&mut self, book: &Book) {
        for (id, entry) in &book.cases {
            let Some(Record::Case(case)) = self.last.get(&(RecordKind::Case, *id)).cloned() else {
                // Said where the lost ones are counted.
                continue;
            };
            self.close_case(&case, entry, book);
        }
    }

    fn close_case(&mut self, case: &Case, entry: &CaseEntry, book: &Book) {
        let (stand, key) = (Stand::of(entry, self.place), case.key);
        self.check(case.state == stand.state, || {
            format!("case {key} is {} and must be {}", case.state, stand.state)
        });
        let (kept, done) = (case.reopened, stand.reopened);
        self.check(kept == done, || format!("case {key}: reopened {kept} times, not {done}"));
        let deadlines: Vec<_> = case.former_deadlines.iter().chain(&case.deadline).collect();
        let kept: Vec<_> = deadlines
            .iter()
            .map(|it| (it.due_at.as_micros(), it.rule.as_str(), it.met_at.map(|it| it.as_micros())))
            .collect();
        let due: Vec<_> = stand.rounds.iter().map(|it| (it.due, it.rule, it.met)).collect();
        self.check(kept == due, || format!("case {key}: deadlines {kept:?}, must be {due:?}"));
        let mut told = self.alarms.remove(&case.id.as_u128()).unwrap_or_default();
        let mut must: Vec<Alarm> =
            stand.rounds.iter().flat_map(|it| it.alarms(book, self.end)).collect();
        told.sort();
        must.sort();
        self.check(told == must, || format!("case {key}: told {told:?}, must be {must:?}"));
    }
}
