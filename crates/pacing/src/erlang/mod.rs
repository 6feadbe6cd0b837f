//! Erlang B, C and A, and how many agents a promise needs.
//!
//! Offered load is in Erlangs (calls per second times the mean handling time), times are in seconds.
//! Sources: A. K. Erlang 1917 (B and C); C. Palm 1957 and O. Garnett, A. Mandelbaum and M. Reiman,
//! *Designing a call center with impatient customers*, 2002 (A, the M/M/n+M queue). Every input out of
//! range is a [`FieldError`] with the field and its value.

mod abandoning;
mod blocking;
mod staffing;
mod waiting;

use timbre_model::FieldError;

pub use abandoning::{Abandoning, with_abandonment};
pub use blocking::{blocking, offered_load_at};
pub use staffing::{Load, Promise, Staffing, staffing};
pub use waiting::{Waiting, without_abandonment};

/// Most agents that are computed with.
pub const AGENTS_MAX: u32 = 100_000;
/// Highest offered load, in Erlangs.
pub const LOAD_MAX: f64 = 100_000.0;
/// Longest time, in seconds: eleven days.
pub const TIME_MAX_S: f64 = 1e6;

fn check(
    good: bool,
    field: &str,
    value: impl std::fmt::Display,
    remedy: &str,
) -> Result<(), FieldError> {
    if good { Ok(()) } else { Err(FieldError::new(field, value, remedy)) }
}

fn check_agents(agents: u32) -> Result<(), FieldError> {
    check((1..=AGENTS_MAX).contains(&agents), "agents", agents, "1 to 100000")
}

fn check_load(load: f64) -> Result<(), FieldError> {
    let good = load > 0.0 && load <= LOAD_MAX;
    check(good, "offered_load", load, "Erlangs, above 0 and at most 100000")
}

fn check_time(field: &str, seconds: f64) -> Result<(), FieldError> {
    let good = (1e-3..=TIME_MAX_S).contains(&seconds);
    check(good, field, seconds, "seconds, 0.001 to 1000000")
}

/// A time to answer within may be 0: at once.
fn check_within(seconds: f64) -> Result<(), FieldError> {
    let good = (0.0..=TIME_MAX_S).contains(&seconds);
    check(good, "within_s", seconds, "seconds, 0 to 1000000")
}
