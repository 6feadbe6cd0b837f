//! Campaigns on virtual time: the real engine, pacing and law, and a modelled population that is called.
//!
//! [`Setup`] says who calls whom, [`run`] lives it and measures. The same seed gives the same day.

mod account;
mod auditor;
mod authorizer;
mod book;
mod chance;
mod crew;
mod lines;
mod measure;
mod setup;
mod world;

pub mod day;
pub mod grid;
pub mod scenario;

pub use book::DryRun;
pub use chance::Lasting;
pub use measure::{Account, Measured, Slice};
pub use setup::{Callers, Course, Habits, Latency, Leads, Person, Registry, Ringing, Setup, Shift};

/// Lives a setup from its start to its end.
pub fn run(setup: &Setup, seed: u64) -> Measured {
    world::World::new(setup, seed).run()
}
