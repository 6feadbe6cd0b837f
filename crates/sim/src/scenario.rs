//! What kind of day it is.

use crate::Sabotage;

/// The knobs of a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// How many agents work. Two in five have a phone whose leg stays up.
    pub agents: usize,
    /// How many queues there are, 1 to 9.
    pub queues: usize,
    /// How long callers call, in hours.
    pub hours: u64,
    /// Callers per hour, on average; a fifth more around noon.
    pub calls_per_hour: u64,
    /// How often the node dies and is started again.
    pub crashes: u32,
    /// Falsifies what the auditor sees, to show that it is noticed.
    pub sabotage: Option<Sabotage>,
}

impl Default for Scenario {
    /// Ten busy hours of 50 agents and 3 queues, some 6,500 calls, without crashes.
    fn default() -> Self {
        Self { agents: 50, queues: 3, hours: 10, calls_per_hour: 640, crashes: 0, sabotage: None }
    }
}

impl Scenario {
    /// The default day with three crashes.
    pub fn crashing() -> Self {
        Self { crashes: 3, ..Self::default() }
    }
}
