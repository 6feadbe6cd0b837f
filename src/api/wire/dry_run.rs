//! What a dry run of a campaign finds.

use timbre_model::{Civil, FieldError};

use super::time::read_moment;
use crate::api::pb;

/// How many leads are callable now, later and never, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DryRun {
    /// Leads that were looked at.
    pub looked_at: u64,
    /// There are more than those.
    pub cut: bool,
    /// Of those looked at, callable now.
    pub now: u64,
    /// Callable later.
    pub later: u64,
    /// Not callable, however long one waits.
    pub never: u64,
    /// Why later or never, the commonest first.
    pub rules: Vec<RuleCount>,
    /// The first moment at which one of the later ones may be called.
    pub earliest: Option<Civil>,
    /// What would keep the campaign from running at all.
    pub faults: Vec<String>,
}

/// What one rule keeps back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCount {
    /// Which.
    pub rule: String,
    /// Leads that it lets pass later.
    pub later: u64,
    /// Leads that it never lets pass.
    pub never: u64,
    /// An example, for people.
    pub because: String,
}

/// Reads it.
pub fn from_wire(wire: pb::DryRunResponse) -> Result<DryRun, FieldError> {
    let pb::DryRunResponse { looked_at, cut, now, later, never, rules, earliest_time, faults } =
        wire;
    let rule =
        |pb::RuleCount { rule, later, never, because }| RuleCount { rule, later, never, because };
    Ok(DryRun {
        looked_at,
        cut,
        now,
        later,
        never,
        rules: rules.into_iter().map(rule).collect(),
        earliest: read_moment("earliest_time", earliest_time)?,
        faults,
    })
}
