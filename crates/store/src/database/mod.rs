//! The two databases behind one face: statements go in, rows come out.

mod fault;
mod postgres;
mod sqlite;
mod transaction;

use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::row::Row;
use crate::sql::{Args, Dialect, Statement};
use crate::{Description, StoreError};
pub(crate) use transaction::Transaction;

/// Whose turn it is to write much.
type Turns = Arc<Mutex<()>>;

/// An open database. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Database {
    pub(crate) async fn open(url: &str) -> Result<Self, StoreError> {
        let scheme = url.split(':').next().unwrap_or_default();
        match scheme {
            "sqlite" => sqlite::Sqlite::open(url).await.map(Self::Sqlite),
            "postgres" | "postgresql" => postgres::Postgres::open(url).await.map(Self::Postgres),
            _ => Err(StoreError::Setup(
                "the database's address must begin with sqlite:// or postgres://, as in \
                 sqlite://timbre.db or postgres://user@host/timbre"
                    .to_owned(),
            )),
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    pub(crate) fn args(&self) -> Args {
        Args::new(self.dialect())
    }

    /// Runs the statements in one transaction and gives how many rows each changed. The transaction has a task of its
    /// own: whoever waits for it may be cancelled, and the pool would then hold a session inside an open transaction.
    pub(crate) async fn write(&self, statements: Vec<Statement>) -> Result<Vec<u64>, StoreError> {
        let database = self.clone();
        apart(async move {
            match &database {
                Self::Sqlite(sqlite) => sqlite.transact(statements).await,
                Self::Postgres(postgres) => postgres.transact(statements).await,
            }
        })
        .await
    }

    /// Begins a transaction that reads before it writes. Only within [`apart`].
    pub(crate) async fn begin(&self) -> Result<Transaction, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.begin().await,
            Self::Postgres(postgres) => postgres.begin().await,
        }
    }

    /// The turn of whoever writes much: held for each large transaction, so that a small one waits for one of them at most
    /// and the database can put its log away between them.
    pub(crate) async fn turn(&self) -> OwnedMutexGuard<()> {
        let turns = match self {
            Self::Sqlite(sqlite) => sqlite.turns(),
            Self::Postgres(postgres) => postgres.turns(),
        };
        Arc::clone(turns).lock_owned().await
    }

    /// Runs one statement that only reads.
    pub(crate) async fn read(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.read(statement).await,
            Self::Postgres(postgres) => postgres.read(statement).await,
        }
    }

    pub(crate) async fn describe(&self) -> Result<Description, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.describe().await,
            Self::Postgres(postgres) => postgres.describe().await,
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(sqlite) => sqlite.close().await,
            Self::Postgres(postgres) => postgres.close().await,
        }
    }
}

/// Runs `work` in a task of its own: whoever waits for it may be cancelled, the work may not.
pub(crate) async fn apart<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(fault) if fault.is_panic() => std::panic::resume_unwind(fault.into_panic()),
        Err(_) => Err(StoreError::Unavailable("the process is shutting down".to_owned())),
    }
}
