//! What is left of a day.

use std::collections::BTreeMap;

use timbre_model::{CallOutcome, OfferOutcome};

/// What happened in one simulated day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DayReport {
    /// The day.
    pub seed: u64,
    /// Stands for every change and action of the day. The same for the same seed, on every platform.
    pub hash: u64,
    /// Steps of the engine.
    pub steps: u64,
    /// Inputs that the engine rejected.
    pub rejections: u64,
    /// Calls whose record was made durable.
    pub calls: u64,
    /// By what they counted as.
    pub outcomes: BTreeMap<CallOutcome, u64>,
    /// Offers by their end.
    pub offers: BTreeMap<OfferOutcome, u64>,
    /// Customers who were asked a question after the conversation.
    pub asked: u64,
    /// Of whom so many answered.
    pub answered: u64,
    /// Deaths of the node.
    pub crashes: u32,
    /// What the auditor objected to. Empty on a good day.
    pub violations: Vec<String>,
}
