//! What does not stay as it was: answer rates that jump or swing, other laws of talking, and a controller that knows
//! nothing yet. Means over the six cells of a pool.

use std::fmt::Write as _;

use super::days::{Days, run_all};
use super::published::Published;
use super::{ADAPTIVE, CAP, FORECAST, Job, Report, percent, percent2, plant};
use crate::outbound::{Course, Habits, Lasting, Setup};

const POOLS: [u32; 3] = [5, 20, 100];
const NAMES: [&str; 4] = ["steps", "sine", "exponential talk", "cold start"];

pub(super) fn table(job: &Job, report: &mut Report) {
    report.markdown.push_str(
        "\n| scenario | agents | forecast | abandoned (worst cell; days over the cap) | adaptive | abandoned (worst cell; \
         days over the cap) |\n|---|--:|--:|---|--:|---|\n",
    );
    for name in NAMES {
        POOLS.into_iter().for_each(|agents| row(job, name, agents, report));
    }
}

fn row(job: &Job, name: &str, agents: u32, report: &mut Report) {
    let of: Vec<Published> = job.cells().into_iter().filter(|it| it.agents == agents).collect();
    if of.is_empty() {
        return;
    }
    let seeds = job.seeds(agents).div_ceil(2);
    let days = [FORECAST, ADAPTIVE].map(|mode| {
        let setup = |it: &Published| (change(name, plant::lifelike(it, mode), it), seeds);
        run_all(&of.iter().map(setup).collect::<Vec<_>>(), job.threads)
    });
    let [forecast, adaptive] = days.each_ref().map(|it| words(it));
    let _ = writeln!(report.markdown, "| {name} | {agents} | {forecast} | {adaptive} |");
    let mean = Days::together(&days[0]);
    // In five agents' days there are too few answers for every day of jumps to keep the cap.
    if mean.abandoned() > CAP {
        report.missed.push(format!("{name}, {agents} agents: mean abandonment at most 3 %"));
    }
    if mean.occupancy() <= Days::together(&days[1]).occupancy() {
        report
            .missed
            .push(format!("{name}, {agents} agents: occupancy above the adaptive ratio's"));
    }
}

fn change(name: &str, setup: Setup, of: &Published) -> Setup {
    let with = |setup: Setup, change: &dyn Fn(Habits) -> Habits| {
        let habits = setup.habits.iter().cloned().map(change).collect();
        Setup { habits, ..setup }
    };
    match name {
        "steps" => with(plant::cold(setup), &|it| Habits { course: Course::Steps, ..it }),
        "sine" => with(setup, &|it| Habits { course: Course::Sine, ..it }),
        "cold start" => plant::cold(setup),
        _ => {
            let talk = Lasting::Exponential { mean_s: of.talk_s };
            with(setup, &|it| Habits { talk, ..it })
        }
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
