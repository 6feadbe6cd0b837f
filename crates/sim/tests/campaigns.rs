//! Whole days of campaigns in which much goes wrong. `timbre-sim --seeds 200` runs more of them.

use timbre_model::AttemptOutcome;
use timbre_sim::outbound::day::{Sabotage, run_day};
use timbre_sim::outbound::grid::{self, Extent};

#[test]
fn the_books_balance_whatever_goes_wrong() {
    let (mut connected, mut crashes) = (0, 0);
    for seed in 1..=12 {
        let day = run_day(seed, None);
        assert_eq!(day.violations, Vec::<String>::new(), "seed {seed}");
        connected += day.outcomes.get(&AttemptOutcome::Connected).copied().unwrap_or(0);
        crashes += day.crashes;
    }
    assert!(connected > 1_000 && crashes >= 10, "{connected} conversations, {crashes} crashes");
}

#[test]
fn one_seed_is_one_day() {
    assert_eq!(run_day(3, None), run_day(3, None));
    assert_ne!(run_day(3, None).hash, run_day(4, None).hash);
}

#[test]
fn the_auditor_notices_what_is_wrong() {
    for sabotage in Sabotage::ALL {
        let noticed = (1..=6).any(|seed| !run_day(seed, Some(sabotage)).violations.is_empty());
        assert!(noticed, "{sabotage:?} went unnoticed");
    }
}

#[test]
fn the_smallest_grid_meets_its_criteria() {
    let report = grid::run(Extent::Smallest, 2, |_| {});
    assert_eq!(report.missed, Vec::<String>::new(), "{}", report.markdown);
    assert!(report.markdown.contains("| 10 | 0.4 | 180 |"), "{}", report.markdown);
}
