//! A transaction that reads before it writes.

use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, Transaction as SqlxTransaction};

use super::fault;
use crate::StoreError;
use crate::row::Row;
use crate::sql::{Args, Dialect, Statement};

/// One transaction. Dropped without [`Transaction::commit`] it leaves nothing behind. Only for tasks of their own (see
/// [`apart`](super::apart)): its future must not be dropped half-way.
pub(crate) enum Transaction {
    Sqlite(SqlxTransaction<'static, Sqlite>),
    Postgres(PgTransaction),
}

/// Holds the session itself, so that one whose transaction failed is never handed out again.
pub(crate) struct PgTransaction {
    session: PoolConnection<sqlx::Postgres>,
    ended: bool,
}

impl PgTransaction {
    pub(super) async fn begin(session: PoolConnection<sqlx::Postgres>) -> Result<Self, StoreError> {
        let mut transaction = Self { session, ended: false };
        let begun = sqlx::raw_sql("BEGIN").execute(&mut *transaction.session).await;
        begun.map_err(fault::of_statement)?;
        Ok(transaction)
    }
}

impl Drop for PgTransaction {
    fn drop(&mut self) {
        if !self.ended {
            self.session.close_on_drop();
        }
    }
}

impl Transaction {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    pub(crate) async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        match (self, statement) {
            (Self::Sqlite(session), Statement { text, args: Args::Sqlite(args) }) => {
                let rows = sqlx::query_with(text, args).fetch_all(&mut **session).await;
                Ok(rows.map_err(fault::of_statement)?.into_iter().map(Row::Sqlite).collect())
            }
            (Self::Postgres(it), Statement { text, args: Args::Postgres(args) }) => {
                let rows = sqlx::query_with(text, args).fetch_all(&mut *it.session).await;
                Ok(rows.map_err(fault::of_statement)?.into_iter().map(Row::Postgres).collect())
            }
            _ => unreachable!("values are made for their database"),
        }
    }

    /// How many rows the statement changed.
    pub(crate) async fn run(&mut self, statement: Statement) -> Result<u64, StoreError> {
        self.execute(statement).await.map_err(fault::of_statement)
    }

    /// The same; `None` where the statement would have brought a unique key a second time. The transaction can only be given
    /// up then.
    pub(crate) async fn run_unique(
        &mut self,
        statement: Statement,
    ) -> Result<Option<u64>, StoreError> {
        match self.execute(statement).await {
            Ok(changed) => Ok(Some(changed)),
            Err(sqlx::Error::Database(fault)) if fault.is_unique_violation() => Ok(None),
            Err(fault) => Err(fault::of_statement(fault)),
        }
    }

    async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        match (self, statement) {
            (Self::Sqlite(session), Statement { text, args: Args::Sqlite(args) }) => {
                let done = sqlx::query_with(text, args).execute(&mut **session).await;
                done.map(|it| it.rows_affected())
            }
            (Self::Postgres(it), Statement { text, args: Args::Postgres(args) }) => {
                let done = sqlx::query_with(text, args).execute(&mut *it.session).await;
                done.map(|it| it.rows_affected())
            }
            _ => unreachable!("values are made for their database"),
        }
    }

    /// Gives up what was done. Dropping does so, too, and costs Postgres's session.
    pub(crate) async fn roll_back(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(session) => session.rollback().await.map_err(fault::of_statement),
            Self::Postgres(mut it) => {
                let done = sqlx::raw_sql("ROLLBACK").execute(&mut *it.session).await;
                it.ended = done.is_ok();
                done.map(drop).map_err(fault::of_statement)
            }
        }
    }

    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(session) => session.commit().await.map_err(fault::of_statement),
            Self::Postgres(mut it) => {
                let done = sqlx::raw_sql("COMMIT").execute(&mut *it.session).await;
                it.ended = done.is_ok();
                done.map(drop).map_err(fault::of_statement)
            }
        }
    }

    /// The values of a statement for this database, set by `bind`.
    pub(crate) fn statement(
        &self,
        text: impl Into<StatementText>,
        bind: impl FnOnce(&mut Args),
    ) -> Statement {
        let mut args = Args::new(self.dialect());
        bind(&mut args);
        match text.into() {
            StatementText::Fixed(text) => Statement::new(text, args),
            StatementText::Generated(text) => Statement::generated(text.into(), args),
        }
    }
}

/// A statement's text: one for both databases, or put together from this crate's own words.
pub(crate) enum StatementText {
    Fixed(&'static str),
    Generated(String),
}

impl From<&'static str> for StatementText {
    fn from(text: &'static str) -> Self {
        Self::Fixed(text)
    }
}

impl From<String> for StatementText {
    fn from(text: String) -> Self {
        Self::Generated(text)
    }
}
