//! Live answers by day, and the law's cap on those that are abandoned.

use std::collections::BTreeMap;
use std::time::Duration;

use timbre_compliance::{CapRule, Catalog, Profile, strictest_at};
use timbre_model::{Civil, Party, Place};

use crate::{AnswerDay, CampaignPlan};

const MICROS_PER_DAY: i64 = 86_400_000_000;
/// The longest period of a law that is counted in days, and a day for its time zones.
const DAYS_KEPT: i64 = 33;
const HALF_A_DAY: Duration = Duration::from_secs(43_200);
/// Live answers of a day where nothing is known of the day before.
const ANSWERS_ASSUMED: u64 = 1_000;

/// A campaign's live answers. Days are those of UTC: a period is counted from the day whose beginning is nearest its own.
#[derive(Debug)]
pub(crate) struct Answers {
    days: BTreeMap<i64, AnswerDay>,
    today: i64,
    law: Option<CapRule>,
}

fn day(at: Civil) -> i64 {
    at.as_micros().div_euclid(MICROS_PER_DAY)
}

impl Answers {
    pub(crate) fn new(now: Civil) -> Self {
        Self { days: BTreeMap::new(), today: day(now), law: None }
    }

    /// Takes over what the store holds.
    pub(crate) fn restore(&mut self, days: &[AnswerDay], now: Civil) {
        self.today = day(now);
        self.days = days.iter().map(|it| (it.day, *it)).collect();
    }

    /// Whether a new day begins. A clock that goes back begins none.
    pub(crate) fn turn(&mut self, now: Civil) -> bool {
        let day = day(now);
        if day <= self.today {
            return false;
        }
        self.today = day;
        self.days.retain(|it, _| *it > day - DAYS_KEPT);
        true
    }

    pub(crate) fn answered(&mut self) {
        self.of_today().answered += 1;
    }

    /// What was answered then turns out to be no live answer.
    pub(crate) fn unanswered(&mut self, at: Civil) {
        if let Some(of) = self.days.get_mut(&day(at)) {
            of.answered = of.answered.saturating_sub(1);
        }
    }

    pub(crate) fn abandoned(&mut self) {
        self.of_today().abandoned += 1;
    }

    fn of_today(&mut self) -> &mut AnswerDay {
        let day = self.today;
        self.days.entry(day).or_insert(AnswerDay { day, ..AnswerDay::default() })
    }

    /// Those of the present day.
    pub(crate) fn today(&self) -> AnswerDay {
        let day = self.today;
        self.days.get(&day).copied().unwrap_or(AnswerDay { day, ..AnswerDay::default() })
    }

    /// How many to expect in the law's period, or in a day where there is no law: as many each day as on the day before.
    pub(crate) fn per_period(&self) -> u64 {
        let day_before = self.days.get(&(self.today - 1));
        let a_day = day_before.map_or(ANSWERS_ASSUMED, |it| it.answered.max(1));
        let days = self.law.as_ref().map_or(1, |law| law.cap.period.days());
        a_day.saturating_mul(u64::from(days))
    }

    /// Looks up which law holds, for what the plan calls.
    pub(crate) fn look_up(&mut self, plan: &CampaignPlan, now: Civil) {
        self.law = strictest_at(Catalog::shipped(), &profile(plan), now);
    }

    /// The share of live answers that may be abandoned: the campaign's own, or less where a law says so.
    pub(crate) fn cap(&self, own: f64) -> f64 {
        self.law.as_ref().map_or(own, |law| own.min(law.cap.of_live()))
    }

    /// Abandoned and live answers in the law's period, or of the day where there is no law.
    pub(crate) fn counted(&self, plan: &CampaignPlan, now: Civil) -> (u64, u64) {
        let zone = plan.lists.first().and_then(|list| {
            Catalog::shipped().jurisdiction(&list.country)?.zones.first().map(String::as_str)
        });
        let period = self.law.as_ref().map(|law| law.cap.period);
        let interval =
            period.zip(zone).and_then(|(period, zone)| period.interval(now, plan.started_at, zone));
        let from = interval.map_or(self.today, |it| day(it.from + HALF_A_DAY));
        let counted = self.days.range(from..=self.today.max(from)).map(|(_, it)| it);
        counted.fold((0, 0), |(lost, all), it| (lost + it.abandoned, all + it.answered))
    }
}

fn profile(plan: &CampaignPlan) -> Profile {
    let mut places: Vec<Place> = plan
        .lists
        .iter()
        .map(|list| Place { country: list.country.clone(), region: None })
        .collect();
    places.sort_unstable();
    places.dedup();
    Profile {
        places,
        purpose: plan.spec.purpose,
        party: Party::Consumer,
        sector: plan.spec.sector.as_ref().map(|it| it.as_str().to_owned()),
        voice: plan.spec.voice,
        adherent_codes: plan.spec.codes.iter().map(|it| it.as_str().to_owned()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use timbre_model::{CampaignId, CampaignRef, CampaignSpec, FloorSpec, TenantId};

    const NOON: Civil = Civil::from_micros(1_795_000_000_000_000);

    fn plan(country: &str) -> CampaignPlan {
        let floor = serde_json::json!({
            "lists": [{"id": "l", "name": "L", "client": "c", "country": country}],
            "campaigns": [{"id": "k", "name": "K", "client": "c", "queue": "q", "trunks": ["t"],
                "lists": [{"list": "l"}], "caller_ids": {"numbers": ["+34910000002"]}}],
        });
        let mut floor: FloorSpec = serde_json::from_value(floor).expect("a floor");
        let spec: CampaignSpec = floor.campaigns.remove(0);
        let tenant = TenantId::parse("t").expect("a slug");
        let campaign = CampaignRef { tenant, campaign: CampaignId::parse("k").expect("a slug") };
        let refusals = Default::default();
        CampaignPlan { campaign, spec, lists: floor.lists, started_at: NOON, refusals }
    }

    #[test]
    fn the_law_lowers_the_cap_and_counts_over_its_own_period() {
        let mut answers = Answers::new(NOON);
        let italy = plan("IT");
        answers.look_up(&italy, NOON);
        // 3 mute calls to 100 successful ones (Garante 83/2014) are 3 of 103 live answers.
        assert!((answers.cap(0.05) - 3.0 / 103.0).abs() < 1e-9);
        assert!((answers.cap(0.01) - 0.01).abs() < 1e-9, "one's own may be stricter");
        let usa = plan("US");
        answers.look_up(&usa, NOON);
        (0..100).for_each(|_| answers.answered());
        answers.abandoned();
        let later = NOON + Duration::from_secs(86_400);
        assert!(answers.turn(later) && !answers.turn(NOON), "the clock goes one way");
        answers.answered();
        // Thirty days from the campaign's start (16 CFR 310.4(b)(4)).
        assert_eq!(answers.counted(&usa, later), (1, 101));
        assert_eq!((answers.today().answered, answers.per_period()), (1, 30 * 100));
    }
}
