//! What a dead node left open of its campaigns.

use timbre_model::{
    AttemptOutcome, AttemptRecord, Civil, LeadChange, LeadState, RecycleRule, Slug,
};

use super::attempts::{self, ATTEMPTS};
use super::chain;
use super::leads::{self, STATES};
use crate::StoreError;
use crate::calls::key;
use crate::casework::{NewRow, happened};
use crate::database::Transaction;
use crate::row::Columns;
use crate::sql::Args;

/// How many of each are ended by one statement's worth of work.
const SLICE: i64 = 500;

/// What was ended.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    pub(crate) attempts: u64,
    pub(crate) leads: u64,
    pub(crate) told: Vec<NewRow>,
}

/// Ends open attempts, has the leads of those who were not reached tried again later, and gives back those that were reserved.
pub(crate) async fn recover(transaction: &mut Transaction, at: Civil) -> Result<Ended, StoreError> {
    let mut ended = Ended::default();
    loop {
        let open = open(transaction, at).await?;
        if open.is_empty() {
            break;
        }
        ended.attempts += open.len() as u64;
        ended.told.extend(open.iter().filter_map(happened::of_attempt));
        let statements = ATTEMPTS.upsert(transaction.dialect(), &open, attempts::write);
        for statement in statements.collect::<Vec<_>>() {
            transaction.run(statement).await?;
        }
        let entries = open.iter().filter_map(attempts::end_entry).collect();
        chain::append(transaction, entries, false).await?;
    }
    ended.leads = unclaim(transaction, at).await?;
    let text = "UPDATE leads SET claim = NULL WHERE claim IS NOT NULL";
    ended.leads += transaction.run(transaction.statement(text, |_| ())).await?;
    let text = "UPDATE import_batches SET dry = 0 WHERE dry <> 0";
    transaction.run(transaction.statement(text, |_| ())).await?;
    Ok(ended)
}

/// Some of the attempts that are open, ended.
async fn open(transaction: &mut Transaction, at: Civil) -> Result<Vec<AttemptRecord>, StoreError> {
    let text = "SELECT tenant, id, record FROM attempts WHERE ended_at IS NULL LIMIT $1";
    let statement = transaction.statement(text, |args| {
        args.int(SLICE);
    });
    let rows = transaction.rows(statement).await?;
    let end = |it: AttemptRecord| AttemptRecord {
        // Never before its beginning, also where the clock was set back since.
        ended_at: Some(at.max(it.intent_at)),
        outcome: Some(told(&it)),
        ..it
    };
    rows.iter().map(|row| attempts::read(row).map(end)).collect()
}

/// How an open attempt ended, as far as is known: whoever was connected with an agent has been called.
fn told(it: &AttemptRecord) -> AttemptOutcome {
    match it.connected_at {
        Some(_) => AttemptOutcome::Connected,
        None => AttemptOutcome::Indeterminate,
    }
}

/// Leads whose attempt has ended: where they go says its outcome, since whoever would have said it is dead.
async fn unclaim(transaction: &mut Transaction, at: Civil) -> Result<u64, StoreError> {
    let text = "SELECT tenant, id, claim FROM leads WHERE claim LIKE 'attempt:%'";
    let rows = transaction.rows(transaction.statement(text, |_| ())).await?;
    let mut moved = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut from = Columns::new(row, "leads", 2);
        let tenant = from.parsed("tenant", |it| timbre_model::TenantId::parse(it).ok())?;
        let lead = timbre_model::LeadId::from_u64(from.count("id")?);
        let id =
            from.parsed("claim", |it| timbre_model::CallId::parse(it.strip_prefix("attempt:")?))?;
        let text = "SELECT tenant, id, record FROM attempts WHERE tenant = $1 AND id = $2";
        let statement = transaction.statement(text, |args| {
            args.text(tenant.as_str()).bytes(&key(id)[..]);
        });
        let attempt = transaction.rows(statement).await?.first().map(attempts::read).transpose()?;
        let state = after(attempt.as_ref(), at);
        moved.push(LeadChange { tenant, lead, state });
    }
    let write = |it: &LeadChange, to: &mut Args| leads::write(it, None, to);
    for statement in STATES.update(transaction.dialect(), &moved, write).collect::<Vec<_>>() {
        transaction.run(statement).await?;
    }
    Ok(moved.len() as u64)
}

/// Where a lead stands after its attempt.
fn after(attempt: Option<&AttemptRecord>, at: Civil) -> LeadState {
    let outcome = attempt.and_then(|it| it.outcome).unwrap_or(AttemptOutcome::Indeterminate);
    let finished = |word: &str| LeadState::Finished {
        disposition: Slug::parse(word).expect("outcomes are identifiers"),
    };
    match (outcome, attempt.and_then(|it| it.disposition.as_ref())) {
        (_, Some(disposition)) => LeadState::Finished { disposition: disposition.code.clone() },
        (AttemptOutcome::Connected, None) => finished("unclassified"),
        (AttemptOutcome::Unallocated, None) => finished(AttemptOutcome::Unallocated.as_str()),
        (outcome, None) => LeadState::Retry { at: at + RecycleRule::of(outcome).delay },
    }
}
