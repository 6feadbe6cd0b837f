//! Runs the controller against the plant over the whole grid and prints what it measured, as tables in
//! Markdown. Ends with 1 if a criterion is missed. `grid quick` takes fewer seeds and smaller pools,
//! `grid 20 0.1 60` one cell.

#[path = "../../tests/plant/mod.rs"]
mod plant;
mod published;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use plant::{Course, Day, Lasting, Ringing, Scenario, run};
use published::Published;
use timbre_pacing::{Controller, Method, Settings, target_for};

const CAP: f64 = 0.03;

fn lifelike(of: &Published) -> Scenario {
    let long = of.agents >= 500;
    Scenario {
        agents: of.agents,
        answer_rate: of.answer_rate,
        course: Course::Even,
        ringing: Ringing::Lifelike,
        talk: Lasting::log_normal(of.talk_s, 1.0),
        wrap: Lasting::log_normal(20.0, 0.5),
        grace_ms: 2_000,
        warm_up_h: if long { 1 } else { 2 },
        measured_h: if long { 2 } else { 8 },
    }
}

fn memoryless(of: &Published) -> Scenario {
    Scenario {
        ringing: Ringing::Memoryless,
        talk: Lasting::exponential(of.talk_s + 20.0),
        wrap: Lasting::exponential(0.0),
        grace_ms: 0,
        ..lifelike(of)
    }
}

fn settings(method: Method, scenario: &Scenario, occupancy: f64) -> Settings {
    let aht_s = scenario.talk.mean_s + scenario.wrap.mean_s;
    let answers = 8.0 * 3_600.0 * f64::from(scenario.agents) * occupancy / aht_s;
    Settings {
        target: target_for(CAP, scenario.agents, answers as u64),
        grace_ms: scenario.grace_ms as u32,
        ring_timeout_ms: if scenario.ringing == Ringing::Memoryless { 55_000 } else { 22_250 },
        ..Settings::new(method, CAP)
    }
}

/// What several days gave.
#[derive(Debug, Clone, Default)]
struct Days(Vec<Day>);

impl Days {
    fn mean(&self, of: impl Fn(&Day) -> f64) -> f64 {
        self.0.iter().map(of).sum::<f64>() / self.0.len() as f64
    }

    fn occupancy(&self) -> f64 {
        self.mean(|day| day.occupancy)
    }

    /// Half the width of the 95 % interval of the mean occupancy.
    fn interval(&self) -> f64 {
        let n = self.0.len() as f64;
        let mean = self.occupancy();
        let square = self.mean(|day| (day.occupancy - mean).powi(2)) * n / (n - 1.0).max(1.0);
        1.96 * (square / n).sqrt()
    }

    fn abandoned(&self) -> f64 {
        let (abandoned, answered) = self.0.iter().fold((0, 0), |(abandoned, answered), day| {
            (abandoned + day.abandoned, answered + day.answered)
        });
        abandoned as f64 / answered as f64
    }

    fn over_cap(&self) -> f64 {
        self.mean(|day| f64::from(u8::from(day.abandon_rate() > CAP)))
    }
}

struct Job {
    scenario: Scenario,
    settings: Settings,
    seed: u64,
    cell: usize,
}

fn seeds(agents: u32, quick: bool) -> u64 {
    match agents {
        _ if quick => 4,
        0..50 => 16,
        50..500 => 8,
        _ => 4,
    }
}

/// Runs everything on all processors; the days of each cell.
fn run_all(jobs: &[Job], cells: usize) -> Vec<Days> {
    let next = AtomicUsize::new(0);
    let days = Mutex::new(vec![Vec::new(); cells]);
    let threads = std::thread::available_parallelism().map_or(1, |it| it.get());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let day = run(job.scenario, Controller::new(job.settings.clone()), job.seed);
                    days.lock()
                        .expect("no thread panics")
                        .get_mut(job.cell)
                        .expect("a cell")
                        .push(day);
                }
            });
        }
    });
    days.into_inner().expect("no thread panics").into_iter().map(Days).collect()
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let quick = words.iter().any(|it| it == "quick");
    let numbers: Vec<f64> = words.iter().filter_map(|it| it.parse().ok()).collect();
    let wanted = |of: &Published| {
        let is =
            |at: usize, value: f64| numbers.get(at).is_none_or(|it| *it == 0.0 || *it == value);
        is(0, f64::from(of.agents)) && is(1, of.answer_rate) && is(2, of.talk_s)
    };
    let cells: Vec<Published> = published::all().into_iter().filter(|it| wanted(it)).collect();
    let mut jobs = Vec::new();
    let mem = words.iter().any(|it| it == "memoryless");
    for (cell, of) in cells.iter().enumerate() {
        let scenario = if mem { memoryless(of) } else { lifelike(of) };
        for seed in 0..seeds(of.agents, quick) {
            let settings = settings(Method::Forecast, &scenario, of.forecast_occupancy);
            jobs.push(Job { scenario, settings, seed, cell });
        }
    }
    for (of, days) in cells.iter().zip(run_all(&jobs, cells.len())) {
        println!(
            "| {} | {} | {} | {:.1}±{:.1} | {:.1} | {:+.1} | mdp {:?} | {:.2} | {:.2} | {:.2} | {:.1} | alarms {}",
            of.agents,
            of.answer_rate,
            of.talk_s,
            100.0 * days.occupancy(),
            100.0 * days.interval(),
            100.0 * of.forecast_occupancy,
            100.0 * (days.occupancy() - of.forecast_occupancy),
            of.optimum_memoryless,
            100.0 * days.abandoned(),
            days.over_cap(),
            days.mean(|d| d.lines_per_agent),
            days.mean(|d| d.wait_s),
            days.mean(|d| d.alarms as f64)
        );
    }
}
