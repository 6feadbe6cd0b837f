//! Whole days, shortened so that a debug build lives them in seconds. `timbre-sim --seeds 200` runs them in full.

use timbre_sim::{DayReport, Sabotage, Scenario, run_day};

fn short() -> Scenario {
    Scenario { hours: 2, ..Scenario::default() }
}

fn good(day: &DayReport) {
    assert_eq!(day.violations, Vec::<String>::new(), "seed {}", day.seed);
    assert!(day.calls > 500 && day.outcomes.len() >= 4 && day.offers.len() >= 4, "{day:?}");
}

#[test]
fn the_books_balance() {
    for seed in 1..=20 {
        let day = run_day(seed, &short());
        good(&day);
        assert!(day.asked > day.answered && day.answered > 10, "seed {seed}: {day:?}");
    }
}

#[test]
fn a_node_that_dies_leaves_one_record_of_each_call_and_nobody_stuck() {
    let scenario = Scenario { crashes: 3, ..short() };
    for seed in 100..110 {
        let day = run_day(seed, &scenario);
        good(&day);
        assert_eq!(day.crashes, 3, "seed {seed}");
    }
}

#[test]
fn one_seed_is_one_day() {
    let scenario = Scenario { crashes: 1, hours: 1, ..Scenario::default() };
    assert_eq!(run_day(3, &scenario), run_day(3, &scenario));
    assert_ne!(run_day(3, &scenario).hash, run_day(4, &scenario).hash);
}

#[test]
fn a_floor_with_too_few_agents_refuses_and_still_balances() {
    let scenario = Scenario { agents: 15, calls_per_hour: 2_000, ..short() };
    for seed in 200..203 {
        let day = run_day(seed, &scenario);
        good(&day);
        let refused = day.outcomes.get(&timbre_model::CallOutcome::Refused);
        assert!(refused.is_some_and(|&it| it > 200), "{day:?}");
    }
}

#[test]
fn the_auditor_notices_what_is_wrong() {
    for sabotage in [
        Sabotage::LoseOfferEnd,
        Sabotage::LoseOffer,
        Sabotage::LoseCallRecord,
        Sabotage::LoseGreeting,
        Sabotage::LoseAnswer,
        Sabotage::AskUnpermitted,
        Sabotage::CrossBridges,
        Sabotage::HangUpTwice,
    ] {
        let scenario = Scenario { hours: 1, agents: 25, sabotage: Some(sabotage), ..short() };
        let day = run_day(5, &scenario);
        assert!(!day.violations.is_empty(), "{sabotage:?} went unnoticed");
    }
}
