//! Months of small floors. `timbre-sim casework --seeds 20` lives them with 200 agents.

use timbre_sim::casework::{Plan, Report, Sabotage, run_month};

fn small() -> Plan {
    Plan { agents: 6, ..Plan::default() }
}

#[test]
fn casework_ends_is_escalated_and_is_counted() {
    // Each place and month: three of five have a change of the clocks in them.
    for seed in 0..5 {
        let month = run_month(seed, &small());
        assert_eq!(month.violations, Vec::<String>::new(), "seed {seed} {}", month.place);
        for (what, least) in [
            ("calls", 3_000),
            ("complaint", 60),
            ("sales", 100),
            ("incidents", 10),
            ("unreachable", 5),
            ("surveys", 300),
            ("stale", 1),
            ("lost before kept", 50),
            ("answers lost", 50),
            ("outages", 20),
        ] {
            let count = month.counts.get(what).copied().unwrap_or(0);
            assert!(count >= least, "seed {seed}: {count} of {what}: {:?}", month.counts);
        }
    }
}

#[test]
fn casework_of_one_seed_is_one_month() {
    let plan = Plan { agents: 4, ..Plan::default() };
    let months: [Report; 3] = [3, 3, 4].map(|seed| run_month(seed, &plan));
    assert_eq!(months[0], months[1]);
    assert_ne!(months[0].hash, months[2].hash);
}

#[test]
fn casework_that_is_falsified_is_noticed() {
    for sabotage in Sabotage::ALL {
        let month = run_month(5, &Plan { sabotage: Some(sabotage), ..small() });
        assert!(!month.violations.is_empty(), "{sabotage:?} went unnoticed");
    }
}
