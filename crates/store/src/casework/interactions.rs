//! Contacts with customers, newest first.

use timbre_casework::{CustomerId, Interaction, InteractionKind};
use timbre_model::{AgentId, CallId, Civil, TenantId};

use super::{id, key};
use crate::calls::without_nul;
use crate::database::{Transaction, apart};
use crate::row::{Columns, Row};
use crate::sql::{Args, Kind, Table};
use crate::{Cursor, PageRequest, Store, StoreError};

static INTERACTIONS: Table = Table::new(
    "interactions",
    &[
        ("tenant", Kind::Text),
        ("customer", Kind::Bytes),
        ("at", Kind::Int),
        ("subject", Kind::Bytes),
        ("kind", Kind::Text),
        ("agent", Kind::Text),
        ("summary", Kind::Text),
    ],
    5,
    7,
);

/// What [`read`] wants, in its order.
pub(super) const COLUMNS: &str = "tenant, customer, at, subject, kind, agent, summary";

/// Interactions whose words are erased in one transaction.
const SLICE: i64 = 500;

/// A part of the contacts with a customer, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InteractionPage {
    /// The contacts.
    pub interactions: Vec<Interaction>,
    /// Where the next page begins; `call` of it is the subject's id.
    pub next: Option<Cursor>,
}

/// Keeps contacts; one that is there already is left as it is.
pub(super) async fn keep(
    transaction: &mut Transaction,
    interactions: &[Interaction],
) -> Result<(), StoreError> {
    let mut sorted: Vec<&Interaction> = interactions.iter().collect();
    sorted.sort_by_key(|it| (it.customer, it.at, it.subject, it.kind));
    let write = |it: &&Interaction, to: &mut Args| {
        let Interaction { tenant, customer, at, kind, subject, agent, summary } = it;
        to.text(tenant.as_str()).bytes(&key(customer.as_u128())[..]).int(at.as_micros());
        to.bytes(&key(*subject)[..]).text(kind.as_str());
        to.text(agent.as_ref().map(AgentId::as_str)).text(&*without_nul(summary));
    };
    for statement in INTERACTIONS.upsert(transaction.dialect(), &sorted, write).collect::<Vec<_>>()
    {
        transaction.run(statement).await?;
    }
    Ok(())
}

pub(super) fn read(row: &Row) -> Result<Interaction, StoreError> {
    let mut from = Columns::new(row, "interactions", 1);
    let tenant = from.parsed("tenant", |it| TenantId::parse(it).ok())?;
    let customer = id(from.bytes("customer")?).ok_or_else(|| from.corrupt("customer"))?;
    let at = from.time("at")?;
    let subject = id(from.bytes("subject")?).ok_or_else(|| from.corrupt("subject"))?;
    Ok(Interaction {
        tenant,
        customer: CustomerId::from_u128(customer),
        at,
        subject,
        kind: from.parsed("kind", InteractionKind::parse)?,
        agent: from.parsed_or_null("agent", |it| AgentId::parse(it).ok())?,
        summary: from.text("summary")?.to_owned(),
    })
}

/// Gives one customer's contacts to another. Those that both have are left to be forgotten with the first.
pub(super) async fn move_all(
    transaction: &mut Transaction,
    tenant: &TenantId,
    from: CustomerId,
    to: CustomerId,
) -> Result<(), StoreError> {
    for text in [
        "INSERT INTO interactions (tenant, customer, at, subject, kind, agent, summary) \
         SELECT tenant, $3, at, subject, kind, agent, summary FROM interactions \
         WHERE tenant = $1 AND customer = $2 AND customer <> $3 ON CONFLICT DO NOTHING",
        "DELETE FROM interactions WHERE tenant = $1 AND customer = $2 AND customer <> $3",
    ] {
        let statement = transaction.statement(text, |args| {
            args.text(tenant.as_str()).bytes(&key(from.as_u128())[..]);
            args.bytes(&key(to.as_u128())[..]);
        });
        transaction.run(statement).await?;
    }
    Ok(())
}

/// Erases the words of at most `most` contacts, of all where that is `None`, and what agents wrote into the fields of as many
/// calls' dispositions; the greater count. When and what they were stays.
pub(super) async fn scrub(
    transaction: &mut Transaction,
    tenant: &TenantId,
    customer: CustomerId,
    most: Option<i64>,
) -> Result<u64, StoreError> {
    let fields = "UPDATE calls SET disposition_fields = NULL WHERE tenant = $1 AND id IN \
         (SELECT c.id FROM interactions i JOIN calls c ON c.tenant = i.tenant AND c.id = i.subject \
             WHERE i.tenant = $1 AND i.customer = $2 AND i.kind = 'call' AND c.disposition_fields IS NOT NULL LIMIT $3)";
    let words = "UPDATE interactions SET summary = '' WHERE tenant = $1 AND customer = $2 AND summary <> '' \
         AND (at, subject, kind) IN (SELECT at, subject, kind FROM interactions \
             WHERE tenant = $1 AND customer = $2 AND summary <> '' LIMIT $3)";
    let mut scrubbed = 0;
    for text in [fields, words] {
        let statement = transaction.statement(text, |args| {
            args.text(tenant.as_str()).bytes(&key(customer.as_u128())[..]);
            args.int(most.unwrap_or(i64::MAX));
        });
        scrubbed = scrubbed.max(transaction.run(statement).await?);
    }
    Ok(scrubbed)
}

impl Store {
    /// Contacts with a customer, newest first. A page may be a little longer than asked for: contacts of one moment and
    /// subject are never parted.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn interactions(
        &self,
        tenant: &TenantId,
        customer: CustomerId,
        page: &PageRequest,
    ) -> Result<InteractionPage, StoreError> {
        let size = page.size.clamp(1, PageRequest::SIZE_MAX) as usize;
        let most = size + InteractionKind::ALL.len();
        let behind = if page.after.is_some() { "AND (at, subject) < ($3, $4)" } else { "" };
        let text = format!(
            "SELECT {COLUMNS} FROM interactions WHERE tenant = $1 AND customer = $2 {behind} \
             ORDER BY at DESC, subject DESC, kind DESC LIMIT {most}"
        );
        let rows = self.generated_rows(text, |args| {
            args.text(tenant.as_str()).bytes(&key(customer.as_u128())[..]);
            if let Some(Cursor { arrived_at, call }) = page.after {
                args.int(arrived_at.as_micros()).bytes(&key(call.as_u128())[..]);
            }
        });
        let rows = rows.await?;
        let mut interactions = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let place = |it: &Interaction| (it.at, it.subject);
        let last = interactions.get(size.min(interactions.len()).saturating_sub(1)).map(place);
        let end = interactions.iter().skip(size).take_while(|it| Some(place(it)) == last).count();
        let more = interactions.len() > size + end;
        interactions.truncate(size + end);
        let cursor = |(at, subject): (Civil, u128)| Cursor {
            arrived_at: at,
            call: CallId::from_u128(subject),
        };
        Ok(InteractionPage { interactions, next: last.filter(|_| more).map(cursor) })
    }

    /// Erases the words of a customer's contacts and calls in small transactions, so that nobody waits for long.
    pub(super) async fn scrub_slices(
        &self,
        tenant: &TenantId,
        customer: CustomerId,
    ) -> Result<(), StoreError> {
        loop {
            let (database, tenant) = (self.database.clone(), tenant.clone());
            let done = apart(async move {
                let mut transaction = database.begin().await?;
                let done = scrub(&mut transaction, &tenant, customer, Some(SLICE)).await?;
                transaction.commit().await?;
                Ok(done)
            });
            if done.await? < SLICE.unsigned_abs() {
                return Ok(());
            }
        }
    }
}
