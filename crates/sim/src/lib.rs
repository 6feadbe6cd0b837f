//! A world of callers, agents, phones and faults on a virtual clock, with a switch that speaks the engine's port, and an
//! auditor who keeps books of their own from nothing but the engine's inputs and effects.
//!
//! One seed is one day: the same seed gives the same day, to the byte. A day in which the books do not balance names its
//! violations in [`DayReport::violations`].
//!
//! ```
//! let day = timbre_sim::run_day(7, &timbre_sim::Scenario { hours: 1, ..Default::default() });
//! assert_eq!(day.violations, Vec::<String>::new());
//! assert_eq!(day.hash, timbre_sim::run_day(7, &timbre_sim::Scenario { hours: 1, ..Default::default() }).hash);
//! ```

mod agenda;
mod auditor;
pub mod casework;
mod crash;
mod dice;
mod floor;
mod ledger;
mod mishaps;
pub mod outbound;
mod people;
mod report;
mod sabotage;
mod scenario;
mod switch;
mod trace;
mod world;

pub use report::DayReport;
pub use sabotage::Sabotage;
pub use scenario::Scenario;

/// Runs one day to its end, or to the first violation.
pub fn run_day(seed: u64, scenario: &Scenario) -> DayReport {
    world::World::new(seed, scenario).run()
}
