//! Calls placed for one agent, who waits for the answer.

use crate::scenario::scenario;
use crate::world::World;

/// `text` after the progressive campaign `k1` has dialed `p1` for `a1`, who has a persistent leg.
fn one_line(text: &str) -> World {
    scenario(&format!(
        "
        queue  q1 after_rings=0
        agent  a1 persistent
        campaign k1 q1 mode=progressive
        on-duty a1
        start  k1
        wait   1ms
        expect ask k1 for a1
        is     a1 ready
        permit k1 p1
        expect offer p1 a1 because=reserved
        expect offer-ended p1 a1 accepted
        expect do dial p1
        is     a1 offered
        {text}
    "
    ))
}

#[test]
fn an_answer_is_bridged_at_once_and_cannot_be_abandoned() {
    one_line(
        "
        rings  p1
        wait   20s
        answers p1
        expect live p1 rang=20s
        expect connected p1 a1 service_level=kept
        expect served after=0ns
        expect do bridge p1 a1
        leaves p1
        is     a1 wrap_up
        never  attempt
        wait   30s
        expect wrote p1 connected
        expect lead 1 finished unclassified
        expect attempt p1 connected
        wait   20ms
        expect ask k1 for a1
    ",
    );
}

#[test]
fn after_a_failure_the_agent_is_idle_again_at_the_place_kept() {
    let world = one_line(
        "
        agent  a2 persistent
        apply
        wait   1s
        pause-campaign k1
        expect attempt p1 cancelled
        expect do hang-up p1
        is     a1 ready
        start  k1
        wait   1s
        permit k1 p2
        on-duty a2
        fails  p2 486
        expect attempt p2 busy
        expect state a1 ready
        never  wrapped-up
        pause-campaign k1
        call   c1 q1
        expect offer c1 a1 because=longest_idle
    ",
    );
    let calls = world.changes.iter().filter_map(|it| match it {
        timbre_model::Change::Call(record) => Some(record.id),
        _ => None,
    });
    assert!(calls.eq([world.calls["c1"]]), "nobody answered: no call was recorded");
}

#[test]
fn an_agent_who_waits_for_an_answer_is_given_no_other_call() {
    one_line(
        "
        call   c1 q1
        never  offer c1
        fails  p1 486
        expect offer c1 a1 because=oldest_call
    ",
    );
    scenario(
        "
        queue  q1 after_rings=0
        agent  a1 persistent
        campaign k1 q1 mode=progressive
        on-duty a1
        start  k1
        wait   1ms
        call   c1 q1
        never  offer
        nothing k1
        expect offer c1 a1
    ",
    );
}

#[test]
fn an_agent_can_take_the_call_back() {
    one_line(
        "
        hang-up a1 p1
        expect attempt p1 cancelled
        expect do hang-up p1
        is     a1 ready
    ",
    );
    one_line(
        "
        pause  a1 lunch
        is     a1 offered
        fails  p1 486
        is     a1 lunch
    ",
    );
}

#[test]
fn whoever_cannot_be_there_is_not_called_for() {
    one_line(
        "
        loses  a1
        expect attempt p1 cancelled
        expect state a1 not_ready @station_lost
        expect do hang-up p1
    ",
    );
    one_line(
        "
        stream-lost a1
        expect attempt p1 cancelled
        expect state a1 not_ready @disconnected
    ",
    );
    one_line(
        "
        force  a1 signed-out
        expect attempt p1 cancelled
        is     a1 signed_out
    ",
    );
    scenario(
        "
        queue  q1
        agent  a1 persistent
        campaign k1 q1 mode=progressive
        on-duty a1
        start  k1
        wait   1ms
        pause  a1 lunch
        permit k1 p1
        expect wrote p1 cancelled
        expect attempt p1 cancelled
        never  do dial
        is     a1 lunch
    ",
    );
}

#[test]
fn a_phone_on_demand_is_rung_before_the_customer() {
    let on_demand = |text: &str| {
        scenario(&format!(
            "
            queue  q1
            agent  a1
            campaign k1 q1 mode=progressive
            on-duty a1
            start  k1
            wait   1ms
            permit k1 p1
            expect do ring a1
            never  do dial
            {text}
        "
        ))
    };
    on_demand(
        "
        picks-up a1
        expect do dial p1
        answers p1
        expect do bridge p1 a1
        hang-up a1 p1
        expect do hang-up p1
        expect do hang-up a1
    ",
    );
    on_demand(
        "
        wait   10s
        expect wrote p1 cancelled
        expect state a1 not_ready @missed
        expect do hang-up a1
        never  do dial
    ",
    );
    on_demand(
        "
        declines a1
        expect attempt p1 cancelled
        is     a1 ready
        never  do dial
    ",
    );
    on_demand(
        "
        do-not-call +34600000001
        expect attempt p1 cancelled
        expect barred cancelled=1
        expect do hang-up a1
    ",
    );
    on_demand(
        "
        leads-changed other
        never  attempt
        leads-changed leads
        expect attempt p1 cancelled
        expect do hang-up a1
        never  do dial
    ",
    );
    on_demand(
        "
        picks-up a1
        fails  p1 404
        expect lead 1 finished unallocated
        expect do hang-up a1
        is     a1 ready
    ",
    );
}

#[test]
fn a_phone_picked_up_too_late_for_the_permit_is_given_no_customer() {
    let picked_up_after = |span: &str, then: &str| {
        scenario(&format!(
            "
            limit  station_answer=20s
            queue  q1
            agent  a1
            campaign k1 q1 mode=progressive
            on-duty a1
            start  k1
            wait   1ms
            permit k1 p1
            wait   {span}
            picks-up a1
            {then}
        "
        ))
    };
    picked_up_after("11999ms", "expect do dial p1");
    picked_up_after(
        "12001ms",
        "
        expect wrote p1 cancelled
        expect lead 1 retry
        expect do hang-up a1
        is     a1 ready
        never  do dial
    ",
    );
}

#[test]
fn a_preview_is_called_when_the_agent_says_so() {
    let looking = |text: &str| {
        scenario(&format!(
            "
            queue  q1
            agent  a1 persistent
            campaign k1 q1 mode=preview:30s
            on-duty a1
            start  k1
            wait   1ms
            expect ask k1 preview a1
            show   k1
            expect offer ? a1 because=reserved
            is     a1 offered
            {text}
        "
        ))
    };
    looking(
        "
        accept a1
        expect offer-ended ? a1 accepted
        expect ask k1 lead 1 a1
        denied OFFER_NOT_OPEN accept a1
        is     a1 offered
        permit k1 p1
        expect do dial p1
        answers p1
        expect do bridge p1 a1
    ",
    );
    looking(
        "
        reject a1
        expect lead 1 retry +60s
        expect offer-ended ? a1 rejected
        is     a1 ready
    ",
    );
    looking(
        "
        wait   29s
        is     a1 offered
        wait   1s
        expect lead 1 ready
        expect offer-ended ? a1 timeout
        is     a1 @missed
    ",
    );
    looking(
        "
        accept a1
        nothing k1 rule=es.hours
        expect refused es.hours 1
        expect dial-refused a1 es.hours forbids it
        is     a1 ready
        never  lead
    ",
    );
    looking(
        "
        accept a1
        withhold k1 store-away
        expect lead 1 ready
        expect dial-refused a1 the database
        is     a1 ready
    ",
    );
    looking(
        "
        pause-campaign k1
        expect lead 1 ready
        expect offer-ended ? a1 rescinded
        is     a1 ready
    ",
    );
    looking(
        "
        loses  a1
        expect lead 1 ready
        is     a1 @station_lost
    ",
    );
    looking(
        "
        accept a1
        stream-lost a1
        permit k1 p1
        expect attempt p1 cancelled
        never  do dial
    ",
    );
    scenario(
        "
        queue  q1
        agent  a1 persistent
        campaign k1 q1 mode=preview:30s
        on-duty a1
        start  k1
        wait   1ms
        sign-out a1
        show   k1
        expect lead 1 ready
        never  offer
    ",
    );
}

#[test]
fn a_number_entered_by_hand_is_gated_too() {
    let set = "
        queue  q1
        agent  a1 persistent
        agent  a2 skills=es:5
        campaign k1 q1 mode=manual
        on-duty a1
        denied CAMPAIGN_STATE dial a1 k1 +34600000077
        start  k1
        wait   5s
        never  ask
        denied WRONG_STATE dial a2 k1 +34600000077
        denied UNKNOWN_CAMPAIGN dial a1 k9 +34600000077
        dial   a1 k1 +34600000077
        expect ask k1 number a1
        denied WRONG_STATE dial a1 k1 +34600000077
    ";
    scenario(&format!(
        "{set}
        nothing k1 rule=do-not-call
        expect dial-refused a1 do-not-call forbids it
        is     a1 ready
        stop-trunk on
        denied NO_TRUNK dial a1 k1 +34600000077
    "
    ));
    scenario(&format!(
        "{set}
        permit k1 p1
        expect do dial p1
        answers p1
        denied NO_LEAD callback a1 p1 1h
        hang-up a1 p1
        dispose a1 p1 sale
        expect wrote p1 connected
        never  lead
    "
    ));
}

#[test]
fn campaigns_share_agents_by_their_weights() {
    let world = scenario(
        "
        queue  q1 wrap_up=0s
        agent  a1 persistent
        campaign k1 q1 mode=progressive weight=3
        campaign k2 q1 mode=progressive weight=1
        on-duty a1
        start  k1
        start  k2
    ",
    );
    let mut world = world;
    for _ in 0..400 {
        world.wait(std::time::Duration::from_secs(1));
        let Some(request) = world.placing.requests.pop() else { continue };
        let verdicts = timbre_engine::Verdicts::default();
        world.decide(&request, Ok(verdicts)).expect("an answer is never rejected");
    }
    let asked = |name: &str| {
        let line = format!("ask {name} for a1");
        world.trace.iter().filter(|it| **it == line).count()
    };
    assert!(asked("k1") + asked("k2") >= 300);
    assert!(asked("k1").abs_diff(3 * asked("k2")) <= 4, "{} {}", asked("k1"), asked("k2"));
}
