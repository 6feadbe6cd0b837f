use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use timbre_model::{AgentId, Civil, LeadRole, LeadState};

use super::*;

fn slug() -> impl Strategy<Value = Slug> {
    "[a-z0-9][a-z0-9_.-]{0,8}".prop_map(|text| Slug::parse(&text).expect("a slug"))
}

fn civil() -> impl Strategy<Value = Civil> {
    (0_i64..9_000_000_000_000_000).prop_map(Civil::from_micros)
}

prop_compose! {
    fn number()(
        digits in 1_000_000_u64..999_999_999_999_999,
        label in "[a-z]{0,6}",
        region in prop::option::of("[A-Z]{2}"),
        zones in prop::collection::vec("[A-Z][a-z]{1,5}/[A-Z][a-z]{1,5}", 0..3),
    ) -> LeadNumber {
        LeadNumber {
            number: PhoneNumber::parse(&format!("+{digits}")).expect("a number"),
            label,
            place: Place { country: "ES".to_owned(), region },
            zones,
        }
    }
}

prop_compose! {
    fn person()(
        numbers in prop::collection::vec(number(), 0..4),
        name in ".{0,12}",
        person in prop::option::of("[a-z0-9]{1,9}"),
        role in prop::sample::select(LeadRole::ALL),
        party in prop::sample::select(Party::ALL),
        consent in prop::option::of((prop::sample::select(ConsentBasis::ALL), civil())),
        tags in prop::collection::vec(slug(), 0..3),
        attributes in prop::collection::btree_map("[a-z]{1,6}", ".{0,9}", 0..3),
    ) -> NewLead {
        NewLead {
            numbers, name, person, role, party,
            consent: consent.map(|(basis, given_at)| Consent { basis, given_at }),
            tags: tags.into_iter().collect::<BTreeSet<_>>(),
            attributes: attributes.into_iter().collect::<BTreeMap<_, _>>(),
        }
    }
}

fn state() -> impl Strategy<Value = LeadState> {
    let agent = prop::option::of(slug().prop_map(|it| AgentId::parse(it.as_str()).expect("an id")));
    prop_oneof![
        Just(LeadState::Ready),
        Just(LeadState::Claimed),
        civil().prop_map(|at| LeadState::Retry { at }),
        (civil(), agent).prop_map(|(at, agent)| LeadState::Callback { at, agent }),
        slug().prop_map(|disposition| LeadState::Finished { disposition }),
        ("[A-Za-z0-9.-]{1,12}", prop::option::of(civil()))
            .prop_map(|(rule, until)| LeadState::Blocked { rule, until }),
    ]
}

proptest! {
    #[test]
    fn leads_read_back(
        id: u64, person in person(), state in state(), attempts: u32, at in prop::option::of(civil()),
    ) {
        let lead = Lead {
            id: LeadId::from_u64(id),
            tenant: TenantId::parse("acme").expect("an id"),
            list: ListId::parse("lugo").expect("an id"),
            person, state, attempts,
            last_attempt_at: at,
        };
        prop_assert_eq!(from_wire(to_wire(&lead)), Ok(lead));
    }
}

#[test]
fn what_an_import_brings_reaches_the_server_as_it_was_written() {
    let text = |it: &str| it.to_owned();
    let number = RawNumber {
        number: text("600 000 001"),
        label: text("mobile"),
        region: text("GA"),
        zones: vec![text("Europe/Madrid")],
        postcode: text("27001"),
    };
    let given_at = Some(Civil::from_micros(7_000_000));
    let raw = RawLead {
        numbers: vec![number, RawNumber::default()],
        name: text("Ana"),
        key: text("k1"),
        role: text("decides"),
        party: text("consumer"),
        consent: Some(RawConsent { basis: text("express"), given_at }),
        tags: vec![text("vip")],
        attributes: [(text("edad"), text("41"))].into(),
    };
    assert_eq!(raw_from_wire(raw_to_wire(raw.clone())), Ok(raw));
}

#[test]
fn a_state_that_nobody_knows_is_refused() {
    let wire = pb::LeadState { state: "asleep".to_owned(), ..pb::LeadState::default() };
    assert_eq!(state_from_wire(wire).expect_err("no state").field, "state.state");
}
