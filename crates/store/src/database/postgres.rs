//! Postgres, the one coordinator when a floor outgrows a machine.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgPool, Row as _};

use super::transaction::PgTransaction;
use super::{Transaction, Turns, fault};
use crate::row::Row;
use crate::sql::{Args, Statement};
use crate::{Description, StoreError};

/// How many sessions. Commits come from one driver, one after the other; the others read.
const CONNECTIONS: u32 = 8;
/// How long to wait for a session.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a transaction may take. The driver has no TCP time-out: a server that fell silent is noticed by this alone.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a session may take to answer before it is handed out.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);
/// Sessions are renewed, so that they follow a server that moved.
const LIFETIME_MAX: Duration = Duration::from_secs(300);

/// What a session is told when it begins. Durability as the server's owner set it, but never less than a synced commit;
/// no warning for each `ROLLBACK` that finds nothing to roll back; no statement without an end.
const GREETING: &str = "SET client_min_messages = error; SET statement_timeout = '8s'; \
     SET idle_in_transaction_session_timeout = '15s'; \
     SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

#[derive(Debug, Clone)]
pub(crate) struct Postgres {
    pool: PgPool,
    turns: Turns,
}

impl Postgres {
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url).map_err(|fault| {
            StoreError::Setup(format!(
                "the address of the Postgres database cannot be read ({fault}): write postgres://USER@HOST/DATABASE"
            ))
        })?;
        let options = options
            .application_name("timbre")
            .statement_cache_capacity(256)
            .disable_statement_logging();
        probe(&options).await?;
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .max_lifetime(LIFETIME_MAX)
            .test_before_acquire(false)
            .after_connect(|session, _| Box::pin(greet(session)))
            .before_acquire(|session, _| Box::pin(clean_and_writable(session)))
            .connect_with(options)
            .await
            .map_err(fault::of_statement)?;
        sqlx::migrate!("migrations/postgres").run(&pool).await.map_err(fault::of_migration)?;
        Ok(Self { pool, turns: Turns::default() })
    }

    pub(super) fn turns(&self) -> &Turns {
        &self.turns
    }

    pub(super) async fn begin(&self) -> Result<Transaction, StoreError> {
        Ok(Transaction::Postgres(PgTransaction::begin(self.session().await?).await?))
    }

    pub(super) async fn transact(
        &self,
        statements: Vec<Statement>,
    ) -> Result<Vec<u64>, StoreError> {
        let mut session = self.session().await?;
        let work = tokio::time::timeout(TRANSACTION_TIMEOUT, run(&mut session, statements)).await;
        let failure = match work {
            Ok(Ok(changed)) => return Ok(changed),
            Ok(Err(error)) => fault::of_statement(error),
            Err(_) => silent(),
        };
        // Whatever went wrong, this session may be part of it: one that fell behind a switchover still answers pings.
        session.close_on_drop();
        Err(failure)
    }

    pub(super) async fn read(
        &self,
        Statement { text, args }: Statement,
    ) -> Result<Vec<Row>, StoreError> {
        let Args::Postgres(args) = args else { unreachable!("values are made for their database") };
        let mut session = self.session().await?;
        let query = sqlx::query_with(text, args).fetch_all(&mut *session);
        let failure = match tokio::time::timeout(TRANSACTION_TIMEOUT, query).await {
            Ok(Ok(rows)) => return Ok(rows.into_iter().map(Row::Postgres).collect()),
            Ok(Err(error)) => fault::of_statement(error),
            Err(_) => silent(),
        };
        session.close_on_drop();
        Err(failure)
    }

    /// A session in good order. That there is none means that the server is away, whatever it says of why.
    async fn session(&self) -> Result<PoolConnection<sqlx::Postgres>, StoreError> {
        self.pool.acquire().await.map_err(|why| StoreError::Unavailable(why.to_string()))
    }

    pub(super) async fn describe(&self) -> Result<Description, StoreError> {
        let row = sqlx::query(
            "SELECT current_setting('server_version'), current_setting('synchronous_commit')",
        )
        .fetch_one(&self.pool)
        .await
        .map_err(fault::of_statement)?;
        Ok(Description {
            engine: "postgres",
            version: row.try_get(0).map_err(fault::of_statement)?,
            journal_mode: "wal".to_owned(),
            synchronous: row.try_get(1).map_err(fault::of_statement)?,
            file: None,
        })
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

/// One connection before there is a pool: the pool would repeat a refusal until its time is over, and then say only that.
async fn probe(options: &PgConnectOptions) -> Result<(), StoreError> {
    let refused = |why: String| {
        StoreError::Setup(format!(
            "cannot use the Postgres server {}:{} ({why}): see that it runs, that the user and the database exist, \
             and that it is the primary",
            options.get_host(),
            options.get_port(),
        ))
    };
    let connect = tokio::time::timeout(ACQUIRE_TIMEOUT, options.connect()).await;
    let connect = connect.map_err(|_| refused("it does not answer".to_owned()))?;
    let mut session = connect.map_err(|error| refused(error.to_string()))?;
    greet(&mut session).await.map_err(|error| refused(error.to_string()))?;
    let _ = session.close().await;
    Ok(())
}

fn silent() -> StoreError {
    StoreError::Unavailable("the server did not answer in time".to_owned())
}

async fn run(
    session: &mut PgConnection,
    statements: Vec<Statement>,
) -> Result<Vec<u64>, sqlx::Error> {
    let mut transaction = session.begin().await?;
    let mut changed = Vec::with_capacity(statements.len());
    for Statement { text, args } in statements {
        let Args::Postgres(args) = args else { unreachable!("values are made for their database") };
        let done = sqlx::query_with(text, args).execute(&mut *transaction).await?;
        changed.push(done.rows_affected());
    }
    transaction.commit().await?;
    Ok(changed)
}

async fn greet(session: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(GREETING).execute(&mut *session).await?;
    if clean_and_writable(session).await? {
        Ok(())
    } else {
        Err(sqlx::Error::Protocol("the server is read-only: it is not the primary".to_owned()))
    }
}

/// Heals in one round trip what sqlx leaves behind: a session inside a transaction whose `begin` was cancelled, and a
/// session of a server that has become read-only.
async fn clean_and_writable(session: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let check = sqlx::raw_sql("ROLLBACK; SHOW transaction_read_only").fetch_one(session);
    let answer = tokio::time::timeout(CHECK_TIMEOUT, check).await;
    let row = answer.map_err(|_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))??;
    Ok(row.try_get::<&str, usize>(0)? == "off")
}
