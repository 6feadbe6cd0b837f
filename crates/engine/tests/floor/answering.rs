//! Who is answered when, and who is not.

use timbre_model::{CallOutcome, Change};

use crate::scenario::scenario;

#[test]
fn a_waiting_agent_is_connected_when_the_second_ring_ends() {
    scenario(
        "
        queue  q1
        agent  a1
        on-duty a1
        call   c1 q1
        expect offer c1 a1 because=longest_idle
        expect do progress c1
        expect do ring a1
        wait   1s
        picks-up a1
        expect offer-ended c1 a1 accepted
        wait   4999ms
        never  do bridge
        is     a1 offered
        wait   1ms
        expect answered c1 by=agent ring=2
        expect connected c1 a1 service_level=kept
        expect state a1 talking
        expect do bridge c1 a1
        wait   60s
        never  do greet
    ",
    );
}

#[test]
fn the_greeting_answers_at_the_end_of_the_third_ring_and_the_call_keeps_its_place() {
    scenario(
        "
        queue  q1
        agent  a1
        call   c1 q1
        call   c2 q1
        wait   10499ms
        never  do greet
        wait   1ms
        expect answered c1 by=greeting ring=3
        expect answered c2 by=greeting ring=3
        expect do greet c1
        expect do greet c2
        on-duty a1
        expect offer c1 a1 because=oldest_call
        picks-up a1
        expect connected c1 a1
        never  answered
    ",
    );
}

#[test]
fn a_queue_without_rings_to_wait_for_connects_at_once() {
    scenario(
        "
        queue  q1 after_rings=0
        agent  a1 persistent
        on-duty a1 auto
        call   c1 q1
        expect offer c1 a1
        expect offer-ended c1 a1 accepted
        expect answered c1 by=agent ring=1
        expect state a1 talking
        expect do progress c1
        expect do bridge c1 a1
    ",
    );
}

#[test]
fn callers_are_refused_for_their_reasons_and_each_leaves_one_record() {
    let world = scenario(
        "
        limit  calls_max=3
        queue  q1 capacity=1
        queue  q2
        call   c1 q1
        expect do progress c1
        call   c2 q1
        expect ended c2 refused cause=queue_full by=system
        expect do refuse c2 QueueFull
        call   c3 nowhere
        expect ended c3 refused cause=no_entry_point by=system
        expect do refuse c3 NoEntryPoint
        call   c4 q2
        call   c5 q2
        call   c6 q2
        expect ended c6 refused cause=overload by=system
        expect do refuse c6 Overload
        leaves c5
        drain  on
        call   c7 q2
        expect do refuse c7 Overload
        drain  off
        call   c8 q2
        expect do progress c8
    ",
    );
    let refused =
        |it: &&Change| matches!(it, Change::Call(it) if it.outcome == Some(CallOutcome::Refused));
    assert_eq!(world.changes.iter().filter(refused).count(), 4);
}

#[test]
fn callers_who_leave_are_abandoned_early_or_late() {
    scenario(
        "
        queue  q1
        call   c1 q1
        call   c2 q1
        call   c3 q1
        wait   5s
        leaves c1
        expect ended c1 abandoned_short cause=abandoned by=customer
        wait   1ms
        leaves c2
        expect ended c2 abandoned cause=abandoned by=customer
        loses  c3
        expect ended c3 lost cause=failed by=network
    ",
    );
}

#[test]
fn nobody_waits_longer_than_the_queue_allows() {
    scenario(
        "
        queue  q1 max_wait=20s
        queue  q2 max_wait=9s
        agent  a1
        call   c1 q1
        call   c2 q2
        wait   9s
        expect ended c2 refused cause=max_wait by=system
        expect do refuse c2 QueueFull
        wait   10s
        on-duty a1
        expect offer c1 a1
        wait   1s
        expect offer-ended c1 a1 rescinded
        expect ended c1 refused cause=max_wait by=system
        expect state a1 ready
        expect do hang-up a1
        expect do hang-up c1
    ",
    );
}

#[test]
fn an_offer_is_withdrawn_when_the_caller_leaves_and_the_agent_keeps_the_turn() {
    scenario(
        "
        queue  q1
        agent  a1
        agent  a2
        on-duty a1
        wait   1s
        on-duty a2
        call   c1 q1
        expect offer c1 a1
        wait   3s
        leaves c1
        expect offer-ended c1 a1 canceled
        expect state a1 ready
        expect do hang-up a1
        picks-up a1
        ended-by-us a1
        call   c2 q1
        expect offer c2 a1
        picks-up a1
        leaves c2
        expect ended c2 abandoned_short
        expect state a1 ready
        expect do hang-up a1
        never  offer-ended
        call   c3 q1
        expect offer c3 a1
    ",
    );
}

#[test]
fn higher_priority_comes_first_and_then_age() {
    scenario(
        "
        queue  low
        queue  high priority=5
        agent  a1 persistent
        call   c1 low
        wait   1s
        call   c2 high
        wait   1s
        call   c3 high
        wait   20s
        on-duty a1 auto
        expect connected c2 a1 service_level=missed
        hang-up a1 c2
        dispose a1 c2 sale
        expect connected c3 a1
        hang-up a1 c3
        dispose a1 c3 sale
        expect connected c1 a1
    ",
    );
}

#[test]
fn only_those_who_hold_the_skills_are_asked() {
    scenario(
        "
        queue  q1 skills=es:3,en:2
        agent  a1 skills=es:5
        agent  a2 skills=es:2,en:5
        agent  a3 skills=es:3,en:2
        on-duty a1
        on-duty a2
        on-duty a3
        call   c1 q1
        expect offer c1 a3
        reject a3
        never  offer c1 a1
        never  offer c1 a2
    ",
    );
}
