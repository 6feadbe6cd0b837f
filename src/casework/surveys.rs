//! Who may be asked how satisfied they are, and what they said.
//!
//! At most once in the queue's period, and never while a complaint waits for its resolution (Ley 10/2025 art. 18.2).
//! Nobody of whom that cannot be known is asked: not who withheld their number, and not with the store away.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use timbre_casework::{Cause, CustomerId, Record, RecordKind, SurveyId, survey};
use timbre_engine::Command;
use timbre_model::{
    CallId, CallerId, Civil, ClientId, Effect, PhoneNumber, QueueRef, SurveyRecord, TenantId,
};
use timbre_store::{PageRequest, RecordFilter, StoredEvent};
use tokio::sync::{Semaphore, broadcast};

use super::reactor::Reader;
use super::{Desk, Done, Fault, now};

/// Customers looked up at the same time; who has to wait for long is let go unasked.
const AT_ONCE: usize = 16;

/// Keeps what customers were asked and what they said.
pub const READER: Reader = Reader { place: "surveys", types: &["timbre.survey.a"], react };

/// A customer whom the floor wants to ask.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The call.
    pub call: CallId,
    /// Its queue.
    pub queue: QueueRef,
    /// Who called.
    pub caller: CallerId,
}

/// The task that permits questions.
pub struct Permits {
    desk: Desk,
    wanted: broadcast::Receiver<Wanted>,
}

impl Permits {
    /// One that permits nothing yet.
    pub fn new(desk: Desk) -> Self {
        let wanted = desk.feed.surveys_wanted();
        Self { desk, wanted }
    }

    /// Looks customers up as long as the node runs.
    pub async fn run(mut self) {
        let room = Arc::new(Semaphore::new(AT_ONCE));
        loop {
            let wanted = match self.wanted.recv().await {
                Ok(wanted) => wanted,
                // More than can be looked up: those are not asked.
                Err(broadcast::error::RecvError::Lagged(_)) => continue,
                Err(broadcast::error::RecvError::Closed) => return,
            };
            let Ok(room) = room.clone().acquire_owned().await else { return };
            let desk = self.desk.clone();
            tokio::spawn(async move {
                let (tenant, call) = (wanted.queue.tenant.clone(), wanted.call);
                match may_be_asked(&desk, &wanted).await {
                    Ok(true) => {
                        // Too late is as good as not permitted.
                        let permit = Command::PermitSurvey { tenant, call };
                        drop(desk.driver.command(permit).await);
                    }
                    Ok(false) => {}
                    Err(error) => tracing::warn!(%error, %call, "nobody is asked"),
                }
                drop(room);
            });
        }
    }
}

async fn may_be_asked(desk: &Desk, wanted: &Wanted) -> Result<bool, Fault> {
    let tenant = &wanted.queue.tenant;
    let floor = desk.floor(tenant)?;
    let queue = floor.queues.iter().find(|it| it.id == wanted.queue.queue);
    let Some((client, period)) = queue.and_then(|it| Some((&it.client, it.survey?.period))) else {
        return Ok(false);
    };
    let Some(number) = wanted.caller.number() else { return Ok(false) };
    if complains_now(desk, wanted, &floor).await? {
        return Ok(false);
    }
    let known = desk.store.screen_pop(tenant, std::slice::from_ref(client), number, 1).await?;
    let period_began = now().before(period);
    let mut records = of_number(desk, tenant, client, number).await?;
    for known in known.customers {
        records.extend(known.open);
        records.extend(asked_since(desk, tenant, known.customer.id, period_began).await?);
    }
    Ok(!records.iter().any(|it| survey::forbids(it, period_began)))
}

/// The agent has classified the call as a complaint before the end of the conversation: a case is about to be opened.
async fn complains_now(
    desk: &Desk,
    wanted: &Wanted,
    floor: &timbre_model::FloorSpec,
) -> Result<bool, Fault> {
    let call = desk.store.call(&wanted.queue.tenant, wanted.call).await?;
    let Some(disposition) = call.and_then(|it| it.disposition) else { return Ok(false) };
    let spec = floor.disposition(&disposition.code, Some(&wanted.queue.queue), None);
    Ok(spec.is_some_and(|it| it.effects.contains(&Effect::Complaint)))
}

/// The newest survey of a customer's in that time.
async fn asked_since(
    desk: &Desk,
    tenant: &TenantId,
    customer: CustomerId,
    from: Civil,
) -> Result<Vec<Record>, Fault> {
    let of = RecordFilter::of(RecordKind::Survey);
    let filter = RecordFilter { customer: Some(customer), from: Some(from), ..of };
    let page = PageRequest { size: 1, after: None };
    Ok(desk.store.records(tenant, &filter, &page).await?.records)
}

/// Open cases of whoever has that number, also where no customer is known.
async fn of_number(
    desk: &Desk,
    tenant: &TenantId,
    client: &ClientId,
    number: &PhoneNumber,
) -> Result<Vec<Record>, Fault> {
    let filter = RecordFilter {
        open: Some(true),
        number: Some(number.clone()),
        clients: Some(vec![client.clone()]),
        ..RecordFilter::of(RecordKind::Case)
    };
    let page = PageRequest { size: 20, after: None };
    Ok(desk.store.records(tenant, &filter, &page).await?.records)
}

fn react<'a>(
    desk: &'a Desk,
    tenant: &'a TenantId,
    event: &'a StoredEvent,
) -> BoxFuture<'a, Result<Done, Fault>> {
    async move {
        let told = serde_json::from_value::<SurveyRecord>(event.event.data.clone());
        let Ok(told) = told else { return Ok(Done::default()) };
        let id = SurveyId::from_u128(told.call.as_u128());
        if let Some(known) = desk.store.survey(tenant, id).await? {
            return Ok(survey::answered(&known, &told).into());
        }
        let (customer, cause) = about(desk, tenant, &told).await?;
        Ok(survey::asked(&told, customer, cause).into())
    }
    .boxed()
}

/// Whose call it was, and the cause of the case that it was about: the newest that the customer has with the company.
async fn about(
    desk: &Desk,
    tenant: &TenantId,
    told: &SurveyRecord,
) -> Result<(Option<CustomerId>, Option<Cause>), Fault> {
    let call = desk.store.call(tenant, told.call).await?;
    let Some(number) = call.and_then(|it| it.caller.number().cloned()) else {
        return Ok((None, None));
    };
    let client = std::slice::from_ref(&told.client);
    let known = desk.store.screen_pop(tenant, client, &number, 0).await?;
    let customer = known.customers.first().map(|it| it.customer.id);
    let filter = RecordFilter { customer, ..RecordFilter::of(RecordKind::Case) };
    let page = PageRequest { size: 1, after: None };
    let newest = match customer {
        Some(_) => desk.store.records(tenant, &filter, &page).await?.records.into_iter().next(),
        None => None,
    };
    let cause = newest.and_then(|it| match it {
        Record::Case(case) => case.cause,
        _ => None,
    });
    Ok((customer, cause))
}
