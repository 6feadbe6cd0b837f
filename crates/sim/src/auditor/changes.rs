//! What is made durable: one end of each call and of each offer, a timeline without gaps.

use timbre_model::{CallRecord, Change, OfferRecord, TimelineEntry};

use super::Auditor;

impl Auditor {
    pub(super) fn call_recorded(&mut self, record: &CallRecord) {
        let call = record.id;
        let Some(book) = self.calls.get_mut(&call) else {
            return self.object(format!("a record of {call}, which never came"));
        };
        let end = record.ended_at.zip(record.outcome);
        let former = std::mem::replace(&mut book.records.end, end);
        let wrapped_up =
            std::mem::replace(&mut book.records.wrapped_up, record.wrapped_up_at.is_some());
        match (former, end) {
            (None, None) => {}
            (None, Some((_, outcome))) => {
                let queue = book.queue;
                self.accounts.entry(queue).or_default().count(outcome);
                *self.outcomes.entry(outcome).or_default() += 1;
            }
            (Some(former), end) => {
                let later = end == Some(former) && !wrapped_up && record.wrapped_up_at.is_some();
                self.demand(later, || format!("call {call} has a second end: {former:?}, {end:?}"));
            }
        }
    }

    pub(super) fn entry_recorded(&mut self, entry: &TimelineEntry) {
        let Some(book) = self.calls.get_mut(&entry.call) else { return };
        book.records.entries += 1;
        let next = book.records.entries;
        self.demand(entry.number == next, || {
            format!("entry {} of {} should be {next}", entry.number, entry.call)
        });
    }

    pub(super) fn offer_recorded(&mut self, record: &OfferRecord) {
        let former = self.recorded_offers.insert(record.id, record.outcome);
        let ended = former.flatten().is_some();
        self.demand(!ended, || format!("offer {} ended before", record.id));
    }

    /// The node died, and the store has ended what was open. The calls in progress were lost with their legs.
    pub(crate) fn node_died(&mut self, changes: &[Change]) {
        changes.iter().for_each(|it| self.read_change(it));
        for book in self.calls.values_mut() {
            book.end = book.end.or(book.records.end.map(|(_, outcome)| outcome));
        }
        self.legs.clear();
        self.forget_agents();
    }
}
