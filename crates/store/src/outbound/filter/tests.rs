//! What filters mean, and what is said of those that mean nothing.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use timbre_model::{Lead, LeadId, LeadRole, LeadState, ListId, NewLead, Party, Slug, TenantId};

use super::Filter;

fn lead() -> Lead {
    let attributes =
        [("province", "Lugo"), ("age", " 42 "), ("since", "2024-02-29"), ("plan B", "x")];
    let person = NewLead {
        numbers: Vec::new(),
        name: "Uxía Castro".to_owned(),
        person: None,
        role: LeadRole::DecisionMaker,
        party: Party::Consumer,
        consent: None,
        tags: BTreeSet::from([Slug::parse("vip").expect("a slug")]),
        attributes: attributes
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into_iter()
            .collect::<BTreeMap<_, _>>(),
    };
    Lead {
        id: LeadId::from_u64(1),
        tenant: TenantId::parse("t").expect("an id"),
        list: ListId::parse("l").expect("an id"),
        person,
        state: LeadState::Ready,
        attempts: 2,
        last_attempt_at: None,
    }
}

#[test]
fn a_filter_means_what_it_says() {
    let lead = lead();
    for (text, passes) in [
        (r#"province == "Lugo" and age >= 30"#, true),
        (r#"province == "lugo""#, false),
        ("age < 42", false),
        ("age == 42.0 and attempts <= 2", true),
        (r#"age < "5""#, true),
        ("since > 2024-02-28 and since < 2024-03-01", true),
        (r#"tags contains "vip""#, true),
        (r#"not tags contains "deaf" and name starts_with "Ux""#, true),
        (r#"province in ("Ourense", "Lugo")"#, true),
        ("attempts in (0, 1)", false),
        (r#"role == "decision_maker""#, true),
        ("email is empty and person is empty and not province is empty", true),
        // What is absent or is no number compares with nothing.
        (r#"email != "a""#, false),
        ("province > 3 or province <= 3", false),
        (r#"`plan B` contains 'x'"#, true),
        // `and` binds closer than `or`, `not` closest.
        (r#"age == 42 or age == 1 and province == "Vigo""#, true),
        (r#"(age == 42 or age == 1) and province == "Vigo""#, false),
        (r#"not age == 1 and province == "Lugo""#, true),
    ] {
        let filter = Filter::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        assert_eq!(filter.passes(&lead), passes, "{text}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_remedy() {
    for (text, at, word) in [
        ("", 1, "a name belongs here"),
        ("age", 4, "a comparison"),
        ("age = 3", 5, "write =="),
        ("age == ", 8, "a value"),
        ("age == old", 8, "in quotes"),
        ("age == 3 province", 10, "and, or"),
        ("(age == 3", 10, ")"),
        (r#"name == "Uxía"#, 9, "no end"),
        ("ñame == 1 && b == 2", 11, "write and"),
        ("attempts == \"two\"", 13, "a number"),
        ("role == \"boss\"", 9, "decision_maker"),
        ("tags == \"vip\"", 6, "tags contains"),
        ("a in (1, \"b\")", 10, "one kind"),
        ("a == 2026-13-01", 6, "neither"),
        ("and == 1", 1, "backquotes"),
    ] {
        let fault = Filter::parse(text).expect_err(text);
        assert_eq!(fault.at, at, "{text}: {fault}");
        assert!(fault.why.contains(word), "{text}: {fault}");
    }
    let deep = format!("{}a == 1{}", "(".repeat(100), ")".repeat(100));
    assert!(Filter::parse(&deep).expect_err("too deep").why.contains("too deep"));
}

proptest! {
    /// Whatever is typed is read or refused with a place inside it; what is read can be asked.
    #[test]
    fn no_text_breaks_the_reader(text in r#"(age|name|and|or|not|in|is|empty|tags|contains|[()<>=!,"'`\\]|[0-9-]{1,10}|\PC| ){0,24}"#) {
        match Filter::parse(&text) {
            Ok(filter) => prop_assert_eq!(filter.passes(&lead()), filter.passes(&lead())),
            Err(fault) => prop_assert!(fault.at >= 1 && fault.at <= text.chars().count() + 1),
        }
    }

    /// De Morgan: a filter and its negation part every lead between them.
    #[test]
    fn not_and_or_agree(a in 0..90_u32, b in 0..4_u32) {
        let lead = lead();
        let holds = |text: String| Filter::parse(&text).expect("a filter").passes(&lead);
        let both = holds(format!("not (age >= {a} and attempts >= {b})"));
        prop_assert_eq!(both, holds(format!("not age >= {a} or not attempts >= {b}")));
        prop_assert_eq!(both, !(42 >= a && 2 >= b));
    }
}
