//! What does not stay as it was: answer rates that jump or swing, other laws of talking, and a
//! controller that knows nothing yet. Means over the six cells of a pool.

use timbre_pacing::Method;

use crate::days::{Cell, Days, run_all};
use crate::plant::{Course, Lasting, Scenario};
use crate::published::Published;
use crate::{CAP, Wanted, percent, percent2, scenario, settings};

const POOLS: [u32; 3] = [5, 20, 100];
const NAMES: [&str; 4] = ["steps", "sine", "exponential talk", "cold start"];
const METHODS: [Method; 2] = [Method::Forecast, Method::Adaptive];

pub fn table(wanted: &Wanted, missed: &mut Vec<String>) {
    println!(
        "\n| scenario | agents | forecast | abandoned (worst cell; days over the cap) | adaptive | abandoned (worst cell; days over the cap) |"
    );
    println!("|---|--:|--:|---|--:|---|");
    for name in NAMES {
        for agents in POOLS {
            row(wanted, name, agents, missed);
        }
    }
}

fn row(wanted: &Wanted, name: &str, agents: u32, missed: &mut Vec<String>) {
    let of: Vec<Published> = wanted.cells().into_iter().filter(|it| it.agents == agents).collect();
    if of.is_empty() {
        return;
    }
    let days = METHODS.map(|method| {
        let seeds = wanted.seeds(agents).div_ceil(2);
        let cell = |it: &Published| Cell {
            scenario: change(name, scenario(it)),
            settings: settings(method, it),
            seeds,
        };
        run_all(&of.iter().map(cell).collect::<Vec<_>>())
    });
    let [forecast, adaptive] = days.each_ref().map(|it| words(it));
    println!("| {name} | {agents} | {forecast} | {adaptive} |");
    let mean = Days::together(&days[0]);
    // In five agents' days there are too few answers for every day of jumps to keep the cap.
    if mean.abandoned() > CAP {
        missed.push(format!("{name}, {agents} agents: mean abandonment at most 3 %"));
    }
    if mean.occupancy() <= Days::together(&days[1]).occupancy() {
        missed.push(format!("{name}, {agents} agents: occupancy above the adaptive ratio's"));
    }
}

fn change(name: &str, scenario: Scenario) -> Scenario {
    match name {
        "steps" => Scenario { course: Course::Steps, warm_up_h: 0, ..scenario },
        "sine" => Scenario { course: Course::Sine, ..scenario },
        "cold start" => Scenario { warm_up_h: 0, ..scenario },
        _ => Scenario { talk: Lasting::exponential(scenario.talk.mean_s), ..scenario },
    }
}

fn words(days: &[Days]) -> String {
    let all = Days::together(days);
    let worst = days.iter().map(Days::abandoned).fold(0.0, f64::max);
    format!(
        "{} | {} ({}; {:.2})",
        percent(all.occupancy()),
        percent2(all.abandoned()),
        percent2(worst),
        all.over_cap()
    )
}
