//! Reports: reads records page by page and hands them to what counts them.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use timbre_casework::report::{
    CaseCounts, Contact, Contacts, Evaluation, FollowUpCounts, Scores, Table,
};
use timbre_casework::{Case, Record, RecordKind};
use timbre_model::{CallRecord, Civil, ClientId, TenantId, words};
use timbre_store::{CallFilter, PageRequest, RecordFilter, Store, StoreError};

use super::now;

/// Which report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportKind {
    /// Cases by state, cause, department, age and deadline kept.
    Cases,
    /// Follow-ups by outcome, promises kept.
    FollowUps,
    /// First-contact resolution.
    Fcr,
    /// What customers answered.
    Surveys,
    /// The yearly evaluation of Ley 10/2025 art. 21.
    Evaluation,
}

words! {
    ReportKind {
        Cases = "cases", FollowUps = "follow-ups", Fcr = "fcr", Surveys = "surveys", Evaluation = "evaluation",
    }
}

impl ReportKind {
    /// What it is about, for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Cases => "Cases",
            Self::FollowUps => "Follow-ups of sales",
            Self::Fcr => "First-contact resolution",
            Self::Surveys => "Satisfaction",
            Self::Evaluation => "Evaluation of the customer service (Ley 10/2025 art. 21)",
        }
    }
}

/// A report that was asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Which.
    pub kind: ReportKind,
    /// From when on.
    pub from: Civil,
    /// Until when.
    pub to: Civil,
    /// Only this client company's.
    pub client: Option<ClientId>,
}

/// How long a report rests after each page: whoever works at the database meanwhile goes first.
const REST: Duration = Duration::from_millis(1);

/// Makes a report.
pub async fn run(
    store: &Store,
    tenant: &TenantId,
    asked: &Asked,
) -> Result<Vec<Table>, StoreError> {
    match asked.kind {
        ReportKind::Cases => {
            let (mut counts, at) = (CaseCounts::default(), now());
            cases(store, (tenant, asked), |case| counts.add(case, at)).await?;
            Ok(counts.tables())
        }
        ReportKind::FollowUps => follow_ups(store, tenant, asked).await,
        ReportKind::Fcr => contacts(store, tenant, asked).await,
        ReportKind::Surveys => {
            let mut scores = Scores::default();
            let add = |it: &Record| {
                if let Record::Survey(it) = it {
                    scores.add(it)
                }
            };
            records(store, (tenant, asked), RecordKind::Survey, add).await?;
            Ok(scores.tables())
        }
        ReportKind::Evaluation => {
            let (mut evaluation, at) = (Evaluation::default(), now());
            cases(store, (tenant, asked), |case| evaluation.add(case, at)).await?;
            calls(store, (tenant, asked), asked.to, |it| evaluation.calls.add(it)).await?;
            Ok(evaluation.tables())
        }
    }
}

async fn follow_ups(
    store: &Store,
    tenant: &TenantId,
    asked: &Asked,
) -> Result<Vec<Table>, StoreError> {
    let mut counts = FollowUpCounts::default();
    let add = |it: &Record| {
        if let Record::FollowUp(it) = it {
            counts.add(it)
        }
    };
    records(store, (tenant, asked), RecordKind::FollowUp, add).await?;
    let add = |it: &Record| {
        if let Record::Sale(it) = it {
            counts.add_sale(it)
        }
    };
    records(store, (tenant, asked), RecordKind::Sale, add).await?;
    Ok(counts.tables())
}

async fn contacts(
    store: &Store,
    tenant: &TenantId,
    asked: &Asked,
) -> Result<Vec<Table>, StoreError> {
    let (mut contacts, at) = (Contacts::default(), now());
    let reopened = |it: &Case| {
        if let Some(call) = it.call.filter(|_| it.reopened > 0) {
            contacts.reopened(call);
        }
    };
    cases(store, (tenant, asked), reopened).await?;
    // Whoever called again after the period did call again.
    let until = asked.to + Contacts::AGAIN;
    let add = |it: &CallRecord| {
        if let Some(contact) = contact(it) {
            contacts.add(contact, asked.to, at);
        }
    };
    calls(store, (tenant, asked), until, add).await?;
    Ok(contacts.tables())
}

/// A call that came in for a queue.
fn contact(it: &CallRecord) -> Option<Contact> {
    it.outbound.is_none().then_some(())?;
    Some(Contact {
        call: it.id,
        client: it.client.clone()?,
        queue: it.queue.clone()?,
        number: it.caller.number().cloned(),
        at: it.arrived_at,
        connected: it.connected_at.is_some(),
    })
}

async fn cases(
    store: &Store,
    (tenant, asked): (&TenantId, &Asked),
    mut add: impl FnMut(&Case),
) -> Result<(), StoreError> {
    let add = |it: &Record| {
        if let Record::Case(it) = it {
            add(it)
        }
    };
    records(store, (tenant, asked), RecordKind::Case, add).await
}

/// Every record of the period, a page at a time.
async fn records(
    store: &Store,
    (tenant, asked): (&TenantId, &Asked),
    kind: RecordKind,
    mut add: impl FnMut(&Record),
) -> Result<(), StoreError> {
    let filter = RecordFilter {
        clients: asked.client.clone().map(|it| vec![it]),
        from: Some(asked.from),
        to: Some(asked.to),
        ..RecordFilter::of(kind)
    };
    let mut page = PageRequest { size: PageRequest::SIZE_MAX, after: None };
    loop {
        let found = store.records(tenant, &filter, &page).await?;
        found.records.iter().for_each(&mut add);
        let Some(next) = found.next else { return Ok(()) };
        page.after = Some(next);
        crate::driver::clock::sleep(REST).await;
    }
}

/// Every call from the beginning of the period until `to`, newest first, a page at a time.
async fn calls(
    store: &Store,
    (tenant, asked): (&TenantId, &Asked),
    to: Civil,
    mut add: impl FnMut(&CallRecord),
) -> Result<(), StoreError> {
    let filter = CallFilter {
        arrived_from: Some(asked.from),
        arrived_to: Some(to),
        ..CallFilter::default()
    };
    let theirs = |it: &&CallRecord| asked.client.is_none() || it.client == asked.client;
    let mut page = PageRequest { size: PageRequest::SIZE_MAX, after: None };
    loop {
        let found = store.list_calls(tenant, &filter, &page).await?;
        found.calls.iter().filter(theirs).for_each(&mut add);
        let Some(next) = found.next else { return Ok(()) };
        page.after = Some(next);
        crate::driver::clock::sleep(REST).await;
    }
}
