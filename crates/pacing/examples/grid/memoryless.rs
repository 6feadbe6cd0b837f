//! The plant whose optimum is known exactly: every line ends after an exponential time, so do
//! conversations, there is no wrap-up, and an answer that finds no agent at once is lost.
//!
//! The optimum is that of a dialer that knows all rates and abandons 3 % exactly. The controller has
//! to learn them, and aims just under 3 % here, so that the two are compared at the same abandonment.

use timbre_pacing::{Method, Settings};

use crate::days::{Cell, run_all};
use crate::plant::{Lasting, Ringing, Scenario};
use crate::published::Published;
use crate::{CAP, Wanted, percent, percent2, scenario, settings};

/// The share aimed at, and where a day brings so few answers that it may end a little beside it.
const TARGET: f64 = 0.0295;
const TARGET_OF_FEW: f64 = 0.0285;
const FEW_ANSWERS: u64 = 600;
/// The law is taken to count a month's answers together, as the optimum does all there ever are.
const MONTH_DAYS: u64 = 28;
/// What aiming so close may miss by chance in the days that are run; worth a tenth of a point of occupancy.
const CHANCE: f64 = 0.0005;

pub fn table(wanted: &Wanted, missed: &mut Vec<String>) {
    let known: Vec<(Published, f64)> =
        wanted.cells().into_iter().filter_map(|of| Some((of, of.optimum_memoryless?))).collect();
    let cells: Vec<Cell> = known.iter().map(|(of, _)| cell(wanted, of)).collect();
    println!(
        "\n| agents | answer rate | handling s | forecast | exact optimum | difference | abandoned |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|");
    for ((of, optimum), days) in known.iter().zip(run_all(&cells)) {
        let handling_s = of.talk_s + 20.0;
        println!(
            "| {} | {} | {handling_s} | {} ± {} | {} | {:+.1} | {} |",
            of.agents,
            of.answer_rate,
            percent(days.occupancy()),
            percent(days.interval()),
            percent(*optimum),
            100.0 * (days.occupancy() - optimum),
            percent2(days.abandoned()),
        );
        let cell = format!("memoryless, {} agents, {}, {handling_s} s", of.agents, of.answer_rate);
        if days.abandoned() > CAP + CHANCE {
            missed.push(format!("{cell}: abandonment at most 3.05 %"));
        }
        if days.occupancy() < optimum - 0.01 {
            missed.push(format!("{cell}: occupancy at least the optimum less a point"));
        }
    }
}

fn cell(wanted: &Wanted, of: &Published) -> Cell {
    let scenario = Scenario {
        ringing: Ringing::Memoryless,
        talk: Lasting::exponential(of.talk_s + 20.0),
        wrap: Lasting::exponential(0.0),
        grace_ms: 0,
        ..scenario(of)
    };
    let daily = settings(Method::Forecast, of);
    let few = daily.answers_per_window < FEW_ANSWERS;
    let settings = Settings {
        answers_per_window: MONTH_DAYS * daily.answers_per_window,
        target: if few { TARGET_OF_FEW } else { TARGET },
        grace_ms: 0,
        ring_timeout_ms: 55_000,
        ..daily
    };
    Cell { scenario, settings, seeds: wanted.seeds(of.agents) }
}
