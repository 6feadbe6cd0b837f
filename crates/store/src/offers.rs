//! Offers, as they now stand.

use timbre_model::{AgentId, CallId, OfferId, OfferOutcome, OfferRecord, QueueId, TenantId};

use crate::calls::key;
use crate::row::{Columns, Row};
use crate::sql::{Args, Kind, Table};
use crate::{Store, StoreError};

pub(crate) static OFFERS: Table = Table::new(
    "offers",
    &[
        ("tenant", Kind::Text),
        ("call", Kind::Bytes),
        ("number", Kind::Int),
        ("queue", Kind::Text),
        ("agent", Kind::Text),
        ("offered_at", Kind::Int),
        ("ended_at", Kind::Int),
        ("outcome", Kind::Text),
    ],
    3,
    6,
);

pub(crate) fn write(offer: &OfferRecord, to: &mut Args) {
    let OfferRecord { id, tenant, queue, agent, offered_at, ended_at, outcome } = offer;
    to.text(tenant.as_str()).bytes(&key(id.call)[..]).int(i64::from(id.number));
    to.text(queue.as_str()).text(agent.as_str()).int(offered_at.as_micros());
    to.int(ended_at.map(|at| at.as_micros())).text(outcome.map(OfferOutcome::as_str));
}

fn read(row: &Row) -> Result<OfferRecord, StoreError> {
    let mut from = Columns::new(row, "offers", 3);
    Ok(OfferRecord {
        tenant: from.parsed("tenant", |it| TenantId::parse(it).ok())?,
        id: OfferId { call: from.call("call")?, number: from.count("number")? },
        queue: from.parsed("queue", |it| QueueId::parse(it).ok())?,
        agent: from.parsed("agent", |it| AgentId::parse(it).ok())?,
        offered_at: from.time("offered_at")?,
        ended_at: from.time_or_null("ended_at")?,
        outcome: from.parsed_or_null("outcome", OfferOutcome::parse)?,
    })
}

impl Store {
    /// A call's offers, in order; empty where the tenant has no such call.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn offers(
        &self,
        tenant: &TenantId,
        call: CallId,
    ) -> Result<Vec<OfferRecord>, StoreError> {
        let rows = self.rows(
            "SELECT tenant, call, number, queue, agent, offered_at, ended_at, outcome FROM offers \
             WHERE tenant = $1 AND call = $2 ORDER BY number",
            |args| {
                args.text(tenant.as_str()).bytes(&key(call)[..]);
            },
        );
        rows.await?.iter().map(read).collect()
    }
}
