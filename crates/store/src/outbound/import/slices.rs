//! Leads that replace others, and those of an import that is given up: a slice at a time, so that nobody waits for long.

use timbre_model::{Civil, DuplicatePolicy, LeadId, NewLead};

use super::{Import, NUMBERS};
use crate::StoreError;
use crate::database::Transaction;
use crate::outbound::erase::{Leaving, delete_numbers};
use crate::outbound::leads::numbers_of;
use crate::outbound::rank::rank;
use crate::row::Columns;
use crate::sql::{Args, json_ints};

/// Leads that are moved or deleted in one transaction.
const SLICE: i64 = 2_000;

impl Import {
    /// Rewrites some leads by those that replace them, which go; whether there were any.
    pub(super) async fn replace_slice(
        &self,
        transaction: &mut Transaction,
        batch: i64,
        at: Civil,
    ) -> Result<bool, StoreError> {
        if self.list.duplicates != DuplicatePolicy::Update {
            return Ok(false);
        }
        let indexed = transaction.dialect().indexed("leads_ready");
        let text = format!(
            "SELECT replaces, details FROM leads{indexed} WHERE tenant = $1 AND batch = $2 AND state = 'ready' \
             AND claim IS NULL AND replaces IS NOT NULL ORDER BY rank, id LIMIT $3"
        );
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).int(batch).int(SLICE);
        });
        let rows = transaction.rows(statement).await?;
        for row in &rows {
            let mut from = Columns::new(row, "leads", 1);
            let former = from.int("replaces")?;
            let new = from.parsed("details", |it| serde_json::from_str::<NewLead>(it).ok())?;
            self.replace(transaction, former, &new, at).await?;
        }
        if !rows.is_empty() {
            self.wake_batches(transaction).await?;
        }
        self.delete_slice(transaction, batch, true).await?;
        Ok(!rows.is_empty())
    }

    async fn replace(
        &self,
        transaction: &mut Transaction,
        former: i64,
        new: &NewLead,
        at: Civil,
    ) -> Result<(), StoreError> {
        let text = "SELECT details FROM leads WHERE tenant = $1 AND id = $2";
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).int(former);
        });
        for row in transaction.rows(statement).await? {
            let old = Columns::new(&row, "leads", 0)
                .parsed("details", |it| serde_json::from_str::<NewLead>(it).ok())?;
            let numbers = numbers_of(&old).collect();
            delete_numbers(transaction, &self.tenant, &json_ints([former]), numbers).await?;
            if is_judged_anew(&old, new) {
                self.look_again(transaction, former, at).await?;
            }
        }
        let details = serde_json::to_string(new).expect("a lead has a JSON form");
        let rank = rank(&self.list.order, LeadId::from_u64(former.unsigned_abs()), new);
        let text = "UPDATE leads SET details = $3, rank = $4 WHERE tenant = $1 AND id = $2";
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).int(former).text(&*details).int(rank);
        });
        transaction.run(statement).await?;
        let numbers: Vec<i64> = numbers_of(new).collect();
        let write = |number: &i64, to: &mut Args| {
            to.text(self.tenant.as_str()).int(*number).int(former);
        };
        for statement in NUMBERS.upsert(transaction.dialect(), &numbers, write) {
            transaction.run(statement).await?;
        }
        Ok(())
    }

    /// A lead that was refused until a time is judged again by what it says now. One that was tried is due, and comes back
    /// as such: among those that are ready nobody was.
    async fn look_again(
        &self,
        transaction: &mut Transaction,
        lead: i64,
        at: Civil,
    ) -> Result<(), StoreError> {
        let text = "UPDATE leads SET state = CASE WHEN attempts = 0 THEN 'ready' ELSE 'retry' END, \
             due = CASE WHEN attempts = 0 THEN NULL ELSE $3 END, \
             waits = CASE WHEN attempts = 0 THEN NULL ELSE waits END, why = NULL, because = NULL \
             WHERE tenant = $1 AND id = $2 AND state = 'blocked' AND due IS NOT NULL AND claim IS NULL";
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).int(lead).int(at.as_micros());
        });
        transaction.run(statement).await.map(drop)
    }

    async fn wake_batches(&self, transaction: &mut Transaction) -> Result<(), StoreError> {
        let text = "UPDATE import_batches SET dry = 0 WHERE tenant = $1 AND list = $2 AND dry <> 0";
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).text(self.list.id.as_str());
        });
        transaction.run(statement).await.map(drop)
    }

    /// Deletes some leads of an import that were never callable, or of those only the ones that replace others.
    pub(super) async fn delete_slice(
        &self,
        transaction: &mut Transaction,
        batch: i64,
        replacing: bool,
    ) -> Result<u64, StoreError> {
        let indexed = transaction.dialect().indexed("leads_ready");
        let text = format!(
            "SELECT id, details FROM leads{indexed} WHERE tenant = $1 AND batch = $2 AND state = 'ready' \
             AND claim IS NULL AND ($4 = 0 OR replaces IS NOT NULL) ORDER BY rank, id LIMIT $3"
        );
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).int(batch).int(SLICE).int(i64::from(replacing));
        });
        let mut leaving = Leaving::default();
        for row in transaction.rows(statement).await? {
            let mut from = Columns::new(&row, "leads", 1);
            let id = from.int("id")?;
            let lead = from.parsed("details", |it| serde_json::from_str::<NewLead>(it).ok())?;
            leaving.add(id, &lead);
        }
        leaving.delete(transaction, &self.tenant).await
    }
}

/// Whether rules that look at the one may say otherwise of the other.
fn is_judged_anew(old: &NewLead, new: &NewLead) -> bool {
    old.numbers != new.numbers || old.party != new.party || old.consent != new.consent
}
