//! What several days gave, and the runs that give them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::CAP;
use crate::outbound::{Setup, Slice, run};

/// The days of one setup.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Days(Vec<Slice>);

impl FromIterator<Slice> for Days {
    fn from_iter<I: IntoIterator<Item = Slice>>(days: I) -> Self {
        Self(days.into_iter().collect())
    }
}

impl Days {
    /// The days of several setups together.
    pub fn together(of: &[Self]) -> Self {
        Self(of.iter().flat_map(|it| it.0.iter().copied()).collect())
    }

    /// The mean over the days.
    pub fn mean(&self, of: impl Fn(&Slice) -> f64) -> f64 {
        self.0.iter().map(of).sum::<f64>() / (self.0.len() as f64).max(1.0)
    }

    /// Half the width of the mean's 95 % interval, from the spread over the days (Student's t).
    pub fn interval(&self, of: impl Fn(&Slice) -> f64) -> f64 {
        let n = self.0.len() as f64;
        let mean = self.mean(&of);
        let square = self.0.iter().map(|day| (of(day) - mean).powi(2)).sum::<f64>();
        student(self.0.len()) * (square / (n - 1.0).max(1.0) / n.max(1.0)).sqrt()
    }

    /// Mean share of the agents' time spent on conversations.
    pub fn occupancy(&self) -> f64 {
        self.mean(Slice::occupancy)
    }

    /// Share of all live answers that was abandoned.
    pub fn abandoned(&self) -> f64 {
        let mut total = Slice::default();
        self.0.iter().for_each(|it| total += *it);
        total.abandonment()
    }

    /// Share of days that ended over the cap.
    pub fn over_cap(&self) -> f64 {
        self.mean(|day| f64::from(u8::from(day.abandonment() > CAP)))
    }
}

/// The two-sided 95 % quantile of Student's t for the mean of `n` values.
fn student(n: usize) -> f64 {
    const TABLE: [f64; 16] = [
        12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
        2.145, 2.131, 2.120,
    ];
    TABLE.get(n.saturating_sub(2)).copied().unwrap_or(1.96)
}

/// Runs setups, each for so many days, the longest first.
pub(super) fn run_all(setups: &[(Setup, u64)], threads: usize) -> Vec<Days> {
    let days = |(at, (_, seeds)): (usize, &(Setup, u64))| (0..*seeds).map(move |seed| (at, seed));
    let mut jobs: Vec<(usize, u64)> = setups.iter().enumerate().flat_map(days).collect();
    let work = |(at, _): &(usize, u64)| {
        let it = &setups[*at].0;
        std::cmp::Reverse(it.end / 1_000_000 * it.crew.len() as u64)
    };
    jobs.sort_by_key(work);
    let next = AtomicUsize::new(0);
    let results = Mutex::new(vec![Vec::new(); setups.len()]);
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while let Some((at, seed)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let day = run(&setups[*at].0, *seed).total();
                    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                    results[*at].push((*seed, day));
                }
            });
        }
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.into_iter().map(in_order).collect()
}

/// In the order of the seeds, whichever thread was first: sums of floats depend on it.
fn in_order(mut days: Vec<(u64, Slice)>) -> Days {
    days.sort_by_key(|(seed, _)| *seed);
    Days(days.into_iter().map(|(_, day)| day).collect())
}
