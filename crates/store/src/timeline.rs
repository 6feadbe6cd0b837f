//! What happened to each call, in order.

use timbre_model::{CallId, TenantId, TimelineEntry, TimelineKind};

use crate::calls::key;
use crate::row::{Columns, Row};
use crate::sql::{Args, Kind, Table};
use crate::{Store, StoreError};

pub(crate) static TIMELINE: Table = Table::new(
    "timeline",
    &[
        ("tenant", Kind::Text),
        ("call", Kind::Bytes),
        ("number", Kind::Int),
        ("at", Kind::Int),
        ("what", Kind::Text),
    ],
    3,
    5,
);

/// What happened, as JSON: it is read as a whole and never searched.
pub(crate) fn json(what: &TimelineKind) -> String {
    serde_json::to_string(what).expect("an entry has no maps and no foreign types")
}

pub(crate) fn write(entry: &TimelineEntry, to: &mut Args) {
    let TimelineEntry { call, tenant, number, at, what } = entry;
    to.text(tenant.as_str()).bytes(&key(*call)[..]).int(i64::from(*number));
    to.int(at.as_micros()).text(&*json(what));
}

fn read(row: &Row) -> Result<TimelineEntry, StoreError> {
    let mut from = Columns::new(row, "timeline", 3);
    Ok(TimelineEntry {
        tenant: from.parsed("tenant", |it| TenantId::parse(it).ok())?,
        call: from.call("call")?,
        number: from.count("number")?,
        at: from.time("at")?,
        what: from.parsed("what", |it| serde_json::from_str(it).ok())?,
    })
}

impl Store {
    /// A call's timeline, in order; empty where the tenant has no such call.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn timeline(
        &self,
        tenant: &TenantId,
        call: CallId,
    ) -> Result<Vec<TimelineEntry>, StoreError> {
        let rows = self.rows(
            "SELECT tenant, call, number, at, what FROM timeline WHERE tenant = $1 AND call = $2 ORDER BY number",
            |args| {
                args.text(tenant.as_str()).bytes(&key(call)[..]);
            },
        );
        rows.await?.iter().map(read).collect()
    }
}
