//! Records whose time comes.

use timbre_casework::RecordKind;
use timbre_model::{Civil, TenantId};

use super::id;
use crate::row::Columns;
use crate::{Store, StoreError};

impl Store {
    /// At most `most` records, of every tenant, that a clock must look at by `until`: the earliest first. One is given again
    /// until it is kept with a later time, or none.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn woken(
        &self,
        until: Civil,
        most: u32,
    ) -> Result<Vec<(TenantId, RecordKind, u128)>, StoreError> {
        let rows = self.rows(
            "SELECT tenant, kind, id FROM records WHERE wake_at <= $1 ORDER BY wake_at, tenant, kind, id LIMIT $2",
            |args| {
                args.int(until.as_micros()).int(i64::from(most));
            },
        );
        let woken = |row| {
            let mut from = Columns::new(row, "records", 2);
            let tenant = from.parsed("tenant", |it| TenantId::parse(it).ok())?;
            let kind = from.parsed("kind", RecordKind::parse)?;
            let id = id(from.bytes("id")?).ok_or_else(|| from.corrupt("id"))?;
            Ok((tenant, kind, id))
        };
        rows.await?.iter().map(woken).collect()
    }

    /// When a clock must look at a record next; `None` where none waits.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn next_wake(&self) -> Result<Option<Civil>, StoreError> {
        let text = "SELECT wake_at FROM records WHERE wake_at IS NOT NULL ORDER BY wake_at LIMIT 1";
        let rows = self.rows(text, |_| ()).await?;
        rows.first().map(|row| Columns::new(row, "records", 0).time("wake_at")).transpose()
    }
}
