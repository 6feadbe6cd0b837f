//! Control streams that come, break and come back.

use crate::scenario::scenario;

#[test]
fn a_lost_stream_makes_not_ready_at_once_and_its_return_ready_again() {
    scenario(
        "
        queue  q1
        agent  a1
        on-duty a1
        stream-lost a1
        expect state a1 not_ready @disconnected
        call   c1 q1
        never  offer
        wait   59s
        resume a1
        expect offer c1 a1
        wait   60s
        is     a1 @missed
    ",
    );
}

#[test]
fn when_the_grace_is_over_the_agent_is_signed_out() {
    scenario(
        "
        queue  q1
        agent  a1
        on-duty a1
        pause  a1 lunch
        stream-lost a1
        is     a1 lunch
        wait   60s
        expect state a1 signed_out
        denied WRONG_STATE resume a1
        sign-in a1
        expect state a1 not_ready @signed_in
    ",
    );
}

#[test]
fn an_offer_to_a_lost_stream_goes_to_somebody_else() {
    scenario(
        "
        queue  q1
        agent  a1
        agent  a2
        on-duty a1
        on-duty a2
        call   c1 q1
        stream-lost a1
        expect offer-ended c1 a1 rescinded
        expect state a1 not_ready @disconnected
        expect offer c1 a2
        resume a1
        expect state a1 ready
    ",
    );
}

#[test]
fn a_conversation_outlives_its_stream() {
    scenario(
        "
        queue  q1 after_rings=0
        agent  a1
        on-duty a1
        call   c1 q1
        picks-up a1
        stream-lost a1
        wait   30s
        is     a1 talking
        resume a1
        is     a1 talking
        stream-lost a1
        wait   61s
        is     a1 talking
        leaves c1
        is     a1 wrap_up
        wait   30s
        expect wrapped-up c1 unclassified
        expect state a1 signed_out
        never  state a1 not_ready
    ",
    );
}

#[test]
fn wrap_up_runs_on_and_then_waits_for_the_stream() {
    scenario(
        "
        queue  q1 after_rings=0
        agent  a1
        on-duty a1
        call   c1 q1
        picks-up a1
        leaves c1
        stream-lost a1
        wait   30s
        expect wrapped-up c1 unclassified
        expect state a1 not_ready @disconnected
        resume a1
        expect state a1 ready
    ",
    );
}

#[test]
fn an_agent_back_after_the_grace_but_in_the_call_stays_signed_in() {
    scenario(
        "
        queue  q1 after_rings=0
        agent  a1
        on-duty a1
        call   c1 q1
        picks-up a1
        stream-lost a1
        wait   90s
        resume a1
        leaves c1
        dispose a1 c1 sale
        expect state a1 ready
    ",
    );
}

#[test]
fn a_shift_whose_grace_is_over_ends_with_its_call_whatever_a_supervisor_asks_for() {
    scenario(
        "
        queue  q1 after_rings=0
        agent  a1
        agent  a2
        on-duty a1
        on-duty a2
        call   c1 q1
        picks-up a1
        call   c2 q1
        picks-up a2
        stream-lost a1
        stream-lost a2
        wait   61s
        force  a1 ready
        force  a2 not-ready
        leaves c1
        leaves c2
        wait   30s
        expect state a1 signed_out
        expect state a2 signed_out
        never  state a1 not_ready
        never  state a2 not_ready
    ",
    );
}

#[test]
fn a_pause_asked_for_in_a_call_outlives_the_stream_and_its_grace() {
    scenario(
        "
        queue  q1 after_rings=0
        agent  a1
        on-duty a1
        call   c1 q1
        picks-up a1
        pause  a1 lunch
        stream-lost a1
        wait   61s
        resume a1
        leaves c1
        dispose a1 c1 sale
        expect state a1 not_ready lunch
    ",
    );
}

#[test]
fn the_last_word_said_in_wrap_up_counts() {
    scenario(
        "
        queue  q1 after_rings=0
        agent  a1
        on-duty a1
        call   c1 q1
        picks-up a1
        leaves c1
        pause  a1 lunch
        sign-out a1
        ready  a1
        wait   30s
        expect state a1 ready
        never  state a1 signed_out
    ",
    );
}

#[test]
fn a_sign_out_asked_for_in_wrap_up_outlives_the_stream_but_not_a_new_sign_in() {
    scenario(
        "
        queue  q1 after_rings=0
        agent  a1
        agent  a2
        on-duty a1
        on-duty a2
        call   c1 q1
        picks-up a1
        call   c2 q1
        picks-up a2
        leaves c1
        leaves c2
        sign-out a1
        sign-out a2
        stream-lost a1
        resume a1
        sign-in a2 take-over
        wait   30s
        expect state a1 signed_out
        expect state a2 ready
    ",
    );
}

#[test]
fn one_stream_at_a_time_unless_taken_over() {
    scenario(
        "
        queue  q1
        agent  a1
        on-duty a1
        denied SIGNED_IN_ELSEWHERE sign-in a1
        sign-in a1 take-over
        is     a1 ready
        stream-lost a1
        sign-in a1
        is     a1 ready
        sign-out a1
        denied WRONG_STATE ready a1
        denied WRONG_STATE pause a1 lunch
        denied WRONG_STATE resume a1
    ",
    );
}
