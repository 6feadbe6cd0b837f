//! Events: counted without a gap, each kept once, told of calls and attempts by the engine's own batches.

use timbre_casework::Work;
use timbre_model::{
    AttemptOutcome, AttemptRecord, CallRecord, Change, Disposition, EndCause, PlacedFor,
    ReleasedBy, Slug, SurveyKind, SurveyRecord, TimelineKind,
};
use timbre_store::{Candidate, StoredEvent, With};

use super::casework::{event, kept, of_events, told};
use super::lists::{NOW, attempt, campaign, number};
use super::world::{Place, at, call, call_change, call_id, connected, entry, offer, tenant};

fn kinds(events: &[StoredEvent]) -> Vec<&str> {
    events.iter().map(|it| it.event.kind.trim_start_matches("timbre.")).collect()
}

fn numbers(events: &[StoredEvent]) -> Vec<u64> {
    events.iter().map(|it| it.seq).collect()
}

pub async fn events_are_counted_without_a_gap_and_kept_once(place: Place) {
    let store = place.open().await;
    let mut heard = store.events_told();
    kept(&store, of_events(&["a", "b", "a"])).await;
    assert!(heard.has_changed().expect("the store lives"));
    heard.mark_unchanged();
    kept(&store, of_events(&["b", "c", "a"])).await;
    assert_eq!(
        told(&store).await.iter().map(|it| it.event.id.as_str()).collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
    assert_eq!(store.event_head(&tenant("t")).await, Ok(3));
    assert_eq!(told(&store).await[0].event, event("a", "cases/1"));
    assert_eq!(store.event_head(&tenant("other")).await, Ok(0));

    let many: Vec<String> = (0..700).map(|n| format!("n{n}")).collect();
    let ids: Vec<&str> = many.iter().map(String::as_str).collect();
    kept(&store, of_events(&ids)).await;
    let all = told(&store).await;
    assert_eq!(numbers(&all), (1..=703).collect::<Vec<_>>());
    assert_eq!(all[702].event.id, "n699");
    let some = store.events(&tenant("t"), 700, 2).await.expect("events");
    assert_eq!(numbers(&some), [701, 702]);

    assert_eq!(store.prune_events(&tenant("t"), 703, at(NOW + 1)).await, Ok(702));
    assert_eq!(store.prune_events(&tenant("t"), 704, at(NOW)).await, Ok(0));
    assert_eq!(store.prune_events(&tenant("t"), 704, at(NOW + 1)).await, Ok(1));
    kept(&store, of_events(&["later"])).await;
    assert_eq!(numbers(&told(&store).await), [704]);
}

pub async fn many_at_once_leave_no_gap(place: Place) {
    let store = place.open().await;
    let works = (0..8_u128).map(|hand| {
        let store = store.clone();
        tokio::spawn(async move {
            for n in 0..10_u128 {
                let ids = [format!("{hand}-{n}"), format!("shared-{n}")];
                let events = ids.iter().map(|id| event(id, "cases/1")).collect();
                let work = Work { events, ..Work::default() };
                store.work(&tenant("t"), work, With::default()).await.expect("the work is kept");
                let calls = arrival(hand * 100 + n + 1);
                store.commit(calls).await.expect("the calls are kept");
            }
        })
    });
    for work in works.collect::<Vec<_>>() {
        work.await.expect("no panic");
    }
    let all = told(&store).await;
    assert_eq!(numbers(&all), (1..=170).collect::<Vec<_>>());
    assert_eq!(store.event_head(&tenant("t")).await, Ok(170));
}

fn arrival(n: u128) -> Vec<Change> {
    vec![
        call_change(call("t", n, 1_000)),
        Change::Timeline(entry("t", n, 1, TimelineKind::Arrived)),
    ]
}

fn wrapped_up(n: u128) -> CallRecord {
    CallRecord {
        ended_at: Some(at(5_000_000)),
        outcome: Some(timbre_model::CallOutcome::Answered),
        cause: Some(EndCause::Completed),
        released_by: Some(ReleasedBy::Customer),
        disposition: Some(sale()),
        wrapped_up_at: Some(at(6_000_000)),
        outbound: Some(PlacedFor {
            campaign: campaign("spring"),
            lead: Some(timbre_model::LeadId::from_u64(3)),
        }),
        ..connected("t", n, 1_000)
    }
}

fn sale() -> Disposition {
    Disposition::new(Slug::parse("sale").expect("a code"), false)
}

pub async fn calls_are_told_once_also_when_a_batch_is_repeated(place: Place) {
    let store = place.open().await;
    let agent = super::world::agent("ana");
    let ended =
        TimelineKind::Ended { cause: EndCause::Completed, released_by: ReleasedBy::Customer };
    let batches = [
        [arrival(1), vec![Change::Offer(offer("t", 1, 1))]].concat(),
        vec![
            call_change(connected("t", 1, 1_000)),
            Change::Timeline(entry(
                "t",
                1,
                2,
                TimelineKind::Answered { ring: 1, by_greeting: false },
            )),
            Change::Timeline(entry("t", 1, 3, TimelineKind::Connected { agent })),
            Change::Timeline(entry("t", 1, 4, TimelineKind::Held)),
        ],
        vec![
            call_change(wrapped_up(1)),
            Change::Timeline(entry("t", 1, 5, ended)),
            Change::Timeline(entry("t", 1, 6, TimelineKind::WrappedUp { disposition: sale() })),
        ],
    ];
    for batch in batches.iter().chain(&batches) {
        store.commit(batch.clone()).await.expect("a commit");
    }
    let all = told(&store).await;
    let expected = ["call.arrived.v1", "call.connected.v1", "call.ended.v1", "call.wrapped_up.v1"];
    assert_eq!(kinds(&all), expected);
    assert_eq!(numbers(&all), [1, 2, 3, 4]);
    assert!(all.iter().all(|it| it.event.subject == format!("calls/{}", call_id(1))));
    let last = &all[3].event;
    assert_eq!(last.at, at(1_006));
    assert_eq!(
        last.data,
        serde_json::json!({
            "client": "acme", "queue": "sales", "campaign": "spring", "lead": 3, "agent": "ana",
            "disposition": "sale", "automatic": false,
        })
    );
    assert_eq!(all[2].event.data["outcome"], "answered");
    assert!(!all.iter().any(|it| it.event.data.to_string().contains("612345678")));
}

pub async fn attempts_are_told_when_they_are_dialed_and_when_they_end(place: Place) {
    let store = place.open().await;
    let to = Candidate { lead: None, index: 0, number: number(5), agent: None };
    let permitted = *attempt(&to, NOW);
    let dialed = AttemptRecord { dialed_at: Some(at(NOW + 1)), ..permitted.clone() };
    let answered = AttemptRecord { answered_at: Some(at(NOW + 2)), ..dialed.clone() };
    let ended = AttemptRecord {
        ended_at: Some(at(NOW + 3)),
        outcome: Some(AttemptOutcome::Connected),
        ..answered.clone()
    };
    let classified = AttemptRecord { disposition: Some(sale()), ..ended.clone() };
    let batches = [vec![permitted, dialed.clone()], vec![answered, ended], vec![classified]];
    for batch in batches.iter().chain(&batches) {
        let change = |it: &AttemptRecord| Change::Attempt(Box::new(it.clone()));
        store.commit(batch.iter().map(change).collect()).await.expect("a commit");
    }
    let all = told(&store).await;
    assert_eq!(kinds(&all), ["attempt.dialed.v1", "attempt.ended.v1"]);
    assert_eq!(all[1].event.data["outcome"], "connected");
    assert_eq!(all[1].event.subject, format!("attempts/{}", dialed.id));
}

pub async fn a_survey_is_told_when_it_is_asked_and_when_it_is_answered(place: Place) {
    let store = place.open().await;
    let asked = SurveyRecord {
        call: call_id(1),
        tenant: tenant("t"),
        client: super::casework::client("acme"),
        queue: super::world::queue("sales"),
        agent: super::world::agent("ana"),
        kind: SurveyKind::Csat,
        asked_at: at(NOW),
        answer: None,
        answered_at: None,
    };
    let answered =
        SurveyRecord { answer: Some(4), answered_at: Some(at(NOW + 1)), ..asked.clone() };
    for record in [&asked, &asked, &answered, &asked] {
        let change = Change::Survey(Box::new(record.clone()));
        store.commit(vec![change]).await.expect("a commit");
    }
    let all = told(&store).await;
    assert_eq!(kinds(&all), ["survey.asked.v1", "survey.answered.v1"]);
    let data = all[1].event.data.clone();
    assert_eq!(serde_json::from_value::<SurveyRecord>(data).expect("the record"), answered);
}

pub async fn what_a_dead_node_left_open_is_told(place: Place) {
    let store = place.open().await;
    let in_wrap_up = CallRecord {
        ended_at: Some(at(7_000)),
        cause: Some(EndCause::Completed),
        released_by: Some(ReleasedBy::Agent),
        ..connected("t", 3, 1_000)
    };
    let to = Candidate { lead: None, index: 0, number: number(5), agent: None };
    let dialed = AttemptRecord { dialed_at: Some(at(NOW)), ..*attempt(&to, NOW) };
    let batch = vec![
        call_change(call("t", 1, 1_000)),
        call_change(connected("t", 2, 1_000)),
        call_change(in_wrap_up),
        Change::Attempt(Box::new(dialed)),
        Change::Offer(offer("t", 1, 1)),
    ];
    store.commit(batch).await.expect("a commit");
    store.recover(at(NOW + 9)).await.expect("a recovery");
    store.recover(at(NOW + 10)).await.expect("a recovery");
    let all = told(&store).await;
    let expected = [
        "attempt.dialed.v1",
        "call.ended.v1",
        "call.ended.v1",
        "call.wrapped_up.v1",
        "call.wrapped_up.v1",
        "attempt.ended.v1",
    ];
    assert_eq!(kinds(&all), expected);
    assert_eq!(numbers(&all), [1, 2, 3, 4, 5, 6]);
    assert_eq!(all[1].event.data["cause"], "node_lost");
    assert_eq!(all[2].event.data["connected"], true);
    assert_eq!(all[3].event.data["disposition"], "unclassified");
    assert!(all[1..].iter().all(|it| it.event.at == at(NOW + 9)));
}
