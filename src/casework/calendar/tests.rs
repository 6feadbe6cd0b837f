//! Deadlines on dated cases, a few for each jurisdiction: `cases.txt`.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use timbre_casework::{Matter, Terms};
use timbre_compliance::{Catalog, DeadlineOf, RuleKind};
use timbre_model::Civil;

use super::*;

struct Dated<'a> {
    line: &'a str,
    calendar: Calendar,
    received: Civil,
    matter: Matter,
    rule: &'a str,
    due: Civil,
}

fn moment(text: &str, zone: &TimeZone) -> Civil {
    let at = match text.parse::<jiff::Timestamp>() {
        Ok(at) => at,
        Err(_) => {
            let local: jiff::civil::DateTime = text.parse().expect("a moment");
            local.to_zoned(zone.clone()).expect("it exists").timestamp()
        }
    };
    Civil::from_micros(at.as_microsecond())
}

/// The last microsecond of a day, or the moment that is written.
fn due(text: &str, zone: &TimeZone) -> Civil {
    match text.parse::<Date>() {
        Ok(day) if !text.contains('T') => {
            let next = day.tomorrow().expect("a day");
            Civil::from_micros(moment(&format!("{next}T00:00"), zone).as_micros() - 1)
        }
        _ => moment(text, zone),
    }
}

fn read(line: &str) -> Dated<'_> {
    let (asked, expected) = line.split_once(" · ").expect("a question and its answer");
    let asked: Vec<_> = asked.split(' ').collect();
    let [when, place, matter] = asked[..] else { panic!("{line}") };
    let (place, zone) = place.split_once('@').unwrap_or((place, ""));
    let (country, region) = place.split_once('-').unwrap_or((place, ""));
    let some = |text: &str| Some(text.to_owned()).filter(|it| !it.is_empty());
    let (country, region, zone) = (some(country), some(region), some(zone));
    let spec = CaseworkSpec { country, region, zone, ..CaseworkSpec::default() };
    let calendar = Calendar::of(&spec, None);
    let (rule, until) = expected.split_once(' ').expect("a rule and its end");
    let zone = calendar.zone().clone();
    Dated {
        line,
        calendar,
        received: moment(when, &zone),
        matter: Matter::parse(matter).expect("a matter"),
        rule,
        due: due(until, &zone),
    }
}

fn cases() -> Vec<Dated<'static>> {
    let lines = include_str!("cases.txt").lines();
    lines.filter(|it| !it.is_empty() && !it.starts_with('#')).map(read).collect()
}

#[test]
fn deadlines_are_right_over_holidays_changes_of_the_clock_and_zones() {
    let mut faults = Vec::new();
    for Dated { line, calendar, received, matter, rule, due } in cases() {
        let day = jiff::Timestamp::from_microsecond(received.as_micros()).expect("a moment");
        let day = day.to_zoned(calendar.zone().clone()).date();
        let term = Terms::shipped().of(calendar.country(), matter, day);
        let end = term.within.end(received, &calendar);
        if (term.rule.as_str(), end) != (rule, due) {
            let end = jiff::Timestamp::from_microsecond(end.as_micros()).expect("a moment");
            let end = end.to_zoned(calendar.zone().clone());
            faults.push(format!("{line}\n    found {} {end}", term.rule));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_jurisdiction_and_every_term_has_dated_cases() {
    let cases = cases();
    let countries: BTreeSet<_> = cases.iter().filter_map(|it| it.calendar.country()).collect();
    for code in Catalog::shipped().codes() {
        assert!(countries.contains(code), "{code} has no dated case");
    }
    let rules: BTreeSet<_> = cases.iter().map(|it| it.rule).collect();
    for term in Terms::shipped().all() {
        assert!(rules.contains(term.rule.as_str()), "{} has no dated case", term.rule);
    }
}

#[test]
fn a_tenant_without_a_country_has_the_calendar_of_the_customers_number() {
    let calendar = |spec: &CaseworkSpec, number: &str| {
        let number = PhoneNumber::parse(number).expect("a number");
        Calendar::of(spec, Some(&number))
    };
    let nowhere = CaseworkSpec::default();
    let diada: Date = "2026-09-11".parse().expect("a day");
    for (number, country, working) in [
        ("+34931234567", Some("ES"), false),
        ("+34915551234", Some("ES"), true),
        ("+34612345678", Some("ES"), true),
        ("+5511912345678", Some("BR"), true),
        ("+8613012345678", None, true),
    ] {
        let there = calendar(&nowhere, number);
        assert_eq!((there.country(), there.is_working(diada)), (country, working), "{number}");
    }
    let madrid = CaseworkSpec { country: Some("ES".to_owned()), ..CaseworkSpec::default() };
    assert_eq!(calendar(&madrid, "+5511912345678").country(), Some("ES"));
}

#[test]
fn the_terms_are_those_that_the_rules_of_the_country_name() {
    let spain = Catalog::shipped().jurisdiction("ES").expect("Spain");
    let complaints = spain.rules.iter().filter(|it| {
        matches!(&it.kind, RuleKind::Deadline(it) if matches!(it.what, DeadlineOf::Complaint(_)))
    });
    let texts: Vec<_> = complaints.map(|it| format!("{:?}", it.kind)).collect();
    for (rule, within) in [
        ("es.general", "BusinessDays(15)"),
        ("es.billing", "Days(5)"),
        ("es.continuity", "Hours(2)"),
        ("es.finance", "Months(1)"),
    ] {
        assert!(Terms::shipped().rule(rule).is_some());
        assert!(texts.iter().any(|it| it.contains(within)), "{rule}: {texts:?}");
    }
}
