//! Who may not be called.

use serde_json::json;
use timbre_model::{
    Barred, CampaignId, Civil, ClientId, DoNotCallEntry, DoNotCallScope, PhoneNumber, Slug,
    TenantId,
};

use super::chain::{self, NewEntry};
use crate::calls::without_nul;
use crate::database::apart;
use crate::row::{Columns, Row};
use crate::sql::{Args, Dialect, Statement, json_texts};
use crate::{Store, StoreError};

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

/// Whether a number may be called as far as the house's own lists and the registries say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NumberCheck {
    /// Entries that bar it, of whichever scope, those that have run out left out.
    pub entries: Vec<DoNotCallEntry>,
    /// Names of the registries that list it.
    pub registries: Vec<String>,
}

/// A part of the list of entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoNotCallPage {
    /// The entries, by number or prefix.
    pub entries: Vec<DoNotCallEntry>,
    /// The last one's number or prefix, where there are more: the next page begins behind it. Entries of one number are never
    /// parted, so that a page may be a little longer than asked for.
    pub next: Option<String>,
}

impl Store {
    /// Takes an entry out, and says so in the audit trail; whether there was one.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn do_not_call_remove(
        &self,
        tenant: &TenantId,
        barred: &Barred,
        reach: &DoNotCallScope,
        note: &str,
        at: Civil,
    ) -> Result<bool, StoreError> {
        let ((value, kind), (scope, whose)) = (whom(barred), scope(reach));
        let text = "DELETE FROM do_not_call WHERE tenant = $1 AND value = $2 AND kind = $3 AND scope = $4 AND whose = $5";
        let delete = self.statement(text, |args| {
            args.text(tenant.as_str())
                .text(&*without_nul(value))
                .text(kind)
                .text(scope)
                .text(whose);
        });
        let record = json!({ "whom": barred, "scope": reach, "note": note });
        let entry = NewEntry::new(tenant, at, "do_not_call_removed", subject(barred), &record);
        let database = self.database.clone();
        apart(async move {
            let mut transaction = database.begin().await?;
            let removed = transaction.run(delete).await? > 0;
            if removed {
                chain::append(&mut transaction, vec![entry], false).await?;
                transaction.commit().await?;
            }
            Ok(removed)
        })
        .await
    }

    /// Entries of a tenant behind `after`, about `size` of them.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn do_not_call(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        size: u32,
    ) -> Result<DoNotCallPage, StoreError> {
        let size = size.clamp(1, crate::PageRequest::SIZE_MAX);
        let text = format!(
            "SELECT {COLUMNS} FROM do_not_call WHERE tenant = $1 AND value > $2 AND value <= COALESCE( \
             (SELECT MAX(value) FROM (SELECT value FROM do_not_call WHERE tenant = $1 AND value > $2 \
             ORDER BY value LIMIT $3) AS page), '') ORDER BY value, kind, scope, whose"
        );
        let rows = self.generated_rows(text, |args| {
            args.text(tenant.as_str()).text(after.unwrap_or_default()).int(i64::from(size));
        });
        let entries = rows.await?.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let last = entries.last().filter(|_| entries.len() >= size as usize);
        let next = last.map(|it| whom(&it.whom).0.to_owned());
        Ok(DoNotCallPage { entries, next })
    }

    /// What bars a number.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn check_number(
        &self,
        tenant: &TenantId,
        number: &PhoneNumber,
        at: Civil,
    ) -> Result<NumberCheck, StoreError> {
        let whole = number.expose();
        let beginnings = json_texts((1..=whole.len()).map(|end| &whole[..end]));
        let among = self.database.dialect().among("value", 2);
        let text = format!(
            "SELECT {COLUMNS} FROM do_not_call WHERE tenant = $1 AND {among} ORDER BY value, scope"
        );
        let rows = self.generated_rows(text, |args| {
            args.text(tenant.as_str()).text(&*beginnings);
        });
        let mut entries = rows.await?.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        entries.retain(|it| it.whom.holds(number) && it.until.is_none_or(|until| at < until));
        let mut registries = Vec::new();
        for registry in self.registries(tenant).await? {
            if self.registry_lists(tenant, &registry, number).await? {
                registries.push(registry.name);
            }
        }
        Ok(NumberCheck { entries, registries })
    }
}
