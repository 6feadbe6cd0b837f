//! What a permit demands and how a decision explains itself.

#[expect(dead_code, reason = "each test file uses its own part of this module")]
mod support;

use timbre_compliance::{
    AnswerToAgent, Catalog, Decision, Obligations, RecallBan, StartPoint, Verdict, decide,
};

fn decided(line: &str) -> Decision {
    let case = support::cases(line).pop().expect("a case");
    decide(Catalog::shipped(), &case.attempt, &case.history, &case.lists, case.now)
}

fn obligations(line: &str) -> Obligations {
    match decided(line).verdict {
        Verdict::Permit(obligations) => obligations,
        Verdict::Refuse { rule, .. } => panic!("{line}: refused by {rule}"),
    }
}

#[test]
fn a_permit_carries_the_strictest_of_all_duties() {
    let us = obligations(
        "2026-11-20T18:00 · +12125550123 cid=+12125550100 list=us-dnc@2026-11-01 · permit",
    );
    assert_eq!(us.min_ring_ms, Some(15_000));
    let greeting = AnswerToAgent { max_ms: 2_000, from: StartPoint::GreetingEnd };
    assert_eq!(us.answer_to_agent, Some(greeting));
    let message = us.abandoned_message.expect("a message");
    assert_eq!((message.within_ms, message.says.len()), (Some(2_000), 4));
    assert!(us.caller_id.present && us.recall_ban.is_none());

    let italy = "+390612345678 cid=+390612345600 list=it-rpo@2026-11-10";
    let alone = obligations(&format!("2026-11-20T12:00 · {italy} · permit"));
    let answer = |max_ms| Some(AnswerToAgent { max_ms, from: StartPoint::Answer });
    assert_eq!((alone.min_ring_ms, alone.answer_to_agent), (None, answer(3_000)));
    let ban = RecallBan { hours: 120, unless_guaranteed_agent: false, then_guaranteed_agent: true };
    assert_eq!(alone.recall_ban, Some(ban));
    let house = obligations(&format!("2026-11-20T12:00 · {italy} code=house.dialing · permit"));
    assert_eq!((house.min_ring_ms, house.answer_to_agent), (Some(15_000), answer(2_000)));
    assert_eq!(house.recall_ban, Some(ban));

    let spain = "2026-11-20T12:00 · +34915551234 cid=+34400123456 consent=express · permit";
    let spain = obligations(spain);
    assert_eq!(spain.caller_id.prefixes, ["+34400"]);
    assert_eq!(spain.disclosures.len(), 2);
}

#[test]
fn a_refusal_explains_itself_beginning_with_the_rule_that_decides() {
    let decision = decided(
        "2026-11-21T09:15 · +34915551234 cid=+34400123456 consent=express@2026-01-01 daily=10:00-14:00 · permit",
    );
    let lines = decision.explain();
    let expected = "ES-window-96.2 · callee's local time Sat 2026-11-21 10:15 Europe/Madrid · no calls on Saturday · \
                    next Mon 2026-11-23 10:00";
    assert_eq!(lines[0], expected);
    let schedule =
        "campaign-schedule · callee's local time Sat 2026-11-21 10:15 Europe/Madrid · passes";
    assert_eq!(lines[1], schedule);
    assert!(
        lines.iter().any(|it| it == "ES-basis-66.1.b · consent express, 324 days old · passes")
    );
}

#[test]
fn a_decision_survives_its_record() {
    let case =
        support::cases("2026-10-12T12:00 · +34915551234 cid=+34400123456 · permit").remove(0);
    let decision = decide(Catalog::shipped(), &case.attempt, &case.history, &case.lists, case.now);
    let text = serde_json::to_string(&decision).expect("JSON");
    let back: Decision = serde_json::from_str(&text).expect("a decision");
    assert_eq!(back, decision);
    assert!(!text.contains("915551234"), "no number in the trace");
}
