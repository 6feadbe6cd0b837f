//! Two customers turn out to be one.

use serde_json::json;
use timbre_model::FieldError;

use super::{ConsentEntry, Customer};
use crate::{Act, CustomerId, NewEvent, Record, Refusal, Work};

/// Makes `other` part of `kept`: numbers, consents, tags and attributes unite, what `kept` does not know it takes over, and
/// `records`, all that `other` has, become those of `kept`. `other` keeps only whom it became; whoever keeps the work moves
/// its interactions.
///
/// # Errors
///
/// Customers of two client companies, the same one twice, one that was merged or erased, more numbers than one may have.
pub fn merge(
    kept: &Customer,
    other: &Customer,
    records: Vec<Record>,
    act: &Act,
) -> Result<Work, Refusal> {
    kept.known("merged")?;
    other.known("merged")?;
    let fault = |remedy: &str| Refusal::from(FieldError::new("other", other.id, remedy));
    if kept.id == other.id {
        return Err(fault("name two customers"));
    }
    if (&kept.tenant, &kept.client) != (&other.tenant, &other.client) {
        return Err(fault("name a customer of the same client company"));
    }
    let whole = united(kept, other);
    if whole.numbers.len() > Customer::NUMBERS_MAX {
        return Err(fault("together they have more than 32 numbers: take some away"));
    }
    let event = told(&whole, other, act);
    // First what gives the key up, then what takes it.
    let mut all = vec![Record::Customer(Box::new(emptied(other, kept.id)))];
    all.push(Record::Customer(Box::new(whole)));
    all.extend(records.into_iter().map(|it| given_to(it, Some(kept.id))));
    Ok(Work { records: all, events: vec![event], ..Work::default() })
}

fn united(kept: &Customer, other: &Customer) -> Customer {
    let mut whole = kept.next();
    for number in &other.numbers {
        if !whole.numbers.iter().any(|it| it.number == number.number) {
            whole.numbers.push(number.clone());
        }
    }
    if !other.name.is_empty() && (whole.name.is_empty() || is_number(&whole)) {
        whole.name.clone_from(&other.name);
    }
    whole.key = whole.key.or_else(|| other.key.clone());
    whole.mail = whole.mail.or_else(|| other.mail.clone());
    whole.language = whole.language.or_else(|| other.language.clone());
    whole.style = whole.style.or(other.style);
    whole.tags.extend(other.tags.iter().cloned());
    for (name, value) in &other.attributes {
        whole.attributes.entry(name.clone()).or_insert_with(|| value.clone());
    }
    whole.note = [kept.note.as_str(), other.note.as_str()]
        .into_iter()
        .filter(|it| !it.is_empty())
        .collect::<Vec<_>>()
        .join("\n");
    whole.consents.extend(other.consents.iter().cloned());
    whole.consents.sort_by_key(|it: &ConsentEntry| it.at);
    whole.consents.dedup();
    whole.known_since = kept.known_since.min(other.known_since);
    whole
}

/// The name is only the number of a caller whom nobody has asked yet.
fn is_number(customer: &Customer) -> bool {
    customer.numbers.iter().any(|it| it.number.expose() == customer.name)
}

fn emptied(other: &Customer, kept: CustomerId) -> Customer {
    Customer {
        name: String::new(),
        key: None,
        numbers: Vec::new(),
        mail: None,
        style: None,
        tags: std::collections::BTreeSet::new(),
        consents: Vec::new(),
        note: String::new(),
        attributes: std::collections::BTreeMap::new(),
        merged_into: Some(kept),
        ..other.next()
    }
}

/// The same record, one version on, as another customer's.
pub(super) fn given_to(mut record: Record, customer: Option<CustomerId>) -> Record {
    let (whose, version) = match &mut record {
        Record::Case(it) => (&mut it.customer, &mut it.version),
        Record::Sale(it) => (&mut it.customer, &mut it.version),
        Record::FollowUp(it) => (&mut it.customer, &mut it.version),
        Record::Message(it) => (&mut it.customer, &mut it.version),
        Record::Callback(it) => (&mut it.customer, &mut it.version),
        Record::Survey(it) => (&mut it.customer, &mut it.version),
        // Neither is anybody's.
        Record::Trouble(_) | Record::Customer(_) => return record,
    };
    *whose = customer;
    *version += 1;
    record
}

fn told(kept: &Customer, other: &Customer, act: &Act) -> NewEvent {
    NewEvent {
        id: format!("{}-{}", kept.id, kept.version),
        kind: "timbre.customer.merged.v1".to_owned(),
        subject: format!("customers/{}", kept.id),
        client: Some(kept.client.clone()),
        at: act.at,
        data: json!({ "client": kept.client, "merged": other.id }),
    }
}
