//! The desk over a real store: what is repeated, what is begun again, what is done once.

use std::sync::atomic::{AtomicU32, Ordering};

use timbre_casework::{NewEvent, Record, RecordKind, Trouble, TroubleId, TroubleKind};
use timbre_model::{AgentId, CallId, ClientId, TrunkId};
use timbre_store::StoredEvent;

use super::reactor::{Reactor, Reader};
use super::*;

/// What the tests answer; kept as text.
pub(super) type Said = String;

pub(super) fn tenant() -> TenantId {
    TenantId::parse("acme").expect("an id")
}

pub(super) async fn desk() -> Desk {
    let store = Store::open("sqlite::memory:").await.expect("a store");
    let feed = Feed::default();
    feed.floor_applied(tenant(), serde_json::from_str("{}").expect("an empty floor"));
    Desk { store, feed, driver: Handle::stopped(), metrics: Metrics::new() }
}

/// Some record whose media count is a counter for the tests.
fn record(version: u64) -> Record {
    let id = |text| AgentId::parse(text).expect("an id");
    Record::Trouble(Box::new(Trouble {
        id: TroubleId::from_u128(7),
        tenant: tenant(),
        client: ClientId::parse("luz").expect("an id"),
        version,
        call: CallId::from_u128(7),
        trunk: TrunkId::parse("carrier").expect("an id"),
        agent: id("ana"),
        at: Civil::from_micros(0),
        kind: TroubleKind::Echo,
        media: None,
    }))
}

fn event(id: &str, kind: &str) -> NewEvent {
    NewEvent {
        id: id.to_owned(),
        kind: kind.to_owned(),
        subject: "troubles/7".to_owned(),
        client: None,
        at: Civil::from_micros(0),
        data: serde_json::Value::Null,
    }
}

/// Reads the record and keeps the next version of it, with an event.
pub(super) async fn count_up(desk: &Desk) -> Result<(Work, Said), Fault> {
    let found = desk.store.record(&tenant(), RecordKind::Trouble, 7).await?;
    let version = found.map_or(0, |it| it.version()) + 1;
    let events = vec![event(&format!("counted/{version}"), "test.counted.v1")];
    let work = Work { records: vec![record(version)], events, ..Work::default() };
    Ok((work, format!("version {version}")))
}

pub(super) fn asked<'a>(
    tenant: &'a TenantId,
    method: &'static str,
    request_id: &'a str,
) -> Asked<'a> {
    Asked { tenant, method, request_id }
}

#[tokio::test]
async fn a_request_that_is_repeated_is_performed_once_and_answered_twice() {
    let (desk, tenant) = (desk().await, tenant());
    let first = desk.change(asked(&tenant, "Count", "r1"), || count_up(&desk)).await;
    let second = desk.change(asked(&tenant, "Count", "r1"), || count_up(&desk)).await;
    assert_eq!([first.expect("kept"), second.expect("kept")], ["version 1", "version 1"]);
    let other = desk.change(asked(&tenant, "Recount", "r1"), || count_up(&desk)).await;
    assert!(matches!(other, Err(Fault::Reused(method)) if method == "Count"));
    let third = desk.change(asked(&tenant, "Count", ""), || count_up(&desk)).await;
    assert_eq!(third.expect("kept"), "version 2");
    assert_eq!(desk.store.event_head(&tenant).await.expect("a head"), 2);
}

#[tokio::test]
async fn whoever_is_overtaken_begins_again() {
    let (desk, tenant, runs) = (desk().await, tenant(), AtomicU32::new(0));
    let overtaken = async || {
        let mine = count_up(&desk).await?;
        if runs.fetch_add(1, Ordering::Relaxed) == 0 {
            desk.change::<Said, _, _>(asked(&tenant, "Count", ""), || count_up(&desk)).await?;
        }
        Ok(mine)
    };
    let answer = desk.change::<Said, _, _>(asked(&tenant, "Count", "r1"), overtaken).await;
    assert_eq!(answer.expect("kept"), "version 2");
    assert_eq!(runs.into_inner(), 2);
}

/// Tells once more what it reads.
const ECHO: Reader = Reader {
    place: "echo",
    types: &["test.counted."],
    react: |_, _, it: &StoredEvent| {
        let id = format!("echo/{}", it.seq);
        Box::pin(async move {
            let events = vec![event(&id, "test.echo.v1")];
            Ok(Work { events, ..Work::default() }.into())
        })
    },
};

/// Can do nothing with anything.
const LOST: Reader = Reader {
    place: "lost",
    types: &["test."],
    react: |_, _, it| {
        let name = it.event.id.clone();
        Box::pin(async move { Err(Fault::Unknown(name)) })
    },
};

async fn echoes(desk: &Desk) -> usize {
    let events = desk.store.events(&tenant(), 0, 10_000).await.expect("events");
    events.iter().filter(|it| it.event.kind == "test.echo.v1").count()
}

#[tokio::test]
async fn an_event_has_its_effect_once_also_over_a_restart_and_beside_a_reader_that_fails() {
    let (desk, tenant) = (desk().await, tenant());
    for counted in 1..=3 {
        desk.change::<Said, _, _>(asked(&tenant, "Count", ""), || count_up(&desk))
            .await
            .expect("kept");
        // A new one each time, as after a restart.
        let mut reactor = Reactor::new(desk.clone(), &[LOST, ECHO]);
        reactor.turn().await.expect("the store is there");
        reactor.turn().await.expect("the store is there");
        assert_eq!(echoes(&desk).await, counted);
    }
    assert_eq!(desk.store.cursor(&tenant, "echo").await.expect("a place"), 5, "the third count's");
}

#[tokio::test]
async fn a_reader_that_is_far_ahead_of_another_waits_for_it() {
    let (desk, tenant) = (desk().await, tenant());
    let count = 1_200;
    let events = (0..count).map(|it| event(&format!("e{it}"), "test.counted.v1")).collect();
    let work = Work { events, ..Work::default() };
    let place = Some((LOST.place, count));
    let ahead = With { cursor: place, ..With::default() };
    desk.store.work(&tenant, work, ahead).await.expect("kept");
    Reactor::new(desk.clone(), &[LOST, ECHO]).turn().await.expect("the store is there");
    assert_eq!(echoes(&desk).await, 1_200);
}
