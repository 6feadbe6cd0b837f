//! The grid of the published figures, through the engine: pools of agents, answer rates and talking times, each dialed by
//! every method, and what is demanded of the forecast there.

mod changing;
mod days;
mod lifelike;
mod memoryless;
mod plant;
mod published;

use timbre_model::{DialMode, PacingMethod};

pub use self::days::Days;
pub use self::published::Published;

/// The share of live answers that may be abandoned.
pub const CAP: f64 = 0.03;

/// How much is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything: 16 days of pools below 50 agents, 8 below 500, 4 above.
    Whole,
    /// Two days of a few cells.
    Quick,
    /// One small cell, for builds that do not optimize.
    Smallest,
}

/// What was run, and what it failed to do.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Tables.
    pub markdown: String,
    /// Criteria that were not met, each in a line.
    pub missed: Vec<String>,
}

/// Runs the grid on so many threads. `tell` is told the name of each part as it begins.
pub fn run(extent: Extent, threads: usize, tell: impl Fn(&str)) -> Report {
    let mut report = Report::default();
    let job = Job { extent, threads };
    tell("the grid, four methods side by side");
    lifelike::table(&job, &mut report);
    tell("the memoryless plant, whose optimum is known");
    memoryless::table(&job, &mut report);
    tell("answer rates that jump and swing, and a cold start");
    changing::table(&job, &mut report);
    report
}

/// What is to be run.
struct Job {
    extent: Extent,
    threads: usize,
}

impl Job {
    fn cells(&self) -> Vec<Published> {
        let quick = [(5, 0.25, 60.0), (20, 0.25, 60.0), (20, 0.4, 180.0), (50, 0.4, 180.0)];
        let wanted = |it: &Published| match self.extent {
            Extent::Whole => true,
            Extent::Quick => quick.contains(&(it.agents, it.answer_rate, it.talk_s)),
            Extent::Smallest => (it.agents, it.answer_rate, it.talk_s) == (10, 0.4, 180.0),
        };
        published::all().into_iter().filter(wanted).collect()
    }

    fn seeds(&self, agents: u32) -> u64 {
        match (self.extent, agents) {
            (Extent::Quick, _) => 2,
            // Two days are a point apart by chance.
            (Extent::Smallest, _) => 6,
            // Enough that one day over the cap is not a twentieth of them.
            (Extent::Whole, 0..50) => 48,
            (Extent::Whole, 50..500) => 8,
            (Extent::Whole, 500..) => 4,
        }
    }
}

const FORECAST: DialMode = DialMode::Predictive { controller: PacingMethod::Forecast };
const ADAPTIVE: DialMode = DialMode::Predictive { controller: PacingMethod::Adaptive };

fn percent(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}

fn percent2(share: f64) -> String {
    format!("{:.2}", 100.0 * share)
}
