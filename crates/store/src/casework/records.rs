//! Records: each whole as JSON, beside what it is found by.

use timbre_casework::{
    Callback, CallbackId, Case, CaseId, CaseKey, Customer, CustomerId, FollowUp, FollowUpId, Index,
    Message, MessageId, Record, RecordKind, Sale, SaleId, Survey, SurveyId, Trouble, TroubleId,
};
use timbre_model::{AgentId, Civil, ClientId, TenantId};

use super::{WorkError, agenda, key};
use crate::calls::without_nul;
use crate::database::Transaction;
use crate::outbound::attempts::digits;
use crate::row::{Columns, Row};
use crate::sql::{Args, Kind, Table};
use crate::{Store, StoreError};

static RECORDS: Table = Table::new(
    "records",
    &[
        ("tenant", Kind::Text),
        ("kind", Kind::Text),
        ("id", Kind::Bytes),
        ("version", Kind::Int),
        ("client", Kind::Text),
        ("state", Kind::Text),
        ("open", Kind::Int),
        ("agent", Kind::Text),
        ("customer", Kind::Bytes),
        ("number", Kind::Int),
        ("key", Kind::Text),
        ("at", Kind::Int),
        ("due_at", Kind::Int),
        ("wake_at", Kind::Int),
        ("record", Kind::Text),
    ],
    3,
    15,
);

const UPDATE: &str = "UPDATE records SET version = $4, client = $5, state = $6, open = $7, agent = $8, customer = $9, \
     number = $10, key = $11, at = $12, due_at = $13, wake_at = $14, record = $15 \
     WHERE tenant = $1 AND kind = $2 AND id = $3 AND version = $4 - 1";

/// A record with what it is found by, worked out once.
pub(super) struct Indexed<'a> {
    pub(super) record: &'a Record,
    pub(super) index: Index,
    json: String,
}

impl<'a> Indexed<'a> {
    pub(super) fn new(record: &'a Record) -> Self {
        let json = record.to_json().expect("a record has a JSON form");
        Self { record, index: record.index(), json }
    }
}

pub(super) fn version(record: &Record) -> i64 {
    i64::try_from(record.version()).unwrap_or(i64::MAX)
}

fn write(it: &Indexed<'_>, to: &mut Args) {
    let Indexed { record, index, json } = it;
    let micros = |at: Option<Civil>| at.map(Civil::as_micros);
    to.text(record.tenant().as_str()).text(record.kind().as_str()).bytes(&key(record.id())[..]);
    to.int(version(record)).text(record.client().as_str()).text(&*without_nul(&index.state));
    to.int(i64::from(index.open)).text(index.agent.as_ref().map(AgentId::as_str));
    let customer = index.customer.map(|it| key(it.as_u128()));
    to.bytes(customer.as_ref().map(|it| &it[..])).int(index.number.as_ref().map(digits));
    to.text(index.key.as_deref().map(without_nul).as_deref()).int(index.at.as_micros());
    to.int(micros(index.due_at)).int(micros(index.wake_at)).text(json.as_str());
}

/// Keeps records other than customers, each the version after the one that is there.
pub(super) async fn keep(
    transaction: &mut Transaction,
    records: &[&Record],
) -> Result<(), WorkError> {
    let all: Vec<_> = records.iter().map(|it| Indexed::new(it)).collect();
    let (new, changed): (Vec<_>, Vec<_>) = all.iter().partition(|it| it.record.version() == 1);
    let mut kept = 0;
    let write_new = |it: &&Indexed<'_>, to: &mut Args| write(it, to);
    for statement in RECORDS.upsert(transaction.dialect(), &new, write_new).collect::<Vec<_>>() {
        kept += transaction.run_unique(statement).await?.ok_or(WorkError::KeyTaken)?;
    }
    if kept != new.len() as u64 {
        return Err(WorkError::Stale);
    }
    for it in &changed {
        let statement = transaction.statement(UPDATE, |args| write(it, args));
        if transaction.run_unique(statement).await?.ok_or(WorkError::KeyTaken)? == 0 {
            return Err(WorkError::Stale);
        }
        agenda::clear(transaction, it.record).await?;
    }
    // Of a record that is there twice, the agenda is that of its last version.
    let last = all.iter().enumerate().filter(|(place, it)| {
        let same = |other: &&Indexed<'_>| same_record(other.record, it.record);
        !all[place + 1..].iter().any(|other| same(&other))
    });
    let last: Vec<_> = last.map(|(_, it)| it).collect();
    agenda::write(transaction, &last).await.map_err(WorkError::Store)
}

fn same_record(one: &Record, other: &Record) -> bool {
    (one.kind(), one.id()) == (other.kind(), other.id())
}

/// A row of `tenant, kind, id, record`.
pub(super) fn read(row: &Row) -> Result<Record, StoreError> {
    let mut from = Columns::new(row, "records", 2);
    from.text("tenant")?;
    let kind = from.parsed("kind", RecordKind::parse)?;
    from.bytes("id")?;
    from.parsed("record", |it| Record::from_json(kind, it).ok())
}

/// A row of `id, record`.
pub(super) fn read_customer(row: &Row) -> Result<Customer, StoreError> {
    let mut from = Columns::new(row, "customers", 0);
    from.bytes("id")?;
    from.parsed("record", |it| serde_json::from_str(it).ok())
}

impl Store {
    /// A record; `None` where the tenant has none of this kind and id.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn record(
        &self,
        tenant: &TenantId,
        kind: RecordKind,
        id: u128,
    ) -> Result<Option<Record>, StoreError> {
        if kind == RecordKind::Customer {
            let customer = self.customer(tenant, CustomerId::from_u128(id)).await?;
            return Ok(customer.map(|it| Record::Customer(Box::new(it))));
        }
        let rows = self.rows(
            "SELECT tenant, kind, id, record FROM records WHERE tenant = $1 AND kind = $2 AND id = $3",
            |args| {
                args.text(tenant.as_str()).text(kind.as_str()).bytes(&key(id)[..]);
            },
        );
        rows.await?.first().map(read).transpose()
    }

    /// The case whose customer was given this key; `None` where the tenant has none.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn case_by_key(
        &self,
        tenant: &TenantId,
        case: CaseKey,
    ) -> Result<Option<Case>, StoreError> {
        let rows = self.rows(
            "SELECT tenant, kind, id, record FROM records WHERE tenant = $1 AND kind = $2 AND key = $3",
            |args| {
                let digits = case.digits();
                args.text(tenant.as_str()).text(RecordKind::Case.as_str()).text(digits.as_str());
            },
        );
        let record = rows.await?.first().map(read).transpose()?;
        Ok(record.and_then(|it| if let Record::Case(it) = it { Some(*it) } else { None }))
    }

    /// A customer, also one that was merged into another or erased; `None` where the tenant has none of this id.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn customer(
        &self,
        tenant: &TenantId,
        id: CustomerId,
    ) -> Result<Option<Customer>, StoreError> {
        let rows =
            self.rows("SELECT id, record FROM customers WHERE tenant = $1 AND id = $2", |args| {
                args.text(tenant.as_str()).bytes(&key(id.as_u128())[..]);
            });
        rows.await?.first().map(read_customer).transpose()
    }
}

macro_rules! typed {
    ($($(#[$doc:meta])* $name:ident, $kind:ident, $id:ty;)*) => {
        impl Store {$(
            $(#[$doc])*
            ///
            /// # Errors
            ///
            /// See [`Store`].
            pub async fn $name(
                &self,
                tenant: &TenantId,
                id: $id,
            ) -> Result<Option<$kind>, StoreError> {
                match self.record(tenant, RecordKind::$kind, id.as_u128()).await? {
                    Some(Record::$kind(it)) => Ok(Some(*it)),
                    _ => Ok(None),
                }
            }
        )*}
    };
}

typed! {
    /// A case; `None` where the tenant has none of this id.
    case, Case, CaseId;
    /// A sale; `None` where the tenant has none of this id.
    sale, Sale, SaleId;
    /// A follow-up; `None` where the tenant has none of this id.
    follow_up, FollowUp, FollowUpId;
    /// A message; `None` where the tenant has none of this id.
    message, Message, MessageId;
    /// A callback; `None` where the tenant has none of this id.
    callback, Callback, CallbackId;
    /// A question of satisfaction; `None` where the tenant has none of this id.
    survey, Survey, SurveyId;
    /// A report of line trouble; `None` where the tenant has none of this id.
    trouble, Trouble, TroubleId;
}

/// The clients as a JSON array, for a statement that asks for one of them.
pub(super) fn json_clients(clients: &[ClientId]) -> String {
    crate::sql::json_texts(clients.iter().map(ClientId::as_str))
}
