//! SQLite, embedded: write-ahead log, every commit synced, one connection that writes.

use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::{Arc, Weak};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Row as _, SqlitePool};

use super::{Transaction, Turns, fault};
use crate::row::Row;
use crate::sql::{Args, Statement};
use crate::{Description, StoreError};

/// The first version without the bug that corrupts a log that two connections checkpoint at once.
const VERSION_MIN: [u32; 3] = [3, 51, 3];
/// How long between two checkpoints. They move pages from the log into the database beside the commits, not within one of
/// them, and a page that was written often since the last one is moved once.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(1);
/// A log of this many pages (64 MB) is made to begin anew.
const LOG_PAGES_LONG: i64 = 16_000;
/// At this length (256 MB) a commit does so by itself, and keeps all others waiting.
const LOG_PAGES_MAX: &str = "64000";
/// How many connections read at once.
const READERS: u32 = 4;
/// Statements kept prepared per connection: every size of every table's, and the reads.
const STATEMENTS_MAX: usize = 256;

#[derive(Debug, Clone)]
pub(crate) struct Sqlite {
    /// One connection: SQLite has one writer, and waiting here is fairer than its busy loop.
    writer: SqlitePool,
    /// The same as `writer` for a database in memory, which belongs to its connection.
    readers: SqlitePool,
    file: Option<PathBuf>,
    turns: Turns,
    /// Held by every clone; without it the checkpoints end.
    in_use: Arc<()>,
}

impl Sqlite {
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str(url).map_err(|fault| {
            StoreError::Setup(format!(
                "{url:?} is not the address of a SQLite database ({fault}): write sqlite://PATH"
            ))
        })?;
        let in_memory = url.contains(":memory:") || url.contains("mode=memory");
        let file = (!in_memory).then(|| options.get_filename().to_owned());
        let options = options
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5))
            .statement_cache_capacity(STATEMENTS_MAX)
            .pragma("cache_size", "-32768")
            .pragma("wal_autocheckpoint", LOG_PAGES_MAX)
            .disable_statement_logging();
        let writer = pool(1, options.clone()).await.map_err(|error| cannot_open(url, &error))?;
        sqlx::migrate!("migrations/sqlite").run(&writer).await.map_err(fault::of_migration)?;
        let readers = match &file {
            Some(_) => pool(READERS, options).await.map_err(|error| cannot_open(url, &error))?,
            None => writer.clone(),
        };
        let turns = Turns::default();
        let sqlite = Self { writer, readers, file, turns, in_use: Arc::new(()) };
        sqlite.check().await?;
        if sqlite.file.is_some() {
            let (writer, readers) = (sqlite.writer.clone(), sqlite.readers.clone());
            let (turns, in_use) = (Arc::clone(&sqlite.turns), Arc::downgrade(&sqlite.in_use));
            tokio::spawn(Checkpoints { writer, readers, turns, in_use }.run());
        }
        Ok(sqlite)
    }

    /// What the durability promise stands on is asked of the library, not assumed.
    async fn check(&self) -> Result<(), StoreError> {
        let is = self.describe().await?;
        let version: Vec<u32> =
            is.version.split('.').filter_map(|part| part.parse().ok()).collect();
        if version.as_slice() < VERSION_MIN.as_slice() {
            return Err(StoreError::Setup(format!(
                "SQLite {} can corrupt its log: build timbre with the library it bundles (3.51.3 or later)",
                is.version
            )));
        }
        if self.file.is_some() && is.journal_mode != "wal" {
            return Err(StoreError::Setup(
                "the database's file system cannot hold a write-ahead log: put the file on a local disk"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    pub(super) fn turns(&self) -> &Turns {
        &self.turns
    }

    pub(super) async fn begin(&self) -> Result<Transaction, StoreError> {
        let begun = self.writer.begin_with("BEGIN IMMEDIATE").await;
        begun.map(Transaction::Sqlite).map_err(fault::of_statement)
    }

    pub(super) async fn transact(
        &self,
        statements: Vec<Statement>,
    ) -> Result<Vec<u64>, StoreError> {
        self.try_transact(statements).await.map_err(fault::of_statement)
    }

    async fn try_transact(&self, statements: Vec<Statement>) -> Result<Vec<u64>, sqlx::Error> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let mut changed = Vec::with_capacity(statements.len());
        for Statement { text, args } in statements {
            let Args::Sqlite(args) = args else {
                unreachable!("values are made for their database")
            };
            let done = sqlx::query_with(text, args).execute(&mut *transaction).await?;
            changed.push(done.rows_affected());
        }
        transaction.commit().await?;
        Ok(changed)
    }

    pub(super) async fn read(
        &self,
        Statement { text, args }: Statement,
    ) -> Result<Vec<Row>, StoreError> {
        let Args::Sqlite(args) = args else { unreachable!("values are made for their database") };
        let rows = sqlx::query_with(text, args).fetch_all(&self.readers).await;
        Ok(rows.map_err(fault::of_statement)?.into_iter().map(Row::Sqlite).collect())
    }

    pub(super) async fn describe(&self) -> Result<Description, StoreError> {
        let row = sqlx::query(
            "SELECT sqlite_version(), (SELECT journal_mode FROM pragma_journal_mode), \
             (SELECT synchronous FROM pragma_synchronous)",
        )
        .fetch_one(&self.writer)
        .await
        .map_err(fault::of_statement)?;
        let synchronous = match row.try_get::<i64, usize>(2).map_err(fault::of_statement)? {
            0 => "off",
            1 => "normal",
            2 => "full",
            _ => "extra",
        };
        Ok(Description {
            engine: "sqlite",
            version: row.try_get(0).map_err(fault::of_statement)?,
            journal_mode: row.try_get(1).map_err(fault::of_statement)?,
            synchronous: synchronous.to_owned(),
            file: self.file.clone(),
        })
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Moves pages from the log into the database now and then, until nobody uses it any more.
struct Checkpoints {
    writer: SqlitePool,
    readers: SqlitePool,
    turns: Turns,
    in_use: Weak<()>,
}

impl Checkpoints {
    async fn run(self) {
        let mut due = tokio::time::interval(CHECKPOINT_INTERVAL);
        due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            due.tick().await;
            if self.in_use.strong_count() == 0 || self.readers.is_closed() {
                return;
            }
            if let Err(why) = self.one().await {
                tracing::debug!(%why, "a checkpoint was left to the next one");
            }
        }
    }

    /// Beside commits a checkpoint never comes to the end of the log, and only then the log can begin anew. So whoever writes
    /// much waits while nearly all is done, and the one connection that writes does the small rest.
    async fn one(&self) -> Result<(), sqlx::Error> {
        if checkpoint(&self.readers).await? < LOG_PAGES_LONG {
            return Ok(());
        }
        let _turn = self.turns.lock().await;
        checkpoint(&self.readers).await?;
        checkpoint(&self.writer).await.map(drop)
    }
}

/// How many pages the log has, where some are left in it.
async fn checkpoint(by: &SqlitePool) -> Result<i64, sqlx::Error> {
    let row = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(by).await?;
    let (pages, done): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
    Ok(if done < pages { pages } else { 0 })
}

async fn pool(connections: u32, options: SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await
}

fn cannot_open(url: &str, error: &sqlx::Error) -> StoreError {
    StoreError::Setup(format!(
        "cannot open the database {url} ({error}): create its directory, give the service's user the right to write \
         there, and see that the disk is not full"
    ))
}
