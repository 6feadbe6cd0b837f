//! What several days gave, and the runs that give them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use timbre_pacing::{Controller, Settings};

use crate::CAP;
use crate::plant::{Day, Scenario, run};

/// One scenario under one controller, some days of it.
#[derive(Debug, Clone)]
pub struct Cell {
    pub scenario: Scenario,
    pub settings: Settings,
    pub seeds: u64,
}

/// The days of one cell.
#[derive(Debug, Clone, Default)]
pub struct Days(Vec<Day>);

impl Days {
    /// The days of several cells together.
    pub fn together(of: &[Self]) -> Self {
        Self(of.iter().flat_map(|it| it.0.iter().copied()).collect())
    }

    pub fn mean(&self, of: impl Fn(&Day) -> f64) -> f64 {
        self.0.iter().map(of).sum::<f64>() / self.0.len() as f64
    }

    pub fn occupancy(&self) -> f64 {
        self.mean(|day| day.occupancy)
    }

    /// Half the width of the 95 % interval of the mean occupancy.
    pub fn interval(&self) -> f64 {
        let n = self.0.len() as f64;
        let mean = self.occupancy();
        let square = self.mean(|day| (day.occupancy - mean).powi(2)) * n / (n - 1.0).max(1.0);
        1.96 * (square / n).sqrt()
    }

    /// Share of all live answers that was abandoned.
    pub fn abandoned(&self) -> f64 {
        self.mean(|day| day.abandoned as f64) / self.mean(|day| day.answered as f64)
    }

    /// Share of days that ended over the cap.
    pub fn over_cap(&self) -> f64 {
        self.mean(|day| f64::from(u8::from(day.abandon_rate() > CAP)))
    }
}

/// Runs all cells on all processors, the longest first.
pub fn run_all(cells: &[Cell]) -> Vec<Days> {
    let days = |(at, cell): (usize, &Cell)| (0..cell.seeds).map(move |seed| (at, seed)).collect();
    let mut jobs: Vec<(usize, u64)> =
        cells.iter().enumerate().flat_map(|it| -> Vec<_> { days(it) }).collect();
    jobs.sort_by_key(|(at, _)| std::cmp::Reverse(cells[*at].scenario.agents));
    let next = AtomicUsize::new(0);
    let results = Mutex::new(vec![Days::default(); cells.len()]);
    let threads = std::thread::available_parallelism().map_or(1, |it| it.get());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((at, seed)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let cell = &cells[*at];
                    let day = run(cell.scenario, Controller::new(cell.settings.clone()), *seed);
                    results.lock().expect("no thread panics")[*at].0.push(day);
                }
            });
        }
    });
    results.into_inner().expect("no thread panics")
}
