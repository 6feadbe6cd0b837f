//! Customers at work: made known by calls, shown to agents, merged and erased with all they have.

mod contacts;
mod known;

use timbre_casework::customer::{self, Dossier};
use timbre_casework::{Act, Customer, CustomerId, Record, RecordKind, Refusal, Work};
use timbre_model::{Barred, DoNotCallEntry, ListId, PhoneNumber, TenantId};
use timbre_store::{AttemptFilter, PageRequest, RecordFilter, TrailEntry};

use super::{Desk, Done, Fault, Scope, now};

pub use contacts::READER;
pub use known::{Pop, file, pop};

/// Kinds of records that belong to customers.
const KINDS: [RecordKind; 6] = [
    RecordKind::Case,
    RecordKind::Sale,
    RecordKind::FollowUp,
    RecordKind::Message,
    RecordKind::Callback,
    RecordKind::Survey,
];

/// One who was merged into another who was merged …: so many steps are gone.
const MERGES_MAX: usize = 16;

/// Contacts that an export reads at most.
const INTERACTIONS_MAX: usize = 100_000;

/// A customer whom `scope` may see. Of one who was merged, the one that they became.
pub async fn find(
    desk: &Desk,
    tenant: &TenantId,
    id: CustomerId,
    scope: &Scope,
) -> Result<Customer, Fault> {
    let mut next = id;
    for _ in 0..MERGES_MAX {
        let customer = exactly(desk, tenant, next, scope).await?;
        match customer.merged_into {
            Some(into) => next = into,
            None => return Ok(customer),
        }
    }
    Err(unknown(id))
}

/// A customer whom `scope` may see, also one who was merged.
pub async fn exactly(
    desk: &Desk,
    tenant: &TenantId,
    id: CustomerId,
    scope: &Scope,
) -> Result<Customer, Fault> {
    let found = desk.store.customer(tenant, id).await?.ok_or_else(|| unknown(id))?;
    scope.check(&found.client)?;
    Ok(found)
}

fn unknown(id: CustomerId) -> Fault {
    Fault::Unknown(format!("customers/{id}"))
}

/// Makes one customer of two, with all they have.
pub async fn merge(
    desk: &Desk,
    kept: &Customer,
    other: &Customer,
    act: &Act,
) -> Result<Work, Fault> {
    let records = records_of(desk, other).await?;
    Ok(customer::merge(kept, other, records, act)?)
}

/// Erases a customer and what tells of them in all they have, and writes into the audit trail that it was done. The leads
/// of their client company with one of their numbers go first: with one of them in a call nothing is erased.
pub async fn erase(desk: &Desk, customer: &Customer, note: &str, act: &Act) -> Result<Done, Fault> {
    let records = records_of(desk, customer).await?;
    let work = customer::erase(customer, records, act)?;
    erase_leads(desk, customer).await?;
    let trail = TrailEntry {
        at: act.at,
        kind: "customer_erased",
        subject: format!("customers/{}", customer.id),
        payload: serde_json::json!({ "client": customer.client, "by": act.by, "note": note }),
    };
    Ok(Done { trail: vec![trail], ..Done::from(work) })
}

async fn erase_leads(desk: &Desk, customer: &Customer) -> Result<(), Fault> {
    let floor = desk.floor(&customer.tenant)?;
    let own = floor.lists.iter().filter(|it| it.client == customer.client);
    let lists: Vec<ListId> = own.map(|it| it.id.clone()).collect();
    let numbers: Vec<PhoneNumber> = customer.numbers.iter().map(|it| it.number.clone()).collect();
    if desk.store.erase_leads(&customer.tenant, &lists, &numbers).await? {
        return Ok(());
    }
    let remedy = "erase them when no lead of theirs is being called or looked at";
    let (kind, state) = (RecordKind::Customer, "in a call");
    Err(Fault::Refused(Refusal::State { kind, state, verb: "erased", remedy }))
}

/// Every record of a customer. More than fit into one transaction are refused.
async fn records_of(desk: &Desk, customer: &Customer) -> Result<Vec<Record>, Fault> {
    let mut all = Vec::new();
    for kind in KINDS {
        let filter = RecordFilter { customer: Some(customer.id), ..RecordFilter::of(kind) };
        let mut page = PageRequest { size: PageRequest::SIZE_MAX, after: None };
        loop {
            let found = desk.store.records(&customer.tenant, &filter, &page).await?;
            all.extend(found.records);
            if all.len() > Customer::RECORDS_MAX {
                let remedy = "the customer has more records than one may have: ask for support";
                let fault = timbre_model::FieldError::new("name", all.len(), remedy);
                return Err(Fault::Refused(fault.into()));
            }
            match found.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
    }
    Ok(all)
}

/// All there is of a customer.
pub async fn dossier(desk: &Desk, customer: Customer) -> Result<Dossier, Fault> {
    let records = records_of(desk, &customer).await?;
    let mut interactions = Vec::new();
    let mut page = PageRequest { size: PageRequest::SIZE_MAX, after: None };
    while interactions.len() < INTERACTIONS_MAX {
        let found = desk.store.interactions(&customer.tenant, customer.id, &page).await?;
        interactions.extend(found.interactions);
        match found.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    let (mut attempts, mut do_not_call) = (Vec::new(), Vec::<DoNotCallEntry>::new());
    for number in &customer.numbers {
        let filter =
            AttemptFilter { number: Some(number.number.clone()), ..AttemptFilter::default() };
        let page = PageRequest { size: PageRequest::SIZE_MAX, after: None };
        let found = desk.store.list_attempts(&customer.tenant, &filter, &page).await?;
        attempts.extend(found.attempts.into_iter().filter(|it| it.client == customer.client));
        let barred = desk.store.check_number(&customer.tenant, &number.number, now()).await?;
        let own = |it: &DoNotCallEntry| matches!(&it.whom, Barred::Number(_));
        do_not_call.extend(barred.entries.into_iter().filter(own));
    }
    Ok(Dossier { customer, interactions, records, attempts, do_not_call })
}
