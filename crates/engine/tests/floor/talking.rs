//! The conversation, its end, and the work after it.

use timbre_model::{Change, Slug};

use crate::scenario::scenario;

/// `text` after a call `c1` of queue `q1` has been connected to `a1`, who has an on-demand phone.
fn in_a_call(text: &str) -> crate::world::World {
    scenario(&format!(
        "
        queue  q1 after_rings=0
        agent  a1
        on-duty a1
        call   c1 q1
        picks-up a1
        expect connected c1 a1
        {text}
    "
    ))
}

#[test]
fn a_hold_has_a_counter_and_a_clock() {
    let world = in_a_call(
        "
        denied HOLD_STATE unhold a1 c1
        hold   a1 c1
        expect held c1
        expect do hold c1 a1
        denied HOLD_STATE hold a1 c1
        wait   5s
        unhold a1 c1
        expect resumed c1 after=5s
        expect do bridge c1 a1
        wait   1s
        hold   a1 c1
        wait   2s
        leaves c1
        expect resumed c1 after=2s
        expect ended c1 answered cause=completed by=customer
        expect do hang-up a1
    ",
    );
    let record = world.changes.iter().rev().find_map(|it| match it {
        Change::Call(record) => Some(record),
        _ => None,
    });
    let hold = record.expect("the call's record").hold;
    assert_eq!((hold.count, hold.total.as_secs(), hold.longest.as_secs()), (2, 7, 5));
}

#[test]
fn the_phone_can_hold_too_and_takes_back_only_what_it_held() {
    in_a_call(
        "
        phone-holds a1
        expect held c1
        expect do hold c1 a1
        phone-holds a1
        never  held
        phone-resumes a1
        expect resumed c1
        expect do bridge c1 a1
        hold   a1 c1
        expect held c1
        phone-resumes a1
        never  resumed
        unhold a1 c1
        expect resumed c1
    ",
    );
}

#[test]
fn whoever_hangs_up_is_told() {
    in_a_call(
        "
        hang-up a1 c1
        expect ended c1 answered cause=completed by=agent
        expect do hang-up c1
        expect do hang-up a1
        ended-by-us c1
        ended-by-us a1
    ",
    );
    in_a_call(
        "
        leaves a1
        expect ended c1 answered cause=completed by=agent
        expect do hang-up c1
        never  do hang-up a1
    ",
    );
    in_a_call(
        "
        loses  a1
        expect ended c1 answered cause=failed by=network
        expect do hang-up c1
    ",
    );
    in_a_call(
        "
        loses  c1
        expect ended c1 answered cause=failed by=network
        expect state a1 wrap_up
        expect do hang-up a1
    ",
    );
}

#[test]
fn wrap_up_ends_by_its_clock_and_says_so() {
    in_a_call(
        "
        leaves c1
        expect state a1 wrap_up
        wait   29999ms
        is     a1 wrap_up
        wait   1ms
        expect wrapped-up c1 unclassified by=clock
        expect state a1 ready
        denied UNKNOWN_CALL dispose a1 c1 sale
    ",
    );
}

#[test]
fn wrap_up_is_extended_once() {
    in_a_call(
        "
        denied WRONG_STATE extend a1 c1
        leaves c1
        wait   29s
        extend a1 c1
        denied NOT_EXTENDABLE extend a1 c1
        wait   60s
        is     a1 wrap_up
        wait   1s
        expect wrapped-up c1 unclassified
    ",
    );
}

#[test]
fn a_classification_ends_wrap_up_or_makes_it_needless() {
    in_a_call(
        "
        leaves c1
        denied UNKNOWN_DISPOSITION dispose a1 c1 nonsense
        dispose a1 c1 sale
        expect wrapped-up c1 sale by=agent
        expect state a1 ready
    ",
    );
    let world = in_a_call(
        "
        dispose a1 c1 sale
        dispose a1 c1 no-sale
        is     a1 talking
        leaves c1
        expect wrapped-up c1 no-sale by=agent
        expect state a1 ready
        never  state a1 wrap_up
    ",
    );
    let records = world.changes.iter().filter(|it| matches!(it, Change::Call(_))).count();
    assert_eq!(records, 3, "at the arrival, at the connection and at the end");
}

#[test]
fn without_wrap_up_a_call_is_classified_at_once() {
    scenario(
        "
        queue  q1 after_rings=0 wrap_up=0s
        agent  a1
        on-duty a1
        call   c1 q1
        picks-up a1
        leaves c1
        expect wrapped-up c1 unclassified by=clock
        expect state a1 ready
    ",
    );
}

#[test]
fn a_pause_asked_for_in_a_call_begins_after_it() {
    in_a_call(
        "
        denied UNKNOWN_PAUSE pause a1 nonsense
        pause  a1 lunch
        is     a1 talking
        leaves c1
        is     a1 wrap_up
        dispose a1 c1 sale
        expect state a1 not_ready lunch
    ",
    );
    in_a_call(
        "
        pause  a1 lunch
        leaves c1
        ready  a1
        dispose a1 c1 sale
        expect state a1 ready
    ",
    );
}

#[test]
fn an_agent_signs_out_after_the_work_of_the_call() {
    in_a_call(
        "
        denied WRONG_STATE sign-out a1
        leaves c1
        sign-out a1
        is     a1 wrap_up
        dispose a1 c1 sale
        expect state a1 signed_out
    ",
    );
}

#[test]
fn calls_belong_to_their_agents() {
    in_a_call(
        "
        agent  a2
        apply
        sign-in a2
        denied NOT_THEIR_CALL hold a2 c1
        denied NOT_THEIR_CALL hang-up a2 c1
        denied UNKNOWN_CALL hold a1 c9
    ",
    );
}

#[test]
fn supervisors_force_agents_and_end_calls() {
    in_a_call(
        "
        force  a1 not-ready
        is     a1 talking
        force-end c1
        expect ended c1 answered cause=forced by=system
        expect do hang-up c1
        denied UNKNOWN_CALL force-end c1
        dispose a1 c1 sale
        expect state a1 not_ready @forced
        force  a1 ready
        expect state a1 ready
        call   c2 q1
        force  a1 not-ready
        expect offer-ended c2 a1 rescinded
        expect state a1 not_ready @forced
        expect do hang-up a1
        force-end c2
        expect ended c2 refused cause=forced by=system
        force  a1 signed-out
        expect state a1 signed_out
        denied WRONG_STATE force a1 ready
    ",
    );
    in_a_call(
        "
        force  a1 signed-out
        expect ended c1 answered cause=forced by=system
        expect wrapped-up c1 unclassified by=clock
        expect state a1 signed_out
        expect do hang-up c1
        expect do hang-up a1
    ",
    );
}

#[test]
fn a_timeline_counts_without_gaps_and_the_automatic_code_is_a_word() {
    let world = in_a_call(
        "
        hold   a1 c1
        leaves c1
        extend a1 c1
        wait   100s
    ",
    );
    let numbers = world.changes.iter().filter_map(|it| match it {
        Change::Timeline(entry) => Some(entry.number),
        _ => None,
    });
    assert!(numbers.eq(1..=11), "arrived … wrapped up");
    assert!(Slug::parse("unclassified").is_ok());
}
