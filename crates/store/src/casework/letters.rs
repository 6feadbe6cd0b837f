//! Dead letters: what could not be told, until somebody has it told again or throws it away.

use std::fmt;

use serde::{Deserialize, Serialize};
use timbre_model::{Civil, TenantId, words};

use super::{Mail, StoredEvent, mails, webhooks};
use crate::calls::without_nul;
use crate::database::{Transaction, apart};
use crate::row::{Columns, Row};
use crate::sql::{Args, Kind, Table};
use crate::{PageRequest, Store, StoreError};

static DEAD_LETTERS: Table = Table::new(
    "dead_letters",
    &[
        ("tenant", Kind::Text),
        ("channel", Kind::Text),
        ("target", Kind::Text),
        ("id", Kind::Text),
        ("at", Kind::Int),
        ("attempts", Kind::Int),
        ("error", Kind::Text),
        ("letter", Kind::Text),
    ],
    4,
    4,
);

/// Through what something is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LetterChannel {
    /// A webhook.
    Webhook,
    /// Mail.
    Mail,
}

words! {
    LetterChannel { Webhook = "webhook", Mail = "mail", }
}

/// What could not be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Through what.
    pub channel: LetterChannel,
    /// The webhook's id; empty for mail.
    pub target: String,
    /// The id of the event or of the mail.
    pub id: String,
    /// When it was given up.
    pub at: Civil,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed last.
    pub error: String,
    /// A [`StoredEvent`] or a [`Mail`], as JSON.
    pub letter: String,
}

/// A part of the dead letters, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterPage {
    /// The letters.
    pub letters: Vec<DeadLetter>,
    /// Where the next page begins; `None` where there is none.
    pub next: Option<DeadLetterCursor>,
}

/// The last letter of a page. Printed `MICROSECONDS/CHANNEL/TARGET/ID`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterCursor {
    at: Civil,
    channel: LetterChannel,
    target: String,
    id: String,
}

impl DeadLetterCursor {
    /// Reads `MICROSECONDS/CHANNEL/TARGET/ID`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, '/');
        let at = Civil::from_micros(parts.next()?.parse().ok()?);
        let channel = LetterChannel::parse(parts.next()?)?;
        let text = |it: &str| without_nul(it).into_owned();
        Some(Self { at, channel, target: text(parts.next()?), id: text(parts.next()?) })
    }
}

impl fmt::Display for DeadLetterCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, channel, target, id } = self;
        write!(f, "{}/{channel}/{target}/{id}", at.as_micros())
    }
}

/// How much waits to be told, and how much was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WaitingLetters {
    /// Mails to send.
    pub mails: u64,
    /// Events that webhooks hold back.
    pub held: u64,
    /// Dead letters.
    pub dead: u64,
}

/// A letter that is given up.
pub(super) struct NewLetter<'a> {
    pub(super) tenant: &'a TenantId,
    pub(super) channel: LetterChannel,
    pub(super) target: &'a str,
    pub(super) id: &'a str,
    pub(super) at: Civil,
    pub(super) attempts: u32,
    pub(super) error: &'a str,
    pub(super) letter: String,
}

/// Puts letters among the dead ones.
pub(super) async fn bury(
    transaction: &mut Transaction,
    letters: &[NewLetter<'_>],
) -> Result<(), StoreError> {
    let write = |it: &NewLetter<'_>, to: &mut Args| {
        to.text(it.tenant.as_str()).text(it.channel.as_str()).text(it.target).text(it.id);
        to.int(it.at.as_micros()).int(i64::from(it.attempts)).text(&*without_nul(it.error));
        to.text(it.letter.as_str());
    };
    for statement in DEAD_LETTERS.upsert(transaction.dialect(), letters, write).collect::<Vec<_>>()
    {
        transaction.run(statement).await?;
    }
    Ok(())
}

const COLUMNS: &str = "channel, target, id, at, attempts, error, letter";

fn read(row: &Row) -> Result<DeadLetter, StoreError> {
    let mut from = Columns::new(row, "dead_letters", 3);
    Ok(DeadLetter {
        channel: from.parsed("channel", LetterChannel::parse)?,
        target: from.text("target")?.to_owned(),
        id: from.text("id")?.to_owned(),
        at: from.time("at")?,
        attempts: from.count("attempts")?,
        error: from.text("error")?.to_owned(),
        letter: from.text("letter")?.to_owned(),
    })
}

impl Store {
    /// Dead letters of a tenant, newest first.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn dead_letters(
        &self,
        tenant: &TenantId,
        size: u32,
        after: Option<&DeadLetterCursor>,
    ) -> Result<DeadLetterPage, StoreError> {
        let size = size.clamp(1, PageRequest::SIZE_MAX) as usize;
        let behind = match after {
            Some(_) => "AND (at, channel, target, id) < ($2, $3, $4, $5)",
            None => "",
        };
        let text = format!(
            "SELECT {COLUMNS} FROM dead_letters WHERE tenant = $1 {behind} \
             ORDER BY at DESC, channel DESC, target DESC, id DESC LIMIT {}",
            size + 1
        );
        let rows = self.generated_rows(text, |args| {
            args.text(tenant.as_str());
            if let Some(DeadLetterCursor { at, channel, target, id }) = after {
                args.int(at.as_micros()).text(channel.as_str()).text(target.as_str());
                args.text(id.as_str());
            }
        });
        let rows = rows.await?;
        let letters = rows.iter().take(size).map(read).collect::<Result<Vec<_>, _>>()?;
        let next = letters.last().filter(|_| rows.len() > size).map(|it| DeadLetterCursor {
            at: it.at,
            channel: it.channel,
            target: it.target.clone(),
            id: it.id.clone(),
        });
        Ok(DeadLetterPage { letters, next })
    }

    /// Has a dead letter told again, from `at` on, as if it had never been tried; `false` where there is none.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn revive(
        &self,
        tenant: &TenantId,
        channel: LetterChannel,
        target: &str,
        id: &str,
        at: Civil,
    ) -> Result<bool, StoreError> {
        let text = format!(
            "DELETE FROM dead_letters WHERE tenant = $1 AND channel = $2 AND target = $3 AND id = $4 \
             RETURNING {COLUMNS}"
        );
        let (database, tenant) = (self.database.clone(), tenant.clone());
        let (target, id) = (target.to_owned(), id.to_owned());
        apart(async move {
            let mut transaction = database.begin().await?;
            let statement = transaction.statement(text, |args| {
                args.text(tenant.as_str()).text(channel.as_str());
                args.text(&*without_nul(&target)).text(&*without_nul(&id));
            });
            let rows = transaction.rows(statement).await?;
            let Some(letter) = rows.first().map(read).transpose()? else {
                transaction.roll_back().await?;
                return Ok(false);
            };
            match channel {
                LetterChannel::Mail => {
                    let mail: Mail = parsed(&letter)?;
                    mails::requeue(&mut transaction, &tenant, &mail, at).await?;
                }
                LetterChannel::Webhook => {
                    let event: StoredEvent = parsed(&letter)?;
                    webhooks::hold_again(&mut transaction, &tenant, &target, event, at).await?;
                }
            }
            transaction.commit().await?;
            Ok(true)
        })
        .await
    }

    /// How much of a tenant's waits to be told, and how much was given up.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn waiting_letters(&self, tenant: &TenantId) -> Result<WaitingLetters, StoreError> {
        let rows = self.rows(
            "SELECT (SELECT COUNT(*) FROM mails WHERE next_at IS NOT NULL AND tenant = $1), \
             (SELECT COUNT(*) FROM webhook_held WHERE tenant = $1), \
             (SELECT COUNT(*) FROM dead_letters WHERE tenant = $1)",
            |args| {
                args.text(tenant.as_str());
            },
        );
        let waiting = |row| {
            let mut from = Columns::new(row, "dead_letters", 0);
            let (mails, held) = (from.count("mails")?, from.count("held")?);
            Ok(WaitingLetters { mails, held, dead: from.count("dead")? })
        };
        Ok(rows.await?.first().map(waiting).transpose()?.unwrap_or_default())
    }
}

fn parsed<T: for<'de> Deserialize<'de>>(letter: &DeadLetter) -> Result<T, StoreError> {
    serde_json::from_str(&letter.letter).map_err(|_| StoreError::Corrupt {
        table: "dead_letters",
        column: "letter",
        id: format!("{}/{}/{}", letter.channel, letter.target, letter.id),
    })
}
