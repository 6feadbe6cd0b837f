//! Definitions of floors, every version of each.

use timbre_model::{Civil, FloorSpec, TenantId};

use crate::row::{Columns, Row};
use crate::sql::{Args, Kind, Table};
use crate::{FloorVersion, Store, StoreError};

pub(crate) static FLOORS: Table = Table::new(
    "floors",
    &[("tenant", Kind::Text), ("version", Kind::Int), ("at", Kind::Int), ("spec", Kind::Text)],
    2,
    4,
);

/// A definition on its way into the database.
pub(crate) struct NewFloor<'a> {
    pub(crate) tenant: &'a TenantId,
    pub(crate) version: u64,
    pub(crate) at: Civil,
    pub(crate) spec: &'a FloorSpec,
}

pub(crate) fn write(floor: &NewFloor<'_>, to: &mut Args) {
    let NewFloor { tenant, version, at, spec } = floor;
    let spec = serde_json::to_string(spec).expect("a definition's keys are texts");
    to.text(tenant.as_str()).int(i64::try_from(*version).unwrap_or(i64::MAX));
    to.int(at.as_micros()).text(&*spec);
}

fn read(row: &Row) -> Result<FloorVersion, StoreError> {
    let mut from = Columns::new(row, "floors", 2);
    Ok(FloorVersion {
        tenant: from.parsed("tenant", |it| TenantId::parse(it).ok())?,
        version: from.count("version")?,
        at: from.time("at")?,
        spec: from.parsed("spec", |it| serde_json::from_str(it).ok())?,
    })
}

impl Store {
    /// The definition that holds, of every tenant.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn floors(&self) -> Result<Vec<FloorVersion>, StoreError> {
        let rows = self.rows(
            "SELECT tenant, version, at, spec FROM floors f WHERE version = \
             (SELECT MAX(version) FROM floors l WHERE l.tenant = f.tenant) ORDER BY tenant",
            |_| (),
        );
        rows.await?.iter().map(read).collect()
    }

    /// The definition that holds for a tenant; `None` where it never had one.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn floor(&self, tenant: &TenantId) -> Result<Option<FloorVersion>, StoreError> {
        let rows = self.rows(
            "SELECT tenant, version, at, spec FROM floors WHERE tenant = $1 ORDER BY version DESC LIMIT 1",
            |args| {
                args.text(tenant.as_str());
            },
        );
        rows.await?.first().map(read).transpose()
    }

    /// A former definition of a tenant.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn floor_version(
        &self,
        tenant: &TenantId,
        version: u64,
    ) -> Result<Option<FloorVersion>, StoreError> {
        let rows = self.rows(
            "SELECT tenant, version, at, spec FROM floors WHERE tenant = $1 AND version = $2",
            |args| {
                args.text(tenant.as_str()).int(i64::try_from(version).unwrap_or(i64::MAX));
            },
        );
        rows.await?.first().map(read).transpose()
    }
}
