//! Changes while the database is away.

use std::time::Duration;

use timbre_model::{CallRecord, Change, TimelineKind};
use timbre_store::{Committed, Ledger, Spool, Store, StoreError};

use crate::world::*;

async fn ledger(place: &Place, store: Store) -> Ledger {
    let spool = Spool::open(&place.spool()).await.expect("a spool");
    Ledger::open(store, spool).await.expect("a ledger")
}

/// A ledger whose database is away for good.
async fn cut_off(place: &Place) -> Ledger {
    let store = place.open().await;
    store.close().await;
    ledger(place, store).await
}

/// Three batches that only make sense in their order.
fn batches() -> Vec<Vec<Change>> {
    let held = connected("t", 1, 10);
    let ended = CallRecord { ended_at: Some(at(99)), ..held.clone() };
    let arrived = Change::Timeline(entry("t", 1, 1, TimelineKind::Arrived));
    vec![
        vec![call_change(call("t", 1, 10)), arrived],
        vec![call_change(held)],
        vec![call_change(ended), Change::Timeline(entry("t", 1, 2, TimelineKind::Held))],
    ]
}

async fn spool_all(ledger: &Ledger) {
    for batch in batches() {
        assert_eq!(ledger.commit(batch).await, Ok(Committed::Spooled));
    }
    assert!(ledger.spooling() && ledger.waiting_bytes() > 0);
}

/// The database holds what the batches leave.
async fn is_complete(store: &Store) {
    let kept = store.call(&tenant("t"), call_id(1)).await.expect("a read").expect("the call");
    assert_eq!(
        (kept.connected_at, kept.ended_at),
        (connected("t", 1, 10).connected_at, Some(at(99)))
    );
    assert_eq!(store.timeline(&tenant("t"), call_id(1)).await.expect("a read").len(), 2);
}

pub async fn changes_outlive_an_outage_and_a_restart(place: Place) {
    let away = cut_off(&place).await;
    spool_all(&away).await;
    assert!(matches!(away.recover(at(1)).await, Err(StoreError::Unavailable(_))));
    away.close().await;
    // Killed here: nothing but the file is left.
    let back = ledger(&place, place.open().await).await;
    assert!(!back.spooling() && back.waiting_bytes() == 0);
    is_complete(back.store()).await;
    assert_eq!(back.commit(vec![call_change(call("t", 2, 1))]).await, Ok(Committed::Stored));
}

pub async fn a_replay_that_was_cut_short_is_repeated(place: Place) {
    let away = cut_off(&place).await;
    spool_all(&away).await;
    let spooled = std::fs::read(place.spool()).expect("the file");
    away.close().await;
    let back = ledger(&place, place.open().await).await;
    is_complete(back.store()).await;
    back.close().await;
    // As if the process had died when everything was in the database and before the spool was cleared.
    std::fs::write(place.spool(), spooled).expect("the file");
    let again = ledger(&place, place.open().await).await;
    assert_eq!(again.waiting_bytes(), 0);
    is_complete(again.store()).await;
}

pub async fn the_spool_drains_by_itself_when_the_database_is_back(place: Place) {
    let ledger = ledger(&place, place.open().await).await;
    assert_eq!(ledger.commit(vec![call_change(call("t", 7, 1))]).await, Ok(Committed::Stored));
    let outage = place.outage().await;
    spool_all(&ledger).await;
    outage.end().await;
    let mut look = tokio::time::interval(Duration::from_millis(20));
    let drained = async {
        while ledger.spooling() {
            look.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), drained).await.expect("the spool drains");
    is_complete(ledger.store()).await;
    assert_eq!(ledger.commit(vec![call_change(call("t", 8, 1))]).await, Ok(Committed::Stored));
}

pub async fn an_unfinished_tail_is_cut_off(place: Place) {
    let away = cut_off(&place).await;
    spool_all(&away).await;
    away.close().await;
    let mut spooled = std::fs::read(place.spool()).expect("the file");
    let whole = spooled.len();
    let unfinished = spooled[..whole / 4].to_vec();
    spooled.extend(unfinished);
    std::fs::write(place.spool(), spooled).expect("the file");
    let spool = Spool::open(&place.spool()).await.expect("a spool");
    assert_eq!(spool.waiting_bytes(), whole as u64);
    let back = Ledger::open(place.open().await, spool).await.expect("a ledger");
    is_complete(back.store()).await;
}

pub async fn damage_in_the_middle_is_refused(place: Place) {
    let away = cut_off(&place).await;
    spool_all(&away).await;
    away.close().await;
    let mut spooled = std::fs::read(place.spool()).expect("the file");
    spooled[20] ^= 1;
    std::fs::write(place.spool(), &spooled).expect("the file");
    let damaged = Spool::open(&place.spool()).await.map(drop);
    let corrupt = StoreError::Corrupt { table: "spool", column: "entry", id: "0".to_owned() };
    assert_eq!(damaged, Err(corrupt));
    assert_eq!(std::fs::read(place.spool()).expect("the file"), spooled, "left for the surgeon");
}

pub async fn a_spool_has_one_user(place: Place) {
    let first = ledger(&place, place.open().await).await;
    let second = Spool::open(&place.spool()).await.map(drop);
    assert!(matches!(second, Err(StoreError::Setup(_))), "{second:?}");
    first.close().await;
}
