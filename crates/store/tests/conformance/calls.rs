//! The list of calls.

use timbre_model::{CallOutcome, CallRecord, CallerId, PhoneNumber};
use timbre_store::{CallFilter, PageRequest, Store};

use crate::world::*;

async fn put(store: &Store, calls: Vec<CallRecord>) {
    store.commit(calls.into_iter().map(call_change).collect()).await.expect("a commit");
}

/// The numbers of all calls that pass, `size` at a time.
async fn numbers(store: &Store, filter: &CallFilter, size: u32) -> Vec<u128> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let request = PageRequest { size, after };
        let page = store.list_calls(&tenant("t"), filter, &request).await.expect("a page");
        assert!(page.calls.len() <= size as usize);
        assert!(page.next.is_none() || page.calls.len() == size as usize);
        found.extend(page.calls.iter().map(|call| call.id.as_u128()));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

pub async fn a_list_is_newest_first_and_pages_through_ties(place: Place) {
    let store = place.open().await;
    // Ids whose order as signed numbers or as text would be another one.
    let ids = [1, 0xff, 0x0100, u128::MAX, 1 << 127, (1 << 127) - 1, 7];
    let tied = ids.iter().map(|&id| call("t", id, 500));
    let others = [call("t", 20, 499), call("t", 21, 501)];
    put(&store, tied.chain(others).collect()).await;
    let mut expected = ids;
    expected.sort_unstable();
    let expected: Vec<u128> =
        [21].into_iter().chain(expected.into_iter().rev()).chain([20]).collect();
    for size in [1, 2, 3, 4, 8, 9, 1_000] {
        assert_eq!(
            numbers(&store, &CallFilter::default(), size).await,
            expected,
            "pages of {size}"
        );
    }
}

pub async fn filters_narrow_the_list(place: Place) {
    let store = place.open().await;
    let other = PhoneNumber::parse("+34699999999").expect("a number");
    let ended = |number, outcome| CallRecord {
        ended_at: Some(at(900)),
        outcome: Some(outcome),
        ..connected("t", number, number as i64)
    };
    put(
        &store,
        vec![
            call("t", 1, 1),
            CallRecord { queue: None, ..call("t", 2, 2) },
            CallRecord { queue: Some(queue("help")), ..call("t", 3, 3) },
            ended(4, CallOutcome::Answered),
            ended(5, CallOutcome::Lost),
            CallRecord { agent: Some(agent("bea")), ..connected("t", 6, 6) },
            CallRecord { caller: CallerId::Number(other.clone()), ..call("t", 7, 7) },
            CallRecord { caller: CallerId::Withheld, ..call("t", 8, 8) },
        ],
    )
    .await;
    let none = CallFilter::default;
    let cases = [
        (none(), vec![8, 7, 6, 5, 4, 3, 2, 1]),
        (CallFilter { queue: Some(queue("help")), ..none() }, vec![3]),
        (CallFilter { agent: Some(agent("ana")), ..none() }, vec![5, 4]),
        (CallFilter { outcome: Some(CallOutcome::Lost), ..none() }, vec![5]),
        (CallFilter { open: Some(false), ..none() }, vec![5, 4]),
        (CallFilter { open: Some(true), ..none() }, vec![8, 7, 6, 3, 2, 1]),
        (CallFilter { open: Some(true), queue: Some(queue("sales")), ..none() }, vec![8, 7, 6, 1]),
        (CallFilter { open: Some(true), agent: Some(agent("bea")), ..none() }, vec![6]),
        (CallFilter { open: Some(true), caller: Some(other.clone()), ..none() }, vec![7]),
        (CallFilter { caller: Some(other), ..none() }, vec![7]),
        (
            CallFilter { arrived_from: Some(at(3)), arrived_to: Some(at(6)), ..none() },
            vec![5, 4, 3],
        ),
        (
            CallFilter {
                queue: Some(queue("sales")),
                agent: Some(agent("ana")),
                outcome: Some(CallOutcome::Answered),
                open: Some(false),
                arrived_from: Some(at(0)),
                arrived_to: Some(at(100)),
                caller: Some(PhoneNumber::parse("+34612345678").expect("a number")),
            },
            vec![4],
        ),
    ];
    for (filter, expected) in cases {
        for size in [1, 2, 100] {
            assert_eq!(numbers(&store, &filter, size).await, expected, "{filter:?}");
        }
    }
}

pub async fn a_page_has_its_bounds(place: Place) {
    let store = place.open().await;
    put(&store, (0..1_002).map(|number| call("t", number, 1)).collect()).await;
    for (asked, given) in [(0, 1), (u32::MAX, 1_000)] {
        let request = PageRequest { size: asked, after: None };
        let page = store.list_calls(&tenant("t"), &CallFilter::default(), &request).await;
        let page = page.expect("a page");
        assert_eq!(page.calls.len(), given);
        assert!(page.next.is_some());
    }
}
