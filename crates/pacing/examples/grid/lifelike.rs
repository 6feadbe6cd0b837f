//! The whole grid, every method side by side, against the published figures.

use timbre_pacing::Method;

use crate::days::{Cell, Days, run_all};
use crate::published::Published;
use crate::{CAP, Wanted, percent, percent2, scenario, settings};

const METHODS: [Method; 4] =
    [Method::Forecast, Method::Adaptive, Method::Progressive, Method::Power { ratio: 2.0 }];

pub fn table(wanted: &Wanted, missed: &mut Vec<String>) {
    let of = wanted.cells();
    let cells: Vec<Cell> = of.iter().flat_map(|it| methods(wanted, it)).collect();
    let days = run_all(&cells);
    println!(
        "\n| agents | answer rate | talk s | progressive | power 2.0 @ abandoned | adaptive @ abandoned | **forecast** | published | difference | abandoned | days over the cap | wait s | lines per agent |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for (of, days) in of.iter().zip(days.chunks(METHODS.len())) {
        row(of, days);
        judge(of, days, missed);
    }
}

fn methods(wanted: &Wanted, of: &Published) -> Vec<Cell> {
    let cell = |method: Method| {
        let fixed = matches!(method, Method::Progressive | Method::Power { .. });
        let seeds = if fixed { 2 } else { wanted.seeds(of.agents) };
        Cell { scenario: scenario(of), settings: settings(method, of), seeds }
    };
    METHODS.into_iter().map(cell).collect()
}

fn at(days: &Days) -> String {
    format!("{} @ {}", percent(days.occupancy()), percent2(days.abandoned()))
}

fn row(of: &Published, days: &[Days]) {
    let [forecast, adaptive, progressive, power] = days else { return };
    println!(
        "| {} | {} | {} | {} | {} | {} | **{}** ± {} | {} | {:+.1} | {} | {:.2} | {:.1} | {:.2} |",
        of.agents,
        of.answer_rate,
        of.talk_s,
        percent(progressive.occupancy()),
        at(power),
        at(adaptive),
        percent(forecast.occupancy()),
        percent(forecast.interval()),
        percent(of.forecast_occupancy),
        100.0 * (forecast.occupancy() - of.forecast_occupancy),
        percent2(forecast.abandoned()),
        forecast.over_cap(),
        forecast.mean(|day| day.wait_s),
        forecast.mean(|day| day.lines_per_agent),
    );
}

fn judge(of: &Published, days: &[Days], missed: &mut Vec<String>) {
    let [forecast, adaptive, progressive, _] = days else { return };
    let cell = format!("{} agents, {}, {} s", of.agents, of.answer_rate, of.talk_s);
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
}
