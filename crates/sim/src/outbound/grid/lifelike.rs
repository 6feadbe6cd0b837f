//! The whole grid, every method side by side, against the published figures.

use std::fmt::Write as _;

use timbre_model::DialMode;

use super::days::{Days, run_all};
use super::published::Published;
use super::{ADAPTIVE, CAP, FORECAST, Job, Report, percent, percent2, plant};
use crate::outbound::Slice;

const METHODS: [DialMode; 4] =
    [FORECAST, ADAPTIVE, DialMode::Progressive, DialMode::Power { ratio: 2.0 }];

const HEAD: &str = "\
| agents | answer rate | talk s | progressive | power 2.0 @ abandoned | adaptive @ abandoned | **forecast** | published \
| difference | abandoned | days over the cap | wait s | lines per agent | calls an hour | verdict |
|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|
";

pub(super) fn table(job: &Job, report: &mut Report) {
    let cells = job.cells();
    let setups: Vec<_> = cells.iter().flat_map(|of| methods(job, of)).collect();
    let days = run_all(&setups, job.threads);
    report.markdown.push_str(
        "Occupancy and abandonment in percent; ± is the half-width of the 95 % interval.\n\n",
    );
    report.markdown.push_str(HEAD);
    for (of, days) in cells.iter().zip(days.chunks(METHODS.len())) {
        let missed = judge(of, days);
        row(of, days, missed.len(), &mut report.markdown);
        report.missed.extend(missed);
    }
}

fn methods(job: &Job, of: &Published) -> Vec<(crate::outbound::Setup, u64)> {
    let setup = |mode: DialMode| {
        let fixed = matches!(mode, DialMode::Progressive | DialMode::Power { .. });
        let seeds = job.seeds(of.agents);
        (plant::lifelike(of, mode), if fixed { seeds.min(2) } else { seeds })
    };
    METHODS.into_iter().map(setup).collect()
}

fn at(days: &Days) -> String {
    format!("{} @ {}", percent(days.occupancy()), percent2(days.abandoned()))
}

fn row(of: &Published, days: &[Days], missed: usize, out: &mut String) {
    let [forecast, adaptive, progressive, power] = days else { return };
    let _ = writeln!(
        out,
        "| {} | {} | {} | {} | {} | {} | **{}** ± {} | {} | {:+.1} | {} | {} % | {:.1} | {:.2} | {:.0} | {} |",
        of.agents,
        of.answer_rate,
        of.talk_s,
        percent(progressive.occupancy()),
        at(power),
        at(adaptive),
        percent(forecast.occupancy()),
        percent(forecast.interval(Slice::occupancy)),
        percent(of.forecast_occupancy),
        100.0 * (forecast.occupancy() - of.forecast_occupancy),
        percent2(forecast.abandoned()),
        percent(forecast.over_cap()),
        forecast.mean(Slice::wait_s),
        forecast.mean(Slice::lines_per_agent),
        forecast.mean(|it| it.per_hour(it.dials)),
        if missed == 0 { "good" } else { "missed" },
    );
}

fn judge(of: &Published, days: &[Days]) -> Vec<String> {
    let [forecast, adaptive, progressive, _] = days else { return Vec::new() };
    let cell = format!("{} agents, {}, {} s", of.agents, of.answer_rate, of.talk_s);
    let mut missed = Vec::new();
    let mut need = |good: bool, what: &str| {
        if !good {
            missed.push(format!("{cell}: {what}"));
        }
    };
    need(forecast.abandoned() <= CAP, "abandonment at most 3 %");
    need(of.agents < 20 || forecast.over_cap() <= 0.05, "at most 5 % of days over the cap");
    let published = forecast.occupancy() >= of.forecast_occupancy - 0.01;
    need(published, "occupancy at least the published less a point");
    need(forecast.occupancy() > adaptive.occupancy(), "occupancy above the adaptive ratio's");
    need(adaptive.abandoned() <= CAP, "the adaptive ratio's abandonment at most 3 %");
    need(forecast.occupancy() > progressive.occupancy(), "occupancy above progressive");
    need(progressive.abandoned() == 0.0, "progressive abandons nothing");
    missed
}
