//! The audit trail in the database.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use timbre_model::{Civil, TenantId};

use super::audit::{AuditEntry, AuditHash};
use crate::database::Transaction;
use crate::row::{Columns, Row};
use crate::sql::{Args, Dialect, Kind, Table, json_texts};
use crate::{Store, StoreError};

static AUDIT: Table = Table::new(
    "audit",
    &[
        ("tenant", Kind::Text),
        ("seq", Kind::Int),
        ("at", Kind::Int),
        ("kind", Kind::Text),
        ("subject", Kind::Text),
        ("payload", Kind::Text),
        ("prev", Kind::Bytes),
        ("hash", Kind::Bytes),
    ],
    2,
    8,
);

/// What is to be chained.
pub(crate) struct NewEntry {
    pub(crate) tenant: TenantId,
    pub(crate) at: Civil,
    pub(crate) kind: &'static str,
    pub(crate) subject: String,
    pub(crate) payload: String,
}

impl NewEntry {
    pub(crate) fn new(
        tenant: &TenantId,
        at: Civil,
        kind: &'static str,
        subject: String,
        record: &impl Serialize,
    ) -> Self {
        let payload = serde_json::to_string(record).expect("a record has a JSON form");
        Self { tenant: tenant.clone(), at, kind, subject, payload }
    }
}

fn write(entry: &AuditEntry, to: &mut Args) {
    let AuditEntry { tenant, seq, at, kind, subject, payload, prev, hash } = entry;
    to.text(tenant.as_str()).int(number(*seq)).int(at.as_micros()).text(kind.as_str());
    to.text(subject.as_str()).text(payload.as_str()).bytes(&prev.bytes()[..]);
    to.bytes(&hash.bytes()[..]);
}

fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

fn read(row: &Row) -> Result<AuditEntry, StoreError> {
    let mut from = Columns::new(row, "audit", 2);
    Ok(AuditEntry {
        tenant: from.parsed("tenant", |it| TenantId::parse(it).ok())?,
        seq: from.count("seq")?,
        at: from.time("at")?,
        kind: from.text("kind")?.to_owned(),
        subject: from.text("subject")?.to_owned(),
        payload: from.text("payload")?.to_owned(),
        prev: hash(&mut from, "prev")?,
        hash: hash(&mut from, "hash")?,
    })
}

fn hash(from: &mut Columns<'_>, column: &'static str) -> Result<AuditHash, StoreError> {
    let bytes = <[u8; 32]>::try_from(from.bytes(column)?).map_err(|_| from.corrupt(column))?;
    Ok(AuditHash::from_bytes(bytes))
}

/// Appends `entries` to their tenants' chains. Where they may have been written before (`repeated`), those that stand
/// there already are left out. Locks each tenant's chain until the transaction ends: it comes last in the order of locks, but for the heads of the
/// events.
pub(crate) async fn append(
    transaction: &mut Transaction,
    entries: Vec<NewEntry>,
    repeated: bool,
) -> Result<(), StoreError> {
    let mut by_tenant: BTreeMap<TenantId, Vec<NewEntry>> = BTreeMap::new();
    for entry in entries {
        by_tenant.entry(entry.tenant.clone()).or_default().push(entry);
    }
    for (tenant, mut entries) in by_tenant {
        let (mut seq, mut prev) = lock_head(transaction, &tenant).await?;
        if repeated {
            let known = known(transaction, &tenant, &entries).await?;
            entries.retain(|it| !known.contains(&(it.kind.to_owned(), it.payload.clone())));
        }
        let chained: Vec<_> = entries
            .into_iter()
            .map(|it| {
                seq += 1;
                let NewEntry { tenant, at, kind, subject, payload } = it;
                let (kind, hash) = (kind.to_owned(), AuditHash::default());
                let mut entry = AuditEntry { tenant, seq, at, kind, subject, payload, prev, hash };
                entry.hash = entry.expected_hash();
                prev = entry.hash;
                entry
            })
            .collect();
        for statement in AUDIT.upsert(transaction.dialect(), &chained, write) {
            transaction.run(statement).await?;
        }
        let text = "UPDATE audit_heads SET seq = $2, hash = $3 WHERE tenant = $1";
        let statement = transaction.statement(text, |args| {
            args.text(tenant.as_str()).int(number(seq)).bytes(&prev.bytes()[..]);
        });
        transaction.run(statement).await?;
    }
    Ok(())
}

async fn lock_head(
    transaction: &mut Transaction,
    tenant: &TenantId,
) -> Result<(u64, AuditHash), StoreError> {
    let text = match transaction.dialect() {
        Dialect::Sqlite => "SELECT seq, hash FROM audit_heads WHERE tenant = $1",
        Dialect::Postgres => "SELECT seq, hash FROM audit_heads WHERE tenant = $1 FOR UPDATE",
    };
    for _ in 0..2 {
        let statement = transaction.statement(text, |args| {
            args.text(tenant.as_str());
        });
        if let Some(row) = transaction.rows(statement).await?.first() {
            return head(row);
        }
        let text =
            "INSERT INTO audit_heads (tenant, seq, hash) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING";
        let statement = transaction.statement(text, |args| {
            args.text(tenant.as_str()).bytes(&AuditHash::default().bytes()[..]);
        });
        transaction.run(statement).await?;
    }
    Err(StoreError::Refused("the head of an audit trail was written and is not there".to_owned()))
}

fn head(row: &Row) -> Result<(u64, AuditHash), StoreError> {
    let mut from = Columns::new(row, "audit_heads", 0);
    Ok((from.count("seq")?, hash(&mut from, "hash")?))
}

/// Kinds and payloads of what is there on the same subjects since the first of the entries.
async fn known(
    transaction: &mut Transaction,
    tenant: &TenantId,
    entries: &[NewEntry],
) -> Result<BTreeSet<(String, String)>, StoreError> {
    let subjects: BTreeSet<&str> = entries.iter().map(|it| it.subject.as_str()).collect();
    let first = entries.iter().map(|it| it.at).min().unwrap_or_default();
    let among = transaction.dialect().among("subject", 2);
    let indexed = transaction.dialect().indexed("audit_by_subject");
    let text = format!(
        "SELECT kind, payload FROM audit{indexed} WHERE tenant = $1 AND {among} AND at >= $3"
    );
    let statement = transaction.statement(text, |args| {
        args.text(tenant.as_str()).text(&*json_texts(subjects)).int(first.as_micros());
    });
    let rows = transaction.rows(statement).await?;
    let pair = |row| {
        let mut from = Columns::new(row, "audit", 0);
        Ok((from.text("kind")?.to_owned(), from.text("payload")?.to_owned()))
    };
    rows.iter().map(pair).collect()
}

impl Store {
    /// At most `most` entries of a tenant's chain from number `from` on, in order. The end is reached where fewer come.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn audit_export(
        &self,
        tenant: &TenantId,
        from: u64,
        most: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = self.rows(
            "SELECT tenant, seq, at, kind, subject, payload, prev, hash FROM audit \
             WHERE tenant = $1 AND seq >= $2 ORDER BY seq LIMIT $3",
            |args| {
                args.text(tenant.as_str()).int(number(from)).int(i64::from(most));
            },
        );
        rows.await?.iter().map(read).collect()
    }

    /// Number and hash of the last entry of a tenant's chain; 0 and zeros where there is none.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn audit_head(&self, tenant: &TenantId) -> Result<(u64, AuditHash), StoreError> {
        let rows = self.rows("SELECT seq, hash FROM audit_heads WHERE tenant = $1", |args| {
            args.text(tenant.as_str());
        });
        Ok(rows.await?.first().map(head).transpose()?.unwrap_or_default())
    }
}
