//! Calls placed for whoever is free when they are answered.

use timbre_model::Change;

use crate::scenario::scenario;
use crate::world::{World, agent, tenant};

/// `text` after campaign `k1` with two lines an agent has dialed `p1` and `p2` for `a1`, who has a persistent leg.
fn two_lines(text: &str) -> World {
    scenario(&format!(
        "
        queue  q1
        agent  a1 persistent
        campaign k1 q1 mode=power:2
        on-duty a1
        start  k1
        wait   10ms
        expect ask k1 leads most=2 bindable=1 ready=1
        permit k1 p1,p2
        expect wrote p1 open
        expect do dial p1 carrier ring=25s
        expect do dial p2 carrier ring=25s
        {text}
    "
    ))
}

#[test]
fn a_live_answer_reaches_an_agent_at_once() {
    let world = two_lines(
        "
        rings  p1
        wait   6s
        answers p1
        expect offer p1 a1 because=longest_idle
        expect offer-ended p1 a1 accepted
        expect connected p1 a1 service_level=kept
        expect served after=0ns
        expect do bridge p1 a1
        never  do ring
        never  do progress
        is     a1 talking
        wait   30s
        hang-up a1 p1
        expect ended p1 answered cause=completed by=agent
        is     a1 wrap_up
        dispose a1 p1 sale
        expect wrote p1 connected
        expect lead 1 finished sale
        expect attempt p1 connected
        is     a1 ready
    ",
    );
    let call = world.changes.iter().rev().find_map(|it| match it {
        Change::Call(record) => Some(record),
        _ => None,
    });
    let call = call.expect("the call's record");
    let placed = call.outbound.as_ref().expect("it was placed");
    assert_eq!((placed.campaign.as_str(), call.answered_ring), ("k1", None));
    let attempt = world.changes.iter().rev().find_map(|it| match it {
        Change::Attempt(record) => Some(record),
        _ => None,
    });
    let attempt = attempt.expect("the attempt's record");
    assert_eq!(attempt.disposition, call.disposition);
    assert_eq!(attempt.sip_status, Some(200));
    assert!(attempt.dialed_at < attempt.ringing_at.max(attempt.answered_at));
    assert_eq!(attempt.answered_at, attempt.connected_at);
    assert_eq!(attempt.ended_at, call.ended_at, "not when it was classified");
}

#[test]
fn an_answer_without_an_agent_waits_its_time_and_is_abandoned() {
    let world = two_lines(
        "
        answers p1
        answers p2
        wait   1999ms
        never  abandoned
        wait   1ms
        expect abandoned
        expect ended p2 abandoned cause=max_wait by=system
        expect do message p2
        wait   3s
        message-heard p2
        expect wrote p2 abandoned
        expect lead 2 retry +259200s
        expect attempt p2 abandoned
        expect do hang-up p2
        ended-by-us p2
        is     a1 talking
    ",
    );
    let view = &world.engine.campaigns(&tenant())[0];
    assert_eq!((view.answered_today, view.abandoned_today), (2, 1));
    let played = world
        .changes
        .iter()
        .any(|it| matches!(it, Change::Attempt(it) if it.ended_at.is_some() && it.message_played));
    assert!(played, "the record says that the message was heard");
}

#[test]
fn an_answer_that_is_served_late_counts_for_the_pacing_and_not_for_the_law() {
    let world = scenario(
        "
        queue  q1
        agent  a1 persistent
        campaign k1 q1 mode=power:2 within=300ms
        on-duty a1
        start  k1
        wait   10ms
        permit k1 p1,p2
        answers p1
        wait   1s
        answers p2
        hang-up a1 p1
        wait   301ms
        dispose a1 p1 sale
        expect connected p2 a1 service_level=kept
        expect served after=301ms
        wait   1s
    ",
    );
    let view = &world.engine.campaigns(&tenant())[0];
    let terms = view.terms.as_ref().expect("it paces");
    assert_eq!((terms.answered, terms.abandoned), (2, 1));
    assert_eq!((view.answered_today, view.abandoned_today), (2, 0));
}

#[test]
fn a_message_that_never_ends_is_cut() {
    two_lines(
        "
        answers p1
        answers p2
        wait   2s
        expect do message p2
        wait   9999ms
        never  do hang-up
        wait   1ms
        expect attempt p2 abandoned
        expect do hang-up p2
        message-heard p2
    ",
    );
    two_lines(
        "
        answers p1
        answers p2
        wait   2s
        expect do message p2
        leaves p2
        expect attempt p2 abandoned
        never  do hang-up
    ",
    );
}

#[test]
fn the_law_may_leave_less_time_to_the_agent() {
    scenario(
        "
        queue  q1
        agent  a1 persistent
        campaign k1 q1 mode=power:2 limit=2s
        on-duty a1
        start  k1
        wait   1ms
        permit k1 p1,p2 limit=500ms ring_min=40s
        expect do dial p1 carrier ring=40s
        answers p1
        answers p2
        wait   499ms
        never  abandoned
        wait   1ms
        expect abandoned
    ",
    );
}

#[test]
fn whoever_leaves_within_the_time_was_not_abandoned() {
    let world = two_lines(
        "
        answers p1
        answers p2
        wait   1s
        leaves p2
        expect wrote p2 rejected
        expect ended p2 abandoned_short cause=abandoned by=customer
        expect attempt p2 rejected
        wait   5s
        never  abandoned
    ",
    );
    let view = &world.engine.campaigns(&tenant())[0];
    assert_eq!((view.answered_today, view.abandoned_today), (2, 0));
}

#[test]
fn an_agent_who_frees_takes_the_answer_that_waits() {
    two_lines(
        "
        answers p1
        hang-up a1 p1
        answers p2
        wait   1s
        dispose a1 p1 sale
        expect offer p2 a1 because=oldest_call
        expect connected p2 a1
        expect served after=1s
        expect do bridge p2 a1
    ",
    );
}

#[test]
fn failures_are_told_apart_and_place_their_leads() {
    two_lines(
        "
        rings  p1
        wait   25s
        fails  p1 408
        expect wrote p1 no_answer
        expect lead 1 retry +14400s
        expect attempt p1 no_answer
        fails  p2 503 17
        expect wrote p2 busy
        expect lead 2 retry +900s
        fails  p2 486
        wait   1s
        permit k1 p3,p4 attempts=5
        fails  p3 404
        expect lead 3 finished unallocated
        fails  p4 486
        expect lead 4 finished busy
        wait   1s
        permit k1 p5 numbers
        fails  p5 404
        expect lead 5 ready
    ",
    );
}

#[test]
fn only_a_persistent_leg_takes_a_placed_call() {
    scenario(
        "
        queue  q1
        agent  a1
        agent  a2 persistent
        campaign k1 q1 mode=power:1
        on-duty a1
        on-duty a2
        start  k1
        wait   1ms
        permit k1 p1
        pause  a2 lunch
        answers p1
        never  offer
        never  do ring
        wait   1s
        ready  a2
        expect offer p1 a2
        expect connected p1 a2
    ",
    );
}

#[test]
fn a_reserve_is_left_to_inbound_calls() {
    let world = scenario(
        "
        queue  q1 after_rings=0
        agent  a1 persistent
        agent  a2 persistent
        campaign k1 q1 mode=power:1 reserve=1
        on-duty a1 auto
        on-duty a2 auto
        start  k1
        wait   1ms
        expect ask k1 leads most=1 bindable=1
        permit k1 p1
        call   c1 q1
        expect connected c1 a1
        answers p1
        never  offer p1
        call   c2 q1
        expect connected c2 a2
        hang-up a1 c1
        dispose a1 c1 sale
        never  offer p1
        hang-up a2 c2
        dispose a2 c2 sale
        expect connected p1 a2
    ",
    );
    assert_eq!(world.engine.agent(&agent("a1")).expect("on the floor").call, None);
}

#[test]
fn inbound_calls_come_first_where_their_queue_does() {
    scenario(
        "
        queue  q1
        queue  q2 priority=5 after_rings=0
        agent  a1 persistent
        campaign k1 q1 mode=power:2
        on-duty a1 auto
        start  k1
        wait   1ms
        permit k1 p1,p2
        answers p1
        answers p2
        call   c1 q2
        hang-up a1 p1
        dispose a1 p1 sale
        expect connected c1 a1
        never  connected p2
        wait   2s
        expect abandoned
    ",
    );
}

#[test]
fn do_not_call_takes_back_what_is_in_set_up() {
    two_lines(
        "
        do-not-call +34600000001
        expect wrote p1 cancelled
        expect lead 1 retry +3600s
        expect do-not-call api
        expect barred cancelled=1
        expect do hang-up p1
        never  do hang-up p2
        answers p1
        never  live p1
        do-not-call prefix:+346 campaign:other
        expect barred cancelled=0
        do-not-call prefix:+346 client:client
        expect attempt p2 cancelled
        expect barred cancelled=1
    ",
    );
    two_lines(
        "
        answers p1
        do-not-call +34600000001
        expect barred cancelled=0
        is     a1 talking
    ",
    );
}

#[test]
fn a_permit_decided_before_a_do_not_call_is_not_dialed_after_it() {
    scenario(
        "
        queue  q1
        agent  a1 persistent
        campaign k1 q1 mode=power:2
        on-duty a1
        start  k1
        wait   1ms
        do-not-call +34600000001
        permit k1 p1,p2
        expect wrote p1 cancelled
        expect lead 1 retry
        expect attempt p1 cancelled
        expect do dial p2
        never  do dial p1
    ",
    );
}

/// A call to a lead of two numbers, over and not yet classified by a tree.
fn talked(text: &str) -> World {
    scenario(&format!(
        "
        queue  q1
        agent  a1 persistent
        campaign k1 q1 mode=power:1 tree=tree
        on-duty a1
        start  k1
        wait   10ms
        permit k1 p1 numbers=2
        answers p1
        hang-up a1 p1
        {text}
    "
    ))
}

#[test]
fn a_disposition_says_where_the_lead_goes() {
    talked("dispose a1 p1 later\n expect lead 1 retry +7200s");
    talked("dispose a1 p1 sold product=fibre\n expect lead 1 finished sold");
    talked(
        "dispose a1 p1 again callback_at=1970-01-02T00:00:00Z callback_personal=yes
        expect lead 1 callback +",
    );
    talked("dispose a1 p1 wrong\n expect wrote p1 wrong_number\n expect lead 1 ready");
    talked("dispose a1 p1 wrong\n never do-not-call");
}

#[test]
fn what_a_disposition_asks_for_must_be_there_and_only_its_own_tree_counts() {
    talked(
        "
        denied DISPOSITION_FIELD dispose a1 p1 sold
        denied DISPOSITION_FIELD dispose a1 p1 again callback_at=soon
        denied DISPOSITION_FIELD dispose a1 p1 later color=red
        denied UNKNOWN_DISPOSITION dispose a1 p1 reached
        denied UNKNOWN_DISPOSITION dispose a1 p1 sale
        is     a1 wrap_up
        dispose a1 p1 sold product=fibre
        is     a1 ready
    ",
    );
}

#[test]
fn whoever_does_not_want_to_be_called_or_has_died_is_called_at_none_of_their_numbers() {
    talked(
        "
        dispose a1 p1 stop
        expect lead 1 finished stop
        expect do-not-call agent +34600000001 Tenant
        expect do-not-call agent +34699999999 Tenant
    ",
    );
    talked(
        "
        dispose a1 p1 dead
        expect lead 1 finished dead
        expect do-not-call agent +34600000001 Client(
        expect do-not-call agent +34699999999 Client(
    ",
    );
}

#[test]
fn a_key_during_the_message_bars_the_number() {
    two_lines(
        "
        presses p1 9
        answers p1
        answers p2
        presses p2 9
        wait   2s
        never  do-not-call
        expect do message p2
        presses p2 1
        never  do-not-call
        presses p2 9
        presses p2 9
        expect do-not-call key
        never  do-not-call
        message-heard p2
        expect wrote p2 abandoned
    ",
    );
}

#[test]
fn a_disposition_can_bar_the_number_and_a_callback_can_be_promised() {
    two_lines(
        "
        answers p1
        hang-up a1 p1
        dispose a1 p1 do-not-call
        expect lead 1 finished do-not-call
        expect do-not-call agent
        answers p2
        corrects a1 p2 person
        callback a1 p2 1h personal
        hang-up a1 p2
        dispose a1 p2 no-sale
        expect lead 2 callback +3600s a1
    ",
    );
}

#[test]
fn what_is_permitted_late_is_not_dialed() {
    scenario(
        "
        queue  q1
        agent  a1 persistent
        campaign k1 q1 mode=power:2
        on-duty a1
        start  k1
        wait   1ms
        expect ask k1 leads most=2
        wait   1999ms
        permit k1 p1
        expect do dial p1
        wait   500ms
        expect ask k1
        wait   2001ms
        permit k1 p2
        expect wrote p2 cancelled
        expect lead 2 retry
        expect attempt p2 cancelled
        never  do dial
        wait   900ms
        never  ask
        wait   600ms
        expect ask k1
        permit k1 p3
        expect do dial p3
    ",
    );
}

#[test]
fn a_machine_that_an_agent_heard_is_no_live_answer_and_its_lead_is_called_again() {
    let world = two_lines(
        "
        answers p1
        hang-up a1 p1
        corrects a1 p1 machine
        dispose a1 p1 no-sale
        expect wrote p1 machine
        expect lead 1 retry +14400s
        expect attempt p1 machine
        answers p2
        corrects a1 p2 person
        hang-up a1 p2
        dispose a1 p2 no-sale
        expect wrote p2 connected
        expect lead 2 finished no-sale
    ",
    );
    let view = &world.engine.campaigns(&tenant())[0];
    assert_eq!((view.answered_today, view.abandoned_today), (1, 0));
}

#[test]
fn a_store_that_is_away_stops_dialing_and_is_asked_again_less_and_less() {
    scenario(
        "
        queue  q1
        agent  a1 persistent
        campaign k1 q1 mode=power:2
        on-duty a1
        start  k1
        wait   1ms
        withhold k1 store-away
        expect withheld k1 the database
        wait   900ms
        never  ask
        wait   700ms
        expect ask k1
        withhold k1 store-away
        never  withheld
        wait   1900ms
        never  ask
        wait   700ms
        expect ask k1
        withhold k1 clock
        expect withheld k1 the clock
        wait   4600ms
        expect ask k1
        permit k1 p1
        expect do dial p1
    ",
    );
}

#[test]
fn an_answer_that_nobody_asked_for_dials_nothing() {
    two_lines(
        "
        again
        never  do dial
        never  wrote
        pause-campaign k1
        expect kept k1 paused
        expect attempt p1 cancelled
        expect attempt p2 cancelled
        expect do hang-up p1
        again
        never  wrote
    ",
    );
}

#[test]
fn a_stopped_trunk_places_nothing() {
    scenario(
        "
        trunk  setup_max=10
        queue  q1
        agent  a1 persistent
        campaign k1 q1 mode=power:2
        on-duty a1
        start  k1
        wait   1ms
        stop-trunk on
        permit k1 p1
        expect attempt p1 cancelled
        never  do dial
        wait   60s
        never  ask
        stop-trunk off
        wait   1s
        expect ask k1
    ",
    );
}

#[test]
fn a_trunk_limits_set_up_and_rate() {
    scenario(
        "
        trunk  setup_max=3 cps=1.0
        queue  q1
        agent  a1 persistent
        campaign k1 q1 mode=power:9
        on-duty a1
        start  k1
        wait   1ms
        expect ask k1 leads most=1
        permit k1 p1
        wait   998ms
        never  ask
        wait   502ms
        expect ask k1 leads most=1
        permit k1 p2
        wait   1500ms
        expect ask k1 leads most=1
        permit k1 p3
        wait   3s
        never  ask
        fails  p1 486
        wait   1s
        expect ask k1 leads most=1
    ",
    );
}

#[test]
fn some_numbers_must_be_dialed_for_an_agent_of_their_own() {
    scenario(
        "
        queue  q1
        agent  a1 persistent
        agent  a2 persistent
        campaign k1 q1 mode=power:2
        on-duty a1
        on-duty a2
        start  k1
        wait   1ms
        permit k1 p1 agent=a2
        expect offer p1 a2 because=reserved
        expect do dial p1
        is     a2 offered
        wait   1s
        permit k1 p2 bound
        expect offer p2 a1 because=reserved
        answers p2
        expect connected p2 a1
        fails  p1 486
        expect attempt p1 busy
        is     a2 ready
        wait   1s
        permit k1 p3 agent=a1
        expect attempt p3 cancelled
        never  do dial p3
    ",
    );
}
