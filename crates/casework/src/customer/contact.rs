//! A call becomes a contact with a customer, whom it may make known.

use timbre_model::{AttemptRecord, CallRecord, Lead, Party, PhoneNumber};

use super::profile::blank;
use super::{ConsentEntry, Customer, CustomerKind, CustomerNumber, Interaction, InteractionKind};
use crate::{Act, By, CustomerId};

/// A call that ended, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Contact<'a> {
    /// The call.
    pub call: &'a CallRecord,
    /// The attempt that it was, of a call that was placed.
    pub attempt: Option<&'a AttemptRecord>,
    /// The lead that was called.
    pub lead: Option<&'a Lead>,
}

/// The customer's number; `None` where it was withheld.
pub fn number_of<'a>(contact: &Contact<'a>) -> Option<&'a PhoneNumber> {
    match contact.attempt {
        Some(attempt) => Some(&attempt.number),
        None => contact.call.caller.number(),
    }
}

/// A customer whom nobody knew: who the lead is, or only a number. `None` where there is neither number nor client company.
pub fn meet(id: CustomerId, contact: &Contact<'_>) -> Option<Customer> {
    let (call, number) = (contact.call, number_of(contact)?);
    let act = Act { at: call.arrived_at, by: By::System };
    let mut customer = blank(id, (&call.tenant, call.client.as_ref()?), &act);
    if let Some(lead) = contact.lead {
        take_over(&mut customer, lead);
    }
    if !customer.numbers.iter().any(|it| it.number == *number) {
        customer.numbers.truncate(Customer::NUMBERS_MAX - 1);
        customer.numbers.insert(0, bare_number(number.clone()));
    }
    if customer.name.is_empty() {
        number.expose().clone_into(&mut customer.name);
    }
    Some(customer)
}

fn take_over(customer: &mut Customer, lead: &Lead) {
    let person = &lead.person;
    customer.kind = match person.party {
        Party::Consumer => CustomerKind::Person,
        Party::Business => CustomerKind::Company,
    };
    customer.name.clone_from(&person.name);
    customer.key.clone_from(&person.person);
    customer.tags.clone_from(&person.tags);
    let numbers = person.numbers.iter();
    let number = |it: &timbre_model::LeadNumber| CustomerNumber {
        role: person.role,
        ..plain(it.number.clone(), it.label.clone())
    };
    customer.numbers = numbers.map(number).collect();
    let act = Act { at: customer.known_since, by: By::System };
    customer.consents = person.consent.iter().map(|it| imported(it, &act)).collect();
}

/// A consent that came with a list, as an entry of the ledger.
pub fn imported(consent: &timbre_model::Consent, act: &Act) -> ConsentEntry {
    ConsentEntry {
        at: consent.given_at,
        basis: Some(consent.basis),
        purpose: "calls".to_owned(),
        by: act.by.clone(),
        call: None,
    }
}

/// A number of which nothing else is known.
pub fn bare_number(number: PhoneNumber) -> CustomerNumber {
    plain(number, String::new())
}

fn plain(number: PhoneNumber, label: String) -> CustomerNumber {
    CustomerNumber { number, label, name: String::new(), role: timbre_model::LeadRole::Unknown }
}

/// The contact, for the list of a customer's.
pub fn contact(customer: CustomerId, contact: &Contact<'_>) -> Interaction {
    let call = contact.call;
    Interaction {
        tenant: call.tenant.clone(),
        customer,
        at: call.arrived_at,
        kind: InteractionKind::Call,
        subject: call.id.as_u128(),
        agent: call.agent.clone(),
        summary: summary(call),
    }
}

/// `in · bills · solved`, `out · spring · no_answer`.
fn summary(call: &CallRecord) -> String {
    let way = if call.outbound.is_some() { "out" } else { "in" };
    let about = match (&call.outbound, &call.queue) {
        (Some(placed), _) => placed.campaign.to_string(),
        (None, Some(queue)) => queue.to_string(),
        (None, None) => String::new(),
    };
    let came = match (&call.disposition, call.outcome) {
        (Some(disposition), _) => disposition.code.to_string(),
        (None, Some(outcome)) => outcome.to_string(),
        (None, None) => String::new(),
    };
    let parts = [way, &about, &came].into_iter().filter(|it| !it.is_empty());
    parts.collect::<Vec<_>>().join(" · ")
}
