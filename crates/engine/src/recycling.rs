//! What becomes of a lead after an attempt. Pure.

use timbre_model::{AttemptOutcome, Civil, Lead, LeadState, PhoneNumber, Recycle, Slug};

/// Where a lead stands after an attempt at `number` that reached nobody. `lead` is as it stood before that attempt.
///
/// How often each number was tried is not known here, only how often the lead was; it is taken to go round its numbers.
pub(crate) fn after(
    recycle: &Recycle,
    lead: &Lead,
    number: &PhoneNumber,
    outcome: AttemptOutcome,
    now: Civil,
) -> LeadState {
    let rule = recycle.rule(outcome);
    let tried = lead.attempts.saturating_add(1);
    let numbers = u32::try_from(lead.person.numbers.len()).unwrap_or(1).max(1);
    let last = lead.person.numbers.last().is_none_or(|it| it.number == *number);
    let used_up = match rule.max {
        0 => last,
        max => tried >= max.min(recycle.per_number).saturating_mul(numbers),
    };
    if used_up || tried >= recycle.per_lead {
        LeadState::Finished { disposition: word(outcome) }
    } else if rule.delay.is_zero() || rule.max == 0 {
        LeadState::Ready
    } else {
        LeadState::Retry { at: now + rule.delay }
    }
}

/// An outcome's word as a disposition.
pub(crate) fn word(outcome: AttemptOutcome) -> Slug {
    Slug::parse(outcome.as_str()).expect("an outcome's word is a slug")
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::time::Duration;

    use timbre_model::{
        LeadId, LeadNumber, LeadRole, ListId, NewLead, Party, Place, RecycleRule, TenantId,
    };

    use super::*;

    const NOW: Civil = Civil::from_micros(1_000_000);

    fn number(n: usize) -> PhoneNumber {
        PhoneNumber::parse(&format!("+3491000000{n}")).expect("a number")
    }

    fn lead(numbers: usize, attempts: u32) -> Lead {
        let place = Place { country: "ES".to_owned(), region: None };
        let one = |n| LeadNumber {
            number: number(n),
            label: String::new(),
            place: place.clone(),
            zones: Vec::new(),
        };
        Lead {
            id: LeadId::from_u64(1),
            tenant: TenantId::parse("t").expect("a slug"),
            list: ListId::parse("l").expect("a slug"),
            person: NewLead {
                numbers: (0..numbers).map(one).collect(),
                name: String::new(),
                person: None,
                role: LeadRole::Unknown,
                party: Party::Consumer,
                consent: None,
                tags: BTreeSet::new(),
                attributes: BTreeMap::new(),
            },
            state: LeadState::Claimed,
            attempts,
            last_attempt_at: None,
        }
    }

    fn outcome(numbers: usize, attempts: u32, at: usize, outcome: AttemptOutcome) -> LeadState {
        after(&Recycle::default(), &lead(numbers, attempts), &number(at), outcome, NOW)
    }

    #[test]
    fn a_lead_is_tried_again_after_its_delay_until_it_is_used_up() {
        let later = |minutes: u64| LeadState::Retry { at: NOW + Duration::from_secs(minutes * 60) };
        let over = |of| LeadState::Finished { disposition: word(of) };
        assert_eq!(outcome(1, 0, 0, AttemptOutcome::Busy), later(15));
        assert_eq!(outcome(1, 4, 0, AttemptOutcome::NoAnswer), later(240));
        assert_eq!(outcome(1, 5, 0, AttemptOutcome::NoAnswer), over(AttemptOutcome::NoAnswer));
        assert_eq!(outcome(2, 5, 0, AttemptOutcome::NoAnswer), later(240));
        assert_eq!(outcome(2, 9, 0, AttemptOutcome::NoAnswer), over(AttemptOutcome::NoAnswer));
        assert_eq!(outcome(1, u32::MAX, 0, AttemptOutcome::Busy), over(AttemptOutcome::Busy));
    }

    #[test]
    fn a_number_that_does_not_exist_gives_way_to_the_next() {
        assert_eq!(outcome(2, 0, 0, AttemptOutcome::Unallocated), LeadState::Ready);
        let over = LeadState::Finished { disposition: word(AttemptOutcome::Unallocated) };
        assert_eq!(outcome(2, 1, 1, AttemptOutcome::Unallocated), over);
        assert_eq!(outcome(1, 0, 0, AttemptOutcome::Unallocated), over);
    }

    #[test]
    fn a_campaigns_own_rule_comes_before_the_usual_one() {
        let rule = RecycleRule { delay: Duration::from_secs(60), max: 2 };
        let recycle =
            Recycle { after: [(AttemptOutcome::Busy, rule)].into(), ..Recycle::default() };
        let state =
            |attempts| after(&recycle, &lead(1, attempts), &number(0), AttemptOutcome::Busy, NOW);
        assert_eq!(state(0), LeadState::Retry { at: NOW + Duration::from_secs(60) });
        assert!(matches!(state(1), LeadState::Finished { .. }));
    }
}
