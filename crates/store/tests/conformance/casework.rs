//! Records of casework to keep.

use timbre_casework::callback::{self, NewCallback};
use timbre_casework::customer::{self, Profile};
use timbre_casework::{
    Act, AgendaItem, By, Callback, CallbackId, CallbackWhy, Customer, CustomerId, CustomerNumber,
    Interaction, InteractionKind, NewEvent, Record, Work,
};
use timbre_model::{Civil, ClientId, LeadRole};
use timbre_store::{DoneRequest, RecordFilter, Store, StoredEvent, With};

use super::lists::{NOW, SECOND, number};
use super::world::{agent, at, tenant};

pub fn client(name: &str) -> ClientId {
    ClientId::parse(name).expect("a client")
}

pub fn act(micros: i64) -> Act {
    Act { at: at(micros), by: By::Agent(agent("ana")) }
}

/// A call promised to customer `whose`, due `due` seconds after it was.
pub fn promised(id: u128, whose: u128, due: i64) -> Callback {
    let new = NewCallback {
        tenant: tenant("t"),
        client: client("acme"),
        why: CallbackWhy::Promised,
        call: None,
        customer: Some(customer_id(whose)),
        customer_name: "Uxía".to_owned(),
        number: number(7),
        due_at: at(NOW + due * SECOND),
        agent: Some(agent("ana")),
        note: "the new tariff".to_owned(),
    };
    let work = callback::promise(CallbackId::from_u128(id), new, &act(NOW)).expect("a promise");
    match work.records.into_iter().next() {
        Some(Record::Callback(it)) => *it,
        other => panic!("{other:?}"),
    }
}

pub fn record(it: &Callback) -> Record {
    Record::Callback(Box::new(it.clone()))
}

pub fn next(it: &Callback) -> Callback {
    Callback { version: it.version + 1, ..it.clone() }
}

pub fn customer_id(id: u128) -> CustomerId {
    CustomerId::from_u128(id)
}

/// A customer of a client company with a name and these numbers.
pub fn customer(id: u128, of: &str, name: &str, numbers: &[u64]) -> Customer {
    let numbers = numbers.iter().map(|&n| CustomerNumber {
        number: number(n),
        label: "mobile".to_owned(),
        name: String::new(),
        role: LeadRole::Unknown,
    });
    let profile =
        Profile { name: name.to_owned(), numbers: numbers.collect(), ..Profile::unknown() };
    let whose = (&tenant("t"), &client(of));
    let work = customer::create(customer_id(id), whose, profile, &act(NOW)).expect("a customer");
    match work.records.into_iter().next() {
        Some(Record::Customer(it)) => *it,
        other => panic!("{other:?}"),
    }
}

pub fn keyed(it: Customer, key: &str) -> Customer {
    Customer { key: Some(key.to_owned()), ..it }
}

pub fn of_customers(customers: &[Customer]) -> Work {
    let records = customers.iter().map(|it| Record::Customer(Box::new(it.clone())));
    Work { records: records.collect(), ..Work::default() }
}

pub fn of_records(records: &[Callback]) -> Work {
    Work { records: records.iter().map(record).collect(), ..Work::default() }
}

pub fn contact(whose: u128, subject: u128, summary: &str) -> Interaction {
    Interaction {
        tenant: tenant("t"),
        customer: customer_id(whose),
        at: at(NOW + i64::try_from(subject).expect("a small number") * SECOND),
        kind: InteractionKind::Call,
        subject,
        agent: Some(agent("ana")),
        summary: summary.to_owned(),
    }
}

pub fn event(id: &str, subject: &str) -> NewEvent {
    NewEvent {
        id: id.to_owned(),
        kind: "timbre.case.received.v1".to_owned(),
        subject: subject.to_owned(),
        client: Some(client("acme")),
        at: at(NOW),
        data: serde_json::json!({ "why": "\u{e9}" }),
    }
}

pub fn of_events(ids: &[&str]) -> Work {
    Work { events: ids.iter().map(|id| event(id, "cases/1")).collect(), ..Work::default() }
}

pub fn answered(id: &str, answer: &str) -> With {
    let done = DoneRequest {
        method: "TakeCase".to_owned(),
        response: answer.as_bytes().to_vec(),
        at: at(NOW),
    };
    With { request: Some((id.to_owned(), done)), ..With::default() }
}

pub async fn kept(store: &Store, work: Work) {
    store.work(&tenant("t"), work, With::default()).await.expect("the work is kept");
}

pub async fn told(store: &Store) -> Vec<StoredEvent> {
    store.events(&tenant("t"), 0, 100_000).await.expect("events")
}

/// Ids of records that pass a filter, in order.
pub async fn listed(store: &Store, filter: &RecordFilter) -> Vec<u128> {
    let page = timbre_store::PageRequest { size: 1_000, after: None };
    let page = store.records(&tenant("t"), filter, &page).await.expect("a list");
    assert_eq!(page.next, None);
    page.records.iter().map(Record::id).collect()
}

/// What of an item of an agenda the tests look at.
pub fn due(item: &AgendaItem) -> Civil {
    item.due_at
}
