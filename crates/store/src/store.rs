//! The handle.

use crate::StoreError;
use crate::casework::Told;
use crate::database::Database;
use crate::outbound::Memory;
use crate::row::Row;
use crate::sql::{Args, Statement};

/// The repository. Cheap to clone; all clones share one pool of connections.
///
/// Every method may give [`StoreError::Unavailable`]; every method that reads records may give [`StoreError::Corrupt`];
/// [`StoreError::Refused`] is a fault of this crate. Other errors are named by the methods that give them.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) database: Database,
    pub(crate) memory: Memory,
    pub(crate) told: Told,
}

impl Store {
    /// Opens `sqlite://PATH`, `sqlite::memory:` or `postgres://…`, creating SQLite's file where there is none, and brings
    /// the schema up to date.
    ///
    /// # Errors
    ///
    /// [`StoreError::Setup`] where the address, the file or the server must be set right first, with the remedy;
    /// [`StoreError::Schema`] where the database was made by a newer program or is not ours.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Ok(Self {
            database: Database::open(url).await?,
            memory: Memory::default(),
            told: Told::default(),
        })
    }

    /// Waits for what is under way and lets go of the database. Later calls give [`StoreError::Unavailable`].
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// Reads rows of `text`, its values set by `bind`.
    pub(crate) async fn rows(
        &self,
        text: &'static str,
        bind: impl FnOnce(&mut Args),
    ) -> Result<Vec<Row>, StoreError> {
        let statement = self.statement(text, bind);
        self.database.read(statement).await
    }

    /// Runs one writing statement in a transaction of its own; how many rows it changed.
    pub(crate) async fn execute(
        &self,
        text: &'static str,
        bind: impl FnOnce(&mut Args),
    ) -> Result<u64, StoreError> {
        let statement = self.statement(text, bind);
        Ok(self.database.write(vec![statement]).await?.iter().sum())
    }

    pub(crate) fn statement(&self, text: &'static str, bind: impl FnOnce(&mut Args)) -> Statement {
        let mut args = self.database.args();
        bind(&mut args);
        Statement::new(text, args)
    }
}
