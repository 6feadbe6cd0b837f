//! The question after the conversation.

use timbre_model::{Change, SurveyRecord};

use crate::scenario::scenario;
use crate::world::World;

/// `text` after the agent `a1`, with an on-demand phone, has been connected to call `c1` of a queue that asks.
fn in_a_call(text: &str) -> World {
    scenario(&format!(
        "
        queue  q1 after_rings=0 survey=csat
        agent  a1
        on-duty a1
        call   c1 q1
        picks-up a1
        expect connected c1 a1
        {text}
    "
    ))
}

fn kept(world: &World) -> Vec<SurveyRecord> {
    let survey = |it: &Change| match it {
        Change::Survey(record) => Some((**record).clone()),
        _ => None,
    };
    world.changes.iter().filter_map(survey).collect()
}

#[test]
fn a_customer_whose_agent_hangs_up_is_asked_where_it_is_permitted_and_answers_by_key() {
    let world = in_a_call(
        "
        denied UNKNOWN_CALL permit-survey c1
        hang-up a1 c1
        expect survey-wanted c1
        expect ended c1 answered cause=completed by=agent
        expect do hang-up a1
        never  do hang-up c1
        is     a1 wrap_up
        permit-survey c1
        expect do ask c1 csat
        denied UNKNOWN_CALL permit-survey c1
        wait   3s
        presses c1 7
        presses c1 #
        never  do thank
        presses c1 4
        expect do thank c1
        presses c1 5
        dispose a1 c1 sale
        is     a1 ready
        message-heard c1
        expect survey-over c1 answer=Some(4)
        expect do hang-up c1
    ",
    );
    let answers: Vec<_> = kept(&world).iter().map(|it| it.answer).collect();
    assert_eq!(answers, [None, Some(4)], "asked, and then answered, once each");
}

#[test]
fn without_a_permission_the_customer_is_let_go_after_two_seconds() {
    let world = in_a_call(
        "
        hang-up a1 c1
        wait   1990ms
        never  do hang-up c1
        wait   10ms
        expect survey-over c1 answer=None
        expect do hang-up c1
        denied UNKNOWN_CALL permit-survey c1
    ",
    );
    assert_eq!(kept(&world), []);
}

#[test]
fn ten_seconds_after_the_question_without_a_key_end_it() {
    in_a_call(
        "
        leaves a1
        expect survey-wanted c1
        permit-survey c1
        wait   8s
        message-heard c1
        wait   9900ms
        never  do hang-up c1
        wait   100ms
        expect survey-over c1 answer=None
        expect do hang-up c1
    ",
    );
}

#[test]
fn a_question_whose_end_is_never_told_ends_nevertheless() {
    in_a_call(
        "
        hang-up a1 c1
        permit-survey c1
        wait   19900ms
        never  do hang-up c1
        wait   100ms
        expect do hang-up c1
    ",
    );
}

#[test]
fn nobody_is_asked_who_hung_up_or_whose_call_was_ended_by_other_hands() {
    for end in ["leaves c1", "loses c1", "loses a1", "force-end c1", "force a1 signed-out"] {
        let text = format!("{end}\nnever survey-wanted\nwait 60s\nnever survey-wanted");
        in_a_call(&text);
    }
}

#[test]
fn a_customer_who_hangs_up_in_the_middle_has_said_nothing() {
    let world = in_a_call(
        "
        hang-up a1 c1
        permit-survey c1
        leaves c1
        expect survey-over c1 answer=None
        never  do hang-up c1
    ",
    );
    assert_eq!(kept(&world).len(), 1, "that they were asked");
}

#[test]
fn the_agent_takes_the_next_call_while_the_customer_answers() {
    in_a_call(
        "
        hang-up a1 c1
        permit-survey c1
        dispose a1 c1 sale
        call   c2 q1
        picks-up a1
        expect connected c2 a1
        presses c1 1
        expect do thank c1
    ",
    );
}
