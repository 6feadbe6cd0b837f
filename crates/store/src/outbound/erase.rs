//! Leads that go for good: those of somebody who is to be erased, and those of imports that are given up or took another's
//! place.

use std::collections::BTreeSet;

use timbre_model::{ListId, NewLead, PhoneNumber, TenantId};

use super::attempts::digits;
use super::leads::numbers_of;
use crate::database::{Transaction, apart};
use crate::row::Columns;
use crate::sql::{Dialect, json_ints, json_texts};
use crate::{Store, StoreError};

/// Leads to delete, and all the numbers that they have.
#[derive(Debug, Default)]
pub(super) struct Leaving {
    ids: BTreeSet<i64>,
    numbers: BTreeSet<i64>,
}

impl Leaving {
    pub(super) fn add(&mut self, id: i64, lead: &NewLead) {
        self.ids.insert(id);
        self.numbers.extend(numbers_of(lead));
    }

    /// Deletes them, with what they are found by. How many.
    pub(super) async fn delete(
        self,
        transaction: &mut Transaction,
        tenant: &TenantId,
    ) -> Result<u64, StoreError> {
        let Self { ids, numbers } = self;
        if ids.is_empty() {
            return Ok(0);
        }
        let deleted = ids.len() as u64;
        let ids = json_ints(ids);
        delete_numbers(transaction, tenant, &ids, numbers).await?;
        let among = transaction.dialect().among_ints("id", 2);
        let text = format!("DELETE FROM leads WHERE tenant = $1 AND {among}");
        let statement = transaction.statement(text, |args| {
            args.text(tenant.as_str()).text(&*ids);
        });
        transaction.run(statement).await?;
        Ok(deleted)
    }
}

/// Some leads are not found by these numbers any more.
pub(super) async fn delete_numbers(
    transaction: &mut Transaction,
    tenant: &TenantId,
    leads: &str,
    numbers: BTreeSet<i64>,
) -> Result<(), StoreError> {
    let dialect = transaction.dialect();
    let (numbered, of) = (dialect.among_ints("number", 2), dialect.among_ints("lead", 3));
    let text = format!("DELETE FROM lead_numbers WHERE tenant = $1 AND {numbered} AND {of}");
    let statement = transaction.statement(text, |args| {
        args.text(tenant.as_str()).text(&*json_ints(numbers)).text(leads);
    });
    transaction.run(statement).await.map(drop)
}

impl Store {
    /// Deletes the leads of these lists that have one of these numbers, whatever else they hold. Attempts and do-not-call
    /// entries stay: they are evidence. `false`: one of the leads is being called, or reserved by an agent, and nothing was
    /// deleted.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn erase_leads(
        &self,
        tenant: &TenantId,
        lists: &[ListId],
        numbers: &[PhoneNumber],
    ) -> Result<bool, StoreError> {
        let (database, tenant) = (self.database.clone(), tenant.clone());
        let lists = json_texts(lists.iter().map(ListId::as_str));
        let numbers = json_ints(numbers.iter().map(digits));
        apart(async move {
            let mut transaction = database.begin().await?;
            let dialect = transaction.dialect();
            let locked = if dialect == Dialect::Postgres { "FOR UPDATE" } else { "" };
            let text = format!(
                "SELECT id, claim, details FROM leads WHERE tenant = $1 AND {} AND id IN \
                     (SELECT lead FROM lead_numbers WHERE tenant = $1 AND {}) ORDER BY id {locked}",
                dialect.among("list", 2),
                dialect.among_ints("number", 3),
            );
            let found = transaction.statement(text, |args| {
                args.text(tenant.as_str()).text(&*lists).text(&*numbers);
            });
            let mut leaving = Leaving::default();
            for row in transaction.rows(found).await? {
                let mut from = Columns::new(&row, "leads", 0);
                let id = from.int("id")?;
                if from.text_or_null("claim")?.is_some() {
                    transaction.roll_back().await?;
                    return Ok(false);
                }
                let lead = from.parsed("details", |it| serde_json::from_str::<NewLead>(it).ok())?;
                leaving.add(id, &lead);
            }
            leaving.delete(&mut transaction, &tenant).await?;
            transaction.commit().await?;
            Ok(true)
        })
        .await
    }
}
