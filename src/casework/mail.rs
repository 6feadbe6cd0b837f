//! Sends the mail that waits in the store, through the floors' SMTP servers (RFC 5321).
//!
//! A mail is handed over at least once; where the node dies between the server's answer and its being kept, twice, under
//! the same Message-ID. While a server is away its mails wait in their order.

pub mod smtp;

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use timbre_model::{MailSpec, Mono, TenantId};
use timbre_store::{QueuedMail, StoreError};

use super::pace::{Pace, back_off, until};
use super::{Desk, chance, now};
use crate::driver::clock::{self, Clock};
use crate::metrics::{Counted, Delivered, Through};
use smtp::Trouble;

/// Mails looked at at once.
const BATCH: u32 = 500;

/// The longest wait between two looks.
const PATIENCE: Duration = Duration::from_secs(1);

/// After so long a mail that a server does not take is given up (RFC 5321 §4.5.4.1: at least four to five days).
const GIVE_UP_AFTER: Duration = Duration::from_secs(5 * 86_400);

/// Recipients that may rest at once.
const RESTING_MAX: usize = 1_000;

/// After failed tries: how many, and until when nothing is tried.
#[derive(Debug, Clone, Copy)]
struct Rest {
    tries: u32,
    until: Mono,
}

/// What a tenant's mail waits for.
#[derive(Debug, Default)]
struct Waits {
    /// The server, or a floor that names one.
    server: Option<Rest>,
    /// Recipients of mails that were not taken: later mails to them must not be faster.
    recipients: BTreeMap<String, Rest>,
}

/// The task that sends mail.
pub struct Mailer {
    desk: Desk,
    clock: Clock,
    tenants: BTreeMap<TenantId, Waits>,
}

impl Mailer {
    /// One that has sent nothing yet.
    pub fn new(desk: Desk) -> Self {
        Self { desk, clock: Clock::start(), tenants: BTreeMap::new() }
    }

    /// Sends mail, without end. With the store away it waits.
    pub async fn run(mut self) {
        let mut pace = Pace::new(&self.desk.store);
        loop {
            if let Err(error) = self.turn().await {
                tracing::warn!(%error, "mail waits for the store");
                clock::sleep(PATIENCE).await;
            }
            let next = self.desk.store.next_mail().await.ok().flatten();
            pace.wait(next.map_or(PATIENCE, until).clamp(Duration::from_millis(200), PATIENCE))
                .await;
        }
    }

    /// Sends what is due.
    async fn turn(&mut self) -> Result<(), StoreError> {
        let mut by_tenant = BTreeMap::<TenantId, Vec<QueuedMail>>::new();
        for mail in self.desk.store.mails_due(now(), BATCH).await? {
            by_tenant.entry(mail.tenant.clone()).or_default().push(mail);
        }
        // One that was tried is due later than those that were written after it.
        for mails in by_tenant.values_mut() {
            mails.sort_by(|a, b| (a.mail.at, &a.mail.id).cmp(&(b.mail.at, &b.mail.id)));
        }
        let (desk, clock) = (&self.desk, &self.clock);
        let sending = by_tenant.into_iter().map(|(tenant, mails)| {
            let waits = self.tenants.remove(&tenant).unwrap_or_default();
            async move {
                let mut sender = Sender { desk, clock, tenant, waits };
                let sent = sender.all(mails).await;
                (sender.tenant, sender.waits, sent)
            }
        });
        let mut all = Ok(());
        for (tenant, waits, sent) in join_all(sending).await {
            self.tenants.insert(tenant, waits);
            all = all.and(sent);
        }
        all
    }
}

/// Sends one tenant's mail.
struct Sender<'a> {
    desk: &'a Desk,
    clock: &'a Clock,
    tenant: TenantId,
    waits: Waits,
}

impl Sender<'_> {
    async fn all(&mut self, mails: Vec<QueuedMail>) -> Result<(), StoreError> {
        let now = self.clock.mono();
        self.waits.recipients.retain(|_, rest| rest.until > now);
        for mail in mails {
            if self.waits.server.is_some_and(|rest| rest.until > self.clock.mono()) {
                return Ok(());
            }
            let rest = self.waits.recipients.get(&mail.mail.to);
            if rest.is_none_or(|rest| rest.until <= self.clock.mono()) {
                self.one(mail).await?;
            }
        }
        Ok(())
    }

    async fn one(&mut self, mail: QueuedMail) -> Result<(), StoreError> {
        let sent = match self.spec() {
            Some(spec) => smtp::send(&spec, &self.tenant, &mail.mail).await,
            None => Err(Trouble::Server("the floor names no mail server".to_owned())),
        };
        let (store, at) = (&self.desk.store, now());
        let late = mail.mail.at + GIVE_UP_AFTER <= at;
        let id = mail.mail.id.as_str();
        let (came, kept) = match sent {
            Ok(()) => {
                self.waits.server = None;
                self.waits.recipients.remove(&mail.mail.to);
                (Delivered::Taken, store.mail_sent(&self.tenant, id, at).await)
            }
            Err(trouble) => {
                let (tenant, error) = (&self.tenant, trouble.to_string());
                tracing::warn!(%tenant, mail = id, error, "a mail was not sent");
                match trouble {
                    Trouble::Never(why) => {
                        (Delivered::GivenUp, store.mail_dead(&mail, &why, at).await)
                    }
                    Trouble::Later(why) | Trouble::Server(why) if late => {
                        (Delivered::GivenUp, store.mail_dead(&mail, &why, at).await)
                    }
                    Trouble::Later(why) => {
                        let next = at + self.recipient_rests(&mail);
                        let kept = store.mail_failed(&self.tenant, id, &why, next).await;
                        (Delivered::Failed, kept)
                    }
                    Trouble::Server(_) => {
                        self.server_rests();
                        (Delivered::Failed, Ok(()))
                    }
                }
            }
        };
        self.desk.metrics.count_casework(&self.tenant, Counted::Delivery(Through::Mail, came));
        kept
    }

    fn spec(&self) -> Option<MailSpec> {
        self.desk.feed.floor(&self.tenant)?.casework.mail.clone()
    }

    fn server_rests(&mut self) {
        let tries = self.waits.server.map_or(1, |rest| rest.tries.saturating_add(1));
        let until = self.clock.mono() + back_off(tries, chance());
        self.waits.server = Some(Rest { tries, until });
    }

    fn recipient_rests(&mut self, mail: &QueuedMail) -> Duration {
        let tries = mail.attempts.saturating_add(1);
        let wait = back_off(tries, chance());
        let rest = Rest { tries, until: self.clock.mono() + wait };
        if self.waits.recipients.len() < RESTING_MAX {
            self.waits.recipients.insert(mail.mail.to.clone(), rest);
        }
        wait
    }
}
