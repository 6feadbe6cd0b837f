//! One piece of work, kept as a whole.

use timbre_casework::{Customer, CustomerId, Record, RecordKind, Work};
use timbre_model::{Civil, TenantId};

use super::events::number;
use super::{Mail, NewRow, append_statements, customers, interactions, mails, records};
use crate::database::{Database, Transaction, apart};
use crate::outbound::chain::{self, NewEntry};
use crate::requests;
use crate::{DoneRequest, Store, StoreError};

/// What is kept together with a piece of work.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct With {
    /// The request that it answers, by its id, and the answer.
    pub request: Option<(String, DoneRequest)>,
    /// The reader of events that did it, and the number of the event up to which it has come.
    pub cursor: Option<(&'static str, u64)>,
    /// Mails to send because of it.
    pub mails: Vec<Mail>,
    /// What goes into the tenant's audit trail.
    pub trail: Vec<TrailEntry>,
}

/// An entry of the audit trail. It is never changed or erased: no name and no number belongs there.
#[derive(Debug, Clone, PartialEq)]
pub struct TrailEntry {
    /// When.
    pub at: Civil,
    /// What happened: `customer_erased`.
    pub kind: &'static str,
    /// To what: `customers/0123…`.
    pub subject: String,
    /// What there is to say.
    pub payload: serde_json::Value,
}

/// Why a piece of work was not kept. Nothing of it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkError {
    /// A record is not in the version that was read, or is there already; or the reader has come further. Read again, and
    /// work anew.
    #[error("a record has changed since it was read")]
    Stale,
    /// The key of a new case, or of a customer within its client company, is another's.
    #[error("the key is taken")]
    KeyTaken,
    /// The request was done before: this was answered.
    #[error("the request was done before")]
    Repeated(DoneRequest),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One with more records and contacts than this takes its turn among the large ones.
const SMALL: usize = 12;

impl Store {
    /// Keeps a piece of work in one transaction: each record as it now stands with what it is found by and its lines of
    /// agendas, contacts, events with their numbers, and what comes `with` it. A contact or an event that is there already
    /// stays as it is. Cancelling the future does not cancel it.
    ///
    /// A customer that was merged or erased is found by its id alone from then on. The contacts of one that was merged go to
    /// the other; of one that was erased, they lose their words (in small transactions before this one, so that nobody waits
    /// for long).
    ///
    /// Of pieces of work with more than 12 records and contacts one is kept at a time, so that a call's commit waits for one
    /// of them at most. SQLite has one writer: an import brings some dozens of customers at once, not thousands.
    ///
    /// # Errors
    ///
    /// See [`WorkError`]. With [`StoreError::Unavailable`] it is unknown whether the work was kept; done again with the same
    /// request, cursor or versions it is not kept twice.
    pub async fn work(&self, tenant: &TenantId, work: Work, with: With) -> Result<(), WorkError> {
        if work.records.iter().any(|it| it.tenant() != tenant)
            || work.interactions.iter().any(|it| it.tenant != *tenant)
        {
            let why = "a piece of work holds what is another tenant's".to_owned();
            return Err(StoreError::Refused(why).into());
        }
        let large = work.records.len() + work.interactions.len() > SMALL;
        let erased = erased(&work);
        let _turn = match large || !erased.is_empty() {
            true => Some(self.database.turn().await),
            false => None,
        };
        for customer in erased {
            self.scrub_slices(tenant, customer).await?;
        }
        let told = !work.events.is_empty();
        let (database, tenant) = (self.database.clone(), tenant.clone());
        apart(async move { Ok(keep(&database, &tenant, &work, with).await) }).await??;
        if told {
            self.told.tell();
        }
        Ok(())
    }
}

fn erased(work: &Work) -> Vec<CustomerId> {
    let erased = |it: &Record| match it {
        Record::Customer(it) if it.erased_at.is_some() => Some(it.id),
        _ => None,
    };
    work.records.iter().filter_map(erased).collect()
}

async fn keep(
    database: &Database,
    tenant: &TenantId,
    work: &Work,
    with: With,
) -> Result<(), WorkError> {
    let mut transaction = database.begin().await?;
    match keep_within(&mut transaction, tenant, work, with).await {
        Ok(()) => Ok(transaction.commit().await?),
        Err(why @ WorkError::Store(_)) => Err(why),
        Err(why) => {
            transaction.roll_back().await?;
            Err(why)
        }
    }
}

/// On Postgres locks are taken in this order: the request, the reader, records and customers by their ids, the audit trail,
/// the head of the events.
async fn keep_within(
    transaction: &mut Transaction,
    tenant: &TenantId,
    work: &Work,
    with: With,
) -> Result<(), WorkError> {
    let With { request, cursor, mails, trail } = with;
    if let Some((id, done)) = &request
        && let Some(done) = requests::remember(transaction, tenant, id, done).await?
    {
        return Err(WorkError::Repeated(done));
    }
    if let Some((reader, seq)) = cursor {
        advance(transaction, tenant, reader, seq).await?;
    }
    let mut sorted: Vec<&Record> = work.records.iter().collect();
    sorted.sort_by_key(|it| (it.kind(), it.id(), it.version()));
    let (people, others): (Vec<&Record>, Vec<&Record>) =
        sorted.into_iter().partition(|it| it.kind() == RecordKind::Customer);
    let people: Vec<&Customer> = people
        .into_iter()
        .filter_map(|it| if let Record::Customer(it) = it { Some(&**it) } else { None })
        .collect();
    records::keep(transaction, &others).await?;
    customers::keep(transaction, &people).await?;
    interactions::keep(transaction, &work.interactions).await?;
    mails::queue(transaction, tenant, &mails).await?;
    let entry = |it: TrailEntry| {
        let TrailEntry { at, kind, subject, payload } = it;
        NewEntry::new(tenant, at, kind, subject, &payload)
    };
    chain::append(transaction, trail.into_iter().map(entry).collect(), false).await?;
    let events: Vec<_> = work.events.iter().map(|it| NewRow::new(tenant, it)).collect();
    for statement in append_statements(transaction.dialect(), &events) {
        transaction.run(statement).await?;
    }
    Ok(())
}

/// A reader only ever goes on: where two do the same work, the second has nothing to keep.
async fn advance(
    transaction: &mut Transaction,
    tenant: &TenantId,
    reader: &str,
    seq: u64,
) -> Result<(), WorkError> {
    let statement = transaction.statement(
        "INSERT INTO event_cursors (tenant, reader, seq) VALUES ($1, $2, $3) \
         ON CONFLICT (tenant, reader) DO UPDATE SET seq = excluded.seq WHERE event_cursors.seq < excluded.seq",
        |args| {
            args.text(tenant.as_str()).text(reader).int(number(seq));
        },
    );
    let moved = transaction.run(statement).await? > 0;
    moved.then_some(()).ok_or(WorkError::Stale)
}
