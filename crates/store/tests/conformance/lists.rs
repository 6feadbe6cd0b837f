//! People to be called, and requests for attempts at them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use timbre_model::{
    AttemptRecord, CampaignId, ClientId, DuplicatePolicy, LeadNumber, LeadOrder, LeadRole, ListId,
    ListSpec, NewLead, Party, PhoneNumber, Place, Recycle, TrunkId,
};
use timbre_store::{Ask, AskedList, Candidate, Filter, Outcome, Ruling, Store, Wanted};

use crate::world::*;

/// Half past ten of some morning.
pub const NOW: i64 = 1_795_000_000_000_000;
pub const SECOND: i64 = 1_000_000;
pub const DAY: i64 = 86_400 * SECOND;

pub fn list_id(name: &str) -> ListId {
    ListId::parse(name).expect("a list")
}

pub fn campaign(name: &str) -> CampaignId {
    CampaignId::parse(name).expect("a campaign")
}

pub fn client() -> ClientId {
    ClientId::parse("acme").expect("a client")
}

pub fn number(n: u64) -> PhoneNumber {
    PhoneNumber::parse(&format!("+34{}", 600_000_000 + n)).expect("a number")
}

pub fn list(name: &str) -> ListSpec {
    ListSpec {
        id: list_id(name),
        name: name.to_owned(),
        client: client(),
        country: "ES".to_owned(),
        order: LeadOrder::Imported,
        duplicates: DuplicatePolicy::RejectInList,
    }
}

/// Somebody with these numbers.
pub fn person(numbers: &[u64]) -> NewLead {
    let numbers = numbers.iter().map(|&n| LeadNumber {
        number: number(n),
        label: "mobile".to_owned(),
        place: Place { country: "ES".to_owned(), region: None },
        zones: vec!["Europe/Madrid".to_owned()],
    });
    NewLead {
        numbers: numbers.collect(),
        name: "Uxía".to_owned(),
        person: None,
        role: LeadRole::Unknown,
        party: Party::Consumer,
        consent: None,
        tags: BTreeSet::new(),
        attributes: BTreeMap::new(),
    }
}

pub fn with(mut lead: NewLead, attribute: &str, value: &str) -> NewLead {
    lead.attributes.insert(attribute.to_owned(), value.to_owned());
    lead
}

/// Imports `people` into a list of tenant `t`, finished.
pub async fn imported(store: &Store, spec: &ListSpec, name: &str, people: Vec<NewLead>) {
    let count = people.len() as u64;
    let done = store.import_leads(&tenant("t"), spec, name, 0, people).await.expect("an import");
    assert_eq!((done.accepted, done.rejected), (count, vec![]));
    let finished = store.finish_import(&tenant("t"), spec, name, at(NOW)).await;
    assert_eq!(finished, Ok(count));
}

pub fn next(most: u32) -> Wanted {
    Wanted::Next { most, personal_most: 0, ready: vec![] }
}

pub fn ask(lists: &[&str], want: Wanted, micros: i64) -> Ask {
    let asked = |name: &&str| AskedList {
        list: list_id(name),
        weight: 1,
        filter: None,
        fewest_first: false,
    };
    Ask {
        tenant: tenant("t"),
        campaign: campaign("spring"),
        client: client(),
        lists: lists.iter().map(asked).collect(),
        recycle: Recycle::default(),
        want,
        callback_fallback: Duration::from_secs(900),
        refusals: BTreeMap::new(),
        look_back: Duration::from_secs(60 * 86_400),
        at: at(micros),
    }
}

pub fn filtered(mut ask: Ask, filter: &str) -> Ask {
    ask.lists[0].filter = Some(Filter::parse(filter).expect("a filter"));
    ask
}

/// An intent. Its id counts the number and the time, so that no two are alike.
pub fn attempt(candidate: &Candidate, micros: i64) -> Box<AttemptRecord> {
    let digits: u128 = candidate.number.expose()[1..].parse().expect("digits");
    let lead = candidate.lead.as_ref();
    Box::new(AttemptRecord {
        id: call_id(digits << 64 | micros.unsigned_abs() as u128),
        tenant: tenant("t"),
        campaign: campaign("spring"),
        client: client(),
        list: lead.map(|it| it.list.clone()),
        lead: lead.map(|it| it.id),
        person: lead.and_then(|it| it.person.person.clone()),
        number: candidate.number.clone(),
        caller_id: number(1),
        trunk: TrunkId::parse("carrier").expect("a trunk"),
        mode: "progressive".to_owned(),
        consent: None,
        decision: "{}".to_owned(),
        local_time: "2026-11-22T10:30:00+01:00[Europe/Madrid]".to_owned(),
        intent_at: at(micros),
        intent_mono: 7,
        dialed_at: None,
        ringing_at: None,
        answered_at: None,
        connected_at: None,
        agent: None,
        machine: None,
        machine_corrected: None,
        message_played: false,
        ended_at: None,
        outcome: None,
        sip_status: None,
        q850_cause: None,
        released_by: None,
        disposition: None,
    })
}

/// Permits whatever is asked.
pub async fn all(store: &Store, ask: Ask) -> Outcome<()> {
    let micros = ask.at.as_micros();
    let decide = move |it: &Candidate, _: &_, _: &_| Ruling::Permit(attempt(it, micros), ());
    store.authorize(ask, decide).await.expect("a decision")
}

/// The numbers that were permitted, counted from 600,000,000.
pub fn dialed<E>(outcome: &Outcome<E>) -> Vec<u64> {
    let offset =
        |number: &PhoneNumber| number.expose()[3..].parse::<u64>().expect("digits") - 600_000_000;
    outcome.permits.iter().map(|it| offset(&it.attempt.number)).collect()
}
