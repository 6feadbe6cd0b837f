//! A batch of changes becomes a few statements.

use std::collections::BTreeSet;

use timbre_model::{
    AgentStateRecord, AttemptRecord, CallRecord, CampaignRecord, Change, DoNotCallEntry,
    LeadChange, OfferRecord, TimelineEntry,
};

use crate::agents::AGENT_STATES;
use crate::calls::CALLS;
use crate::casework::{NewRow, append_statements, happened};
use crate::database::apart;
use crate::floors::{FLOORS, NewFloor};
use crate::offers::OFFERS;
use crate::outbound::attempts::{self, ATTEMPTS};
use crate::outbound::campaigns::{self, CAMPAIGNS};
use crate::outbound::chain::{self, NewEntry};
use crate::outbound::{do_not_call, gate, leads};
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
    campaigns: Vec<&'a CampaignRecord>,
    attempts: Vec<&'a AttemptRecord>,
    leads: Vec<&'a LeadChange>,
    do_not_call: Vec<&'a DoNotCallEntry>,
    /// What goes into the audit trail: of each record also those that a later one of the batch replaces.
    chained: Vec<NewEntry>,
    /// What is told of it all.
    told: Vec<NewRow>,
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
                Change::Campaign(record) => {
                    sorted.chained.push(campaigns::entry(record));
                    sorted.campaigns.push(record);
                }
                Change::Attempt(record) => {
                    sorted.chained.extend(attempts::end_entry(record));
                    sorted.attempts.push(record);
                }
                Change::Lead(change) => sorted.leads.push(change),
                Change::DoNotCall(entry) => {
                    sorted.chained.push(do_not_call::entry(entry));
                    sorted.do_not_call.push(entry);
                }
                // Only told: whoever hears of it knows whose survey it is, and keeps it.
                Change::Survey(_) => {}
            }
        }
        last_of_each(&mut sorted.calls, |call| (&call.tenant, call.id));
        last_of_each(&mut sorted.offers, |offer| (&offer.tenant, offer.id));
        last_of_each(&mut sorted.campaigns, |it| (&it.tenant, &it.campaign));
        last_of_each(&mut sorted.attempts, |it| (&it.tenant, it.id));
        last_of_each(&mut sorted.leads, |it| (&it.tenant, it.lead));
        // Rows are locked in the order of their keys by whoever writes them.
        sorted.leads.sort_by_key(|it| (&it.tenant, it.lead));
        sorted.told = happened::of_batch(changes, &sorted.calls);
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

fn statements(dialect: Dialect, sorted: &Sorted<'_>) -> Vec<Statement> {
    let mut all = Vec::with_capacity(8);
    let barring = sorted.do_not_call.iter().map(|it| &it.tenant);
    all.extend(gate::shut(dialect, barring));
    all.extend(FLOORS.upsert(dialect, &sorted.floors, floors::write));
    all.extend(CALLS.upsert(dialect, &sorted.calls, |call, to| calls::write(call, to)));
    all.extend(TIMELINE.upsert(dialect, &sorted.timeline, |entry, to| timeline::write(entry, to)));
    all.extend(OFFERS.upsert(dialect, &sorted.offers, |offer, to| offers::write(offer, to)));
    all.extend(
        AGENT_STATES.upsert(dialect, &sorted.agent_states, |record, to| agents::write(record, to)),
    );
    all.extend(leads::commit_statements(dialect, &sorted.leads));
    all.extend(CAMPAIGNS.upsert(dialect, &sorted.campaigns, |it, to| campaigns::write(it, to)));
    all.extend(ATTEMPTS.upsert(dialect, &sorted.attempts, |it, to| attempts::write(it, to)));
    all.extend(sorted.do_not_call.iter().map(|it| do_not_call::add(dialect, it)));
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
        let sorted = Sorted::new(changes);
        let mut statements = statements(self.database.dialect(), &sorted);
        let events = append_statements(self.database.dialect(), &sorted.told);
        let told = !events.is_empty();
        if sorted.chained.is_empty() {
            statements.extend(events);
            self.database.write(statements).await?;
        } else {
            let (database, chained) = (self.database.clone(), sorted.chained);
            apart(async move {
                let mut transaction = database.begin().await?;
                for statement in statements {
                    transaction.run(statement).await?;
                }
                chain::append(&mut transaction, chained, true).await?;
                for statement in events {
                    transaction.run(statement).await?;
                }
                transaction.commit().await
            })
            .await?;
        }
        if told {
            self.told.tell();
        }
        Ok(())
    }
}
