//! Mail that waits to be sent.

use serde::{Deserialize, Serialize};
use timbre_model::{Civil, TenantId};

use super::letters::{self, LetterChannel, NewLetter};
use crate::database::{Transaction, apart};
use crate::row::{Columns, Row};
use crate::sql::{Args, Kind, Table};
use crate::{Store, StoreError};

static MAILS: Table = Table::new(
    "mails",
    &[
        ("tenant", Kind::Text),
        ("id", Kind::Text),
        ("mail", Kind::Text),
        ("queued_at", Kind::Int),
        ("next_at", Kind::Int),
    ],
    2,
    5,
);

/// A mail. Queued again under its id it is not sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Unique within its tenant, and made of what it tells, so that a repetition is recognised; its Message-ID is made of it.
    pub id: String,
    /// To which address.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// What it says, as plain text.
    pub body: String,
    /// When it was written.
    pub at: Civil,
}

/// A mail that waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedMail {
    /// Whose.
    pub tenant: TenantId,
    /// The mail.
    pub mail: Mail,
    /// How often it was tried in vain.
    pub attempts: u32,
}

pub(super) fn json(mail: &Mail) -> String {
    serde_json::to_string(mail).expect("a mail has a JSON form")
}

/// Queues mails; those that were queued before are left as they are.
pub(super) async fn queue(
    transaction: &mut Transaction,
    tenant: &TenantId,
    mails: &[Mail],
) -> Result<(), StoreError> {
    let mut sorted: Vec<&Mail> = mails.iter().collect();
    sorted.sort_by_key(|it| &it.id);
    let write = |it: &&Mail, to: &mut Args| {
        let at = it.at.as_micros();
        to.text(tenant.as_str()).text(it.id.as_str()).text(&*json(it)).int(at).int(at);
    };
    for statement in MAILS.upsert(transaction.dialect(), &sorted, write).collect::<Vec<_>>() {
        transaction.run(statement).await?;
    }
    Ok(())
}

fn read(row: &Row) -> Result<QueuedMail, StoreError> {
    let mut from = Columns::new(row, "mails", 2);
    let tenant = from.parsed("tenant", |it| TenantId::parse(it).ok())?;
    from.text("id")?;
    let mail = from.parsed("mail", |it| serde_json::from_str(it).ok())?;
    Ok(QueuedMail { tenant, mail, attempts: from.count("attempts")? })
}

impl Store {
    /// At most `most` mails, of every tenant, that are to be tried by `until`, the earliest first.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn mails_due(&self, until: Civil, most: u32) -> Result<Vec<QueuedMail>, StoreError> {
        let rows = self.rows(
            "SELECT tenant, id, mail, attempts FROM mails WHERE next_at <= $1 ORDER BY next_at, tenant, id LIMIT $2",
            |args| {
                args.int(until.as_micros()).int(i64::from(most));
            },
        );
        rows.await?.iter().map(read).collect()
    }

    /// When the next mail is to be tried; `None` where none waits.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn next_mail(&self) -> Result<Option<Civil>, StoreError> {
        let text = "SELECT next_at FROM mails WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1";
        let rows = self.rows(text, |_| ()).await?;
        rows.first().map(|row| Columns::new(row, "mails", 0).time("next_at")).transpose()
    }

    /// A mail was handed over: what it said is forgotten, its id is not.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn mail_sent(
        &self,
        tenant: &TenantId,
        id: &str,
        at: Civil,
    ) -> Result<(), StoreError> {
        self.execute(
            "UPDATE mails SET mail = '', next_at = NULL, error = '', sent_at = $3 WHERE tenant = $1 AND id = $2",
            |args| {
                args.text(tenant.as_str()).text(id).int(at.as_micros());
            },
        )
        .await
        .map(drop)
    }

    /// A mail could not be handed over and is tried again.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn mail_failed(
        &self,
        tenant: &TenantId,
        id: &str,
        error: &str,
        next_at: Civil,
    ) -> Result<(), StoreError> {
        self.execute(
            "UPDATE mails SET attempts = attempts + 1, error = $3, next_at = $4 \
             WHERE tenant = $1 AND id = $2 AND sent_at IS NULL",
            |args| {
                args.text(tenant.as_str()).text(id).text(&*crate::calls::without_nul(error));
                args.int(next_at.as_micros());
            },
        )
        .await
        .map(drop)
    }

    /// A mail is given up: it goes among the dead letters.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn mail_dead(
        &self,
        mail: &QueuedMail,
        error: &str,
        at: Civil,
    ) -> Result<(), StoreError> {
        let (database, QueuedMail { tenant, mail, attempts }) =
            (self.database.clone(), mail.clone());
        let error = error.to_owned();
        apart(async move {
            let mut transaction = database.begin().await?;
            let letter = NewLetter {
                tenant: &tenant,
                channel: LetterChannel::Mail,
                target: "",
                id: &mail.id,
                at,
                attempts: attempts + 1,
                error: &error,
                letter: json(&mail),
            };
            letters::bury(&mut transaction, &[letter]).await?;
            let text = "UPDATE mails SET mail = '', next_at = NULL WHERE tenant = $1 AND id = $2";
            let statement = transaction.statement(text, |args| {
                args.text(tenant.as_str()).text(mail.id.as_str());
            });
            transaction.run(statement).await?;
            transaction.commit().await
        })
        .await
    }

    /// Forgets at most 1,000 mails that were sent before `before`; how many.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn prune_mails(&self, before: Civil) -> Result<u64, StoreError> {
        self.execute(
            "DELETE FROM mails WHERE sent_at IS NOT NULL AND sent_at < $1 AND (tenant, id) IN \
             (SELECT tenant, id FROM mails WHERE sent_at < $1 ORDER BY sent_at LIMIT 1000)",
            |args| {
                args.int(before.as_micros());
            },
        )
        .await
    }
}

/// Has a mail sent that was given up.
pub(super) async fn requeue(
    transaction: &mut Transaction,
    tenant: &TenantId,
    mail: &Mail,
    at: Civil,
) -> Result<(), StoreError> {
    let statement = transaction.statement(
        "INSERT INTO mails (tenant, id, mail, queued_at, next_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (tenant, id) DO UPDATE SET mail = excluded.mail, attempts = 0, error = '', next_at = excluded.next_at",
        |args| {
            args.text(tenant.as_str()).text(mail.id.as_str()).text(&*json(mail));
            args.int(mail.at.as_micros()).int(at.as_micros());
        },
    );
    transaction.run(statement).await.map(drop)
}
