use super::*;
use crate::sale::tests::{DAY, act, at, sold};

fn kept(work: &Work) -> FollowUp {
    let found = work.records.iter().find_map(|it| match it {
        Record::FollowUp(it) => Some((**it).clone()),
        _ => None,
    });
    found.expect("a follow-up")
}

fn findings(outcome: FollowUpOutcome) -> Findings {
    Findings {
        outcome,
        checks: Vec::new(),
        note: "all well".to_owned(),
        call: Some(CallId::from_u128(77)),
        agent: None,
    }
}

/// A follow-up that was dialed so often.
fn dialed(tries: u32) -> (Sale, FollowUp) {
    let (sale, follow_ups, _) = sold();
    let first = follow_ups.into_iter().next().expect("one");
    let mut it = kept(&due(&first, LeadId::from_u64(5), at(3 * DAY)).expect("due"));
    for _ in 0..tries {
        it = kept(&attempted(&it, at(3 * DAY + 1)).expect("attempted"));
    }
    (sale, it)
}

#[test]
fn whoever_is_not_reached_in_so_many_tries_is_unreachable() {
    let (_, it) = dialed(1);
    assert_eq!(
        (it.state, it.tries, it.lead),
        (FollowUpState::Attempting, 1, Some(LeadId::from_u64(5)))
    );
    assert_eq!(missed(&it, false, at(9)), Ok(Work::default()), "one try is left");
    let gone = kept(&missed(&it, true, at(9)).expect("missed"));
    assert_eq!(gone.state, FollowUpState::Unreachable, "nobody will call the lead again");
    let (_, it) = dialed(2);
    let gone = kept(&missed(&it, false, at(9)).expect("missed"));
    assert_eq!((gone.state, gone.ended_at), (FollowUpState::Unreachable, Some(at(9))));
    assert_eq!(missed(&gone, true, at(10)), Ok(Work::default()));
    assert_eq!(attempted(&gone, at(10)), Ok(Work::default()));
    assert!(due(&it, LeadId::from_u64(6), at(9)).is_err());
}

#[test]
fn who_was_reached_is_not_unreachable_and_the_outcome_is_owed() {
    let (_, it) = dialed(2);
    let call = CallId::from_u128(77);
    let it = kept(&talked(&it, call, AgentId::parse("ana").ok()));
    assert_eq!(talked(&it, call, None), Work::default());
    assert_eq!(missed(&it, true, at(9)), Ok(Work::default()));
    let index = Record::FollowUp(Box::new(it)).index();
    assert_eq!((index.agenda.len(), index.open), (1, true));
}

#[test]
fn all_well_means_that_every_promise_was_kept() {
    let (sale, it) = dialed(1);
    let first = Check { promise: 1, kept: true, note: "yes".to_owned() };
    let said = Findings { checks: vec![first], ..findings(FollowUpOutcome::Confirmed) };
    let work = finish(&it, &sale, said, None, &act(9)).expect("finished");
    let done = kept(&work);
    assert_eq!((done.state, done.version), (FollowUpState::Confirmed, it.version + 1));
    let sold = work.records.iter().find_map(|it| match it {
        Record::Sale(it) => Some(it),
        _ => None,
    });
    let promises = &sold.expect("the sale").promises;
    assert!(promises.iter().all(|it| it.kept == Some(true) && it.checked_at == Some(at(9))));
    assert_eq!(promises[0].note, "yes");
    let told: Vec<&str> = work.events.iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(told, ["timbre.follow_up.confirmed.v1", "timbre.sale.promise_checked.v1"]);
    let broken = Check { promise: 2, kept: false, note: String::new() };
    let said = Findings { checks: vec![broken], ..findings(FollowUpOutcome::Confirmed) };
    let refused = finish(&it, &sale, said, None, &act(9));
    assert!(matches!(refused, Err(Refusal::Field(it)) if it.field == "outcome"));
}

#[test]
fn an_incident_names_its_case_and_ends_the_follow_up_once() {
    let (sale, it) = dialed(1);
    let broken = Check { promise: 2, kept: false, note: "nothing came".to_owned() };
    let said = Findings { checks: vec![broken], ..findings(FollowUpOutcome::Incident) };
    let case = Some(CaseId::from_u128(3));
    let work = finish(&it, &sale, said.clone(), case, &act(9)).expect("finished");
    let done = kept(&work);
    assert_eq!((done.state, done.case), (FollowUpState::Incident, case));
    assert_eq!(work.interactions.len(), 1);
    assert!(matches!(
        finish(&done, &sale, said.clone(), case, &act(9)),
        Err(Refusal::State { .. })
    ));
    // Who could not be reached and then calls is heard.
    let gone = kept(&missed(&it, true, at(9)).expect("missed"));
    assert!(finish(&gone, &sale, said, case, &act(10)).is_ok());
}
