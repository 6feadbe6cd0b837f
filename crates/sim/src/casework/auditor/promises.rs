//! Sales and their follow-ups, callbacks, surveys.

use std::collections::BTreeMap;

use timbre_casework::{CallbackState, CaseKind, FollowUpState, MessageState, Record, RecordKind};

use super::cases::Stand;
use super::{Auditor, awake};
use crate::casework::book::Book;

const PERIOD: i64 = 30 * 86_400_000_000;
const TRIES: u64 = 3;

impl Auditor {
    pub(super) fn close_sales(&mut self, book: &Book) {
        let mut planned: BTreeMap<u128, Vec<i64>> = BTreeMap::new();
        let kept: Vec<_> = self
            .last
            .values()
            .filter_map(|it| match it {
                Record::FollowUp(it) => Some((it.sale.as_u128(), it.due_at.as_micros())),
                _ => None,
            })
            .collect();
        kept.into_iter().for_each(|(sale, due)| planned.entry(sale).or_default().push(due));
        for (id, entry) in &book.sales {
            let must: Vec<i64> = entry.after.iter().map(|it| entry.at + it * 1_000_000).collect();
            let mut kept = planned.remove(id).unwrap_or_default();
            kept.sort_unstable();
            self.check(kept == must, || {
                format!("sale {id:032x}: follow-ups {kept:?}, not {must:?}")
            });
            let promises = match self.last.get(&(RecordKind::Sale, *id)) {
                Some(Record::Sale(it)) => it.promises.iter().map(|it| it.kept).collect(),
                _ => Vec::new(),
            };
            self.check(promises == entry.promises, || {
                format!("sale {id:032x}: promises {promises:?}, not {:?}", entry.promises)
            });
        }
        self.check(planned.is_empty(), || "follow-ups of no sale".to_owned());
        self.close_follow_ups(book);
    }

    fn close_follow_ups(&mut self, book: &Book) {
        for (id, entry) in &book.follow_ups {
            let key = (RecordKind::FollowUp, *id);
            let Some(Record::FollowUp(it)) = self.last.get(&key).cloned() else { continue };
            let (kept, done) = ((it.state, u64::from(it.tries)), (entry.state, entry.tries));
            self.check(kept == done, || format!("follow-up {id:032x}: {kept:?}, not {done:?}"));
            let due = awake(book, entry.due);
            let must = Some(due).filter(|it| *it < self.end);
            let told = self.due.get(&key).copied();
            self.check(told == must, || format!("follow-up {id:032x} due {told:?}, not {must:?}"));
            let tried = it.state != FollowUpState::Unreachable || entry.tries == TRIES;
            self.check(tried, || format!("follow-up {id:032x}: gave up after {}", entry.tries));
            if it.state == FollowUpState::Incident {
                let case = it.case.map(|case| (RecordKind::Case, case.as_u128()));
                let linked = case.and_then(|case| self.last.get(&case)).is_some_and(|case| {
                    matches!(case, Record::Case(case)
                        if case.follow_up == Some(it.id) && case.sale == Some(it.sale))
                });
                self.check(linked, || format!("follow-up {id:032x}: an incident without its case"));
            }
        }
        for (id, entry) in &book.cases {
            let Some(of) = entry.follow_up else { continue };
            let incident = book.follow_ups.get(&of).map(|it| it.state);
            let is = incident == Some(FollowUpState::Incident);
            self.check(is, || format!("case {id:032x} follows a follow-up that is {incident:?}"));
        }
    }

    pub(super) fn close_callbacks(&mut self, book: &Book) {
        for (id, entry) in &book.callbacks {
            let key = (RecordKind::Callback, *id);
            let Some(Record::Callback(it)) = self.last.get(&key) else { continue };
            let (kept, done) = (it.state, entry.state);
            self.check(kept == done, || format!("callback {id:032x} is {kept}, not {done}"));
            let due = Some(awake(book, entry.due.max(entry.made))).filter(|it| *it < self.end);
            let must = due.filter(|_| entry.state != CallbackState::Canceled);
            let told = self.due.get(&key).copied();
            self.check(told == must, || format!("callback {id:032x} due {told:?}, not {must:?}"));
            let late = awake(book, entry.until);
            let open = !matches!(
                entry.state,
                CallbackState::Done | CallbackState::Expired | CallbackState::Canceled
            );
            self.check(!open || late >= self.end, || format!("callback {id:032x} never ended"));
            if let Some(at) = self.expired.get(id).copied() {
                self.check(at == late, || {
                    format!("callback {id:032x} expired at {at}, not {late}")
                });
            }
        }
        for (id, entry) in &book.messages {
            let Some(Record::Message(it)) = self.last.get(&(RecordKind::Message, *id)) else {
                continue;
            };
            let (kept, done): (MessageState, MessageState) = (it.state, entry.state);
            self.check(kept == done, || format!("message {id:032x} is {kept}, not {done}"));
        }
    }

    /// Each customer once in a period, and never with an open complaint.
    pub(super) fn close_surveys(&mut self, book: &Book) {
        let mut asked: BTreeMap<u128, Vec<i64>> = BTreeMap::new();
        book.surveys.values().for_each(|it| asked.entry(it.customer).or_default().push(it.at));
        for (customer, times) in &mut asked {
            times.sort_unstable();
            let again = times.windows(2).any(|it| it[1] - it[0] <= PERIOD);
            self.check(!again, || format!("customer {customer:032x} was asked twice"));
        }
        for (id, entry) in &book.cases {
            let Some(times) = asked.get(&entry.customer) else { continue };
            if entry.kind != CaseKind::Complaint {
                continue;
            }
            let stand = Stand::of(entry, self.place);
            let during = times.iter().any(|at| stand.open_at(entry, *at));
            self.check(!during, || format!("asked while case {id:032x} was open"));
        }
        for (id, entry) in &book.surveys {
            if let Some(Record::Survey(it)) = self.last.get(&(RecordKind::Survey, *id)) {
                let same = it.answer == entry.answer;
                self.check(same, || format!("survey {id:032x}: another answer than was pressed"));
            }
        }
    }
}
