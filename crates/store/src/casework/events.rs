//! Events: numbered for each tenant without a gap, and kept once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use timbre_casework::NewEvent;
use timbre_model::{Civil, ClientId, TenantId};
use tokio::sync::watch;

use crate::calls::without_nul;
use crate::row::{Columns, Row};
use crate::sql::{Args, Dialect, Kind, ROWS_MAX, Statement, Table};
use crate::{Store, StoreError};

/// Numbered in the statement itself, by how many of its rows are new: an event that is there already takes no number.
static EVENTS: Table = Table::new(
    "events",
    &[
        ("tenant", Kind::Text),
        ("seq", Kind::Int),
        ("id", Kind::Text),
        ("kind", Kind::Text),
        ("subject", Kind::Text),
        ("client", Kind::Text),
        ("at", Kind::Int),
        ("data", Kind::Text),
    ],
    2,
    8,
)
.computed(
    1,
    "COALESCE((SELECT h.seq FROM event_heads h WHERE h.tenant = column1), 0) + ROW_NUMBER() OVER (ORDER BY column2)",
    "NOT EXISTS (SELECT 1 FROM events e WHERE e.tenant = column1 AND e.id = column3)",
);

/// Locks a tenant's head on Postgres until the transaction ends: whoever comes next sees the numbers that were given.
const LOCK: &str = "INSERT INTO event_heads (tenant, seq) VALUES ($1, 0) \
     ON CONFLICT (tenant) DO UPDATE SET seq = event_heads.seq";

/// The head never goes back, also where the events before it were pruned.
const COUNT: &str = "INSERT INTO event_heads (tenant, seq) \
     VALUES ($1, COALESCE((SELECT MAX(seq) FROM events WHERE tenant = $1), 0)) \
     ON CONFLICT (tenant) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > event_heads.seq";

/// An event as it is kept, with its number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredEvent {
    /// Counts the tenant's events from 1, without a gap.
    pub seq: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: NewEvent,
}

/// An event to be kept, in the form of its row.
#[derive(Debug)]
pub(crate) struct NewRow {
    pub(crate) tenant: TenantId,
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) client: Option<ClientId>,
    pub(crate) at: Civil,
    /// JSON.
    pub(crate) data: String,
}

impl NewRow {
    pub(crate) fn new(tenant: &TenantId, event: &NewEvent) -> Self {
        let NewEvent { id, kind, subject, client, at, data } = event;
        Self {
            tenant: tenant.clone(),
            id: without_nul(id).into_owned(),
            kind: without_nul(kind).into_owned(),
            subject: without_nul(subject).into_owned(),
            client: client.clone(),
            at: *at,
            data: data.to_string(),
        }
    }
}

/// Statements that append `events`, in their order. They come last in a transaction: heads are the last locks that it takes.
pub(crate) fn append_statements(dialect: Dialect, events: &[NewRow]) -> Vec<Statement> {
    let (mut seen, mut by_tenant) = (BTreeSet::new(), BTreeMap::<_, Vec<_>>::new());
    for event in events {
        if seen.insert((&event.tenant, event.id.as_str())) {
            by_tenant.entry(&event.tenant).or_default().push(event);
        }
    }
    let mut statements = Vec::with_capacity(3);
    for (tenant, events) in by_tenant {
        let of_tenant = |text: &'static str| {
            let mut args = Args::new(dialect);
            args.text(tenant.as_str());
            Statement::new(text, args)
        };
        if dialect == Dialect::Postgres {
            statements.push(of_tenant(LOCK));
        }
        for events in events.chunks(ROWS_MAX) {
            let numbered: Vec<_> = (0_i64..).zip(events.iter().copied()).collect();
            statements.extend(EVENTS.upsert(dialect, &numbered, write));
            statements.push(of_tenant(COUNT));
        }
    }
    statements
}

fn write((place, event): &(i64, &NewRow), to: &mut Args) {
    let NewRow { tenant, id, kind, subject, client, at, data } = event;
    to.text(tenant.as_str()).int(*place).text(id.as_str()).text(kind.as_str());
    to.text(subject.as_str()).text(client.as_ref().map(ClientId::as_str));
    to.int(at.as_micros()).text(data.as_str());
}

fn read(row: &Row) -> Result<StoredEvent, StoreError> {
    let mut from = Columns::new(row, "events", 1);
    let seq = from.count("seq")?;
    let event = NewEvent {
        id: from.text("id")?.to_owned(),
        kind: from.text("kind")?.to_owned(),
        subject: from.text("subject")?.to_owned(),
        client: from.parsed_or_null("client", |it| ClientId::parse(it).ok())?,
        at: from.time("at")?,
        data: from.parsed("data", |it| serde_json::from_str(it).ok())?,
    };
    Ok(StoredEvent { seq, event })
}

/// Tells whoever waits that there are events to read.
#[derive(Debug, Clone)]
pub(crate) struct Told(Arc<watch::Sender<u64>>);

impl Default for Told {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Told {
    /// Events were committed.
    pub(crate) fn tell(&self) {
        self.0.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl Store {
    /// Changes whenever this process has committed events, of whichever tenant. Those of other processes are not noticed:
    /// look now and then all the same.
    pub fn events_told(&self) -> watch::Receiver<u64> {
        self.told.0.subscribe()
    }

    /// At most `most` events of a tenant behind number `after`, in order.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn events(
        &self,
        tenant: &TenantId,
        after: u64,
        most: u32,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let rows = self.rows(
            "SELECT seq, id, kind, subject, client, at, data FROM events \
             WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3",
            |args| {
                args.text(tenant.as_str()).int(number(after)).int(i64::from(most));
            },
        );
        rows.await?.iter().map(read).collect()
    }

    /// The number of a tenant's latest event; 0 where there was none.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn event_head(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        let rows = self.rows("SELECT seq FROM event_heads WHERE tenant = $1", |args| {
            args.text(tenant.as_str());
        });
        let head = |row| Columns::new(row, "event_heads", 0).count("seq");
        Ok(rows.await?.first().map(head).transpose()?.unwrap_or_default())
    }

    /// The number of the event up to which `reader` has come; 0 where it never read. Moved by
    /// [`With::cursor`](crate::With::cursor).
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn cursor(&self, tenant: &TenantId, reader: &str) -> Result<u64, StoreError> {
        let rows =
            self.rows("SELECT seq FROM event_cursors WHERE tenant = $1 AND reader = $2", |args| {
                args.text(tenant.as_str()).text(reader);
            });
        let seq = |row| Columns::new(row, "event_cursors", 0).count("seq");
        Ok(rows.await?.first().map(seq).transpose()?.unwrap_or_default())
    }

    /// Forgets at most 1,000 events of a tenant that happened before `before` and stand before number `until`, the oldest
    /// first; how many. Numbers are not used again.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn prune_events(
        &self,
        tenant: &TenantId,
        until: u64,
        before: Civil,
    ) -> Result<u64, StoreError> {
        self.execute(
            "DELETE FROM events WHERE tenant = $1 AND seq IN \
             (SELECT seq FROM events WHERE tenant = $1 AND seq < $2 ORDER BY seq LIMIT 1000) AND at < $3",
            |args| {
                args.text(tenant.as_str()).int(number(until)).int(before.as_micros());
            },
        )
        .await
    }
}

pub(super) fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
