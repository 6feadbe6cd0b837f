//! What goes wrong, and what it must not lead to.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::task::Poll;

use timbre_model::{Change, TimelineKind};
use timbre_store::{CallFilter, PageRequest, Store, StoreError};

use crate::world::*;

pub async fn cancelled_commits_leave_the_pool_healthy(place: Place) {
    let store = place.open().await;
    for number in 0..36 {
        let batch = vec![
            call_change(call("t", number, 1)),
            Change::Timeline(entry("t", number, 1, TimelineKind::Arrived)),
        ];
        // Dropped after it was woken a few times: before, within or behind its transaction.
        let mut commit = pin!(store.commit(batch));
        let mut polls = number % 12;
        poll_fn(|context| {
            if polls == 0 {
                return Poll::Ready(());
            }
            polls -= 1;
            commit.as_mut().poll(context).map(drop)
        })
        .await;
        place.no_session_stays_inside_a_transaction().await;
    }
    store.health().await.expect("the writer is free");
    store.commit(vec![call_change(call("t", 99, 1))]).await.expect("a commit");
    // Each of the cancelled batches is there as a whole or not at all.
    let page = PageRequest { size: 1_000, after: None };
    let found = store.list_calls(&tenant("t"), &CallFilter::default(), &page).await;
    let found = found.expect("a read").calls;
    assert!(found.iter().any(|call| call.id == call_id(99)));
    for call in found.iter().filter(|call| call.id != call_id(99)) {
        let timeline = store.timeline(&call.tenant, call.id).await.expect("a read");
        assert_eq!(timeline.len(), 1, "{}", call.id);
    }
}

pub async fn a_value_that_cannot_be_read_is_named(place: Place) {
    let store = place.open().await;
    let batch = vec![
        call_change(call("t", 1, 1)),
        Change::Timeline(entry("t", 1, 1, TimelineKind::Arrived)),
    ];
    store.commit(batch).await.expect("a commit");
    place.meddle("UPDATE calls SET outcome = 'splendid'").await;
    place.meddle("UPDATE timeline SET what = '{\"kind\":\"flew\"}'").await;
    let id = format!("t/{}", call_id(1));
    let corrupt = StoreError::Corrupt { table: "calls", column: "outcome", id: id.clone() };
    assert_eq!(store.call(&tenant("t"), call_id(1)).await, Err(corrupt.clone()));
    let page = PageRequest { size: 10, after: None };
    let listed = store.list_calls(&tenant("t"), &CallFilter::default(), &page).await;
    assert_eq!(listed, Err(corrupt));
    let corrupt = StoreError::Corrupt { table: "timeline", column: "what", id: format!("{id}/1") };
    assert_eq!(store.timeline(&tenant("t"), call_id(1)).await, Err(corrupt));
}

pub async fn a_newer_schema_is_refused(place: Place) {
    place.open().await.close().await;
    let insert = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                  SELECT 9999, 'of tomorrow', success, checksum, 1 FROM _sqlx_migrations WHERE version = 1";
    place.meddle(insert).await;
    let Err(StoreError::Schema(why)) = Store::open(&place.url).await else {
        panic!("a schema of tomorrow was taken");
    };
    assert!(why.contains("newer"), "{why}");
}

pub async fn what_is_kept_outlives_the_handle(place: Place) {
    let store = place.open().await;
    store.commit(vec![call_change(call("t", 1, 1))]).await.expect("a commit");
    store.close().await;
    let closed = store.commit(vec![call_change(call("t", 2, 1))]).await;
    assert!(matches!(closed, Err(StoreError::Unavailable(_))), "{closed:?}");
    let again = place.open().await;
    assert_eq!(again.call(&tenant("t"), call_id(1)).await, Ok(Some(call("t", 1, 1))));
    assert_eq!(again.call(&tenant("t"), call_id(2)).await, Ok(None));
}

pub async fn ended_sessions_are_replaced(place: Place) {
    let store = place.open().await;
    for number in 0..5 {
        place.end_sessions().await;
        store.commit(vec![call_change(call("t", number, 1))]).await.expect("a new session");
        place.end_sessions().await;
        let read = store.call(&tenant("t"), call_id(number)).await;
        assert_eq!(read, Ok(Some(call("t", number, 1))));
    }
}

pub async fn a_session_that_became_read_only_is_put_away(place: Place) {
    let store = place.open().await;
    // The first write turns its own session read-only, as a switchover does to all of them.
    place
        .meddle(
            "CREATE FUNCTION demote() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             PERFORM set_config('default_transaction_read_only', 'on', false); RETURN NEW; END $$; \
             CREATE TRIGGER demote BEFORE UPDATE ON probe FOR EACH ROW EXECUTE FUNCTION demote()",
        )
        .await;
    for number in 0..5 {
        store.health().await.expect("a writable session");
        store.commit(vec![call_change(call("t", number, 1))]).await.expect("another session");
    }
}

pub async fn a_read_only_server_is_no_server(place: Place) {
    let store = place.open().await;
    let set = |value| {
        format!("ALTER DATABASE \"{}\" SET default_transaction_read_only = {value}", place.name())
    };
    place.at_server(&set("on")).await;
    place.end_sessions().await;
    let refused = store.commit(vec![call_change(call("t", 1, 1))]).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    let Err(StoreError::Setup(why)) = Store::open(&place.url).await else {
        panic!("a read-only server was taken");
    };
    assert!(why.contains("primary"), "{why}");
    place.at_server(&set("off")).await;
    store.commit(vec![call_change(call("t", 1, 1))]).await.expect("the server is back");
}
