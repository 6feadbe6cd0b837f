//! The plant whose optimum is known exactly: every line ends after an exponential time, so do conversations, there is no
//! wrap-up, and an answer that finds no agent at once is lost.
//!
//! The optimum is that of a dialer that knows all rates and abandons 3 % exactly. The controller has to learn them, and
//! aims at 2.93 % here, so that the two are compared at the same abandonment.

use std::fmt::Write as _;
use std::time::Duration;

use timbre_compliance::Period;
use timbre_model::Purpose;

use super::days::run_all;
use super::published::Published;
use super::{CAP, FORECAST, Job, Report, percent, percent2, plant};
use crate::outbound::{Habits, Lasting, Latency, Ringing, Setup, Slice};

const TARGET: f64 = 0.0293;

pub(super) fn table(job: &Job, report: &mut Report) {
    let known: Vec<(Published, f64)> =
        job.cells().into_iter().filter_map(|of| Some((of, of.optimum_memoryless?))).collect();
    let setups: Vec<_> = known.iter().map(|(of, _)| (setup(of), job.seeds(of.agents))).collect();
    report.markdown.push_str(
        "\n| agents | answer rate | handling s | forecast | exact optimum | difference | abandoned |\n\
         |--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for ((of, optimum), days) in known.iter().zip(run_all(&setups, job.threads)) {
        let handling_s = of.talk_s + 20.0;
        let _ = writeln!(
            report.markdown,
            "| {} | {} | {handling_s} | {} ± {} | {} | {:+.1} | {} |",
            of.agents,
            of.answer_rate,
            percent(days.occupancy()),
            percent(days.interval(Slice::occupancy)),
            percent(*optimum),
            100.0 * (days.occupancy() - optimum),
            percent2(days.abandoned()),
        );
        let cell = format!("memoryless, {} agents, {}, {handling_s} s", of.agents, of.answer_rate);
        if days.abandoned() > CAP {
            report.missed.push(format!("{cell}: abandonment at most 3 %"));
        }
        if days.occupancy() < optimum - 0.01 {
            report.missed.push(format!("{cell}: occupancy at least the optimum less a point"));
        }
    }
}

fn setup(of: &Published) -> Setup {
    let mut setup = plant::lifelike(of, FORECAST);
    // Canada lets 5 % of sales calls pass in a month, more than is aimed at: the campaign's own cap decides.
    setup.floor.lists[0].country = "CA".to_owned();
    setup.floor.campaigns[0].purpose = Purpose::Marketing;
    let answers = of.answers_a_day() * u64::from(Period::CalendarMonth.days());
    let aimed = timbre_pacing::target_for(CAP, of.agents, answers);
    let campaign = &mut setup.floor.campaigns[0];
    campaign.abandonment_cap = CAP * TARGET / aimed;
    campaign.answer_to_agent = Duration::ZERO;
    campaign.ring_timeout = Duration::from_secs(120);
    setup.floor.queues[0].wrap_up = Duration::ZERO;
    let habits = setup.habits.into_iter().map(|it| Habits {
        ringing: Ringing::Memoryless,
        talk: Lasting::Exponential { mean_s: of.talk_s + 20.0 },
        wrap: Lasting::Nothing,
        ..it
    });
    let latency = Latency { commit: 0, authorize: 0, network: 0 };
    Setup { habits: habits.collect(), latency, ..setup }
}
