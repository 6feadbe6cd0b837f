//! The scenarios that ship can be lived, and say what they should.

use timbre_sim::outbound::scenario::{FloorSource, ScenarioError, ScenarioSpec, plot, try_out};
use timbre_sim::outbound::{Setup, run};

const SHIPPED: [(&str, &str); 4] = [
    ("es-ventas", include_str!("../../../deploy/scenarios/es-ventas.toml")),
    ("mx-cobranza", include_str!("../../../deploy/scenarios/mx-cobranza.toml")),
    ("us-small-team", include_str!("../../../deploy/scenarios/us-small-team.toml")),
    ("mixed", include_str!("../../../deploy/scenarios/mixed.toml")),
];

fn setup(name: &str, text: &str) -> Setup {
    let spec = ScenarioSpec::parse(text).unwrap_or_else(|why| panic!("{name}: {why}"));
    let FloorSource::Given(floor) = spec.floor.clone() else { panic!("{name} has its floor") };
    spec.setup(*floor).unwrap_or_else(|why| panic!("{name}: {why}"))
}

#[test]
fn each_shipped_scenario_is_lived_and_keeps_its_caps() {
    for (name, text) in SHIPPED {
        let mut setup = setup(name, text);
        // The morning is enough here.
        setup.end = setup.end.min(3 * 3_600_000_000);
        let outlook = try_out(&setup, 1, 1);
        let printed = outlook.to_string();
        let total = outlook.days.mean(|it| it.connected as f64);
        assert!(total > 50.0, "{name}: {total} conversations\n{printed}");
        for (id, campaign) in &outlook.campaigns {
            let reached = campaign.outcomes.get("connected").copied().unwrap_or(0.0);
            assert!(reached > 20.0, "{name}, {id}\n{printed}");
            assert!(campaign.abandonment.iter().all(|(.., kept)| *kept), "{name}, {id}\n{printed}");
        }
        let svg = plot("a < b", &outlook.slices, 9.0, 3.0);
        assert!(svg.contains("a &lt; b") && svg.matches("<polyline").count() == 3);
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}");
    }
}

#[test]
fn the_same_seed_is_the_same_day() {
    let mut setup = setup(SHIPPED[2].0, SHIPPED[2].1);
    setup.end = 2 * 3_600_000_000;
    assert_eq!(run(&setup, 5), run(&setup, 5));
    assert_ne!(run(&setup, 5).total(), run(&setup, 6).total());
}

#[test]
fn what_makes_no_sense_is_named_with_its_field_value_and_remedy() {
    let text = SHIPPED[2].1.replace("from = \"09:00\"", "from = \"19:00\"");
    let text = text.replace("list = \"cold\"\ncount", "list = \"warm\"\ncount");
    let text = text.replace("machine = 0.35", "machine = 35.0");
    let text = text.replace("all = 0.3", "\"09:30-10:00\" = 0.3");
    let spec = ScenarioSpec::parse(&text).expect("readable");
    let FloorSource::Given(floor) = spec.floor.clone() else { panic!("it has its floor") };
    let Err(ScenarioError::Faults(faults)) = spec.setup(*floor) else { panic!("it has faults") };
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    for (field, value, remedy) in [
        ("to", "18:00", "after"),
        ("people[1].list", "warm", "list of the floor"),
        ("people[0].machine", "35", "share"),
        ("people[0].answer", "09:30-10:00", "whole hours"),
    ] {
        let named = |it: &&String| it.contains(field) && it.contains(value) && it.contains(remedy);
        assert!(faults.iter().any(|it| named(&it)), "{field}: {faults:#?}");
    }
    let unreadable = SHIPPED[2].1.replace("talk = \"4m\"", "talk = \"long\"");
    let why = ScenarioSpec::parse(&unreadable).expect_err("no span").to_string();
    assert!(why.contains("line 2") && why.contains("\"long\"") && why.contains("20s"), "{why}");
}
