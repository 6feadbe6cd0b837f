//! The shipped files are sound, and their holidays are those that were kept or are announced.

use timbre_compliance::{Catalog, CatalogError, Date, RuleKind, Weekday};

#[test]
fn the_shipped_files_are_read_and_use_every_kind_of_rule() {
    let catalog = Catalog::shipped();
    let codes: Vec<_> = catalog.codes().collect();
    let expected = [
        "AR", "AU", "BR", "CA", "CL", "CO", "DE", "EC", "ES", "FR", "GB", "IT", "MX", "PE", "PT",
        "US", "UY",
    ];
    assert_eq!(codes, expected);
    let kind = |kind: &RuleKind| format!("{kind:?}").split('(').next().map(str::to_owned);
    let rules = codes.iter().filter_map(|code| catalog.jurisdiction(code)).flat_map(|it| &it.rules);
    let mut kinds: Vec<_> = rules.filter_map(|rule| kind(&rule.kind)).collect();
    kinds.sort();
    kinds.dedup();
    assert_eq!(kinds.len(), 12, "{kinds:?}");
}

#[test]
fn every_source_is_used_and_every_value_says_where_it_is_from() {
    for code in Catalog::shipped().codes().chain(["house"]) {
        let place = Catalog::shipped().jurisdiction(code).expect("a jurisdiction");
        for key in place.sources.keys() {
            let used = place.rules.iter().any(|rule| rule.sources.contains(key));
            assert!(used, "{code}: nothing rests on {key}");
        }
        for rule in &place.rules {
            assert!(rule.id.starts_with(code), "{}: not in {code}", rule.id);
            let known = rule.sources.iter().any(|key| !place.sources[key].url.is_empty());
            let unverified = rule.verified == timbre_compliance::Verified::U;
            let listed = rule.sources.iter().any(|key| key == "ES-OP22");
            assert!(known || unverified || listed, "{}: verified, and no source to read", rule.id);
        }
    }
}

fn kept(code: &str, year: i16, region: Option<&str>) -> Vec<String> {
    let place = Catalog::shipped().jurisdiction(code).expect("a jurisdiction");
    let here = |regions: &[String]| {
        regions.is_empty() || region.is_some_and(|it| regions.iter().any(|other| other == it))
    };
    let days = place.holidays_in(year).into_iter().filter(|(_, it)| here(&it.regions));
    let days = days.filter(|(day, _)| Weekday::from(day.weekday()) != Weekday::Sun);
    let mut days: Vec<_> = days.map(|(day, _)| day.strftime("%m-%d").to_string()).collect();
    days.dedup();
    days
}

#[test]
fn holidays_fall_on_their_days() {
    let mut faults = Vec::new();
    for line in include_str!("holidays.txt").lines().filter(|it| !it.starts_with('#')) {
        let mut words = line.split(' ');
        let mut word = || words.next().expect("a word");
        let (code, region, year) = (word(), word(), word().parse().expect("a year"));
        let region = (region != "-").then_some(region);
        let expected: Vec<_> = words.collect();
        let found = kept(code, year, region);
        if found != expected {
            faults.push(format!("{code} {region:?} {year}: {found:?}, not {expected:?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_ledger_is_read_as_far_back_as_the_longest_rest() {
    // FR-rest-D223-9: the day of the refusal, sixty days, and a day for the zones.
    assert_eq!(Catalog::shipped().look_back_days(), 62);
    assert_eq!(Catalog::parse([("tiny", TINY)]).expect("a catalog").look_back_days(), 0);
}

const TINY: &str = "
code: ES
name: Spain
zones: [Europe/Madrid]
sources: {A: {title: a}}
rules:
- {id: ES-a, text: a, kind: {prohibition: {}}, sources: [A], as_of: '2026', verified: V1}
";

#[test]
fn a_faulty_file_is_an_error_that_says_what_is_wrong() {
    let twice =
        "- {id: ES-a, text: b, kind: {prohibition: {}}, sources: [A], as_of: '', verified: U}\n";
    let faults = [
        ("no such zone", TINY.replace("Europe/Madrid", "Europe/Nowhere")),
        ("no source", TINY.replace("sources: [A]", "sources: [B]")),
        ("twice", format!("{TINY}{twice}")),
        ("no kind", TINY.replace("prohibition", "prohibited")),
        ("no hours", TINY.replace("{prohibition: {}}", "{window: {mon: '25:00-26:00'}}")),
        ("no day", TINY.replace("{prohibition: {}}", "{window: {noday: all}}")),
        (
            "a code that binds everybody",
            TINY.replace("verified: V1", "verified: V1, strength: code"),
        ),
        ("a country without a name", TINY.replace("code: ES", "code: Spain")),
        ("a holiday on no day", format!("{TINY}holidays: [{{name: a, on: {{fixed: 02-30}}}}]\n")),
        ("no YAML", "{{{".to_owned()),
    ];
    assert!(Catalog::parse([("tiny", TINY)]).is_ok());
    for (what, text) in &faults {
        assert!(Catalog::parse([("own.yaml", text.as_str())]).is_err(), "{what}");
    }
    let again = Catalog::parse([("a", TINY), ("b", TINY)]);
    assert!(matches!(again, Err(CatalogError::Twice { .. })));
}

#[test]
fn an_overlay_replaces_the_shipped_rules_of_its_place_only() {
    let catalog = Catalog::overlaid([("own.yaml", TINY)]).expect("a catalog");
    let rules = |code: &str| catalog.jurisdiction(code).map(|it| it.rules.len());
    let shipped = |code: &str| Catalog::shipped().jurisdiction(code).map(|it| it.rules.len());
    assert_eq!(rules("ES"), Some(1));
    assert_eq!(rules("FR"), shipped("FR"));
}

#[test]
fn the_years_that_are_asked_for_are_laid_out() {
    let day: Date = "2030-12-25".parse().expect("a day");
    let place = Catalog::shipped().jurisdiction("ES").expect("ES");
    assert!(place.holidays_in(2030).iter().any(|(it, _)| *it == day));
}
