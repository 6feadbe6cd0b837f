//! An import as such: its row, its name, and what the audit trail says of it.

use serde_json::json;
use timbre_model::Civil;

use super::Import;
use crate::StoreError;
use crate::database::Transaction;
use crate::outbound::chain::{self, NewEntry};
use crate::row::Columns;

/// An import's row.
#[derive(Debug, Clone)]
pub(in crate::outbound) struct Batch {
    pub(in crate::outbound) number: i64,
    pub(in crate::outbound) state: String,
    pub(super) leads: u64,
}

impl Import {
    pub(super) fn conflict(&self, why: &str) -> StoreError {
        StoreError::Conflict(format!(
            "the import {:?} into list {} {why}; it",
            self.name, self.list.id
        ))
    }

    /// The first of `count` numbers that nobody else gets. Holds the tenant's counter, so that imports follow one another.
    pub(super) async fn take_ids(
        &self,
        transaction: &mut Transaction,
        count: i64,
    ) -> Result<i64, StoreError> {
        let text = "INSERT INTO lead_counters (tenant, next) VALUES ($1, $2 + 1) \
             ON CONFLICT (tenant) DO UPDATE SET next = lead_counters.next + $2 RETURNING next";
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).int(count);
        });
        let rows = transaction.rows(statement).await?;
        let row = rows.first().ok_or_else(|| StoreError::Refused("no counter".to_owned()))?;
        Ok(Columns::new(row, "lead_counters", 0).int("next")? - count)
    }

    pub(super) async fn find(
        &self,
        transaction: &mut Transaction,
    ) -> Result<Option<Batch>, StoreError> {
        let text = "SELECT batch, state, leads FROM import_batches WHERE tenant = $1 AND list = $2 AND name = $3";
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).text(self.list.id.as_str()).text(self.name.as_str());
        });
        let rows = transaction.rows(statement).await?;
        let batch = |row| {
            let mut from = Columns::new(row, "import_batches", 0);
            let (number, state) = (from.int("batch")?, from.text("state")?.to_owned());
            Ok(Batch { number, state, leads: from.count("leads")? })
        };
        rows.first().map(batch).transpose()
    }

    /// The import, held until the transaction ends.
    pub(in crate::outbound) async fn existing(
        &self,
        transaction: &mut Transaction,
    ) -> Result<Batch, StoreError> {
        self.take_ids(transaction, 0).await?;
        self.find(transaction).await?.ok_or_else(|| self.conflict("never began"))
    }

    pub(super) async fn begin(
        &self,
        transaction: &mut Transaction,
        number: i64,
    ) -> Result<Batch, StoreError> {
        let text = "INSERT INTO import_batches (tenant, batch, list, name, state, leads, dry) \
             VALUES ($1, $2, $3, $4, 'loading', 0, 0)";
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).int(number);
            args.text(self.list.id.as_str()).text(self.name.as_str());
        });
        transaction.run(statement).await?;
        Ok(Batch { number, state: "loading".to_owned(), leads: 0 })
    }

    pub(super) async fn set_state(
        &self,
        transaction: &mut Transaction,
        batch: i64,
        state: &str,
    ) -> Result<(), StoreError> {
        let text = "UPDATE import_batches SET state = $3 WHERE tenant = $1 AND batch = $2";
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).int(batch).text(state);
        });
        transaction.run(statement).await.map(drop)
    }

    pub(super) async fn forget(
        &self,
        transaction: &mut Transaction,
        batch: i64,
    ) -> Result<(), StoreError> {
        for text in [
            "DELETE FROM import_chunks WHERE tenant = $1 AND batch = $2",
            "DELETE FROM import_batches WHERE tenant = $1 AND batch = $2",
        ] {
            let statement = transaction.statement(text, |args| {
                args.text(self.tenant.as_str()).int(batch);
            });
            transaction.run(statement).await?;
        }
        Ok(())
    }

    pub(super) async fn chain(
        &self,
        transaction: &mut Transaction,
        at: Civil,
        kind: &'static str,
        leads: u64,
    ) -> Result<(), StoreError> {
        let record = json!({ "list": self.list.id, "batch": self.name, "leads": leads });
        let subject = format!("lists/{}", self.list.id);
        let entry = NewEntry::new(&self.tenant, at, kind, subject, &record);
        chain::append(transaction, vec![entry], false).await
    }
}
