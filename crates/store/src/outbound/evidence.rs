//! Attempts read back: as lists, as a number's history, and as the counts that laws on abandonment ask for.

use std::fmt::Write as _;

use timbre_model::{
    AttemptOutcome, AttemptRecord, CallId, CampaignId, Civil, LeadId, PhoneNumber, TenantId,
};

use super::attempts::{self, digits};
use super::leads;
use crate::calls::key;
use crate::row::Columns;
use crate::{Cursor, PageRequest, Store, StoreError};

/// Which attempts to list; what is `None` does not narrow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AttemptFilter {
    /// Of this campaign.
    pub campaign: Option<CampaignId>,
    /// At this number.
    pub number: Option<PhoneNumber>,
    /// Of this lead.
    pub lead: Option<LeadId>,
    /// That ended so.
    pub outcome: Option<AttemptOutcome>,
    /// Permitted at or after this.
    pub from: Option<Civil>,
    /// Permitted before this.
    pub to: Option<Civil>,
}

/// A part of a list of attempts, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptPage {
    /// The attempts.
    pub attempts: Vec<AttemptRecord>,
    /// Where the next page begins; its time is that of the permit.
    pub next: Option<Cursor>,
}

/// Live answers of a campaign on one UTC day, by the time of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AnswerDay {
    /// Days since 1970-01-01.
    pub day: i64,
    /// Calls that a person answered: those connected and those abandoned.
    pub answered: u64,
    /// Of which no agent was there in time.
    pub abandoned: u64,
}

const DAY: i64 = 86_400_000_000;

impl Store {
    /// An attempt; `None` where the tenant has none of this id.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn attempt(
        &self,
        tenant: &TenantId,
        id: CallId,
    ) -> Result<Option<AttemptRecord>, StoreError> {
        let text = "SELECT tenant, id, record FROM attempts WHERE tenant = $1 AND id = $2";
        let rows = self.rows(text, |args| {
            args.text(tenant.as_str()).bytes(&key(id)[..]);
        });
        rows.await?.first().map(attempts::read).transpose()
    }

    /// Attempts that pass `filter`, newest first. Reads one page of an index, save that an outcome, and all but the narrowest of
    /// number, lead and campaign, pass over what they leave out.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn list_attempts(
        &self,
        tenant: &TenantId,
        filter: &AttemptFilter,
        page: &PageRequest,
    ) -> Result<AttemptPage, StoreError> {
        let AttemptFilter { campaign, number, lead, outcome, from, to } = filter;
        let size = page.size.clamp(1, PageRequest::SIZE_MAX) as usize;
        let mut text =
            "SELECT tenant, id, record, intent_at FROM attempts WHERE tenant = $1".to_owned();
        let (mut args, mut values) = (self.database.args(), 1);
        args.text(tenant.as_str());
        let mut add = |condition: &str| {
            values += 1;
            let _ = write!(text, " AND {condition} ${values}");
        };
        if let Some(campaign) = campaign {
            args.text(campaign.as_str());
            add("campaign =");
        }
        if let Some(number) = number {
            args.int(digits(number));
            add("number =");
        }
        if let Some(lead) = lead {
            args.int(leads::key(*lead));
            add("lead =");
        }
        if let Some(outcome) = outcome {
            args.text(outcome.as_str());
            add("outcome =");
        }
        for (condition, at) in [("intent_at >=", from), ("intent_at <", to)] {
            if let Some(at) = at {
                args.int(at.as_micros());
                add(condition);
            }
        }
        if let Some(Cursor { arrived_at, call }) = page.after {
            args.int(arrived_at.as_micros()).bytes(&key(call)[..]);
            let _ = write!(text, " AND (intent_at, id) < (${}, ${})", values + 1, values + 2);
        }
        let _ = write!(text, " ORDER BY intent_at DESC, id DESC LIMIT {}", size + 1);
        let statement = crate::sql::Statement::generated(text.into(), args);
        let rows = self.database.read(statement).await?;
        let found = rows.iter().take(size).map(attempts::read).collect::<Result<Vec<_>, _>>()?;
        let last = found.last().filter(|_| rows.len() > size);
        let next = last.map(|it| Cursor { arrived_at: it.intent_at, call: it.id });
        Ok(AttemptPage { attempts: found, next })
    }

    /// The newest attempts at a number by whichever campaign, at most 500.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn number_history(
        &self,
        tenant: &TenantId,
        number: &PhoneNumber,
    ) -> Result<Vec<AttemptRecord>, StoreError> {
        let filter = AttemptFilter { number: Some(number.clone()), ..AttemptFilter::default() };
        let page = PageRequest { size: 500, after: None };
        Ok(self.list_attempts(tenant, &filter, &page).await?.attempts)
    }

    pub(super) async fn last_attempt(
        &self,
        tenant: &TenantId,
        lead: LeadId,
    ) -> Result<Option<AttemptRecord>, StoreError> {
        let text = "SELECT tenant, id, record FROM attempts WHERE tenant = $1 AND lead = $2 \
             ORDER BY intent_at DESC, id DESC LIMIT 1";
        let rows = self.rows(text, |args| {
            args.text(tenant.as_str()).int(leads::key(lead));
        });
        rows.await?.first().map(attempts::read).transpose()
    }

    /// When the tenant's latest attempt was permitted: a host whose clock is behind that has a clock that is wrong.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn latest_intent_at(&self, tenant: &TenantId) -> Result<Option<Civil>, StoreError> {
        let text = "SELECT MAX(intent_at) AS intent_at FROM attempts WHERE tenant = $1";
        let rows = self.rows(text, |args| {
            args.text(tenant.as_str());
        });
        let rows = rows.await?;
        let row = rows.first();
        row.map_or(Ok(None), |row| Columns::new(row, "attempts", 0).time_or_null("intent_at"))
    }

    /// Live answers of a campaign for each UTC day from the one of `from` on.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn answer_days(
        &self,
        tenant: &TenantId,
        campaign: &CampaignId,
        from: Civil,
    ) -> Result<Vec<AnswerDay>, StoreError> {
        let from = from.as_micros().div_euclid(DAY) * DAY;
        // Permitted at most a day before the answer.
        let text = "SELECT answered_at / $4 AS day, SUM(CASE WHEN outcome = 'abandoned' THEN 0 ELSE 1 END), \
                 SUM(CASE WHEN outcome = 'abandoned' THEN 1 ELSE 0 END) \
             FROM attempts WHERE tenant = $1 AND campaign = $2 AND intent_at >= $3 - $4 AND answered_at >= $3 \
                 AND (connected_at IS NOT NULL OR outcome = 'abandoned') AND (outcome IS NULL OR outcome <> 'machine') \
             GROUP BY answered_at / $4 ORDER BY day";
        let rows = self.rows(text, |args| {
            args.text(tenant.as_str()).text(campaign.as_str()).int(from).int(DAY);
        });
        let day = |row| {
            let mut from = Columns::new(row, "attempts", 0);
            let (day, reached) = (from.int("day")?, from.count::<u64>("answered")?);
            let abandoned = from.count("abandoned")?;
            Ok(AnswerDay { day, answered: reached + abandoned, abandoned })
        };
        rows.await?.iter().map(day).collect()
    }
}
