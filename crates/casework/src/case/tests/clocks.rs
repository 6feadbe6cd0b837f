//! What time brings about, on virtual time and over restarts.

use super::*;

/// Runs the clock over a case until `until`, waking it when it asks to be woken, and from its JSON each time, as a node
/// does that restarts before every wake-up. Gives what was told, and when.
fn run(case: &mut Case, until: Civil, rules: &CaseRules<'_>) -> Vec<(String, Civil)> {
    let mut log = Vec::new();
    for _ in 0..100 {
        let wake_at = Record::Case(Box::new(case.clone())).index().wake_at;
        let Some(at) = wake_at.filter(|at| *at <= until) else { return log };
        let kept = serde_json::to_string(case).expect("it is kept");
        let read: Case = serde_json::from_str(&kept).expect("it is read");
        let woken = wake(&read, at, rules).expect("it asked to be woken");
        assert!(
            wake(&case_of(&woken.work), at, rules).is_none(),
            "nothing is left for that moment"
        );
        for event in &woken.work.events {
            let role = event.data.get("role").and_then(|it| it.as_str()).unwrap_or_default();
            let verb = told(std::slice::from_ref(event))[0].to_owned();
            log.push((format!("{verb} {role}").trim().to_owned(), event.at));
        }
        *case = case_of(&woken.work);
    }
    panic!("the clock never rests: {log:?}");
}

fn taken(text: &str, days: &Table, spec: &CaseworkSpec, matter: Matter) -> Case {
    let more = Amendment { matter: Some(matter), ..Amendment::default() };
    let act = by_ana(at(text, days));
    case_of(&take(Taking { more, ..taking() }, &act, &rules(spec, days)).expect("taken"))
}

#[test]
fn warnings_lapse_and_escalations_come_each_once_in_order_also_over_restarts() {
    let (days, spec) = (Table::spain(&[]), spec());
    let rules = rules(&spec, &days);
    let mut case = taken("2026-11-20T12:00", &days, &spec, Matter::General);
    let log = run(&mut case, at("2027-06-01T00:00", &days), &rules);
    // 15 working days after Friday the 20th: the end of Friday, December 11.
    let moment = |text: &str| at(text, &days);
    let almost = |text: &str| moment(text).before(Duration::from_micros(1));
    let expected = [
        ("warned".to_owned(), almost("2026-12-11T00:00")),
        ("warned".to_owned(), almost("2026-12-11T22:00")),
        ("overdue".to_owned(), moment("2026-12-12T00:00")),
        ("escalated lead".to_owned(), moment("2026-12-12T00:00")),
        ("escalated boss".to_owned(), moment("2026-12-13T00:00")),
    ];
    assert_eq!(log, expected);
    assert_eq!(case.state, CaseState::Received, "a term that lapses closes nothing");
    assert_eq!(case.deadline.expect("a deadline").kept(moment("2027-06-01T00:00")), Some(false));
}

#[test]
fn a_node_that_was_down_tells_all_it_missed_once_in_order() {
    let (days, spec) = (Table::spain(&[]), spec());
    let rules = rules(&spec, &days);
    let case = taken("2026-11-20T12:00", &days, &spec, Matter::General);
    let woken = wake(&case, at("2027-01-10T00:00", &days), &rules).expect("much is due");
    let expected = ["warned", "warned", "overdue", "escalated", "escalated"];
    assert_eq!(told(&woken.work.events), expected);
    let ids: BTreeSet<_> = woken.work.events.iter().map(|it| &it.id).collect();
    assert_eq!(ids.len(), expected.len(), "each event has an id of its own");
    let to: Vec<_> = woken.letters.iter().map(|it| it.to.as_str()).collect();
    assert_eq!(to, ["lead@example.com"], "who has an address is written to, once");
    assert!(!woken.letters[0].text.contains("Rosa"));
}

#[test]
fn an_answer_ends_the_clock_and_a_disputed_one_begins_it_anew() {
    let (days, spec) = (Table::spain(&[]), spec());
    let rules = rules(&spec, &days);
    let late = at("2027-06-01T00:00", &days);
    let act = by_ana(at("2026-11-23T10:00", &days));
    let case = taken("2026-11-20T12:00", &days, &spec, Matter::General);
    let agreed = case_of(&agree(&case, "Se cambia", &[], &act).expect("agreed"));
    let word = Word { text: "Se cambia".into(), upheld: true, ..Word::default() };
    let mut answered = case_of(&answer(&agreed, &word, &act, &rules).expect("answered"));
    assert_eq!(run(&mut answered, late, &rules), []);
    let act = by_ana(at("2026-12-21T10:00", &days));
    let mut again = case_of(&confirm(&answered, false, "no", &act, &rules).expect("disputed"));
    assert_eq!(again.former_deadlines.len(), 1);
    assert_eq!(again.former_deadlines[0].kept(late), Some(true));
    let verbs: Vec<_> = run(&mut again, late, &rules).into_iter().map(|it| it.0).collect();
    assert_eq!(verbs, ["warned", "warned", "overdue", "escalated lead", "escalated boss"]);
}

#[test]
fn another_matter_moves_the_deadline_and_brings_nobody_the_case_twice() {
    let (days, spec) = (Table::spain(&[]), spec());
    let rules = rules(&spec, &days);
    let late = at("2027-06-01T00:00", &days);
    let mut case = taken("2026-11-20T12:00", &days, &spec, Matter::General);
    let to_billing = Amendment { cause: Some(Cause::UndueCharge), ..Amendment::default() };
    let act = by_ana(at("2026-11-20T13:00", &days));
    case = case_of(&amend(&case, to_billing, &act, &rules).expect("amended"));
    let deadline = case.deadline.clone().expect("a deadline");
    assert_eq!((case.matter, deadline.rule.as_str()), (Matter::Billing, "es.billing"));
    assert_eq!(deadline.due_at + Duration::from_micros(1), at("2026-11-26T00:00", &days));
    assert_eq!(run(&mut case, late, &rules).len(), 5);
    let back = Amendment { matter: Some(Matter::General), ..Amendment::default() };
    let act = by_ana(at("2026-11-27T10:00", &days));
    case = case_of(&amend(&case, back, &act, &rules).expect("amended"));
    let verbs: Vec<_> = run(&mut case, late, &rules).into_iter().map(|it| it.0).collect();
    assert_eq!(verbs, ["warned", "warned", "overdue"], "the roles know it already");
}

#[test]
fn a_term_of_hours_passes_nights_and_has_its_warning_at_the_half() {
    let (days, spec) = (Table::spain(&[]), spec());
    let mut case = taken("2026-10-25T01:30", &days, &spec, Matter::Continuity);
    let log = run(&mut case, at("2026-10-25T12:00", &days), &rules(&spec, &days));
    // At 03:00 summer time the clock goes back to 02:00: two hours after 01:30 it shows 02:30, for the second time.
    let start = at("2026-10-25T01:30", &days);
    let hour = Duration::from_secs(3_600);
    assert_eq!(log[0], ("warned".to_owned(), start + hour));
    assert_eq!(log[1], ("overdue".to_owned(), start + hour * 2 + Duration::from_micros(1)));
}
