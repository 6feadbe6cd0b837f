//! Do-not-call: nobody who may not be called is dialed, whatever was decided before.

use timbre_model::{AttemptRecord, Change, DoNotCallEntry};

use crate::EventKind;
use crate::bounds::BARRED_MAX;
use crate::engine::Engine;
use crate::turn::Turn;

impl Turn<'_> {
    /// From now on whoever `entry` names is not called; calls to them in set-up are taken back.
    pub(crate) fn bar(&mut self, entry: DoNotCallEntry) {
        let cancelled = self.take_back_all(|it| bars(&entry, &it.record));
        let tenant = entry.tenant.clone();
        self.out.changes.push(Change::DoNotCall(Box::new(entry.clone())));
        self.event(EventKind::DoNotCallAdded { tenant, cancelled });
        self.floor.remember_barred(entry);
    }
}

fn bars(entry: &DoNotCallEntry, record: &AttemptRecord) -> bool {
    entry.tenant == record.tenant
        && entry.whom.holds(&record.number)
        && entry.scope.covers(&record.client, &record.campaign)
}

impl Engine {
    /// Requests that are open may have been decided before `entry`: their permits are held against it.
    fn remember_barred(&mut self, entry: DoNotCallEntry) {
        if self.batches.is_empty() {
            return;
        }
        if self.barred.len() == BARRED_MAX {
            self.barred.clear();
            self.batches.values_mut().for_each(|it| it.void = true);
        }
        self.barred.push_back((self.counters.batches, entry));
    }

    /// Forgets what every open request was made after.
    pub(crate) fn forget_barred(&mut self) {
        let oldest = self.batches.first_key_value().map(|(&number, _)| number);
        while self.barred.front().is_some_and(|(last, _)| oldest.is_none_or(|it| it > *last)) {
            self.barred.pop_front();
        }
    }

    /// Somebody barred this number after the attempt may have been decided on.
    pub(crate) fn barred_meanwhile(&self, record: &AttemptRecord) -> bool {
        self.barred.iter().any(|(_, entry)| bars(entry, record))
    }
}
