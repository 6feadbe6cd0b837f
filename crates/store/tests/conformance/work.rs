//! Pieces of work: kept as a whole or not at all, and found again.

use std::collections::BTreeSet;

use timbre_casework::{
    Callback, CallbackId, CallbackState, CaseKey, CustomerId, Record, RecordKind, Work,
};
use timbre_store::{
    AgendaCursor, AgendaFilter, DoneRequest, OpenCount, PageRequest, RecordFilter, TrailEntry,
    With, WorkError,
};

use super::casework::{
    answered, client, contact, due, event, kept, listed, next, of_records, promised, told,
};
use super::lists::{NOW, SECOND, number};
use super::world::{Place, agent, at, tenant};

pub async fn a_record_is_changed_only_by_whoever_read_its_last_version(place: Place) {
    let store = place.open().await;
    let first = promised(1, 9, 60);
    kept(&store, of_records(std::slice::from_ref(&first))).await;
    let again =
        store.work(&tenant("t"), of_records(std::slice::from_ref(&first)), With::default()).await;
    assert_eq!(again, Err(WorkError::Stale));

    let second = next(&first);
    let mut half = of_records(&[promised(2, 9, 60), Callback { version: 3, ..second.clone() }]);
    half.events.push(event("half", "callbacks/1"));
    half.interactions.push(contact(9, 1, "half"));
    let refused = store.work(&tenant("t"), half, answered("r", "half")).await;
    assert_eq!(refused, Err(WorkError::Stale));
    assert_eq!(store.callback(&tenant("t"), CallbackId::from_u128(2)).await, Ok(None));
    assert_eq!(store.request(&tenant("t"), "r").await, Ok(None));
    assert_eq!(told(&store).await, []);

    let works = (0..8).map(|n| {
        let mine = Callback { note: format!("hand {n}"), ..second.clone() };
        let store = store.clone();
        tokio::spawn(
            async move { store.work(&tenant("t"), of_records(&[mine]), With::default()).await },
        )
    });
    let mut done = 0;
    for work in works.collect::<Vec<_>>() {
        match work.await.expect("no panic") {
            Ok(()) => done += 1,
            Err(why) => assert_eq!(why, WorkError::Stale),
        }
    }
    assert_eq!(done, 1);
    let kept = store.callback(&tenant("t"), first.id).await.expect("an answer");
    assert_eq!(kept.map(|it| it.version), Some(2));
    assert_eq!(store.callback(&tenant("other"), first.id).await, Ok(None));
    let foreign = store.work(&tenant("other"), of_records(&[first]), With::default()).await;
    assert!(matches!(foreign, Err(WorkError::Store(_))), "{foreign:?}");
}

pub async fn work_done_again_gets_its_first_answer(place: Place) {
    let store = place.open().await;
    let work =
        || Work { events: vec![event("e", "callbacks/1")], ..of_records(&[promised(1, 9, 60)]) };
    let tries = (0..6).map(|n| {
        let (store, work) = (store.clone(), work());
        let with = answered("r1", &format!("answer {n}"));
        tokio::spawn(async move { store.work(&tenant("t"), work, with).await })
    });
    let (mut done, mut answers) = (0, BTreeSet::new());
    for one in tries.collect::<Vec<_>>() {
        match one.await.expect("no panic") {
            Ok(()) => done += 1,
            Err(WorkError::Repeated(DoneRequest { response, .. })) => {
                answers.insert(response);
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((done, answers.len()), (1, 1));
    let request = store.request(&tenant("t"), "r1").await.expect("an answer").expect("remembered");
    assert!(answers.contains(&request.response));
    assert_eq!(told(&store).await.len(), 1);
}

pub async fn a_reader_only_goes_on(place: Place) {
    let store = place.open().await;
    let move_to = |seq| With { cursor: Some(("reactor", seq)), ..With::default() };
    let tried = async |work: Work, seq| store.work(&tenant("t"), work, move_to(seq)).await;
    assert_eq!(store.cursor(&tenant("t"), "reactor").await, Ok(0));
    assert_eq!(tried(of_records(&[promised(1, 9, 60)]), 5).await, Ok(()));
    assert_eq!(tried(of_records(&[promised(2, 9, 60)]), 5).await, Err(WorkError::Stale));
    assert_eq!(store.callback(&tenant("t"), CallbackId::from_u128(2)).await, Ok(None));
    assert_eq!(tried(Work::default(), 6).await, Ok(()));
    assert_eq!(store.cursor(&tenant("t"), "reactor").await, Ok(6));
}

pub async fn records_wake_in_the_order_of_their_time(place: Place) {
    let store = place.open().await;
    assert_eq!(store.next_wake().await, Ok(None));
    let all = [promised(1, 9, 300), promised(2, 9, 100), promised(3, 9, 200)];
    kept(&store, of_records(&all)).await;
    let wake = |id| (tenant("t"), RecordKind::Callback, id);
    let after = |seconds: i64| at(NOW + seconds * SECOND);
    assert_eq!(store.next_wake().await, Ok(Some(after(100))));
    assert_eq!(store.woken(after(99), 10).await, Ok(vec![]));
    assert_eq!(store.woken(after(300), 2).await, Ok(vec![wake(2), wake(3)]));
    let done = Callback { state: CallbackState::Done, ..next(&all[1]) };
    kept(&store, of_records(&[done])).await;
    assert_eq!(store.woken(after(300), 10).await, Ok(vec![wake(3), wake(1)]));
    assert_eq!(store.next_wake().await, Ok(Some(after(200))));
}

pub async fn a_list_of_records_is_narrowed_and_paged(place: Place) {
    let store = place.open().await;
    let of = |id, due| Callback { made_at: at(NOW + id as i64), ..promised(id, 9, due) };
    let mut all: Vec<Callback> = (1..=6).map(|id| of(id, id as i64 * 10)).collect();
    all[1].client = client("other");
    all[2].agent = None;
    all[3].customer = None;
    all[3].number = number(8);
    (all[4].state, all[4].ended_at) = (CallbackState::Done, Some(at(NOW)));
    all[5].made_at = all[0].made_at;
    kept(&store, of_records(&all)).await;

    let every = RecordFilter::of(RecordKind::Callback);
    let cases = [
        (every.clone(), vec![5, 4, 3, 2, 6, 1]),
        (RecordFilter { open: Some(true), ..every.clone() }, vec![4, 3, 2, 6, 1]),
        (RecordFilter { open: Some(false), ..every.clone() }, vec![5]),
        (RecordFilter { state: Some("done".to_owned()), ..every.clone() }, vec![5]),
        (RecordFilter { clients: Some(vec![client("other")]), ..every.clone() }, vec![2]),
        (
            RecordFilter { clients: Some(vec![client("other"), client("acme")]), ..every.clone() },
            vec![5, 4, 3, 2, 6, 1],
        ),
        (RecordFilter { clients: Some(vec![]), ..every.clone() }, vec![]),
        (RecordFilter { agent: Some(agent("ana")), ..every.clone() }, vec![5, 4, 2, 6, 1]),
        (
            RecordFilter { customer: Some(CustomerId::from_u128(9)), ..every.clone() },
            vec![5, 3, 2, 6, 1],
        ),
        (RecordFilter { number: Some(number(8)), ..every.clone() }, vec![4]),
        (RecordFilter { due_before: Some(at(NOW + 20 * SECOND)), ..every.clone() }, vec![1]),
        (
            RecordFilter { from: Some(at(NOW + 2)), to: Some(at(NOW + 4)), ..every.clone() },
            vec![3, 2],
        ),
        (RecordFilter::of(RecordKind::Case), vec![]),
    ];
    for (filter, ids) in cases {
        assert_eq!(listed(&store, &filter).await, ids, "{filter:?}");
    }
    let (mut after, mut ids) = (None, Vec::new());
    loop {
        let page = PageRequest { size: 2, after };
        let page = store.records(&tenant("t"), &every, &page).await.expect("a page");
        ids.extend(page.records.iter().map(Record::id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(ids, [5, 4, 3, 2, 6, 1]);
    let count = |name, open, overdue| OpenCount {
        client: client(name),
        kind: RecordKind::Callback,
        state: "planned".to_owned(),
        open,
        overdue,
    };
    let counts = store.open_counts(&tenant("t"), at(NOW + 35 * SECOND)).await;
    assert_eq!(counts, Ok(vec![count("acme", 4, 2), count("other", 1, 1)]));
}

pub async fn an_agenda_is_in_the_order_of_what_is_due(place: Place) {
    let store = place.open().await;
    let mut all: Vec<Callback> = (1..=6).map(|id| promised(id, 9, 70 - id as i64 * 10)).collect();
    all[1].agent = None;
    (all[2].agent, all[2].client) = (None, client("other"));
    all[3].agent = Some(agent("bea"));
    kept(&store, of_records(&all)).await;
    let mine = AgendaFilter {
        agent: Some(agent("ana")),
        departments: vec![timbre_model::Slug::parse("billing").expect("a department")],
        clients: vec![client("acme")],
        ..AgendaFilter::default()
    };
    let lines = async |filter: &AgendaFilter, size, after: Option<AgendaCursor>| {
        store.agenda(&tenant("t"), filter, size, after).await.expect("an agenda")
    };
    let ids =
        |page: &timbre_store::AgendaPage| page.lines.iter().map(|it| it.id).collect::<Vec<_>>();
    let first = lines(&mine, 2, None).await;
    assert_eq!(ids(&first), [6, 5]);
    let cursor = first.next.expect("there is more").to_string();
    let rest = lines(&mine, 10, AgendaCursor::parse(&cursor)).await;
    assert_eq!((ids(&rest), rest.next), (vec![2, 1], None));
    let window = AgendaFilter {
        from: Some(at(NOW + 20 * SECOND)),
        to: Some(at(NOW + 60 * SECOND)),
        ..mine.clone()
    };
    let page = lines(&window, 10, None).await;
    assert_eq!(ids(&page), [5, 2]);
    assert_eq!(due(&page.lines[0].item), at(NOW + 20 * SECOND));
    assert_eq!(ids(&lines(&AgendaFilter::default(), 10, None).await), []);

    let later = Callback { due_at: at(NOW + 90 * SECOND), ..next(&all[5]) };
    let over = Callback { state: CallbackState::Expired, ..next(&all[4]) };
    kept(&store, of_records(&[later, over])).await;
    assert_eq!(ids(&lines(&mine, 10, None).await), [2, 1, 6]);
}

pub async fn the_trail_says_what_was_done_with_it(place: Place) {
    let store = place.open().await;
    let entry = TrailEntry {
        at: at(NOW),
        kind: "customer_erased",
        subject: "customers/1".to_owned(),
        payload: serde_json::json!({ "by": "desk" }),
    };
    let with = With { trail: vec![entry], ..With::default() };
    store.work(&tenant("t"), Work::default(), with).await.expect("the work is kept");
    let trail = store.audit_export(&tenant("t"), 0, 10).await.expect("the trail");
    assert_eq!(trail.iter().map(|it| it.kind.as_str()).collect::<Vec<_>>(), ["customer_erased"]);
}

pub async fn a_case_is_found_by_its_key_alone(place: Place) {
    let store = place.open().await;
    let (one, other) = (super::cases::case(1, 482_193_057), super::cases::case(2, 482_193_057));
    kept(&store, one.clone()).await;
    let refused = store.work(&tenant("t"), other, With::default()).await;
    assert_eq!(refused, Err(WorkError::KeyTaken));
    let key = CaseKey::from_chance(482_193_057);
    let found = store.case_by_key(&tenant("t"), key).await.expect("an answer").expect("a case");
    assert_eq!(vec![Record::Case(Box::new(found.clone()))], one.records);
    assert_eq!(store.case(&tenant("t"), found.id).await, Ok(Some(found)));
    assert_eq!(store.case_by_key(&tenant("other"), key).await, Ok(None));
}
