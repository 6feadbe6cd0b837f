//! Who may not be called.

use timbre_model::{
    Barred, CampaignId, ClientId, DoNotCallEntry, DoNotCallScope, PhoneNumber, Slug, TenantId,
};

use super::chain::NewEntry;
use crate::StoreError;
use crate::calls::without_nul;
use crate::row::{Columns, Row};
use crate::sql::{Args, Dialect, Statement};

pub(super) const COLUMNS: &str = "tenant, value, kind, scope, whose, since, until, source, note";

/// An entry that is there already is only ever made wider: since earlier, until later.
const ADD: &str = "\
INSERT INTO do_not_call (tenant, value, kind, scope, whose, since, until, source, note)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (tenant, value, kind, scope, whose) DO UPDATE SET
    since = CASE WHEN excluded.since < do_not_call.since THEN excluded.since ELSE do_not_call.since END,
    until = CASE WHEN excluded.until IS NULL OR do_not_call.until IS NULL THEN NULL
        WHEN excluded.until > do_not_call.until THEN excluded.until ELSE do_not_call.until END,
    source = excluded.source, note = excluded.note";

/// `value` and `kind`.
pub(super) fn whom(it: &Barred) -> (&str, &'static str) {
    match it {
        Barred::Number(number) => (number.expose(), "number"),
        Barred::Prefix(prefix) => (prefix.as_str(), "prefix"),
    }
}

/// `scope` and `whose`.
pub(super) fn scope(it: &DoNotCallScope) -> (&'static str, &str) {
    match it {
        DoNotCallScope::Tenant => ("tenant", ""),
        DoNotCallScope::Client(client) => ("client", client.as_str()),
        DoNotCallScope::Campaign(campaign) => ("campaign", campaign.as_str()),
    }
}

pub(crate) fn add(dialect: Dialect, it: &DoNotCallEntry) -> Statement {
    let DoNotCallEntry { tenant, whom: barred, scope: reach, since, until, source, note } = it;
    let ((value, kind), (scope, whose)) = (whom(barred), scope(reach));
    let mut args = Args::new(dialect);
    args.text(tenant.as_str()).text(&*without_nul(value)).text(kind).text(scope).text(whose);
    args.int(since.as_micros()).int(until.map(|at| at.as_micros())).text(source.as_str());
    args.text(&*without_nul(note));
    Statement::new(ADD, args)
}

pub(crate) fn entry(it: &DoNotCallEntry) -> NewEntry {
    NewEntry::new(&it.tenant, it.since, "do_not_call", subject(&it.whom), it)
}

pub(super) fn subject(it: &Barred) -> String {
    match whom(it) {
        (value, "number") => format!("numbers/{value}"),
        (value, _) => format!("prefixes/{value}"),
    }
}

pub(super) fn read(row: &Row) -> Result<DoNotCallEntry, StoreError> {
    let mut from = Columns::new(row, "do_not_call", 5);
    let tenant = from.parsed("tenant", |it| TenantId::parse(it).ok())?;
    let value = from.text("value")?;
    let number = |from: &Columns<'_>| PhoneNumber::parse(value).map_err(|_| from.corrupt("value"));
    let whom = match from.text("kind")? {
        "number" => Barred::Number(number(&from)?),
        "prefix" => Barred::Prefix(value.to_owned()),
        _ => return Err(from.corrupt("kind")),
    };
    let (scope, whose) = (from.text("scope")?, from.text("whose")?);
    let scope = match scope {
        "tenant" => Some(DoNotCallScope::Tenant),
        "client" => ClientId::parse(whose).ok().map(DoNotCallScope::Client),
        "campaign" => CampaignId::parse(whose).ok().map(DoNotCallScope::Campaign),
        _ => None,
    };
    Ok(DoNotCallEntry {
        tenant,
        whom,
        scope: scope.ok_or_else(|| from.corrupt("scope"))?,
        since: from.time("since")?,
        until: from.time_or_null("until")?,
        source: from.parsed("source", |it| Slug::parse(it).ok())?,
        note: from.text("note")?.to_owned(),
    })
}
