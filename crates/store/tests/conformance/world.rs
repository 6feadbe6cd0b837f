//! Databases for one case each, and records to put in them.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::{Connection as _, Executor as _, PgConnection, SqliteConnection};
use timbre_model::{
    AgentId, AgentStateKind, AgentStateRecord, CallId, CallRecord, CallerId, Change, Civil,
    ClientId, HoldStats, OfferId, OfferRecord, PhoneNumber, QueueId, TenantId, TimelineEntry,
    TimelineKind, TrunkId,
};
use timbre_store::Store;

/// Where a case's database is.
pub struct Place {
    pub url: String,
    /// Set for Postgres: the server's own database, from where the other one is handled.
    pub server: Option<String>,
    /// A directory that goes away with the case.
    files: tempfile::TempDir,
}

impl Place {
    /// A file of its own.
    pub fn sqlite() -> Self {
        let files = tempfile::tempdir().expect("a temporary directory");
        let url = format!("sqlite://{}", files.path().join("timbre.db").display());
        Self { url, server: None, files }
    }

    /// A new database of the private server.
    pub async fn postgres() -> Self {
        let server = std::env::var("TIMBRE_TEST_POSTGRES").unwrap_or_else(|_| {
            panic!(
                "TIMBRE_TEST_POSTGRES is not set: run the tests by scripts/test, or as \
                 scripts/postgres run cargo nextest run -p timbre-store"
            )
        });
        let files = tempfile::tempdir().expect("a temporary directory");
        // The directory's name is one that no other test has.
        let name = files.path().file_name().expect("a name").to_string_lossy().into_owned();
        let mut session = PgConnection::connect(&server).await.expect("the private server answers");
        let create = format!("CREATE DATABASE \"{name}\"");
        session.execute(sqlx::AssertSqlSafe(create)).await.expect("a new database");
        let (address, _) = server.rsplit_once('/').expect("a URL with a database");
        Self { url: format!("{address}/{name}"), server: Some(server), files }
    }

    /// Where a spool may stand.
    pub fn spool(&self) -> PathBuf {
        self.files.path().join("changes.spool")
    }

    pub async fn open(&self) -> Store {
        Store::open(&self.url).await.expect("the database opens")
    }

    /// The database's name at the server.
    pub fn name(&self) -> &str {
        self.url.rsplit('/').next().expect("a name")
    }

    /// Does something to the database behind the store's back.
    pub async fn meddle(&self, sql: &str) {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        if self.server.is_some() {
            let mut session = PgConnection::connect(&self.url).await.expect("the server answers");
            session.execute(sql).await.expect("the statement is taken");
        } else {
            let mut session = SqliteConnection::connect(&self.url).await.expect("the file opens");
            session.execute(sql).await.expect("the statement is taken");
        }
    }

    /// Takes the database away from every store that uses it, until the outage ends.
    pub async fn outage(&self) -> Outage<'_> {
        if self.server.is_some() {
            self.at_server(&format!("ALTER DATABASE \"{}\" ALLOW_CONNECTIONS false", self.name()))
                .await;
            self.end_sessions().await;
            return Outage { place: self, lock: None };
        }
        let mut lock = SqliteConnection::connect(&self.url).await.expect("the file opens");
        lock.execute("BEGIN IMMEDIATE").await.expect("the lock");
        Outage { place: self, lock: Some(lock) }
    }

    /// Waits until no session of the database has an open transaction, for a few seconds.
    pub async fn no_session_stays_inside_a_transaction(&self) {
        let Some(server) = &self.server else { return };
        let mut session = PgConnection::connect(server).await.expect("the server answers");
        let mut look = tokio::time::interval(Duration::from_millis(5));
        for _ in 0..600 {
            look.tick().await;
            let open = sqlx::query_scalar::<_, i64>(
                "SELECT count(*) FROM pg_stat_activity \
                 WHERE datname = $1 AND state LIKE 'idle in transaction%'",
            );
            let open = open.bind(self.name()).fetch_one(&mut session).await;
            if open.expect("a count") == 0 {
                return;
            }
        }
        panic!("a session is left inside a transaction");
    }

    /// Ends every session of the database, as a server that restarts does.
    pub async fn end_sessions(&self) {
        let name = self.name();
        let end = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        );
        self.at_server(&end).await;
    }

    /// Does something at the server, outside the database.
    pub async fn at_server(&self, sql: &str) {
        let server = self.server.as_ref().expect("Postgres");
        let mut session = PgConnection::connect(server).await.expect("the server answers");
        session.execute(sqlx::AssertSqlSafe(sql.to_owned())).await.expect("the statement is taken");
    }
}

/// A database that is away.
pub struct Outage<'a> {
    place: &'a Place,
    /// SQLite's write lock, in another hand.
    lock: Option<SqliteConnection>,
}

impl Outage<'_> {
    pub async fn end(self) {
        match self.lock {
            Some(lock) => lock.close().await.expect("the lock is let go"),
            None => {
                let name = self.place.name();
                let back = format!("ALTER DATABASE \"{name}\" ALLOW_CONNECTIONS true");
                self.place.at_server(&back).await;
            }
        }
    }
}

pub fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).expect("a tenant")
}

pub fn agent(name: &str) -> AgentId {
    AgentId::parse(name).expect("an agent")
}

pub fn queue(name: &str) -> QueueId {
    QueueId::parse(name).expect("a queue")
}

pub fn at(micros: i64) -> Civil {
    Civil::from_micros(micros)
}

pub fn call_id(number: u128) -> CallId {
    CallId::from_u128(number)
}

/// A call that has just arrived.
pub fn call(tenant_name: &str, number: u128, arrived: i64) -> CallRecord {
    CallRecord {
        id: call_id(number),
        tenant: tenant(tenant_name),
        trunk: TrunkId::parse("carrier").expect("a trunk"),
        dialed: "+34900100200".to_owned(),
        caller: CallerId::Number(PhoneNumber::parse("+34612345678").expect("a number")),
        queue: Some(queue("sales")),
        client: Some(ClientId::parse("acme").expect("a client")),
        arrived_at: at(arrived),
        answered_at: None,
        answered_ring: None,
        connected_at: None,
        agent: None,
        outbound: None,
        hold: HoldStats::default(),
        ended_at: None,
        outcome: None,
        cause: None,
        released_by: None,
        disposition: None,
        wrapped_up_at: None,
    }
}

/// The same, answered and connected a second after its arrival.
pub fn connected(tenant_name: &str, number: u128, arrived: i64) -> CallRecord {
    CallRecord {
        answered_at: Some(at(arrived + 900_000)),
        answered_ring: Some(1),
        connected_at: Some(at(arrived + 1_000_000)),
        agent: Some(agent("ana")),
        hold: HoldStats {
            count: 2,
            total: Duration::from_micros(5_000_001),
            longest: Duration::from_micros(3_000_001),
        },
        ..call(tenant_name, number, arrived)
    }
}

pub fn entry(tenant_name: &str, call: u128, number: u32, what: TimelineKind) -> TimelineEntry {
    TimelineEntry {
        call: call_id(call),
        tenant: tenant(tenant_name),
        number,
        at: at(1_000 + i64::from(number)),
        what,
    }
}

pub fn offer(tenant_name: &str, call: u128, number: u32) -> OfferRecord {
    OfferRecord {
        id: OfferId { call: call_id(call), number },
        tenant: tenant(tenant_name),
        queue: queue("sales"),
        agent: agent("ana"),
        offered_at: at(2_000),
        ended_at: None,
        outcome: None,
    }
}

pub fn state(name: &str, micros: i64, number: u64, state: AgentStateKind) -> AgentStateRecord {
    AgentStateRecord {
        tenant: tenant("t"),
        agent: agent(name),
        at: at(micros),
        number,
        state,
        reason: None,
        call: None,
    }
}

pub fn call_change(call: CallRecord) -> Change {
    Change::Call(Box::new(call))
}
