//! What a dead node left open.

use timbre_model::AgentStateKind::{NotReady, Ready, SignedOut, Talking, WrapUp};
use timbre_model::{
    CallOutcome, CallRecord, Change, Disposition, EndCause, OfferOutcome, OfferRecord, ReleasedBy,
    Slug, TimelineEntry, TimelineKind,
};
use timbre_store::{Recovered, Store};

use crate::world::*;

const RESTART: i64 = 50_000_000;

fn unclassified() -> Disposition {
    Disposition::new(Slug::parse("unclassified").expect("a slug"), true)
}

/// One call of each kind: waiting, talking, in wrap-up; and one of another tenant.
async fn a_crash(store: &Store) {
    let in_wrap_up = CallRecord {
        ended_at: Some(at(7_000_000)),
        outcome: Some(CallOutcome::Answered),
        cause: Some(EndCause::Completed),
        released_by: Some(ReleasedBy::Agent),
        ..connected("t", 3, 30)
    };
    let taken = OfferRecord {
        ended_at: Some(at(3_000)),
        outcome: Some(OfferOutcome::Accepted),
        ..offer("t", 2, 1)
    };
    let batch = vec![
        call_change(call("t", 1, 10)),
        call_change(connected("t", 2, 20)),
        call_change(in_wrap_up),
        call_change(call("u", 1, 40)),
        Change::Timeline(entry("t", 1, 1, TimelineKind::Arrived)),
        Change::Timeline(entry("t", 1, 2, TimelineKind::Queued { queue: queue("sales") })),
        Change::Offer(offer("t", 1, 1)),
        Change::Offer(taken),
        Change::AgentState(state("ana", 10, 1, Ready)),
        Change::AgentState(state("ana", 20, 2, Talking)),
        Change::AgentState(state("bea", 10, 1, Ready)),
        Change::AgentState(state("bea", 10, 2, WrapUp)),
        Change::AgentState(state("caro", 10, 1, Ready)),
        Change::AgentState(state("caro", 30, 2, SignedOut)),
    ];
    store.commit(batch).await.expect("a commit");
}

pub async fn what_a_dead_node_left_open_is_ended_once(place: Place) {
    let store = place.open().await;
    a_crash(&store).await;
    let done = store.recover(at(RESTART)).await;
    let ended = Recovered { calls: 3, wrap_ups: 2, offers: 1, agents: 2, ..Recovered::default() };
    assert_eq!(done, Ok(ended));
    let after = everything(&store).await;
    let again = store.recover(at(RESTART + 5)).await;
    assert_eq!(again, Ok(Recovered::default()));
    assert_eq!(everything(&store).await, after);

    let lost = |call| CallRecord {
        ended_at: Some(at(RESTART)),
        outcome: Some(CallOutcome::Lost),
        cause: Some(EndCause::NodeLost),
        released_by: Some(ReleasedBy::Network),
        ..call
    };
    let talked = CallRecord {
        outcome: Some(CallOutcome::Answered),
        disposition: Some(unclassified()),
        wrapped_up_at: Some(at(RESTART)),
        ..lost(connected("t", 2, 20))
    };
    let (t, u) = (tenant("t"), tenant("u"));
    assert_eq!(store.call(&t, call_id(1)).await, Ok(Some(lost(call("t", 1, 10)))));
    assert_eq!(store.call(&t, call_id(2)).await, Ok(Some(talked)));
    assert_eq!(store.call(&u, call_id(1)).await, Ok(Some(lost(call("u", 1, 40)))));

    let end = TimelineKind::Ended { cause: EndCause::NodeLost, released_by: ReleasedBy::Network };
    let wrapped = TimelineKind::WrappedUp { disposition: unclassified() };
    let at_restart = |it: TimelineEntry| TimelineEntry { at: at(RESTART), ..it };
    let waiting = store.timeline(&t, call_id(1)).await.expect("a read");
    assert_eq!(waiting.last(), Some(&at_restart(entry("t", 1, 3, end.clone()))));
    let talking = store.timeline(&t, call_id(2)).await.expect("a read");
    let expected = [entry("t", 2, 1, end), entry("t", 2, 2, wrapped.clone())].map(at_restart);
    assert_eq!(talking, expected);
    let in_wrap_up = store.timeline(&t, call_id(3)).await.expect("a read");
    assert_eq!(in_wrap_up, [at_restart(entry("t", 3, 1, wrapped))]);

    let offers = store.offers(&t, call_id(1)).await.expect("a read");
    assert_eq!(offers[0].outcome, Some(OfferOutcome::Rescinded));
    assert_eq!(offers[0].ended_at, Some(at(RESTART)));
    for name in ["ana", "bea", "caro"] {
        let states = store.agent_states(&t, &agent(name), at(0), at(i64::MAX)).await;
        let states = states.expect("a read");
        let out = states.iter().filter(|it| it.state == SignedOut).count();
        assert_eq!((out, states.last().map(|it| it.state)), (1, Some(SignedOut)), "{name}");
    }
}

/// Calls and states as text, to be compared.
async fn everything(store: &Store) -> String {
    let mut all = String::new();
    for (name, id) in [("t", 1), ("t", 2), ("t", 3), ("u", 1)] {
        let (tenant, id) = (tenant(name), call_id(id));
        all += &format!("{:?}", store.call(&tenant, id).await);
        all += &format!("{:?}", store.timeline(&tenant, id).await);
        all += &format!("{:?}", store.offers(&tenant, id).await);
    }
    for name in ["ana", "bea", "caro"] {
        let states = store.agent_states(&tenant("t"), &agent(name), at(0), at(i64::MAX)).await;
        all += &format!("{states:?}");
    }
    all
}

pub async fn what_was_ended_is_left_alone(place: Place) {
    let store = place.open().await;
    let finished = CallRecord {
        ended_at: Some(at(7)),
        outcome: Some(CallOutcome::Answered),
        cause: Some(EndCause::Completed),
        released_by: Some(ReleasedBy::Customer),
        disposition: Some(Disposition { automatic: false, ..unclassified() }),
        wrapped_up_at: Some(at(9)),
        ..connected("t", 1, 1)
    };
    // Abandoned: no agent, so no wrap-up.
    let abandoned = CallRecord {
        ended_at: Some(at(7)),
        outcome: Some(CallOutcome::Abandoned),
        cause: Some(EndCause::Abandoned),
        released_by: Some(ReleasedBy::Customer),
        ..call("t", 2, 2)
    };
    let batch = vec![call_change(finished.clone()), call_change(abandoned.clone())];
    store.commit(batch).await.expect("a commit");
    assert_eq!(store.recover(at(RESTART)).await, Ok(Recovered::default()));
    assert_eq!(store.call(&tenant("t"), call_id(1)).await, Ok(Some(finished)));
    assert_eq!(store.call(&tenant("t"), call_id(2)).await, Ok(Some(abandoned)));
}

pub async fn a_clock_set_back_signs_agents_out_behind_their_last_record(place: Place) {
    let store = place.open().await;
    let batch = vec![
        Change::AgentState(state("ana", RESTART + 10, 4, NotReady)),
        Change::AgentState(state("ana", RESTART + 10, 5, Ready)),
    ];
    store.commit(batch).await.expect("a commit");
    let done = store.recover(at(RESTART)).await.expect("a recovery");
    assert_eq!(done.agents, 1);
    let states = store.agent_states(&tenant("t"), &agent("ana"), at(0), at(i64::MAX)).await;
    let states = states.expect("a read");
    assert_eq!(states.last(), Some(&state("ana", RESTART + 10, 6, SignedOut)));
}
