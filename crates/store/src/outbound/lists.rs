//! Lists of leads: what is in them, and what is done to a whole one.

use serde_json::json;
use timbre_model::{Civil, Lead, LeadId, LeadOrder, ListId, NewLead, PhoneNumber, TenantId};

use super::attempts::digits;
use super::chain::{self, NewEntry};
use super::leads::{self, COLUMNS, KeptLead, key};
use super::rank::rank;
use crate::database::{Database, Transaction, apart};
use crate::row::Columns;
use crate::sql::{Args, Kind, Statement, Table, json_texts};
use crate::{Store, StoreError};

/// How many leads of a list stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LeadCounts {
    /// May be called.
    pub ready: u64,
    /// Being called, or reserved by an agent.
    pub claimed: u64,
    /// May be called again later.
    pub retry: u64,
    /// A call was promised.
    pub callback: u64,
    /// Over.
    pub finished: u64,
    /// May not be called, or not yet.
    pub blocked: u64,
}

/// A word for where a lead stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeadStateKind {
    /// May be called.
    Ready,
    /// Being called, or reserved by an agent.
    Claimed,
    /// May be called again later.
    Retry,
    /// A call was promised.
    Callback,
    /// Over.
    Finished,
    /// May not be called, or not yet.
    Blocked,
}

impl LeadStateKind {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Claimed => "claimed",
            Self::Retry => "retry",
            Self::Callback => "callback",
            Self::Finished => "finished",
            Self::Blocked => "blocked",
        }
    }

    /// Reads its word.
    pub fn parse(word: &str) -> Option<Self> {
        let all = [
            Self::Ready,
            Self::Claimed,
            Self::Retry,
            Self::Callback,
            Self::Finished,
            Self::Blocked,
        ];
        all.into_iter().find(|it| it.as_str() == word)
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadPage {
    /// The leads, by their numbers.
    pub leads: Vec<Lead>,
    /// The last one's, where there are more: the next page begins behind it.
    pub next: Option<LeadId>,
}

impl LeadPage {
    /// Most leads of one page.
    pub const SIZE_MAX: u32 = 1_000;
}

/// A lead, and why it stands where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadExplained {
    /// The lead.
    pub lead: Lead,
    /// What was said when it was last refused, where that still holds.
    pub because: Option<String>,
    /// Attempts before this do not count towards the campaign's own limits.
    pub reset_at: Option<Civil>,
    /// Its last attempt, with the decision that permitted it.
    pub last_attempt: Option<Box<timbre_model::AttemptRecord>>,
}

/// Leads that are rewritten in one transaction.
const SLICE: i64 = 2_000;

static RANKS: Table =
    Table::new("leads", &[("tenant", Kind::Text), ("id", Kind::Int), ("rank", Kind::Int)], 2, 3);

/// Leads of imports that are finished.
pub(super) const FINISHED: &str = "EXISTS (SELECT 1 FROM import_batches b WHERE b.tenant = leads.tenant AND b.batch = leads.batch \
     AND b.state = 'finished')";

impl Store {
    /// A lead; `None` where the tenant has none of this number, or its import is not finished.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn lead(&self, tenant: &TenantId, id: LeadId) -> Result<Option<Lead>, StoreError> {
        Ok(self.kept(tenant, id).await?.map(KeptLead::shown))
    }

    /// A lead with what is known of why it stands where it stands.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn explain_lead(
        &self,
        tenant: &TenantId,
        id: LeadId,
    ) -> Result<Option<LeadExplained>, StoreError> {
        let Some(kept) = self.kept(tenant, id).await? else { return Ok(None) };
        let last_attempt = self.last_attempt(tenant, id).await?.map(Box::new);
        let (because, reset_at) = (kept.because.clone(), kept.reset_at.map(Civil::from_micros));
        Ok(Some(LeadExplained { lead: kept.shown(), because, reset_at, last_attempt }))
    }

    async fn kept(&self, tenant: &TenantId, id: LeadId) -> Result<Option<KeptLead>, StoreError> {
        let text =
            format!("SELECT {COLUMNS} FROM leads WHERE tenant = $1 AND id = $2 AND {FINISHED}");
        let rows = self.generated_rows(text, |args| {
            args.text(tenant.as_str()).int(key(id));
        });
        rows.await?.first().map(leads::read).transpose()
    }

    /// Leads of a list by their numbers, those behind `after`; of one state where that is given. Passes over those of other
    /// states.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn list_leads(
        &self,
        tenant: &TenantId,
        list: &ListId,
        state: Option<LeadStateKind>,
        after: Option<LeadId>,
        size: u32,
    ) -> Result<LeadPage, StoreError> {
        let size = size.clamp(1, LeadPage::SIZE_MAX) as usize;
        // Each condition is that of an index.
        let narrow = match state {
            None => "",
            Some(LeadStateKind::Ready) => "AND state = 'ready' AND claim IS NULL",
            Some(LeadStateKind::Claimed) => "AND claim IS NOT NULL",
            Some(LeadStateKind::Retry) => "AND state = 'retry' AND claim IS NULL",
            Some(LeadStateKind::Callback) => "AND state = 'callback' AND claim IS NULL",
            Some(LeadStateKind::Finished) => {
                "AND state = 'finished' AND state <> 'ready' AND waits IS NULL AND claim IS NULL"
            }
            Some(LeadStateKind::Blocked) => "AND state = 'blocked' AND claim IS NULL",
        };
        let text = format!(
            "SELECT {COLUMNS} FROM leads{} WHERE tenant = $1 AND list = $2 AND id > $3 {narrow} AND {FINISHED} \
             ORDER BY id LIMIT $4",
            self.database.dialect().indexed("leads_by_list")
        );
        let rows = self.generated_rows(text, |args| {
            args.text(tenant.as_str()).text(list.as_str()).int(after.map_or(-1, key));
            args.int(size as i64 + 1);
        });
        let rows = rows.await?;
        let leads = rows.iter().take(size).map(|row| leads::read(row).map(KeptLead::shown));
        let leads = leads.collect::<Result<Vec<_>, _>>()?;
        let next = leads.last().filter(|_| rows.len() > size).map(|it| it.id);
        Ok(LeadPage { leads, next })
    }

    /// Every lead that has the number, of whichever list, at most 100.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn leads_by_number(
        &self,
        tenant: &TenantId,
        number: &PhoneNumber,
    ) -> Result<Vec<Lead>, StoreError> {
        let text = format!(
            "SELECT {COLUMNS} FROM leads WHERE tenant = $1 AND id IN \
             (SELECT lead FROM lead_numbers WHERE tenant = $1 AND number = $2) AND {FINISHED} ORDER BY id LIMIT 100"
        );
        let rows = self.generated_rows(text, |args| {
            args.text(tenant.as_str()).int(digits(number));
        });
        rows.await?.iter().map(|row| leads::read(row).map(KeptLead::shown)).collect()
    }

    /// How many leads of a list stand where. Reads indexes only.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn lead_counts(
        &self,
        tenant: &TenantId,
        list: &ListId,
    ) -> Result<LeadCounts, StoreError> {
        let of = |index| self.database.dialect().indexed(index);
        let (ready, claimed, waiting, over) =
            (of("leads_ready"), of("leads_claimed"), of("leads_waiting"), of("leads_over"));
        let text = format!(
            "SELECT 'ready' AS kind, COUNT(*) FROM import_batches b JOIN leads AS l{ready} ON l.tenant = b.tenant \
                 AND l.batch = b.batch AND l.state = 'ready' AND l.claim IS NULL \
                 WHERE b.tenant = $1 AND b.list = $2 AND b.state = 'finished' \
             UNION ALL SELECT 'claimed', COUNT(*) FROM leads{claimed} WHERE tenant = $1 AND list = $2 \
                 AND claim IS NOT NULL \
             UNION ALL SELECT state, COUNT(*) FROM leads{waiting} WHERE tenant = $1 AND list = $2 \
                 AND waits IS NOT NULL AND claim IS NULL GROUP BY state \
             UNION ALL SELECT state, COUNT(*) FROM leads{over} WHERE tenant = $1 AND list = $2 \
                 AND state <> 'ready' AND waits IS NULL AND claim IS NULL GROUP BY state"
        );
        let rows = self.generated_rows(text, |args| {
            args.text(tenant.as_str()).text(list.as_str());
        });
        let mut counts = LeadCounts::default();
        for row in rows.await? {
            let mut from = Columns::new(&row, "leads", 1);
            let kind = from.parsed("state", LeadStateKind::parse)?;
            *match kind {
                LeadStateKind::Ready => &mut counts.ready,
                LeadStateKind::Claimed => &mut counts.claimed,
                LeadStateKind::Retry => &mut counts.retry,
                LeadStateKind::Callback => &mut counts.callback,
                LeadStateKind::Finished => &mut counts.finished,
                LeadStateKind::Blocked => &mut counts.blocked,
            } += from.count::<u64>("count")?;
        }
        Ok(counts)
    }

    /// Makes leads of a list that stand in one of `states` ready again, as if they had never been tried by a campaign; the
    /// ledger keeps what was. A slice at a time; the audit trail says so, and why (`note`), before the first. How many.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn reset_list(
        &self,
        tenant: &TenantId,
        list: &ListId,
        states: &[LeadStateKind],
        note: &str,
        at: Civil,
    ) -> Result<u64, StoreError> {
        let words: Vec<&str> = states
            .iter()
            .filter(|it| !matches!(it, LeadStateKind::Ready | LeadStateKind::Claimed))
            .map(|it| it.as_str())
            .collect();
        let record = json!({ "list": list, "states": words, "note": note });
        let entry = NewEntry::new(tenant, at, "list_reset", format!("lists/{list}"), &record);
        let among = json_texts(words);
        let (database, memory) = (self.database.clone(), self.memory.clone());
        let (tenant, list) = (tenant.clone(), list.clone());
        apart(async move {
            let mut transaction = database.begin().await?;
            chain::append(&mut transaction, vec![entry], false).await?;
            transaction.commit().await?;
            let (mut reset, mut slice) = (0, SLICE as u64);
            while slice > 0 {
                let _turn = database.turn().await;
                let mut transaction = database.begin().await?;
                slice = reset_slice(&mut transaction, &tenant, &list, &among, at).await?;
                transaction.commit().await?;
                reset += slice;
            }
            memory.forget(&tenant);
            Ok(reset)
        })
        .await
    }

    /// Gives the leads of a list that are ready another order, a slice at a time. How many. Those that wait keep their time.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn reorder_list(
        &self,
        tenant: &TenantId,
        list: &ListId,
        order: &LeadOrder,
    ) -> Result<u64, StoreError> {
        let (database, memory) = (self.database.clone(), self.memory.clone());
        let (tenant, list, order) = (tenant.clone(), list.clone(), order.clone());
        apart(async move {
            let (mut done, mut after) = (0, Some(0));
            while let Some(from) = after {
                let _turn = database.turn().await;
                let (count, last) = reorder_slice(&database, &tenant, &list, &order, from).await?;
                done += count;
                after = last;
            }
            memory.forget(&tenant);
            Ok(done)
        })
        .await
    }

    pub(crate) async fn generated_rows(
        &self,
        text: String,
        bind: impl FnOnce(&mut Args),
    ) -> Result<Vec<crate::row::Row>, StoreError> {
        let mut args = self.database.args();
        bind(&mut args);
        self.database.read(Statement::generated(text.into(), args)).await
    }
}

async fn reset_slice(
    transaction: &mut Transaction,
    tenant: &TenantId,
    list: &ListId,
    states: &str,
    at: Civil,
) -> Result<u64, StoreError> {
    let among = transaction.dialect().among("state", 3);
    let mut reset = 0;
    // One for each index that they may be in.
    for (index, place) in [
        ("leads_waiting", "waits IS NOT NULL AND claim IS NULL"),
        ("leads_over", "state <> 'ready' AND waits IS NULL AND claim IS NULL"),
    ] {
        let indexed = transaction.dialect().indexed(index);
        let text = format!(
            "UPDATE leads SET state = 'ready', due = NULL, waits = NULL, agent = NULL, why = NULL, because = NULL, \
             attempts = 0, reset_at = $4 WHERE tenant = $1 AND id IN \
             (SELECT id FROM leads{indexed} WHERE tenant = $1 AND list = $2 AND {place} AND {among} LIMIT $5)"
        );
        let statement = transaction.statement(text, |args| {
            args.text(tenant.as_str()).text(list.as_str()).text(states);
            args.int(at.as_micros()).int(SLICE);
        });
        reset += transaction.run(statement).await?;
    }
    let text = "UPDATE import_batches SET dry = 0 WHERE tenant = $1 AND list = $2";
    let statement = transaction.statement(text, |args| {
        args.text(tenant.as_str()).text(list.as_str());
    });
    transaction.run(statement).await?;
    Ok(reset)
}

/// How many leads were given a new rank, and the last one that was looked at, where there may be more.
async fn reorder_slice(
    database: &Database,
    tenant: &TenantId,
    list: &ListId,
    order: &LeadOrder,
    after: i64,
) -> Result<(u64, Option<i64>), StoreError> {
    let mut transaction = database.begin().await?;
    let indexed = transaction.dialect().indexed("leads_by_list");
    let text = format!(
        "SELECT id, details FROM leads{indexed} WHERE tenant = $1 AND list = $2 AND id > $3 ORDER BY id LIMIT $4"
    );
    let statement = transaction.statement(text, |args| {
        args.text(tenant.as_str()).text(list.as_str()).int(after).int(SLICE);
    });
    let mut ranks: Vec<(i64, i64)> = Vec::new();
    for row in transaction.rows(statement).await? {
        let mut from = Columns::new(&row, "leads", 1);
        let id = from.int("id")?;
        let person = from.parsed("details", |it| serde_json::from_str::<NewLead>(it).ok())?;
        ranks.push((id, rank(order, LeadId::from_u64(id.unsigned_abs()), &person)));
    }
    let write = |(id, rank): &(i64, i64), to: &mut Args| {
        to.text(tenant.as_str()).int(*id).int(*rank);
    };
    for statement in RANKS.update(transaction.dialect(), &ranks, write).collect::<Vec<_>>() {
        transaction.run(statement).await?;
    }
    transaction.commit().await?;
    let last = ranks.last().filter(|_| ranks.len() as i64 == SLICE).map(|(id, _)| *id);
    Ok((ranks.len() as u64, last))
}
