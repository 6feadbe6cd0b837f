//! Imports of leads: in chunks, each once however often it is sent, and callable when the last has come.

mod batch;
mod chunk;
mod sift;
mod slices;

use serde::{Deserialize, Serialize};
use timbre_model::{Civil, ListId, ListSpec, NewLead, PhoneNumber, TenantId};

use crate::database::apart;
use crate::row::Columns;
use crate::sql::{Kind, Table};
use crate::{Store, StoreError};

/// What a chunk of an import came to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportedChunk {
    /// Leads that were taken as new.
    pub accepted: u64,
    /// Leads that will replace what one of the list says, when the import is finished.
    pub updated: u64,
    /// Leads that were not taken, by their place in the chunk, and why.
    pub rejected: Vec<(u32, LeadFault)>,
}

/// Why a lead was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadFault {
    /// It has no number.
    NoNumber,
    /// It has more than [`NewLead::NUMBERS_MAX`].
    TooManyNumbers,
    /// It is longer than [`LeadFault::BYTES_MAX`] in all.
    TooLong,
    /// The person's key is longer than 200 bytes, or holds a NUL.
    PersonKey,
    /// The number stands twice in the import.
    TwiceInImport(PhoneNumber),
    /// The list has the number.
    InList(PhoneNumber),
    /// Another list of the tenant has the number.
    InTenant(PhoneNumber),
}

impl LeadFault {
    /// Most bytes of a lead, as JSON.
    pub const BYTES_MAX: usize = 32_768;
}

/// How far an import has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportProgress {
    /// It is finished; its leads count.
    pub finished: bool,
    /// Leads that were taken.
    pub leads: u64,
    /// The first chunk that is not there; those before it need not be sent again.
    pub next_chunk: u64,
}

static NUMBERS: Table = Table::new(
    "lead_numbers",
    &[("tenant", Kind::Text), ("number", Kind::Int), ("lead", Kind::Int)],
    3,
    3,
);

/// One import.
pub(super) struct Import {
    pub(super) tenant: TenantId,
    pub(super) list: ListSpec,
    pub(super) name: String,
}

impl Store {
    /// Takes a chunk of the import `batch` into a list. A chunk that came before gives its first answer again and changes
    /// nothing. Nothing of it can be called before [`Store::finish_import`].
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] where the import is finished or being given up. See [`Store`].
    pub async fn import_leads(
        &self,
        tenant: &TenantId,
        list: &ListSpec,
        batch: &str,
        chunk: u64,
        leads: Vec<NewLead>,
    ) -> Result<ImportedChunk, StoreError> {
        let (database, list) = (self.database.clone(), list.clone());
        let (tenant, batch) = (tenant.clone(), batch.to_owned());
        apart(async move {
            let _turn = database.turn().await;
            let mut transaction = database.begin().await?;
            let import = Import { tenant, list, name: batch };
            let done = import.chunk(&mut transaction, chunk, leads).await?;
            transaction.commit().await?;
            Ok(done)
        })
        .await
    }

    /// How far an import has come; `None` where it never began or was given up.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn import_progress(
        &self,
        tenant: &TenantId,
        list: &ListId,
        batch: &str,
    ) -> Result<Option<ImportProgress>, StoreError> {
        let rows = self.rows(
            "SELECT b.state, b.leads, (SELECT COUNT(*) FROM import_chunks c WHERE c.tenant = b.tenant AND c.batch = b.batch \
                 AND c.chunk < (SELECT COALESCE(MIN(g.chunk + 1), 0) FROM import_chunks g WHERE g.tenant = b.tenant \
                     AND g.batch = b.batch AND NOT EXISTS (SELECT 1 FROM import_chunks f WHERE f.tenant = g.tenant \
                         AND f.batch = g.batch AND f.chunk = g.chunk + 1))) \
             FROM import_batches b WHERE b.tenant = $1 AND b.list = $2 AND b.name = $3",
            |args| {
                args.text(tenant.as_str()).text(list.as_str()).text(batch);
            },
        );
        let progress = |row| {
            let mut from = Columns::new(row, "import_batches", 0);
            let finished = from.text("state")? == "finished";
            let (leads, next_chunk) = (from.count("leads")?, from.count("chunk")?);
            Ok(ImportProgress { finished, leads, next_chunk })
        };
        rows.await?.first().map(progress).transpose()
    }

    /// Makes an import's leads callable, all at once; where they replace what former ones say, those are rewritten first, a
    /// slice at a time. A former one that was refused until a time, and now says otherwise of where it is or who, is looked
    /// at again at once. A finished import is left alone. How many leads it brought.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] where there is no such import. See [`Store`].
    pub async fn finish_import(
        &self,
        tenant: &TenantId,
        list: &ListSpec,
        batch: &str,
        at: Civil,
    ) -> Result<u64, StoreError> {
        let (database, memory) = (self.database.clone(), self.memory.clone());
        let import = Import { tenant: tenant.clone(), list: list.clone(), name: batch.to_owned() };
        apart(async move {
            loop {
                let _turn = database.turn().await;
                let mut transaction = database.begin().await?;
                let batch = import.existing(&mut transaction).await?;
                if batch.state == "finished" {
                    return Ok(batch.leads);
                }
                if batch.state == "given_up" {
                    return Err(import.conflict("is being given up"));
                }
                let replaced = import.replace_slice(&mut transaction, batch.number, at).await?;
                let state = if replaced { "finishing" } else { "finished" };
                import.set_state(&mut transaction, batch.number, state).await?;
                if !replaced {
                    import.chain(&mut transaction, at, "import_finished", batch.leads).await?;
                }
                transaction.commit().await?;
                if replaced {
                    memory.forget(&import.tenant);
                }
            }
        })
        .await
    }

    /// Gives up an import that is not finished: its leads go, a slice at a time, and its name is free again. How many went.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] where there is no such import, or it is finished. See [`Store`].
    pub async fn abort_import(
        &self,
        tenant: &TenantId,
        list: &ListSpec,
        batch: &str,
        at: Civil,
    ) -> Result<u64, StoreError> {
        let database = self.database.clone();
        let import = Import { tenant: tenant.clone(), list: list.clone(), name: batch.to_owned() };
        apart(async move {
            let mut gone = 0;
            loop {
                let _turn = database.turn().await;
                let mut transaction = database.begin().await?;
                let batch = import.existing(&mut transaction).await?;
                if matches!(batch.state.as_str(), "finished" | "finishing") {
                    return Err(import.conflict("is finished"));
                }
                let deleted = import.delete_slice(&mut transaction, batch.number, false).await?;
                gone += deleted;
                if deleted == 0 {
                    import.forget(&mut transaction, batch.number).await?;
                    import.chain(&mut transaction, at, "import_given_up", batch.leads).await?;
                } else {
                    import.set_state(&mut transaction, batch.number, "given_up").await?;
                }
                transaction.commit().await?;
                if deleted == 0 {
                    return Ok(gone);
                }
            }
        })
        .await
    }
}
