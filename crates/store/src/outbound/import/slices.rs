//! Leads that replace others, and those of an import that is given up: a slice at a time, so that nobody waits for long.

use std::collections::BTreeSet;

use timbre_model::{DuplicatePolicy, NewLead};

use super::sift::numbers_of;
use super::{Import, NUMBERS};
use crate::StoreError;
use crate::database::Transaction;
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
            self.replace(transaction, former, from.text("details")?).await?;
        }
        self.delete_slice(transaction, batch, true).await?;
        Ok(!rows.is_empty())
    }

    async fn replace(
        &self,
        transaction: &mut Transaction,
        former: i64,
        details: &str,
    ) -> Result<(), StoreError> {
        let text = "SELECT details FROM leads WHERE tenant = $1 AND id = $2";
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).int(former);
        });
        for row in transaction.rows(statement).await? {
            let old = Columns::new(&row, "leads", 0)
                .parsed("details", |it| serde_json::from_str::<NewLead>(it).ok())?;
            let numbers = numbers_of(&old).collect();
            self.delete_numbers(transaction, &json_ints([former]), numbers).await?;
        }
        let statement = transaction.statement(
            "UPDATE leads SET details = $3 WHERE tenant = $1 AND id = $2",
            |args| {
                args.text(self.tenant.as_str()).int(former).text(details);
            },
        );
        transaction.run(statement).await?;
        let new = serde_json::from_str::<NewLead>(details).ok();
        let numbers: Vec<i64> = new.iter().flat_map(numbers_of).collect();
        let write = |number: &i64, to: &mut Args| {
            to.text(self.tenant.as_str()).int(*number).int(former);
        };
        for statement in NUMBERS.upsert(transaction.dialect(), &numbers, write) {
            transaction.run(statement).await?;
        }
        Ok(())
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
        let (mut ids, mut numbers) = (BTreeSet::new(), BTreeSet::new());
        for row in transaction.rows(statement).await? {
            let mut from = Columns::new(&row, "leads", 1);
            ids.insert(from.int("id")?);
            let lead = from.parsed("details", |it| serde_json::from_str::<NewLead>(it).ok())?;
            numbers.extend(numbers_of(&lead));
        }
        if ids.is_empty() {
            return Ok(0);
        }
        let deleted = ids.len() as u64;
        let ids = json_ints(ids);
        self.delete_numbers(transaction, &ids, numbers).await?;
        let among = transaction.dialect().among_ints("id", 2);
        let text = format!("DELETE FROM leads WHERE tenant = $1 AND {among}");
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).text(&*ids);
        });
        transaction.run(statement).await?;
        Ok(deleted)
    }

    async fn delete_numbers(
        &self,
        transaction: &mut Transaction,
        leads: &str,
        numbers: BTreeSet<i64>,
    ) -> Result<(), StoreError> {
        let dialect = transaction.dialect();
        let (numbered, of) = (dialect.among_ints("number", 2), dialect.among_ints("lead", 3));
        let text = format!("DELETE FROM lead_numbers WHERE tenant = $1 AND {numbered} AND {of}");
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).text(&*json_ints(numbers)).text(leads);
        });
        transaction.run(statement).await.map(drop)
    }
}
