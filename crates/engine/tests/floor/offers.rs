//! The life of an offer.

use crate::scenario::scenario;

#[test]
fn an_expired_offer_goes_to_the_next_longest_idle_agent() {
    scenario(
        "
        queue  q1
        agent  a1
        agent  a2
        on-duty a1
        wait   5s
        on-duty a2
        call   c1 q1
        expect offer c1 a1 because=longest_idle
        wait   15s
        expect offer-ended c1 a1 timeout
        expect state a1 not_ready @missed
        expect offer c1 a2 because=longest_idle
        wait   15s
        expect offer-ended c1 a2 timeout
        call   c2 q1
        ready  a2
        expect offer c1 a2 because=oldest_call
    ",
    );
}

#[test]
fn accepting_over_the_api_leaves_the_phone_its_own_time() {
    scenario(
        "
        queue  q1
        agent  a1
        on-duty a1
        call   c1 q1
        wait   14s
        accept a1
        never  offer-ended
        wait   9s
        is     a1 offered
        accept a1
        wait   999ms
        is     a1 offered
        wait   1ms
        expect offer-ended c1 a1 timeout
        expect state a1 not_ready @missed
        expect do hang-up a1
    ",
    );
}

#[test]
fn a_declined_call_is_not_offered_again_until_the_refusal_lapses() {
    scenario(
        "
        limit  rejected_again=30s
        queue  q1
        agent  a1
        agent  a2
        on-duty a1
        call   c1 q1
        reject a1
        expect offer-ended c1 a1 rejected
        expect state a1 ready
        expect do hang-up a1
        never  offer c1 a1
        call   c2 q1
        expect offer c2 a1
        leaves c2
        wait   29s
        on-duty a2
        expect offer c1 a2 because=oldest_call
        declines a2
        expect offer-ended c1 a2 rejected
        wait   999ms
        never  offer
        wait   1ms
        expect offer c1 a1
    ",
    );
}

#[test]
fn an_unreachable_phone_takes_the_offer_back_and_the_agent_off() {
    scenario(
        "
        queue  q1
        agent  a1
        agent  a2
        on-duty a1
        on-duty a2
        call   c1 q1
        unreachable a1
        expect offer-ended c1 a1 rescinded
        expect state a1 not_ready @station_lost
        expect offer c1 a2
        no-answer a2
        expect offer-ended c1 a2 timeout
        expect state a2 not_ready @missed
        phone  a1 up
        expect offer c1 a1
    ",
    );
}

#[test]
fn an_agent_who_hangs_up_before_the_window_opens_declines() {
    scenario(
        "
        queue  q1
        agent  a1
        agent  a2
        on-duty a1
        on-duty a2
        call   c1 q1
        picks-up a1
        expect offer-ended c1 a1 accepted
        wait   2s
        leaves a1
        never  offer-ended
        expect offer c1 a2
        expect do ring a2
        wait   1s
        picks-up a2
        expect offer-ended c1 a2 accepted
        wait   3s
        expect connected c1 a2
    ",
    );
}

#[test]
fn a_persistent_leg_is_connected_on_acceptance() {
    scenario(
        "
        queue  q1
        agent  a1 persistent
        on-duty a1
        call   c1 q1
        wait   7s
        never  do ring
        accept a1
        expect offer-ended c1 a1 accepted
        expect answered c1 by=agent ring=2
        expect do bridge c1 a1
        hang-up a1 c1
        expect do hang-up c1
        expect do unbridge a1
        never  do hang-up a1
    ",
    );
}

#[test]
fn without_a_phone_nobody_is_ready_and_its_return_makes_ready_again() {
    scenario(
        "
        queue  q1
        agent  a1
        agent  a2 persistent
        sign-in a1
        sign-in a2
        denied NO_STATION ready a1
        phone  a1 up
        denied NO_STATION ready a2
        phone  a2 up
        denied NO_STATION ready a2
        is     a2 @signed_in
        ready  a1
        phone  a1 down
        expect state a1 not_ready @station_lost
        phone  a1 up
        expect state a1 ready
        line   a2
        ready  a2
        loses  a2
        expect state a2 not_ready @station_lost
        line   a2
        expect state a2 ready
        pause  a1 lunch
        phone  a1 down
        phone  a1 up
        is     a1 lunch
    ",
    );
}

#[test]
fn a_stranger_leg_and_a_second_leg_are_put_down() {
    scenario(
        "
        queue  q1 after_rings=0
        agent  a1
        agent  a2 persistent
        line   a1
        expect do hang-up a1
        line   a2
        line   a2
        expect do hang-up a2
        on-duty a2 auto
        call   c1 q1
        expect connected c1 a2
        line   a2
        expect do hang-up a2
        is     a2 talking
    ",
    );
}

#[test]
fn only_the_open_offer_can_be_answered() {
    scenario(
        "
        queue  q1
        agent  a1
        on-duty a1
        denied OFFER_NOT_OPEN accept a1
        denied OFFER_NOT_OPEN reject a1
        denied UNKNOWN_AGENT ready nobody
        call   c1 q1
        denied WRONG_STATE sign-out a1
        denied WRONG_STATE hang-up a1 c1
        denied WRONG_STATE dispose a1 c1 sale
        picks-up a1
        denied OFFER_NOT_OPEN reject a1
    ",
    );
}
