//! A batch of changes becomes a few statements.

use std::collections::BTreeSet;

use timbre_model::{AgentStateRecord, CallRecord, Change, OfferRecord, TimelineEntry};

use crate::agents::AGENT_STATES;
use crate::calls::CALLS;
use crate::floors::{FLOORS, NewFloor};
use crate::offers::OFFERS;
use crate::sql::{Dialect, Statement};
use crate::timeline::TIMELINE;
use crate::{Store, StoreError, agents, calls, floors, offers, timeline};

/// A batch sorted by table. Within a table the order stays; across tables it does not show, all being one transaction.
#[derive(Default)]
struct Sorted<'a> {
    floors: Vec<NewFloor<'a>>,
    calls: Vec<&'a CallRecord>,
    timeline: Vec<&'a TimelineEntry>,
    offers: Vec<&'a OfferRecord>,
    agent_states: Vec<&'a AgentStateRecord>,
}

impl<'a> Sorted<'a> {
    fn new(changes: &'a [Change]) -> Self {
        let mut sorted = Self::default();
        for change in changes {
            match change {
                Change::Floor { tenant, version, at, spec } => {
                    sorted.floors.push(NewFloor { tenant, version: *version, at: *at, spec });
                }
                Change::Call(call) => sorted.calls.push(call),
                Change::Timeline(entry) => sorted.timeline.push(entry),
                Change::Offer(offer) => sorted.offers.push(offer),
                Change::AgentState(record) => sorted.agent_states.push(record),
            }
        }
        last_of_each(&mut sorted.calls, |call| (&call.tenant, call.id));
        last_of_each(&mut sorted.offers, |offer| (&offer.tenant, offer.id));
        sorted
    }
}

/// Leaves the last of the records with one key. Besides sparing work: Postgres refuses to update a row twice in one
/// statement.
fn last_of_each<'a, R, K: Ord>(records: &mut Vec<&'a R>, key: impl Fn(&'a R) -> K) {
    if records.len() < 2 {
        return;
    }
    let mut seen = BTreeSet::new();
    records.reverse();
    records.retain(|&record| seen.insert(key(record)));
    records.reverse();
}

pub(crate) fn statements(dialect: Dialect, changes: &[Change]) -> Vec<Statement> {
    let sorted = Sorted::new(changes);
    let mut all = Vec::with_capacity(8);
    all.extend(FLOORS.upsert(dialect, &sorted.floors, floors::write));
    all.extend(CALLS.upsert(dialect, &sorted.calls, |call, to| calls::write(call, to)));
    all.extend(TIMELINE.upsert(dialect, &sorted.timeline, |entry, to| timeline::write(entry, to)));
    all.extend(OFFERS.upsert(dialect, &sorted.offers, |offer, to| offers::write(offer, to)));
    all.extend(
        AGENT_STATES.upsert(dialect, &sorted.agent_states, |record, to| agents::write(record, to)),
    );
    all
}

impl Store {
    /// Makes a batch durable, all of it or nothing, as if its changes were written one after the other. Committing the
    /// same batch again changes nothing, so that one whose result is unknown may be repeated. Cancelling the future does
    /// not cancel the commit.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: the batch is kept or not kept as a whole, which is unknown. See [`Store`].
    pub async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.commit_all(&changes).await
    }

    pub(crate) async fn commit_all(&self, changes: &[Change]) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        let statements = statements(self.database.dialect(), changes);
        self.database.write(statements).await.map(drop)
    }
}
