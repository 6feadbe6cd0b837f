//! Runs the controller against the plant and prints what it measured, as tables in Markdown. Ends
//! with 1 if a criterion is missed.
//!
//! `grid` runs everything, `grid quick` a quarter of the days; `grid lifelike`, `grid memoryless`,
//! `grid changing` one table; numbers after it choose agents, answer rate and talk time, 0 being any.

#[path = "../../tests/plant/mod.rs"]
mod plant;

mod changing;
mod days;
mod lifelike;
mod memoryless;
mod published;

use plant::{Course, Lasting, Ringing, Scenario};
use published::Published;
use timbre_pacing::{Method, Settings, target_for};

/// The share of live answers that may be abandoned.
const CAP: f64 = 0.03;

/// What the command line asks for.
struct Wanted {
    quick: bool,
    tables: Vec<String>,
    numbers: Vec<f64>,
}

impl Wanted {
    fn read() -> Self {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let (quick, words): (Vec<_>, Vec<_>) = words.into_iter().partition(|it| it == "quick");
        let numbers = words.iter().filter_map(|it| it.parse().ok()).collect();
        let tables = words.into_iter().filter(|it| it.parse::<f64>().is_err()).collect();
        Self { quick: !quick.is_empty(), tables, numbers }
    }

    fn table(&self, name: &str) -> bool {
        self.tables.is_empty() || self.tables.iter().any(|it| it == name)
    }

    fn cells(&self) -> Vec<Published> {
        let is = |at: usize, value: f64| {
            self.numbers.get(at).is_none_or(|it| *it == 0.0 || *it == value)
        };
        let wanted = |of: &Published| {
            is(0, f64::from(of.agents)) && is(1, of.answer_rate) && is(2, of.talk_s)
        };
        published::all().into_iter().filter(wanted).collect()
    }

    /// Days to run.
    fn seeds(&self, agents: u32) -> u64 {
        let all = match agents {
            0..50 => 16,
            50..500 => 8,
            _ => 4,
        };
        if self.quick { (all / 4).max(2) } else { all }
    }
}

/// The plant of the published figures.
fn scenario(of: &Published) -> Scenario {
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

/// What an operator would set for it, who knows roughly how many answers a day brings.
fn settings(method: Method, of: &Published) -> Settings {
    let answers = 8.0 * 3_600.0 * f64::from(of.agents) * of.forecast_occupancy / (of.talk_s + 20.0);
    let answers_per_window = answers as u64;
    let target = target_for(CAP, of.agents, answers_per_window);
    let new = Settings::new(method, CAP);
    Settings { target, answers_per_window, ring_timeout_ms: 22_250, ..new }
}

fn percent(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}

fn percent2(share: f64) -> String {
    format!("{:.2}", 100.0 * share)
}

fn main() {
    let wanted = Wanted::read();
    let mut missed = Vec::new();
    if wanted.table("lifelike") {
        lifelike::table(&wanted, &mut missed);
    }
    if wanted.table("memoryless") {
        memoryless::table(&wanted, &mut missed);
    }
    if wanted.table("changing") {
        changing::table(&wanted, &mut missed);
    }
    for it in &missed {
        println!("MISSED: {it}");
    }
    println!("\n{} criteria missed", missed.len());
    std::process::exit(i32::from(!missed.is_empty()));
}
