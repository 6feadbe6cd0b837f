//! Leads of somebody who is to be erased.

use timbre_model::{ListId, NewLead, PhoneNumber, TenantId};

use super::attempts::digits;
use crate::database::apart;
use crate::row::Columns;
use crate::sql::{Dialect, json_ints, json_texts};
use crate::{Store, StoreError};

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
            let (mut ids, mut numbers) = (Vec::new(), Vec::new());
            for row in transaction.rows(found).await? {
                let mut from = Columns::new(&row, "leads", 0);
                ids.push(from.int("id")?);
                if from.text_or_null("claim")?.is_some() {
                    transaction.roll_back().await?;
                    return Ok(false);
                }
                let lead = from.parsed("details", |it| serde_json::from_str::<NewLead>(it).ok())?;
                numbers.extend(lead.numbers.iter().map(|it| digits(&it.number)));
            }
            let (ids, numbers) = (json_ints(ids), json_ints(numbers));
            let of_these = dialect.among_ints("lead", 2);
            let with_these = dialect.among_ints("number", 3);
            let found_by = format!(
                "DELETE FROM lead_numbers WHERE tenant = $1 AND {of_these} AND {with_these}"
            );
            let found_by = transaction.statement(found_by, |args| {
                args.text(tenant.as_str()).text(&*ids).text(&*numbers);
            });
            transaction.run(found_by).await?;
            let these = dialect.among_ints("id", 2);
            let leads = format!("DELETE FROM leads WHERE tenant = $1 AND {these}");
            let leads = transaction.statement(leads, |args| {
                args.text(tenant.as_str()).text(&*ids);
            });
            transaction.run(leads).await?;
            transaction.commit().await?;
            Ok(true)
        })
        .await
    }
}
