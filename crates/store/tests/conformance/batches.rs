//! What is committed is read back, as one whole, by its tenant alone.

use timbre_model::{
    AgentStateKind, AgentStateRecord, CallOutcome, CallRecord, CallerId, Change, Disposition,
    EndCause, NotReadyReason, OfferOutcome, OfferRecord, ReleasedBy, Slug, TimelineKind,
};
use timbre_store::{CallFilter, PageRequest, Store};

use crate::world::*;

/// Everything that a call leaves behind, with every field set.
fn whole_life() -> Vec<Change> {
    let disposition = Disposition::new(Slug::parse("sale").expect("a slug"), false);
    let ended = CallRecord {
        ended_at: Some(at(9_000_000)),
        outcome: Some(CallOutcome::Answered),
        cause: Some(EndCause::Completed),
        released_by: Some(ReleasedBy::Customer),
        disposition: Some(disposition.clone()),
        wrapped_up_at: Some(at(12_000_000)),
        ..connected("t", 1, 1_000)
    };
    let because = "\"longest\u{0}idle\" ñ".to_owned();
    let offered = TimelineKind::Offered { agent: agent("ana"), offer: 1, because };
    vec![
        call_change(ended),
        Change::Timeline(entry("t", 1, 1, TimelineKind::Arrived)),
        Change::Timeline(entry("t", 1, 2, TimelineKind::Queued { queue: queue("sales") })),
        Change::Timeline(entry("t", 1, 3, offered)),
        Change::Timeline(entry("t", 1, 4, TimelineKind::WrappedUp { disposition })),
        Change::Offer(OfferRecord {
            ended_at: Some(at(3_000)),
            outcome: Some(OfferOutcome::Accepted),
            ..offer("t", 1, 1)
        }),
        Change::Offer(offer("t", 1, 2)),
        Change::AgentState(AgentStateRecord {
            reason: Some(NotReadyReason::Missed),
            call: Some(call_id(1)),
            ..state("ana", 5_000, 7, AgentStateKind::NotReady)
        }),
    ]
}

/// The same changes, read back.
async fn read_life(store: &Store) -> Vec<Change> {
    let (t, id) = (tenant("t"), call_id(1));
    let mut found = Vec::new();
    found.extend(store.call(&t, id).await.expect("a read").map(call_change));
    let timeline = store.timeline(&t, id).await.expect("a read");
    found.extend(timeline.into_iter().map(Change::Timeline));
    found.extend(store.offers(&t, id).await.expect("a read").into_iter().map(Change::Offer));
    let states = store.agent_states(&t, &agent("ana"), at(0), at(i64::MAX)).await;
    found.extend(states.expect("a read").into_iter().map(Change::AgentState));
    found
}

pub async fn a_batch_is_read_back_as_it_was_written(place: Place) {
    let store = place.open().await;
    store.commit(whole_life()).await.expect("a commit");
    assert_eq!(read_life(&store).await, whole_life());
}

pub async fn the_last_record_of_a_batch_stands(place: Place) {
    let store = place.open().await;
    let withheld = CallRecord { caller: CallerId::Withheld, ..call("t", 2, 20) };
    let taken = OfferRecord { outcome: Some(OfferOutcome::Accepted), ..offer("t", 1, 1) };
    store
        .commit(vec![
            call_change(call("t", 1, 10)),
            Change::Offer(offer("t", 1, 1)),
            call_change(withheld.clone()),
            call_change(connected("t", 1, 10)),
            Change::Offer(taken.clone()),
        ])
        .await
        .expect("a commit");
    let t = tenant("t");
    assert_eq!(store.call(&t, call_id(1)).await, Ok(Some(connected("t", 1, 10))));
    assert_eq!(store.call(&t, call_id(2)).await, Ok(Some(withheld)));
    assert_eq!(store.offers(&t, call_id(1)).await, Ok(vec![taken]));
    // A later batch clears what an earlier one had set.
    store.commit(vec![call_change(call("t", 1, 10))]).await.expect("a commit");
    assert_eq!(store.call(&t, call_id(1)).await, Ok(Some(call("t", 1, 10))));
}

pub async fn a_batch_repeated_changes_nothing(place: Place) {
    let store = place.open().await;
    for _ in 0..3 {
        store.commit(whole_life()).await.expect("a commit");
    }
    assert_eq!(read_life(&store).await, whole_life());
}

pub async fn batches_of_any_size_are_kept_whole(place: Place) {
    let store = place.open().await;
    let mut first: u128 = 0;
    for size in [0_u128, 1, 3, 64, 255, 256, 257, 600] {
        let calls = (first..first + size).map(|n| call("t", n, 1));
        let changes = calls.flat_map(|call| {
            let number = call.id.as_u128();
            [call_change(call), Change::Timeline(entry("t", number, 1, TimelineKind::Arrived))]
        });
        store.commit(changes.collect()).await.expect("a commit");
        first += size;
    }
    let page = PageRequest { size: 1_000, after: None };
    let all = CallFilter::default();
    let found = store.list_calls(&tenant("t"), &all, &page).await.expect("a read");
    let rest = PageRequest { size: 1_000, after: found.next };
    let rest = store.list_calls(&tenant("t"), &all, &rest).await.expect("a read");
    assert_eq!(found.calls.len() + rest.calls.len(), first as usize);
    for number in [0, first / 2, first - 1] {
        let timeline = store.timeline(&tenant("t"), call_id(number)).await.expect("a read");
        assert_eq!(timeline, vec![entry("t", number, 1, TimelineKind::Arrived)]);
    }
}

pub async fn tenants_never_see_each_other(place: Place) {
    let store = place.open().await;
    store.commit(whole_life()).await.expect("a commit");
    // The same ids, another tenant.
    let theirs = CallRecord { tenant: tenant("u"), ..call("u", 1, 77) };
    store.commit(vec![call_change(theirs.clone())]).await.expect("a commit");
    let u = tenant("u");
    assert_eq!(store.call(&u, call_id(1)).await, Ok(Some(theirs.clone())));
    assert_eq!(store.timeline(&u, call_id(1)).await, Ok(vec![]));
    assert_eq!(store.offers(&u, call_id(1)).await, Ok(vec![]));
    let states = store.agent_states(&u, &agent("ana"), at(0), at(i64::MAX)).await;
    assert_eq!(states, Ok(vec![]));
    assert_eq!(store.state_times(&u, None, at(0), at(10_000)).await, Ok(vec![]));
    let page = PageRequest { size: 10, after: None };
    let listed = store.list_calls(&u, &CallFilter::default(), &page).await.expect("a read");
    assert_eq!(listed.calls, vec![theirs]);
    assert_eq!(read_life(&store).await, whole_life());
}

pub async fn a_nul_from_the_network_is_no_fault(place: Place) {
    let store = place.open().await;
    let dialed = "90\0".to_owned();
    store.commit(vec![call_change(CallRecord { dialed, ..call("t", 1, 1) })]).await.expect("kept");
    let kept = store.call(&tenant("t"), call_id(1)).await.expect("a read").expect("the call");
    assert_eq!(kept.dialed, "90\u{fffd}");
}
