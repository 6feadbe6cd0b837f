//! The law, read once more and in another way: hours by weekday, and the counts of the house.

use jiff::civil::Weekday;
use timbre_model::{AttemptRecord, CampaignSpec, Civil, LeadNumber, Purpose};

use super::Auditor;

const HOUR: i64 = 3_600_000_000;

/// From which hour to which hour of the callee's day, and whether on weekends.
fn hours(spec: &CampaignSpec, country: &str) -> (i8, i8, bool) {
    let (mut from, mut to, weekends) = match (spec.purpose, country) {
        (Purpose::Marketing, "ES") => (9, 21, false),
        (Purpose::Collections, "MX") => (7, 22, true),
        _ => (0, 24, true),
    };
    if spec.hours.is_some() {
        // The only ones that these days have.
        (from, to) = (from.max(10), to.min(20));
    }
    (from, to, weekends)
}

fn open(spec: &CampaignSpec, country: &str, zone: &str, at: Civil) -> bool {
    let Ok(zone) = jiff::tz::TimeZoneDatabase::bundled().get(zone) else { return false };
    let Ok(stamp) = jiff::Timestamp::from_microsecond(at.as_micros()) else { return false };
    let local = zone.to_datetime(stamp);
    let (from, to, weekends) = hours(spec, country);
    let weekend = matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday);
    (from..to).contains(&local.hour()) && (weekends || !weekend)
}

impl Auditor {
    /// No intent outside of the hours, against the list, or above the counts: by the time as it is, and by the time that
    /// the host shows.
    pub(super) fn check_law(&mut self, record: &AttemptRecord, number: &LeadNumber) {
        let Some(spec) = self.campaigns.get(&record.campaign).cloned() else { return };
        let id = record.id;
        let times = if self.lost { vec![self.now.civil] } else { vec![self.now.civil, self.truth] };
        for zone in &number.zones {
            for at in &times {
                let open = open(&spec, &number.place.country, zone, *at);
                self.demand(open, || {
                    format!("{id} of {} was permitted outside of its hours in {zone}", spec.id)
                });
            }
        }
        self.check_barred(record, "permitted");
        let counted = spec.codes.iter().any(|it| it.as_str() == "house.counts");
        if !counted || self.lost {
            return;
        }
        let truth = self.truth.as_micros();
        let charged = self.charged.get(&record.number).cloned().unwrap_or_default();
        let rested = charged.iter().all(|it| truth - it.as_micros() >= 2 * HOUR);
        self.demand(rested, || format!("{id}: its number had less than two hours' rest"));
        let today = charged.iter().filter(|it| truth - it.as_micros() < 14 * HOUR).count();
        self.demand(today < 3, || format!("{id}: its number was tried three times today"));
    }

    /// Nobody is called after it was acknowledged that they may not be.
    pub(super) fn check_barred(&mut self, record: &AttemptRecord, what: &str) {
        let barred = self.barred.iter().any(|it| {
            it.whom.holds(&record.number) && it.scope.covers(&record.client, &record.campaign)
        });
        let id = record.id;
        self.demand(!barred, || format!("{id} was {what} after its callee was barred"));
    }
}
