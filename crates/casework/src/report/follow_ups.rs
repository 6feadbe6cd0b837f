//! Follow-ups by outcome, and promises that were kept.

use std::collections::BTreeMap;

use super::{Table, percent};
use crate::{FollowUp, FollowUpState, Sale};

/// Counts of sales and of what was asked after them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FollowUpCounts {
    /// Follow-ups by state.
    pub states: BTreeMap<FollowUpState, u64>,
    /// Times that they were dialed.
    pub tries: u64,
    /// Sales.
    pub sales: u64,
    /// Promises that were kept.
    pub kept: u64,
    /// Promises that were not.
    pub broken: u64,
    /// Promises of which the customer was not asked.
    pub unasked: u64,
}

impl FollowUpCounts {
    /// Counts a follow-up.
    pub fn add(&mut self, it: &FollowUp) {
        *self.states.entry(it.state).or_default() += 1;
        self.tries += u64::from(it.tries);
    }

    /// Counts a sale and its promises.
    pub fn add_sale(&mut self, it: &Sale) {
        self.sales += 1;
        for promise in &it.promises {
            let slot = match promise.kept {
                Some(true) => &mut self.kept,
                Some(false) => &mut self.broken,
                None => &mut self.unasked,
            };
            *slot += 1;
        }
    }

    /// What they show.
    pub fn tables(&self) -> Vec<Table> {
        let note = "Follow-ups that fall due in the period. Share of those that are over.";
        let mut states =
            Table::new("Follow-ups by outcome", &["state", "follow-ups", "share"], note);
        let over = self.states.iter().filter(|(state, _)| state.is_over()).map(|(_, n)| n).sum();
        for (state, n) in &self.states {
            let share = if state.is_over() { percent(*n, over) } else { "-".to_owned() };
            states.row(&[state, n, &share]);
        }
        let note = "Of sales made in the period. Kept = kept / (kept + broken); what was not asked is in no share.";
        let columns = ["sales", "promises", "kept", "broken", "not asked", "share kept"];
        let mut promises = Table::new("Promises", &columns, note);
        let Self { sales, kept, broken, unasked, .. } = self;
        let all = kept + broken + unasked;
        promises.row(&[sales, &all, kept, broken, unasked, &percent(*kept, kept + broken)]);
        vec![states, promises]
    }
}
