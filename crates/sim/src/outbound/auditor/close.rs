//! The end of the day: every attempt has its end, nobody was tried too often, and all counts agree.

use std::collections::BTreeMap;

use timbre_model::{AttemptOutcome, LeadId};

use super::Auditor;
use crate::outbound::book::Book;

impl Auditor {
    /// `dialed` and `picked_up` are what the carrier has seen.
    pub(crate) fn close(&mut self, book: &Book, dialed: u64, stolen: u64) {
        let open: Vec<_> =
            self.attempts.iter().filter(|(_, it)| it.ended.is_none()).map(|(id, _)| *id).collect();
        self.demand(open.is_empty(), || format!("still open at the end: {open:?}"));
        let mut outcomes: BTreeMap<AttemptOutcome, u64> = BTreeMap::new();
        for it in self.attempts.values() {
            it.ended.into_iter().for_each(|it| *outcomes.entry(it).or_default() += 1);
        }
        let mut told: BTreeMap<AttemptOutcome, u64> = BTreeMap::new();
        self.told.ended.values().for_each(|it| *told.entry(*it).or_default() += 1);
        self.demand(outcomes == told, || format!("records say {outcomes:?}, events {told:?}"));
        let mut kept: BTreeMap<AttemptOutcome, u64> = BTreeMap::new();
        let records = book.attempts.values();
        records.filter_map(|it| it.outcome).for_each(|it| *kept.entry(it).or_default() += 1);
        self.demand(outcomes == kept, || format!("records say {outcomes:?}, the store {kept:?}"));
        let told = self.told.dialed;
        let permitted = self.attempts.values().filter(|it| it.dialed.is_some()).count() as u64;
        // What was durable and not performed when the node died was never dialed.
        let agree = told == permitted && dialed + stolen == permitted;
        self.demand(agree, || {
            format!("dialed: {permitted} by actions, {told} by events, {dialed} by the carrier, {stolen} lost in crashes")
        });
        let served = self.attempts.values().filter(|it| it.record.connected_at.is_some()).count();
        let told = self.told.served;
        self.demand(served as u64 == told, || {
            format!("{served} served by records, {told} by events")
        });
        let abandoned = self.attempts.values().filter(|it| it.abandoned).count();
        let told = self.told.abandoned;
        self.demand(abandoned as u64 == told, || {
            format!("{abandoned} abandoned, {told} by events")
        });
        self.check_tries();
    }

    /// No lead and no number was tried more often than its campaign allows; what was never dialed does not count, and a
    /// promised call is made in any case.
    fn check_tries(&mut self) {
        let mut tries: BTreeMap<LeadId, (u32, u32)> = BTreeMap::new();
        for it in self.attempts.values().filter(|it| it.dialed.is_some()) {
            let Some(lead) = it.record.lead else { continue };
            let most = self.campaigns.get(&it.record.campaign).map_or(0, |it| it.recycle.per_lead);
            let promises = u32::from(it.promised.is_some());
            let entry = tries.entry(lead).or_insert((0, most));
            *entry = (entry.0 + 1, entry.1.max(most) + promises);
        }
        for (lead, (count, most)) in tries {
            self.demand(count <= most, || format!("lead {lead} was tried {count} times of {most}"));
        }
    }
}
