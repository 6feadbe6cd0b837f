//! Calls, as they now stand.

use std::time::Duration;

use timbre_model::{
    AgentId, CallId, CallOutcome, CallRecord, CallerId, CampaignId, ClientId, Disposition,
    EndCause, HoldStats, LeadId, PhoneNumber, PlacedFor, QueueId, ReleasedBy, Slug, TenantId,
    TrunkId,
};

use crate::outbound::leads;
use crate::row::{Columns, Row};
use crate::sql::{Args, Kind, Table};
use crate::{Store, StoreError};

/// The columns up to `caller` never change; an update leaves their indexes alone.
pub(crate) static CALLS: Table = Table::new(
    "calls",
    &[
        ("tenant", Kind::Text),
        ("id", Kind::Bytes),
        ("arrived_at", Kind::Int),
        ("trunk", Kind::Text),
        ("dialed", Kind::Text),
        ("caller", Kind::Text),
        ("queue", Kind::Text),
        ("client", Kind::Text),
        ("answered_at", Kind::Int),
        ("answered_ring", Kind::Int),
        ("connected_at", Kind::Int),
        ("agent", Kind::Text),
        ("hold_count", Kind::Int),
        ("hold_total", Kind::Int),
        ("hold_longest", Kind::Int),
        ("ended_at", Kind::Int),
        ("outcome", Kind::Text),
        ("cause", Kind::Text),
        ("released_by", Kind::Text),
        ("disposition", Kind::Text),
        ("disposition_automatic", Kind::Int),
        ("wrapped_up_at", Kind::Int),
        ("campaign", Kind::Text),
        ("lead", Kind::Int),
        ("disposition_fields", Kind::Text),
    ],
    2,
    6,
);

/// A call's id as it is kept: 16 bytes, most significant first, so that both databases order ids as numbers.
pub(crate) fn key(id: CallId) -> [u8; 16] {
    id.as_u128().to_be_bytes()
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// Postgres keeps no NUL in a text, and a trunk may send one.
pub(crate) fn without_nul(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

pub(crate) fn write(call: &CallRecord, to: &mut Args) {
    let CallRecord {
        id,
        tenant,
        trunk,
        dialed,
        caller,
        queue,
        client,
        arrived_at,
        answered_at,
        answered_ring,
        connected_at,
        agent,
        outbound,
        hold: HoldStats { count, total, longest },
        ended_at,
        outcome,
        cause,
        released_by,
        disposition,
        wrapped_up_at,
    } = call;
    to.text(tenant.as_str()).bytes(&key(*id)[..]).int(arrived_at.as_micros());
    to.text(trunk.as_str())
        .text(&*without_nul(dialed))
        .text(caller.number().map(PhoneNumber::expose));
    to.text(queue.as_ref().map(QueueId::as_str)).text(client.as_ref().map(ClientId::as_str));
    to.int(answered_at.map(|at| at.as_micros())).int(answered_ring.map(i64::from));
    to.int(connected_at.map(|at| at.as_micros())).text(agent.as_ref().map(AgentId::as_str));
    to.int(i64::from(*count)).int(micros(*total)).int(micros(*longest));
    to.int(ended_at.map(|at| at.as_micros())).text(outcome.map(CallOutcome::as_str));
    to.text(cause.map(EndCause::as_str)).text(released_by.map(ReleasedBy::as_str));
    to.text(disposition.as_ref().map(|it| it.code.as_str()));
    to.int(disposition.as_ref().map(|it| i64::from(it.automatic)));
    to.int(wrapped_up_at.map(|at| at.as_micros()));
    to.text(outbound.as_ref().map(|it| it.campaign.as_str()));
    to.int(outbound.as_ref().and_then(|it| it.lead).map(leads::key));
    let fields = disposition.as_ref().map(|it| &it.fields).filter(|it| !it.is_empty());
    let fields = fields.map(|it| serde_json::to_string(it).expect("texts have a JSON form"));
    to.text(fields.as_deref());
}

pub(crate) fn read(row: &Row) -> Result<CallRecord, StoreError> {
    let mut from = Columns::new(row, "calls", 2);
    let mut call = CallRecord {
        tenant: from.parsed("tenant", |it| TenantId::parse(it).ok())?,
        id: from.call("id")?,
        arrived_at: from.time("arrived_at")?,
        trunk: from.parsed("trunk", |it| TrunkId::parse(it).ok())?,
        dialed: from.text("dialed")?.to_owned(),
        caller: from
            .parsed_or_null("caller", |it| PhoneNumber::parse(it).ok())?
            .map_or(CallerId::Withheld, CallerId::Number),
        queue: from.parsed_or_null("queue", |it| QueueId::parse(it).ok())?,
        client: from.parsed_or_null("client", |it| ClientId::parse(it).ok())?,
        answered_at: from.time_or_null("answered_at")?,
        answered_ring: from.count_or_null("answered_ring")?,
        connected_at: from.time_or_null("connected_at")?,
        agent: from.parsed_or_null("agent", |it| AgentId::parse(it).ok())?,
        hold: HoldStats {
            count: from.count("hold_count")?,
            total: from.span("hold_total")?,
            longest: from.span("hold_longest")?,
        },
        ended_at: from.time_or_null("ended_at")?,
        outcome: from.parsed_or_null("outcome", CallOutcome::parse)?,
        cause: from.parsed_or_null("cause", EndCause::parse)?,
        released_by: from.parsed_or_null("released_by", ReleasedBy::parse)?,
        disposition: read_disposition(&mut from)?,
        wrapped_up_at: from.time_or_null("wrapped_up_at")?,
        outbound: None,
    };
    call.outbound = read_outbound(&mut from)?;
    let fields = from.parsed_or_null("disposition_fields", |it| serde_json::from_str(it).ok())?;
    if let (Some(disposition), Some(fields)) = (&mut call.disposition, fields) {
        disposition.fields = fields;
    }
    Ok(call)
}

/// These columns came later, and stand last.
fn read_outbound(from: &mut Columns<'_>) -> Result<Option<PlacedFor>, StoreError> {
    let campaign = from.parsed_or_null("campaign", |it| CampaignId::parse(it).ok())?;
    let lead = from.count_or_null::<u64>("lead")?.map(LeadId::from_u64);
    Ok(campaign.map(|campaign| PlacedFor { campaign, lead }))
}

fn read_disposition(from: &mut Columns<'_>) -> Result<Option<Disposition>, StoreError> {
    let code = from.parsed_or_null("disposition", |it| Slug::parse(it).ok())?;
    let automatic = from.int_or_null("disposition_automatic")?;
    match (code, automatic) {
        (None, None) => Ok(None),
        (Some(code), Some(flag @ (0 | 1))) => Ok(Some(Disposition::new(code, flag == 1))),
        _ => Err(from.corrupt("disposition_automatic")),
    }
}

impl Store {
    /// A call; `None` where the tenant has none of this id.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn call(
        &self,
        tenant: &TenantId,
        id: CallId,
    ) -> Result<Option<CallRecord>, StoreError> {
        let rows = self.rows(
            "SELECT tenant, id, arrived_at, trunk, dialed, caller, queue, client, answered_at, answered_ring, \
             connected_at, agent, hold_count, hold_total, hold_longest, ended_at, outcome, cause, released_by, \
             disposition, disposition_automatic, wrapped_up_at, campaign, lead, disposition_fields \
             FROM calls WHERE tenant = $1 AND id = $2",
            |args| {
                args.text(tenant.as_str()).bytes(&key(id)[..]);
            },
        );
        rows.await?.first().map(read).transpose()
    }
}
