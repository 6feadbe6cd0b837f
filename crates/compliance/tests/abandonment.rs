//! Abandoned calls with worked numbers, by each definition.

use timbre_compliance::{
    AbandonmentCounts, AnsweredCall, Answerer, Catalog, Date, Definition, Period, Profile,
    RuleKind, StartPoint, applicable, strictest,
};
use timbre_model::{Civil, Party, Place, Purpose, Voice};

fn close(found: Option<f64>, expected: f64) -> bool {
    found.is_some_and(|found| (found - expected).abs() < 1e-12)
}

fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

/// A call a person answered, whose greeting took a second.
fn call(agent_ms: Option<u64>) -> AnsweredCall {
    AnsweredCall {
        who: Answerer::Person,
        dropped_as_machine: false,
        greeting_end_ms: Some(1_000),
        agent_ms,
        ended_ms: 60_000,
        released_by_us: agent_ms.is_none(),
    }
}

#[test]
fn the_same_calls_are_abandoned_by_one_law_and_not_by_another() {
    let mut counts = AbandonmentCounts { detects_machines: true, ..Default::default() };
    // 2.5 s after the answer, 1.5 s after the greeting: late in Canada, in time for the FTC.
    counts.count(&call(Some(2_500)));
    // 3.5 s after the answer, 2.5 s after the greeting: late for both, mute in Italy.
    counts.count(&call(Some(3_500)));
    counts.count(&call(Some(500)));
    // Nobody came; the message does not heal it.
    counts.count(&call(None));
    // A machine in neither set, whether it was dropped or passed to an agent.
    counts.count(&AnsweredCall { who: Answerer::Machine, ..call(None) });
    counts.count(&AnsweredCall { who: Answerer::Machine, ..call(Some(500)) });
    // A person taken for a machine and dropped: in both sets.
    counts.count(&AnsweredCall { dropped_as_machine: true, ..call(None) });
    // Not known: a person.
    counts.count(&AnsweredCall { who: Answerer::Unknown, ..call(None) });
    counts.count_unanswered();

    assert!(close(counts.share(Definition::Ftc).ratio(), 4.0 / 6.0));
    assert!(close(counts.share(Definition::Crtc).ratio(), 5.0 / 6.0));
    // Four mute calls to two successful ones.
    assert!(close(counts.share(Definition::Garante).ratio(), 4.0 / 2.0));
    // Two machines and one unanswered call of nine are short.
    assert!(close(counts.share(Definition::BrShortCalls).ratio(), 3.0 / 9.0));
}

#[test]
fn ofcoms_rate_with_and_without_detection() {
    // Without detection: 1,000 passed to agents, 300 of them machines, so 30 % of the 60 drops are machines.
    let counts = AbandonmentCounts {
        dropped: 60,
        passed: 1_000,
        passed_machines: 300,
        ..AbandonmentCounts::default()
    };
    let (abandoned, live) = (60.0 * 0.7, 700.0);
    assert!(close(counts.ofcom_adjusted().ratio(), abandoned / (abandoned + live)));
    assert!(close(counts.ofcom_raw().ratio(), abandoned / (60.0 + live)));
    let share = counts.share(Definition::Ofcom);
    assert_eq!(share, counts.ofcom_adjusted(), "the greater of the two");
    // With detection: 20 drops and 5 people taken for machines, 975 live calls passed.
    let counts = AbandonmentCounts {
        dropped: 20,
        false_positives: 5,
        passed: 975,
        detects_machines: true,
        ..AbandonmentCounts::default()
    };
    assert!(close(counts.ofcom_adjusted().ratio(), 25.0 / 1_000.0));
    assert!(close(counts.ofcom_raw().ratio(), 25.0 / 995.0));
}

fn cap(code: &str, definition: Definition) -> timbre_compliance::RatioCap {
    let place = Catalog::shipped().jurisdiction(code).expect("a place");
    let found = place.rules.iter().find_map(|rule| match &rule.kind {
        RuleKind::RatioCap(cap) if cap.definition == definition => Some(*cap),
        _ => None,
    });
    found.expect("a cap")
}

#[test]
fn caps_are_kept_to_the_call() {
    let live = |late: u64, live: u64| AbandonmentCounts {
        live,
        late_after_greeting: late,
        late_after_answer: late,
        mute: late,
        dropped: late,
        passed: live - late,
        detects_machines: true,
        ..AbandonmentCounts::default()
    };
    let us = cap("US", Definition::Ftc);
    assert!(live(30, 1_000).keeps(&us) && !live(31, 1_000).keeps(&us));
    let canada = cap("CA", Definition::Crtc);
    assert!(live(50, 1_000).keeps(&canada) && !live(51, 1_000).keeps(&canada));
    // 3 to 100 successful calls is 3 of 103 answered; 3 of 102 is too much.
    let italy = cap("IT", Definition::Garante);
    assert!(live(3, 103).keeps(&italy) && !live(3, 102).keeps(&italy));
    // Fewer than 3 %, not 3 %.
    let britain = cap("GB", Definition::Ofcom);
    assert!(live(29, 1_000).keeps(&britain) && !live(30, 1_000).keeps(&britain));
    assert!(AbandonmentCounts::default().keeps(&britain), "no calls, no abandonment");
    // Short calls are judged from 100,000 a day.
    let brazil = cap("BR", Definition::BrShortCalls);
    let short = |short, originated| AbandonmentCounts { short, originated, ..Default::default() };
    assert!(short(99_999, 99_999).keeps(&brazil));
    assert!(short(84_999, 100_000).keeps(&brazil) && !short(85_000, 100_000).keeps(&brazil));
}

fn profile(places: &[&str]) -> Profile {
    Profile {
        places: places
            .iter()
            .map(|code| Place { country: (*code).to_owned(), region: None })
            .collect(),
        purpose: Purpose::Marketing,
        party: Party::Consumer,
        sector: None,
        voice: Voice::Human,
        adherent_codes: Vec::new(),
    }
}

#[test]
fn the_strictest_cap_that_applies_comes_first() {
    let today = day("2026-11-20");
    let rules = |places: &[&str]| -> Vec<String> {
        let caps = applicable(Catalog::shipped(), &profile(places), today);
        caps.iter().map(|it| it.rule.to_string()).collect()
    };
    assert_eq!(rules(&["US"]), ["US-abandon-310.4b4", "US-abandon-64.1200a7"]);
    assert_eq!(rules(&["CA"]), ["CA-abandon-crtc"]);
    assert_eq!(rules(&["ES"]), ["house-abandon-day", "house-abandon-campaign"]);
    assert_eq!(
        rules(&["IT", "GB", "CA"]),
        ["IT-abandon-83-2014", "GB-abandon-ofcom", "CA-abandon-crtc"]
    );
    assert_eq!(rules(&["CA", "ES"])[0], "house-abandon-day", "Spain is silent, Canada is laxer");
    let first = strictest(Catalog::shipped(), &profile(&["US"]), today).expect("a cap").cap;
    assert_eq!((first.per_mille, first.from), (30, StartPoint::GreetingEnd));
    assert_eq!(first.period, Period::AnchoredDays(30));
    let mut adherent = profile(&["CA"]);
    adherent.adherent_codes.push("house".to_owned());
    let caps = applicable(Catalog::shipped(), &adherent, today);
    assert_eq!(&*caps[0].rule, "house-abandon-day");
}

fn civil(text: &str) -> Civil {
    let stamp: jiff::Timestamp = text.parse().expect("a time");
    Civil::from_micros(stamp.as_microsecond())
}

#[test]
fn calls_are_counted_in_the_periods_of_the_law() {
    let started = civil("2026-01-10T15:00:00Z");
    let at = civil("2026-02-20T04:30:00Z");
    let stretch = |period: Period, zone: &str| {
        let found = period.interval(at, started, zone).expect("a zone");
        (found.from, found.to)
    };
    // Periods of 30 times 24 hours: from 10 January, from 9 February.
    let second = (civil("2026-02-09T15:00:00Z"), Some(civil("2026-03-11T15:00:00Z")));
    assert_eq!(stretch(Period::AnchoredDays(30), "UTC"), second);
    // In Toronto it is still the 19th.
    let month = (civil("2026-02-01T05:00:00Z"), Some(civil("2026-03-01T05:00:00Z")));
    assert_eq!(stretch(Period::CalendarMonth, "America/Toronto"), month);
    let today = (civil("2026-02-19T05:00:00Z"), Some(civil("2026-02-20T05:00:00Z")));
    assert_eq!(stretch(Period::CalendarDays(1), "America/Toronto"), today);
    let week = (civil("2026-02-16T05:00:00Z"), Some(civil("2026-02-23T05:00:00Z")));
    assert_eq!(stretch(Period::CalendarWeek, "America/Toronto"), week);
    let rolling = (civil("2026-02-19T04:30:00Z"), None);
    assert_eq!(stretch(Period::RollingHours(24), "UTC"), rolling);
    assert_eq!(stretch(Period::Campaign, "UTC"), (started, None));
    assert_eq!(Period::CalendarMonth.interval(at, started, "Nowhere"), None);
}
