//! A call that ended is a contact with a customer, whom it makes known where nobody was.

use timbre_casework::customer::{self, Contact, Profile};
use timbre_casework::{Customer, CustomerId, Record, Work};
use timbre_model::{CallId, CallRecord, ClientId, Lead, TenantId};
use timbre_store::{CustomerQuery, StoreError, StoredEvent};

use crate::casework::reactor::Reader;
use crate::casework::{Desk, Done, Fault};

/// Calls that ended, read for their customers.
pub const READER: Reader = Reader {
    place: "customers",
    types: &["timbre.call.ended.", "timbre.call.wrapped_up."],
    react: |desk, tenant, event| Box::pin(react(desk, tenant, event)),
};

/// So many customers may share a number before a contact is no longer written down with each of them.
const SHARED_MAX: u32 = 8;

/// What a call's end leaves with its customer. A call that was connected is looked at once it is classified.
async fn react(desk: &Desk, tenant: &TenantId, event: &StoredEvent) -> Result<Done, Fault> {
    let call = event.event.subject.strip_prefix("calls/").and_then(CallId::parse);
    let Some(call) = call else { return Ok(Done::default()) };
    let Some(call) = desk.store.call(tenant, call).await? else { return Ok(Done::default()) };
    let over = call.connected_at.is_none() || call.wrapped_up_at.is_some();
    let Some(client) = call.client.clone().filter(|_| over) else { return Ok(Done::default()) };
    let (attempt, lead) = match &call.outbound {
        None => (None, None),
        Some(placed) => (
            desk.store.attempt(tenant, call.id).await?,
            match placed.lead {
                Some(lead) => desk.store.lead(tenant, lead).await?,
                None => None,
            },
        ),
    };
    let contact = Contact { call: &call, attempt: attempt.as_ref(), lead: lead.as_ref() };
    let work = match known(desk, &client, &contact).await? {
        Known::Nobody => first_contact(&call, &contact),
        Known::These(customers) => further_contact(&customers, &contact)?,
    };
    Ok(work.into())
}

enum Known {
    Nobody,
    These(Vec<Customer>),
}

/// Who it is: by the client company's own key, else by the number, and of those who share it by the lead's name.
async fn known(desk: &Desk, client: &ClientId, contact: &Contact<'_>) -> Result<Known, StoreError> {
    let key = contact.lead.and_then(|it| it.person.person.clone());
    let by_key = match key {
        Some(key) => search(desk, contact.call, client, CustomerQuery::Key(key)).await?,
        None => Vec::new(),
    };
    if !by_key.is_empty() {
        return Ok(Known::These(by_key));
    }
    let Some(number) = customer::number_of(contact) else { return Ok(Known::Nobody) };
    let number = CustomerQuery::Number(number.clone());
    let mut found = search(desk, contact.call, client, number).await?;
    let is_lead = |it: &Customer, lead: &Lead| it.name == lead.person.name;
    if let Some(lead) = contact.lead
        && found.iter().any(|it| is_lead(it, lead))
    {
        found.retain(|it| is_lead(it, lead));
    }
    Ok(if found.is_empty() { Known::Nobody } else { Known::These(found) })
}

async fn search(
    desk: &Desk,
    call: &CallRecord,
    client: &ClientId,
    query: CustomerQuery,
) -> Result<Vec<Customer>, StoreError> {
    let clients = std::slice::from_ref(client);
    let found =
        desk.store.search_customers(&call.tenant, Some(clients), &query, SHARED_MAX, None).await?;
    Ok(found.customers)
}

/// The customer has the call's id: the same call makes nobody known twice.
fn first_contact(call: &CallRecord, contact: &Contact<'_>) -> Work {
    let id = CustomerId::from_u128(call.id.as_u128());
    let Some(customer) = customer::meet(id, contact) else { return Work::default() };
    let interactions = vec![customer::contact(id, contact)];
    Work { records: vec![Record::Customer(Box::new(customer))], interactions, ..Work::default() }
}

fn further_contact(customers: &[Customer], contact: &Contact<'_>) -> Result<Work, Fault> {
    let interactions = customers.iter().map(|it| customer::contact(it.id, contact)).collect();
    let mut work = Work { interactions, ..Work::default() };
    // Whom a key tells may be reached at a number that nobody knew of.
    if let ([only], Some(number)) = (customers, customer::number_of(contact))
        && !only.numbers.iter().any(|it| it.number == *number)
        && only.numbers.len() < Customer::NUMBERS_MAX
    {
        let mut profile = Profile::of(only);
        profile.numbers.push(customer::bare_number(number.clone()));
        work.join(customer::amend(only, profile)?);
    }
    Ok(work)
}
