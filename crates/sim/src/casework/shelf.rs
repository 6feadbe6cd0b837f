//! A store in memory with the contract of the real one: versions, unique keys, events counted without a gap, wake order,
//! answers of requests; all of a piece of work or nothing.

use std::collections::{BTreeMap, BTreeSet};

use timbre_casework::{
    Callback, Case, FollowUp, InteractionKind, Message, NewEvent, Record, RecordKind, Sale, Survey,
    Work,
};
use timbre_model::Civil;

/// What was kept in one transaction.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) records: Vec<Record>,
    pub(super) events: Vec<(u64, NewEvent)>,
}

/// Why nothing was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotKept {
    /// A record is not as it was read.
    Stale,
    /// The key of a new case is another's.
    KeyTaken,
    /// The request was done before.
    Repeated,
}

pub(super) type Id = (RecordKind, u128);

#[derive(Default)]
pub(super) struct Shelf {
    records: BTreeMap<Id, Record>,
    wakes: BTreeSet<(Civil, Id)>,
    keys: BTreeMap<String, Id>,
    told: BTreeSet<String>,
    pub(super) contacts: BTreeSet<(u128, InteractionKind, u128)>,
    of_customer: BTreeMap<u128, BTreeSet<Id>>,
    requests: BTreeSet<u64>,
    seq: u64,
    /// What was kept and the auditor has not read.
    pub(super) log: Vec<Kept>,
}

impl Shelf {
    pub(super) fn keep(&mut self, work: Work, request: Option<u64>) -> Result<(), NotKept> {
        if request.is_some_and(|it| self.requests.contains(&it)) {
            return Err(NotKept::Repeated);
        }
        self.check(&work.records)?;
        self.requests.extend(request);
        // As it is written and read: what the JSON form loses is lost.
        let records: Vec<Record> = work.records.iter().map(written).collect();
        records.iter().for_each(|it| self.put(it));
        let contact =
            |it: &timbre_casework::Interaction| (it.customer.as_u128(), it.kind, it.subject);
        self.contacts.extend(work.interactions.iter().map(contact));
        let mut events = Vec::new();
        for event in work.events {
            if self.told.insert(event.id.clone()) {
                self.seq += 1;
                events.push((self.seq, event));
            }
        }
        if !(records.is_empty() && events.is_empty()) {
            self.log.push(Kept { records, events });
        }
        Ok(())
    }

    fn check(&self, records: &[Record]) -> Result<(), NotKept> {
        for it in records {
            let id = (it.kind(), it.id());
            let version = self.records.get(&id).map_or(0, Record::version);
            if it.version() != version + 1 {
                return Err(NotKept::Stale);
            }
            let key = it.index().key.filter(|_| it.kind() == RecordKind::Case);
            if key.is_some_and(|key| self.keys.get(&key).is_some_and(|other| *other != id)) {
                return Err(NotKept::KeyTaken);
            }
        }
        Ok(())
    }

    fn put(&mut self, it: &Record) {
        let (id, index) = ((it.kind(), it.id()), it.index());
        if let Some(wake) = self.records.get(&id).and_then(|old| old.index().wake_at) {
            self.wakes.remove(&(wake, id));
        }
        self.wakes.extend(index.wake_at.map(|at| (at, id)));
        if let Some(key) = index.key.filter(|_| id.0 == RecordKind::Case) {
            self.keys.insert(key, id);
        }
        if let Some(customer) = index.customer {
            self.of_customer.entry(customer.as_u128()).or_default().insert(id);
        }
        self.records.insert(id, it.clone());
    }

    /// The records that are to be looked at, the earliest first.
    pub(super) fn woken(&self, until: Civil) -> Vec<Id> {
        self.wakes.iter().take_while(|(at, _)| *at <= until).map(|(_, id)| *id).collect()
    }

    pub(super) fn next_wake(&self) -> Option<Civil> {
        self.wakes.first().map(|(at, _)| *at)
    }

    pub(super) fn done(&self, request: u64) -> bool {
        self.requests.contains(&request)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Record> {
        self.records.values()
    }

    pub(super) fn of_customer(&self, customer: u128) -> impl Iterator<Item = &Record> {
        let ids = self.of_customer.get(&customer).into_iter().flatten();
        ids.filter_map(|id| self.records.get(id))
    }

    pub(super) fn has(&self, id: Id) -> bool {
        self.records.contains_key(&id)
    }
}

macro_rules! typed {
    ($($name:ident, $kind:ident;)*) => {
        impl Shelf {$(
            pub(super) fn $name(&self, id: u128) -> Option<&$kind> {
                match self.records.get(&(RecordKind::$kind, id)) {
                    Some(Record::$kind(it)) => Some(it),
                    _ => None,
                }
            }
        )*}
    };
}

typed! {
    case, Case;
    sale, Sale;
    follow_up, FollowUp;
    message, Message;
    callback, Callback;
    survey, Survey;
}

fn written(it: &Record) -> Record {
    let text = it.to_json().expect("a record of the workflows can be written");
    Record::from_json(it.kind(), &text).expect("what was written can be read")
}
