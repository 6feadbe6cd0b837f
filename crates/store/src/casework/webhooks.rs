//! How far webhooks have come, and what they hold back.

use timbre_model::{Civil, Slug, TenantId};

use super::StoredEvent;
use super::events::number;
use super::letters::{self, LetterChannel, NewLetter};
use crate::calls::without_nul;
use crate::database::{Transaction, apart};
use crate::row::{Columns, Row};
use crate::sql::{Args, Kind, Table, json_ints};
use crate::{Store, StoreError};

static HELD: Table = Table::new(
    "webhook_held",
    &[
        ("tenant", Kind::Text),
        ("webhook", Kind::Text),
        ("seq", Kind::Int),
        ("subject", Kind::Text),
        ("event", Kind::Text),
        ("attempts", Kind::Int),
        ("since", Kind::Int),
        ("next_at", Kind::Int),
        ("error", Kind::Text),
    ],
    3,
    5,
);

/// How far a webhook has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WebhookState {
    /// Every event up to this number is delivered, held back or among the dead letters.
    pub settled: u64,
    /// How often the receiver failed since it last took an event.
    pub attempts: u32,
    /// Since when it fails.
    pub failing_since: Option<Civil>,
    /// When it is tried again.
    pub next_at: Option<Civil>,
    /// Why it failed last.
    pub error: String,
}

/// An event that waits to be delivered again, or behind one of its subject that does.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldEvent {
    /// The event.
    pub event: StoredEvent,
    /// How often it was tried.
    pub attempts: u32,
    /// Since when it is held.
    pub since: Civil,
    /// When it is tried again.
    pub next_at: Civil,
    /// Why it failed last.
    pub error: String,
}

/// What came of some deliveries: all of it in one transaction.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WebhookChange {
    /// How far the webhook has come.
    pub state: WebhookState,
    /// Events that are held back from now on, or longer.
    pub held: Vec<HeldEvent>,
    /// Numbers of events that are held back no more, the dead ones included.
    pub freed: Vec<u64>,
    /// Events that are given up, at that moment.
    pub dead: Vec<(HeldEvent, Civil)>,
}

fn event_json(event: &StoredEvent) -> String {
    serde_json::to_string(event).expect("an event has a JSON form")
}

async fn hold(
    transaction: &mut Transaction,
    tenant: &TenantId,
    webhook: &str,
    held: &[HeldEvent],
) -> Result<(), StoreError> {
    let write = |it: &HeldEvent, to: &mut Args| {
        let HeldEvent { event, attempts, since, next_at, error } = it;
        to.text(tenant.as_str()).text(webhook).int(number(event.seq));
        to.text(&*without_nul(&event.event.subject)).text(&*event_json(event));
        to.int(i64::from(*attempts)).int(since.as_micros()).int(next_at.as_micros());
        to.text(&*without_nul(error));
    };
    for statement in HELD.upsert(transaction.dialect(), held, write).collect::<Vec<_>>() {
        transaction.run(statement).await?;
    }
    Ok(())
}

/// Has an event delivered that was given up.
pub(super) async fn hold_again(
    transaction: &mut Transaction,
    tenant: &TenantId,
    webhook: &str,
    event: StoredEvent,
    at: Civil,
) -> Result<(), StoreError> {
    let held = HeldEvent { event, attempts: 0, since: at, next_at: at, error: String::new() };
    hold(transaction, tenant, webhook, &[held]).await
}

fn read_state(row: &Row) -> Result<WebhookState, StoreError> {
    let mut from = Columns::new(row, "webhooks", 0);
    Ok(WebhookState {
        settled: from.count("settled")?,
        attempts: from.count("attempts")?,
        failing_since: from.time_or_null("failing_since")?,
        next_at: from.time_or_null("next_at")?,
        error: from.text("error")?.to_owned(),
    })
}

fn read_held(row: &Row) -> Result<HeldEvent, StoreError> {
    let mut from = Columns::new(row, "webhook_held", 1);
    from.int("seq")?;
    Ok(HeldEvent {
        event: from.parsed("event", |it| serde_json::from_str(it).ok())?,
        attempts: from.count("attempts")?,
        since: from.time("since")?,
        next_at: from.time("next_at")?,
        error: from.text("error")?.to_owned(),
    })
}

impl Store {
    /// How far a webhook has come; `None` where it never read.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn webhook_state(
        &self,
        tenant: &TenantId,
        webhook: &Slug,
    ) -> Result<Option<WebhookState>, StoreError> {
        let rows = self.rows(
            "SELECT settled, attempts, failing_since, next_at, error FROM webhooks WHERE tenant = $1 AND webhook = $2",
            |args| {
                args.text(tenant.as_str()).text(webhook.as_str());
            },
        );
        rows.await?.first().map(read_state).transpose()
    }

    /// At most `most` of the events that a webhook holds back, by their numbers.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn webhook_held(
        &self,
        tenant: &TenantId,
        webhook: &Slug,
        most: u32,
    ) -> Result<Vec<HeldEvent>, StoreError> {
        let rows = self.rows(
            "SELECT seq, event, attempts, since, next_at, error FROM webhook_held \
             WHERE tenant = $1 AND webhook = $2 ORDER BY seq LIMIT $3",
            |args| {
                args.text(tenant.as_str()).text(webhook.as_str()).int(i64::from(most));
            },
        );
        rows.await?.iter().map(read_held).collect()
    }

    /// Keeps what came of a webhook's deliveries. It never goes back behind what it has settled.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn keep_webhook(
        &self,
        tenant: &TenantId,
        webhook: &Slug,
        change: WebhookChange,
    ) -> Result<(), StoreError> {
        let database = self.database.clone();
        let (tenant, webhook) = (tenant.clone(), webhook.as_str().to_owned());
        apart(async move {
            let mut transaction = database.begin().await?;
            keep(&mut transaction, &tenant, &webhook, &change).await?;
            transaction.commit().await
        })
        .await
    }
}

async fn keep(
    transaction: &mut Transaction,
    tenant: &TenantId,
    webhook: &str,
    change: &WebhookChange,
) -> Result<(), StoreError> {
    let WebhookChange { state, held, freed, dead } = change;
    let WebhookState { settled, attempts, failing_since, next_at, error } = state;
    let statement = transaction.statement(
        "INSERT INTO webhooks (tenant, webhook, settled, attempts, failing_since, next_at, error) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant, webhook) DO UPDATE SET \
         settled = CASE WHEN excluded.settled > webhooks.settled THEN excluded.settled ELSE webhooks.settled END, \
         attempts = excluded.attempts, failing_since = excluded.failing_since, next_at = excluded.next_at, \
         error = excluded.error",
        |args| {
            args.text(tenant.as_str()).text(webhook).int(number(*settled));
            args.int(i64::from(*attempts)).int(failing_since.map(Civil::as_micros));
            args.int(next_at.map(Civil::as_micros)).text(&*without_nul(error));
        },
    );
    transaction.run(statement).await?;
    if !freed.is_empty() {
        let among = transaction.dialect().among_ints("seq", 3);
        let text =
            format!("DELETE FROM webhook_held WHERE tenant = $1 AND webhook = $2 AND {among}");
        let statement = transaction.statement(text, |args| {
            args.text(tenant.as_str()).text(webhook);
            args.text(&*json_ints(freed.iter().map(|it| number(*it))));
        });
        transaction.run(statement).await?;
    }
    hold(transaction, tenant, webhook, held).await?;
    let letters = dead.iter().map(|(it, at)| NewLetter {
        tenant,
        channel: LetterChannel::Webhook,
        target: webhook,
        id: &it.event.event.id,
        at: *at,
        attempts: it.attempts,
        error: &it.error,
        letter: event_json(&it.event),
    });
    letters::bury(transaction, &letters.collect::<Vec<_>>()).await
}
