//! A few whole days on virtual time, the same on every run: the promises of the grid in small.
//! `cargo run --release -p timbre-pacing --example grid` measures all of it.

mod plant;

use plant::{Course, Day, Lasting, Ringing, Scenario, run};
use timbre_pacing::{Controller, Method, Settings};

const TWENTY: Scenario = Scenario {
    agents: 20,
    answer_rate: 0.25,
    course: Course::Even,
    ringing: Ringing::Lifelike,
    talk: Lasting::log_normal(60.0, 1.0),
    wrap: Lasting::log_normal(20.0, 0.5),
    grace_ms: 2_000,
    warm_up_h: 1,
    measured_h: 4,
};

fn day(scenario: Scenario, method: Method, seed: u64) -> Day {
    let settings = Settings { ring_timeout_ms: 22_250, ..Settings::new(method, 0.03) };
    run(scenario, Controller::new(settings), seed)
}

#[test]
fn the_forecast_keeps_the_cap_and_beats_the_others() {
    let forecast = day(TWENTY, Method::Forecast, 1);
    let adaptive = day(TWENTY, Method::Adaptive, 1);
    let progressive = day(TWENTY, Method::Progressive, 1);
    assert!(forecast.abandon_rate() <= 0.03, "{forecast:?}");
    assert!(forecast.occupancy >= 0.858, "{forecast:?}");
    assert!(forecast.occupancy > adaptive.occupancy, "{adaptive:?}");
    assert!(adaptive.abandon_rate() <= 0.03 && adaptive.occupancy > 0.80, "{adaptive:?}");
    assert!(progressive.abandoned == 0 && progressive.occupancy < 0.60, "{progressive:?}");
    assert!(forecast.wait_s < 15.0 && progressive.wait_s > 55.0, "{forecast:?} {progressive:?}");
    assert!(forecast.lines_per_agent < 1.0 && forecast.alarms == 0, "{forecast:?}");
}

#[test]
fn jumps_of_the_answer_rate_keep_the_cap_from_a_cold_start() {
    let scenario = Scenario { course: Course::Steps, warm_up_h: 0, measured_h: 8, ..TWENTY };
    let forecast = day(scenario, Method::Forecast, 1);
    assert!(forecast.abandon_rate() <= 0.031, "{forecast:?}");
    assert!(forecast.occupancy >= 0.84, "{forecast:?}");
}

#[test]
fn a_swinging_answer_rate_keeps_the_cap() {
    let scenario = Scenario { course: Course::Sine, measured_h: 6, ..TWENTY };
    let forecast = day(scenario, Method::Forecast, 1);
    assert!(forecast.abandon_rate() <= 0.031, "{forecast:?}");
    assert!(forecast.occupancy >= 0.85, "{forecast:?}");
}

/// Five agents give an hour's answers one by one: where every one counts, the cap still holds.
#[test]
fn a_tiny_pool_keeps_the_cap() {
    let scenario = Scenario { agents: 5, measured_h: 8, ..TWENTY };
    let forecast = day(scenario, Method::Forecast, 1);
    assert!(forecast.abandon_rate() <= 0.03, "{forecast:?}");
    assert!(forecast.occupancy >= 0.70, "{forecast:?}");
}

/// The optimum of this plant is 86.1 % (an exact computation, at 3 % abandonment).
#[test]
fn the_memoryless_plant_is_near_its_optimum() {
    let scenario = Scenario {
        ringing: Ringing::Memoryless,
        talk: Lasting::exponential(80.0),
        wrap: Lasting::exponential(0.0),
        grace_ms: 0,
        ..TWENTY
    };
    let settings = Settings {
        target: 0.0295,
        grace_ms: 0,
        ring_timeout_ms: 55_000,
        ..Settings::new(Method::Forecast, 0.03)
    };
    let day = run(scenario, Controller::new(settings), 1);
    assert!(day.abandon_rate() <= 0.032 && day.occupancy >= 0.845, "{day:?}");
}

#[test]
fn the_same_seed_gives_the_same_day() {
    let scenario = Scenario { measured_h: 1, warm_up_h: 0, ..TWENTY };
    let [one, two] = [1, 1].map(|seed| day(scenario, Method::Forecast, seed));
    assert_eq!((one.dials, one.answered, one.abandoned), (two.dials, two.answered, two.abandoned));
    assert_eq!(one.occupancy, two.occupancy);
}
