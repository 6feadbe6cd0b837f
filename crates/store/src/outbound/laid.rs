//! Single leads that other work lays into a list: calls that were promised or are due.

use timbre_model::{
    AgentId, Civil, Lead, LeadId, LeadState, ListId, ListSpec, NewLead, Slug, TenantId,
};

use super::import::{Import, LeadFault};
use super::leads::{self, COLUMNS, KeptLead, WAITS_CALLBACK, key, write_state};
use super::lists::FINISHED;
use crate::database::{Transaction, apart};
use crate::sql::json_texts;
use crate::{Store, StoreError};

impl Store {
    /// Lays one lead into a list, in the state that it is to have: nobody can call it in another one before. `name` is
    /// unique in the list; one that was laid before is left alone. Its number.
    ///
    /// # Errors
    ///
    /// See [`Store`]. The inner one says why such a lead cannot be.
    pub async fn lay_lead(
        &self,
        tenant: &TenantId,
        list: &ListSpec,
        name: &str,
        lead: NewLead,
        (state, at): (LeadState, Civil),
    ) -> Result<Result<LeadId, LeadFault>, StoreError> {
        let import = Import { tenant: tenant.clone(), list: list.clone(), name: name.to_owned() };
        let database = self.database.clone();
        let laid = apart(async move {
            let mut transaction = database.begin().await?;
            let laid = import.lay(&mut transaction, lead, &state).await?;
            transaction.commit().await?;
            Ok::<_, StoreError>(laid)
        });
        let laid = laid.await?;
        if laid.is_ok() {
            self.finish_import(tenant, list, name, at).await?;
        }
        Ok(laid)
    }

    /// Takes a lead out of the calling, whatever it waits for. `false`: it is being called, or reserved by an agent, and
    /// nothing was changed.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn finish_lead(
        &self,
        tenant: &TenantId,
        lead: LeadId,
        disposition: &Slug,
    ) -> Result<bool, StoreError> {
        let database = self.database.clone();
        let (tenant, disposition) = (tenant.clone(), disposition.clone());
        apart(async move {
            let mut transaction = database.begin().await?;
            let state = LeadState::Finished { disposition };
            set_state(&mut transaction, &tenant, lead, &state).await?;
            let text = "SELECT id FROM leads WHERE tenant = $1 AND id = $2 AND claim IS NOT NULL";
            let claimed = transaction.statement(text, |args| {
                args.text(tenant.as_str()).int(key(lead));
            });
            let claimed = !transaction.rows(claimed).await?.is_empty();
            transaction.commit().await?;
            Ok(!claimed)
        })
        .await
    }

    /// Calls of these lists that were promised to their callees, by the agent or by anybody, and are due before `to` and not
    /// before `from`; those behind `after` by their time and number, at most `most`.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn promised_leads(
        &self,
        tenant: &TenantId,
        (lists, agent): (&[ListId], &AgentId),
        (from, to): (Option<Civil>, Option<Civil>),
        after: Option<(Civil, LeadId)>,
        most: u32,
    ) -> Result<Vec<Lead>, StoreError> {
        let lists = json_texts(lists.iter().map(ListId::as_str));
        let dialect = self.database.dialect();
        let among = dialect.among("list", 2);
        let text = format!(
            "SELECT {COLUMNS} FROM leads{} WHERE tenant = $1 AND {among} AND waits = $3 AND due >= $4 AND due < $5 \
             AND waits IS NOT NULL AND claim IS NULL AND (agent IS NULL OR agent = $6) AND (due, id) > ($7, $8) \
             AND {FINISHED} ORDER BY due, id LIMIT $9",
            dialect.indexed("leads_waiting")
        );
        let rows = self.generated_rows(text, |args| {
            args.text(tenant.as_str()).text(&*lists).int(WAITS_CALLBACK);
            args.int(from.map_or(i64::MIN, Civil::as_micros));
            args.int(to.map_or(i64::MAX, Civil::as_micros)).text(agent.as_str());
            let (due, id) = after.map_or((i64::MIN, 0), |(at, id)| (at.as_micros(), key(id)));
            args.int(due).int(id).int(i64::from(most));
        });
        rows.await?.iter().map(|row| leads::read(row).map(KeptLead::shown)).collect()
    }
}

impl Import {
    /// The one lead of an import, in its state, not callable yet.
    async fn lay(
        &self,
        transaction: &mut Transaction,
        lead: NewLead,
        state: &LeadState,
    ) -> Result<Result<LeadId, LeadFault>, StoreError> {
        let done = self.chunk(transaction, 0, vec![lead]).await?;
        if let Some((_, fault)) = done.rejected.into_iter().next() {
            return Ok(Err(fault));
        }
        let batch = self.existing(transaction).await?;
        // A chunk's leads are numbered behind its import.
        let id = LeadId::from_u64(batch.number.unsigned_abs() + 1);
        if batch.state == "loading" {
            set_state(transaction, &self.tenant, id, state).await?;
        }
        Ok(Ok(id))
    }
}

/// Puts a lead that nobody has into a state.
async fn set_state(
    transaction: &mut Transaction,
    tenant: &TenantId,
    lead: LeadId,
    state: &LeadState,
) -> Result<(), StoreError> {
    let text = "UPDATE leads SET state = $3, due = $4, waits = $5, agent = $6, why = $7, because = NULL \
         WHERE tenant = $1 AND id = $2 AND claim IS NULL";
    let statement = transaction.statement(text, |args| {
        args.text(tenant.as_str()).int(key(lead));
        write_state(state, args);
    });
    transaction.run(statement).await.map(drop)
}
