//! A working month of a floor: what follows its conversations, on a virtual calendar.
//!
//! The calls themselves are a light model (they are simulated in the other modules); complaints, sales, follow-ups,
//! messages, callbacks and surveys go through the pure workflows of `timbre_casework` over a shelf in memory that has the
//! contract of the real store. Pieces of work are lost before they are kept, or their answers are; the node is away for a
//! while; somebody else is faster. An auditor who knows only what was kept, what was told and the world's own book objects.

mod after_sale;
mod auditor;
mod book;
mod calls;
mod cases;
mod clockwork;
mod month;
mod perform;
mod promises;
mod sabotage;
mod scene;
mod shelf;
mod surveys;

use std::collections::BTreeMap;

pub use sabotage::Sabotage;

/// What a month is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// How many agents.
    pub agents: u32,
    /// How many days, weekends and holidays included.
    pub days: u32,
    /// A fault that is put into what is kept.
    pub sabotage: Option<Sabotage>,
}

impl Default for Plan {
    fn default() -> Self {
        Self { agents: 200, days: 31, sabotage: None }
    }
}

/// What came of a month.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// Of all that was told, in its order.
    pub hash: u64,
    /// Where it was.
    pub place: String,
    /// How often what happened, in words.
    pub counts: BTreeMap<&'static str, u64>,
    /// What the auditor objects to; at most a hundred of it.
    pub violations: Vec<String>,
}

/// Lives one month. The same seed and plan give the same month.
pub fn run_month(seed: u64, plan: &Plan) -> Report {
    month::Month::new(seed, plan).run()
}
