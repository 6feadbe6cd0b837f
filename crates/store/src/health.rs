//! Whether the database works, and what it is.

use crate::{Description, Store, StoreError};

impl Store {
    /// Writes one row durably: the database is reachable, takes writes and syncs them. Costs one synced commit.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn health(&self) -> Result<(), StoreError> {
        self.execute("UPDATE probe SET beats = beats + 1 WHERE id = 1", |_| ()).await.map(drop)
    }

    /// What the database is: engine, version, how it makes commits durable.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn describe(&self) -> Result<Description, StoreError> {
        self.database.describe().await
    }
}
