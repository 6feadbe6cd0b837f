//! Campaigns' states.

use serde_json::json;
use timbre_model::{CampaignId, CampaignRecord, CampaignState, TenantId};

use super::chain::NewEntry;
use crate::calls::without_nul;
use crate::row::{Columns, Row};
use crate::sql::{Args, Kind, Table};
use crate::{Store, StoreError};

pub(crate) static CAMPAIGNS: Table = Table::new(
    "campaigns",
    &[
        ("tenant", Kind::Text),
        ("campaign", Kind::Text),
        ("state", Kind::Text),
        ("since", Kind::Int),
        ("started_at", Kind::Int),
        ("reason", Kind::Text),
        ("memory", Kind::Text),
    ],
    2,
    2,
);

pub(crate) fn write(it: &CampaignRecord, to: &mut Args) {
    let CampaignRecord { tenant, campaign, state, since, started_at, reason, memory } = it;
    to.text(tenant.as_str()).text(campaign.as_str()).text(state.as_str()).int(since.as_micros());
    to.int(started_at.map(|at| at.as_micros())).text(reason.as_deref().map(without_nul).as_deref());
    to.text(memory.as_deref().map(without_nul).as_deref());
}

/// A change of state, for the chain. What the pacing learnt is none: a record that differs by it alone makes the same entry,
/// which is not written twice.
pub(crate) fn entry(it: &CampaignRecord) -> NewEntry {
    let CampaignRecord { tenant, campaign, state, since, started_at, reason, memory: _ } = it;
    let record =
        json!({ "state": state, "since": since, "started_at": started_at, "reason": reason });
    NewEntry::new(tenant, *since, "campaign", format!("campaigns/{campaign}"), &record)
}

fn read(row: &Row) -> Result<CampaignRecord, StoreError> {
    let mut from = Columns::new(row, "campaigns", 2);
    Ok(CampaignRecord {
        tenant: from.parsed("tenant", |it| TenantId::parse(it).ok())?,
        campaign: from.parsed("campaign", |it| CampaignId::parse(it).ok())?,
        state: from.parsed("state", CampaignState::parse)?,
        since: from.time("since")?,
        started_at: from.time_or_null("started_at")?,
        reason: from.text_or_null("reason")?.map(str::to_owned),
        memory: from.text_or_null("memory")?.map(str::to_owned),
    })
}

impl Store {
    /// What is kept of every tenant's campaigns, for the engine to begin with.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn campaigns(&self) -> Result<Vec<CampaignRecord>, StoreError> {
        let rows = self.rows(
            "SELECT tenant, campaign, state, since, started_at, reason, memory FROM campaigns \
             ORDER BY tenant, campaign",
            |_| (),
        );
        rows.await?.iter().map(read).collect()
    }

    /// What is kept of one campaign; `None` where it never ran.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn campaign(
        &self,
        tenant: &TenantId,
        campaign: &CampaignId,
    ) -> Result<Option<CampaignRecord>, StoreError> {
        let rows = self.rows(
            "SELECT tenant, campaign, state, since, started_at, reason, memory FROM campaigns \
             WHERE tenant = $1 AND campaign = $2",
            |args| {
                args.text(tenant.as_str()).text(campaign.as_str());
            },
        );
        rows.await?.first().map(read).transpose()
    }
}
