//! What holds for every attempt, whatever the rules.

#[expect(dead_code, reason = "each test file uses its own part of this module")]
mod support;

use std::time::Duration;

use jiff::civil::DateTime;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use timbre_compliance::{
    Attempt, Catalog, Charge, Clockwatch, Decision, History, Jurisdiction, Lists, Presented,
    Refusal, RegistryState, Remedy, RuleKind, Verdict, decide, decide_reading,
};
use timbre_model::{Civil, Consent, ConsentBasis, Mono, Now, Party, PhoneNumber, Purpose, Voice};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// 2026-09-01T00:00Z: after it and for a year no rule of the data begins or ends that is not a window.
const EPOCH: i64 = 1_788_220_800 * SECOND;

const NUMBERS: [&str; 22] = [
    "+34915551234",
    "+34612345678",
    "+34928123456",
    "+525512345678",
    "+523211234567",
    "+576011234567",
    "+541112345678",
    "+56221234567",
    "+56912345678",
    "+5112345678",
    "+5521998765432",
    "+558001234567",
    "+593991234567",
    "+59821234567",
    "+12125550123",
    "+18005550123",
    "+16045550123",
    "+442071234567",
    "+33123456789",
    "+493012345678",
    "+390612345678",
    "+61412345678",
];

fn at(micros: i64) -> Civil {
    Civil::from_micros(micros)
}

fn refused(decision: &Decision) -> bool {
    matches!(decision.verdict, Verdict::Refuse { .. })
}

prop_compose! {
    fn attempts()(
        number in select(&NUMBERS),
        purpose in select(Purpose::ALL),
        party in select(Party::ALL),
        voice in select(Voice::ALL),
        basis in prop::option::of(select(ConsentBasis::ALL)),
        age in 0i64..900,
        guaranteed_agent in any::<bool>(),
        house in any::<bool>(),
        code in any::<bool>(),
        cid in select(&[None, Some("+34400123456"), Some("+33162123456"), Some("+56600123456")]),
    ) -> Attempt {
        let mut attempt = support::attempt(number);
        (attempt.purpose, attempt.party, attempt.voice) = (purpose, party, voice);
        attempt.consent = basis.map(|basis| Consent { basis, given_at: at(EPOCH - age * DAY) });
        attempt.guaranteed_agent = guaranteed_agent;
        attempt.campaign_started = Some(at(EPOCH - 40 * DAY));
        let codes = [house.then_some("house"), code.then_some("IT-codice-condotta")];
        attempt.adherent_codes = codes.into_iter().flatten().map(str::to_owned).collect();
        attempt.caller_id = cid.map(|it| Presented::Number(PhoneNumber::parse(it).expect("one")));
        attempt
    }
}

prop_compose! {
    fn charges(now: i64)(
        list in prop::collection::vec((0i64..70 * 86_400, 0u8..6), 0..12)
    ) -> Vec<(i64, u8)> {
        list.into_iter().map(|(ago, kind)| (now - ago * SECOND, kind)).collect()
    }
}

fn history(attempt: &Attempt, charges: &[(i64, u8)]) -> History {
    let charge = |(when, kind): &(i64, u8)| Charge {
        at: at(*when),
        number: attempt.number.clone(),
        person: None,
        client: attempt.client.clone(),
        campaign: attempt.campaign.clone(),
        answered: *kind >= 1,
        conversation: *kind == 2 || *kind == 4,
        abandoned: *kind == 3,
        refused: (*kind == 4).then_some(Refusal::Offer),
    };
    History { charges: charges.iter().map(charge).collect() }
}

/// Every registry there is, fresh, with or without the number.
fn lists(listed: bool) -> Lists {
    let catalog = Catalog::shipped();
    let rules = catalog.codes().filter_map(|it| catalog.jurisdiction(it)).flat_map(|it| &it.rules);
    let registries = rules.filter_map(|rule| match &rule.kind {
        RuleKind::ListScrub(scrub) => Some(RegistryState {
            name: scrub.registry.clone(),
            imported_version: "1".to_owned(),
            imported_at: at(EPOCH + 800 * DAY),
            listed,
        }),
        _ => None,
    });
    Lists { internal: None, registries: registries.collect() }
}

fn moments() -> impl Strategy<Value = (i64, Vec<(i64, u8)>)> {
    (0i64..300 * 86_400)
        .prop_map(|seconds| EPOCH + seconds * SECOND)
        .prop_flat_map(|now| (Just(now), charges(now)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn adding_a_rule_never_turns_a_refusal_into_a_permit(
        attempt in attempts(),
        (now, charges) in moments(),
        listed in any::<bool>(),
        taken in prop::collection::vec(any::<Index>(), 1..6),
    ) {
        let catalog = Catalog::shipped();
        let less = |code: &str| -> Option<Jurisdiction> {
            let mut place = catalog.jurisdiction(code)?.clone();
            for index in &taken {
                if !place.rules.is_empty() {
                    place.rules.remove(index.index(place.rules.len()));
                }
            }
            Some(place)
        };
        let fewer = [less(&attempt.place.country), less("house")].into_iter().flatten();
        let fewer = Catalog::of(fewer).expect("fewer rules are sound");
        let (history, lists) = (history(&attempt, &charges), lists(listed));
        if refused(&decide(&fewer, &attempt, &history, &lists, at(now))) {
            prop_assert!(refused(&decide(catalog, &attempt, &history, &lists, at(now))));
        }
    }

    #[test]
    fn the_earliest_instant_permits_and_a_second_before_it_does_not(
        attempt in attempts(),
        (now, charges) in moments(),
    ) {
        let catalog = Catalog::shipped();
        let (history, lists) = (history(&attempt, &charges), lists(false));
        let first = decide(catalog, &attempt, &history, &lists, at(now));
        let Verdict::Refuse { earliest: Some(earliest), reason, .. } = &first.verdict else {
            return Ok(());
        };
        prop_assert_eq!(reason.remedy(), Remedy::Wait);
        prop_assert!(earliest.as_micros() > now);
        let then = decide(catalog, &attempt, &history, &lists, *earliest);
        // Consent may be too old by then: that is no matter of this instant.
        let waits = |verdict: &Verdict| match verdict {
            Verdict::Permit(_) => false,
            Verdict::Refuse { reason, .. } => reason.remedy() == Remedy::Wait,
        };
        prop_assert!(!waits(&then.verdict), "{:#?}", then.explain());
        let before = at(earliest.as_micros() - SECOND);
        if before.as_micros() > now {
            let decision = decide(catalog, &attempt, &history, &lists, before);
            prop_assert!(refused(&decision), "{:#?}", decision.explain());
        }
    }

    #[test]
    fn any_order_of_the_ledger_gives_the_same_answer(
        attempt in attempts(),
        (now, charges) in moments(),
    ) {
        let back: Vec<_> = charges.iter().rev().copied().collect();
        let (one, other) = (history(&attempt, &charges), history(&attempt, &back));
        let answer = |it: &History| decide(Catalog::shipped(), &attempt, it, &lists(false), at(now));
        prop_assert_eq!(answer(&one), answer(&other));
    }

    #[test]
    fn whatever_the_hosts_clock_does_nothing_is_dialed_outside_the_window(
        number in select(&["+34915551234", "+34612345678", "+33123456789", "+576011234567"]),
        start in 0i64..7 * 86_400,
        steps in prop::collection::vec(
            (1u64..7_200, select(&[0i64, 0, 0, 3_600, -3_600, 86_400, -86_400])),
            1..60,
        ),
    ) {
        let mut attempt = support::attempt(number);
        let given_at = at(EPOCH);
        attempt.consent = Some(Consent { basis: ConsentBasis::Contract, given_at });
        attempt.purpose = Purpose::Marketing;
        // Only the hours matter here.
        let place = Catalog::shipped().jurisdiction(&attempt.place.country).expect("rules");
        let hours = place.rules.iter().filter(|it| matches!(it.kind, RuleKind::Window(_)));
        let place = Jurisdiction { rules: hours.cloned().collect(), ..place.clone() };
        let catalog = Catalog::of([place]).expect("hours alone are sound");
        let open = |civil: Civil| {
            let decision = decide(&catalog, &attempt, &History::default(), &lists(false), civil);
            !refused(&decision)
        };
        let (truth, mut offset) = (EPOCH + start * SECOND, 0);
        let mut mono = Mono::default();
        let seen = |mono: Mono, offset: i64| {
            let passed = i64::try_from(mono.as_micros()).expect("small");
            Now { mono, civil: at(truth + passed + offset * SECOND) }
        };
        let mut watch = Clockwatch::new(seen(mono, 0));
        let mut latest = seen(mono, 0).civil;
        for (wait, step) in steps {
            mono = mono + Duration::from_secs(wait);
            offset += step;
            let now = seen(mono, offset);
            latest = latest.max(now.civil);
            let reading = watch.observe(now);
            let decision =
                decide_reading(&catalog, &attempt, &History::default(), &lists(false), &reading);
            if !refused(&decision) {
                prop_assert!(open(seen(mono, 0).civil), "shut by the true clock");
                prop_assert!(open(now.civil), "shut by the claimed clock");
                prop_assert!(open(latest), "opened again behind the latest instant seen");
            }
        }
    }
}

/// The same as the property above on one clear case: half past eight in the evening, the clock goes back an hour.
#[test]
fn a_clock_that_goes_back_does_not_open_a_window_that_was_shut() {
    let mut attempt = support::attempt("+34915551234");
    let zone = jiff::tz::TimeZoneDatabase::bundled().get("Europe/Madrid").expect("a zone");
    let evening: DateTime = "2026-09-15T20:30".parse().expect("a time");
    let evening = evening.to_zoned(zone).expect("a moment").timestamp().as_microsecond();
    let given_at = at(evening);
    attempt.consent = Some(Consent { basis: ConsentBasis::Express, given_at });
    attempt.caller_id = PhoneNumber::parse("+34400123456").ok().map(Presented::Number);
    let moment = |seconds: i64, offset: i64| Now {
        mono: Mono::from_micros(u64::try_from(seconds * SECOND).expect("forwards")),
        civil: at(evening + (seconds + offset) * SECOND),
    };
    let mut watch = Clockwatch::new(moment(0, 0));
    let mut dialed = |seconds: i64, offset: i64| {
        let reading = watch.observe(moment(seconds, offset));
        let lists = lists(false);
        !refused(&decide_reading(
            Catalog::shipped(),
            &attempt,
            &History::default(),
            &lists,
            &reading,
        ))
    };
    assert!(dialed(1_787, 0), "20:59:47");
    assert!(!dialed(1_789, 0), "20:59:49: it may leave too late");
    assert!(!dialed(1_805, 0), "21:00:05");
    assert!(!dialed(1_810, -3_600), "20:00:10 by a clock that has just gone back");
    assert!(!dialed(1_900, -3_600), "20:01:40, and settled");
    assert!(!dialed(5_300, -3_600), "20:58:20");
}
