//! What is remembered between two requests of a campaign: whose turn it is, and how far filters have read. Losing it costs
//! some reading and a turn.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use timbre_model::{CampaignId, Civil, ListId, TenantId};

/// One campaign's.
#[derive(Debug, Clone, Default)]
pub(super) struct CampaignMemory {
    pub(super) turns: Turns,
    /// By import.
    pub(super) passes: BTreeMap<i64, Pass>,
}

impl CampaignMemory {
    /// How far `filter` has read; from the beginning where it is another one now.
    pub(super) fn pass(&self, batch: i64, filter: &str) -> Pass {
        let known = self.passes.get(&batch).filter(|it| it.filter == filter);
        known.cloned().unwrap_or_else(|| Pass::new(filter))
    }
}

/// How far a filter has read in an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pass {
    pub(super) filter: String,
    /// Rank and id of the last lead of those at the front that it passed over.
    pub(super) after: Option<(i64, i64)>,
    /// It found nobody in the whole of it; it is not asked before.
    pub(super) dry_until: Option<Civil>,
}

impl Pass {
    pub(super) fn new(filter: &str) -> Self {
        Self { filter: filter.to_owned(), after: None, dry_until: None }
    }
}

/// Smooth weighted round robin (nginx's): each turn every list gains its weight, and the one with the most pays for all.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns(BTreeMap<ListId, i64>);

impl Turns {
    /// Whose turn it is among `lists`.
    pub(super) fn next<'a>(
        &mut self,
        lists: impl Iterator<Item = (&'a ListId, u32)> + Clone,
    ) -> Option<ListId> {
        let total: i64 = lists.clone().map(|(_, weight)| i64::from(weight)).sum();
        let mut best: Option<(&ListId, i64)> = None;
        for (list, weight) in lists {
            let credit = self.0.entry(list.clone()).or_default();
            *credit += i64::from(weight);
            if best.is_none_or(|(_, most)| *credit > most) {
                best = Some((list, *credit));
            }
        }
        let list = best?.0.clone();
        *self.0.get_mut(&list)? -= total;
        Some(list)
    }

    /// `list` was served.
    pub(super) fn serve<'a>(
        &mut self,
        list: &ListId,
        lists: impl Iterator<Item = (&'a ListId, u32)>,
    ) {
        let mut total = 0;
        for (other, weight) in lists {
            *self.0.entry(other.clone()).or_default() += i64::from(weight);
            total += i64::from(weight);
        }
        // A list that alone has leads must not run up a debt that the others would collect for hours.
        let credit = self.0.entry(list.clone()).or_default();
        *credit = (*credit - total).max(-total);
        self.0.values_mut().for_each(|credit| *credit = (*credit).min(total));
    }
}

/// Every campaign's, shared by the clones of a store.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<BTreeMap<(TenantId, CampaignId), CampaignMemory>>>);

impl Memory {
    pub(super) fn of(&self, tenant: &TenantId, campaign: &CampaignId) -> CampaignMemory {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&(tenant.clone(), campaign.clone())).cloned().unwrap_or_default()
    }

    pub(super) fn keep(&self, tenant: &TenantId, campaign: &CampaignId, memory: CampaignMemory) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert((tenant.clone(), campaign.clone()), memory);
    }

    /// What filters have read is read again: leads changed behind them.
    pub(crate) fn forget(&self, tenant: &TenantId) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = all.iter_mut().filter(|((other, _), _)| other == tenant);
        theirs.for_each(|(_, memory)| memory.passes.clear());
    }
}
