//! The auditor: reads what was kept and told, and the world's own book, and does every sum again.

mod agenda;
mod calendar;
mod cases;
mod promises;
mod records;
mod reports;

use std::collections::BTreeMap;

use timbre_casework::{Record, RecordKind};

use super::book::Book;
use super::scene::{Place, Scene};
use super::shelf::{Id, Kept, Shelf};

/// Most objections: one fault has many.
const OBJECTIONS: usize = 100;

/// What was told of a case by the clock: the word, to whom, when.
type Alarm = (i64, String);

pub(super) struct Auditor {
    place: &'static Place,
    end: i64,
    /// Each record as it was kept last.
    last: BTreeMap<Id, Record>,
    seq: u64,
    /// What clocks told of each case.
    alarms: BTreeMap<u128, Vec<Alarm>>,
    /// When each follow-up and callback was told due, and when it expired.
    due: BTreeMap<Id, i64>,
    expired: BTreeMap<u128, i64>,
    hash: u64,
    violations: Vec<String>,
}

impl Auditor {
    pub(super) fn new(place: &'static Place, end: i64) -> Self {
        Self {
            place,
            end,
            last: BTreeMap::new(),
            seq: 0,
            alarms: BTreeMap::new(),
            due: BTreeMap::new(),
            expired: BTreeMap::new(),
            hash: 0xcbf2_9ce4_8422_2325,
            violations: Vec::new(),
        }
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    fn object(&mut self, what: impl FnOnce() -> String) {
        if self.violations.len() < OBJECTIONS {
            self.violations.push(what());
        }
    }

    fn check(&mut self, sound: bool, what: impl FnOnce() -> String) {
        if !sound {
            self.object(what);
        }
    }

    /// Everything at the end of the month.
    pub(super) fn close(&mut self, scene: &Scene, shelf: &Shelf, book: &Book) -> Vec<String> {
        self.same_as_kept(shelf, book);
        self.close_cases(book);
        self.close_sales(book);
        self.close_callbacks(book);
        self.close_surveys(book);
        self.close_reports(scene, book);
        std::mem::take(&mut self.violations)
    }

    /// No record is lost, none is there twice, none is there that nobody made.
    fn same_as_kept(&mut self, shelf: &Shelf, book: &Book) {
        let there: BTreeMap<Id, &Record> =
            shelf.all().map(|it| ((it.kind(), it.id()), it)).collect();
        let changed = there.iter().filter(|(id, it)| self.last.get(*id) != Some(**it)).count();
        let same = changed == 0 && there.len() == self.last.len();
        self.check(same, || "what is kept is not what was kept".to_owned());
        for (kind, made) in [
            (RecordKind::Case, book.cases.keys().copied().collect::<Vec<_>>()),
            (RecordKind::Sale, book.sales.keys().copied().collect()),
            (RecordKind::FollowUp, book.follow_ups.keys().copied().collect()),
            (RecordKind::Message, book.messages.keys().copied().collect()),
            (RecordKind::Callback, book.callbacks.keys().copied().collect()),
            (RecordKind::Survey, book.surveys.keys().copied().collect()),
            (RecordKind::Customer, book.customers.values().copied().collect()),
        ] {
            let lost = made.iter().filter(|id| !shelf.has((kind, **id))).count();
            let kept = there.keys().filter(|(it, _)| *it == kind).count();
            self.check(lost == 0, || format!("{lost} lost: {kind}"));
            self.check(kept == made.len(), || {
                format!("{kept} kept and {} made: {kind}", made.len())
            });
        }
        let talked = book.calls.iter().filter(|it| it.number.is_some() && it.waited.is_some());
        let calls = talked.count();
        let kept = shelf.contacts.iter();
        let kept = kept.filter(|(_, it, _)| *it == timbre_casework::InteractionKind::Call).count();
        self.check(kept == calls, || format!("{kept} contacts kept of {calls} conversations"));
    }
}

/// The first moment at which the node was there: what is due while it is away happens when it is back.
fn awake(book: &Book, at: i64) -> i64 {
    let mut at = at;
    for (from, until) in &book.outages {
        if *from < at && at < *until {
            at = *until;
        }
    }
    at
}

/// Of the log: what a piece of work left.
pub(super) type Entry = Kept;
