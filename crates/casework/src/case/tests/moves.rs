//! Which moves there are, and which there are not.

use super::*;

const NOON: &str = "2026-11-20T12:00";

struct Bench {
    spec: CaseworkSpec,
    days: Table,
    now: Civil,
}

impl Bench {
    fn new() -> Self {
        let days = Table::spain(&[]);
        let now = at(NOON, &days);
        Self { spec: spec(), days, now }
    }

    fn act(&self) -> Act {
        by_ana(self.now)
    }

    fn rules(&self) -> CaseRules<'_> {
        rules(&self.spec, &self.days)
    }

    fn taken(&self) -> Case {
        case_of(&take(taking(), &self.act(), &self.rules()).expect("taken"))
    }

    fn in_state(&self, state: CaseState) -> Case {
        let (act, taken) = (self.act(), self.taken());
        let agreed = || case_of(&agree(&taken, "Se cambia", &[], &act).expect("agreed"));
        match state {
            CaseState::Received => taken,
            CaseState::Investigating => case_of(&investigate(&taken, "", &act).expect("moved")),
            CaseState::Proposed => {
                case_of(&propose(&taken, &["Se cambia".to_owned()], &act).expect("proposed"))
            }
            CaseState::Agreed => agreed(),
            CaseState::Executing => case_of(&execute(&agreed(), &act).expect("executing")),
            CaseState::Confirmed => {
                let done = confirm(&agreed(), true, "", &act, &self.rules());
                case_of(&done.expect("confirmed"))
            }
            CaseState::Rejected => {
                let done = reject(&taken, &refusal(), &act, &self.rules());
                case_of(&done.expect("rejected"))
            }
        }
    }
}

fn refusal() -> Word {
    Word { text: "No procede".into(), adr: "Junta Arbitral".into(), ..Word::default() }
}

#[test]
fn each_move_leads_where_it_should_or_is_refused_with_a_remedy() {
    use CaseState::{Agreed, Confirmed, Executing, Investigating, Proposed, Received, Rejected};
    let bench = Bench::new();
    let (act, rules) = (bench.act(), bench.rules());
    type Move<'a> = Box<dyn Fn(&Case) -> Result<Work, Refusal> + 'a>;
    // Where each move leads from: Received, Investigating, Proposed, Agreed, Executing, Confirmed, Rejected.
    type Row<'a> = (&'a str, Move<'a>, [Option<CaseState>; 7]);
    let (no, r, i, p, a, e) =
        (None, Some(Received), Some(Investigating), Some(Proposed), Some(Agreed), Some(Executing));
    let (c, x) = (Some(Confirmed), Some(Rejected));
    let word = Word { text: "Se hará".into(), upheld: true, ..Word::default() };
    let rows: Vec<Row<'_>> = vec![
        ("investigate", Box::new(|it| investigate(it, "", &act)), [i, no, i, i, i, no, no]),
        (
            "propose",
            Box::new(|it| propose(it, &["Otra".to_owned()], &act)),
            [p, p, p, no, no, no, no],
        ),
        ("accept", Box::new(|it| decide(it, 1, true, &act)), [no, no, a, no, no, no, no]),
        ("decline", Box::new(|it| decide(it, 1, false, &act)), [no, no, i, no, no, no, no]),
        ("agree", Box::new(|it| agree(it, "Se cambia", &[], &act)), [a, a, a, a, e, no, no]),
        ("execute", Box::new(|it| execute(it, &act)), [no, no, no, e, no, no, no]),
        ("answer", Box::new(|it| answer(it, &word, &act, &rules)), [r, i, p, a, e, no, no]),
        ("confirm", Box::new(|it| confirm(it, true, "", &act, &rules)), [no, no, no, c, c, no, no]),
        (
            "dispute",
            Box::new(|it| confirm(it, false, "sigue igual", &act, &rules)),
            [no, no, no, i, i, no, no],
        ),
        ("reject", Box::new(|it| reject(it, &refusal(), &act, &rules)), [x, x, x, no, no, no, no]),
        ("reopen", Box::new(|it| reopen(it, "volvió", &act, &rules)), [no, no, no, no, no, i, i]),
        ("assign", Box::new(|it| assign(it, &ana(), "", &act)), [r, i, p, a, e, no, no]),
        ("note", Box::new(|it| note(it, "llamó", &act)), [r, i, p, a, e, c, x]),
        (
            "amend",
            Box::new(|it| amend(it, Amendment::default(), &act, &rules)),
            [r, i, p, a, e, no, no],
        ),
        (
            "receipt",
            Box::new(|it| receipt(it, Channel::Mail, "rosa@example.com", &act)),
            [r, i, p, a, e, c, x],
        ),
    ];
    for (name, make, leads) in rows {
        for (from, to) in CaseState::ALL.iter().zip(leads) {
            let case = bench.in_state(*from);
            let moved = make(&case);
            let Some(to) = to else {
                let (state, remedy) = state_refused(moved);
                assert_eq!(state, from.as_str(), "{name} from {from}");
                assert!(!remedy.is_empty(), "{name} from {from}: no remedy");
                continue;
            };
            let work = moved.unwrap_or_else(|why| panic!("{name} from {from}: {why}"));
            let after = case_of(&work);
            assert_eq!(after.state, to, "{name} from {from}");
            assert_eq!(after.version, case.version + 1, "{name} from {from}");
            assert!(after.story.len() > case.story.len(), "{name} from {from}: not in the story");
            assert!(!work.events.is_empty(), "{name} from {from}: not told");
            assert_eq!(after.closed_at.is_some(), to.is_closed(), "{name} from {from}");
        }
    }
}

#[test]
fn only_statement_and_name_are_needed_and_nothing_else_is_lost() {
    let bench = Bench::new();
    let work = take(taking(), &bench.act(), &bench.rules()).expect("taken");
    let case = case_of(&work);
    assert_eq!((case.owner, case.version), (Some(ana()), 1));
    assert_eq!(told(&work.events), ["received"]);
    assert!(!work.events[0].data.to_string().contains("Rosa"), "events do not say who it is");
    let nameless = Taking { customer_name: " ".into(), ..taking() };
    assert_eq!(field_refused(take(nameless, &bench.act(), &bench.rules())), "customer_name");
    let wordless = Taking { statement: String::new(), ..taking() };
    assert_eq!(field_refused(take(wordless, &bench.act(), &bench.rules())), "statement");
    let tomorrow = Some(bench.now + Duration::from_secs(86_400));
    let early = Taking { received_at: tomorrow, ..taking() };
    assert_eq!(field_refused(take(early, &bench.act(), &bench.rules())), "receive_time");
}

#[test]
fn a_known_customer_has_a_contact_more_whenever_they_become_known() {
    let bench = Bench::new();
    let rosa = crate::CustomerId::from_u128(9);
    let more = Amendment { customer: Some(rosa), ..Amendment::default() };
    let known = Taking { more: more.clone(), ..taking() };
    let work = take(known, &bench.act(), &bench.rules()).expect("taken");
    assert_eq!(work.interactions.len(), 1);
    let later = amend(&bench.taken(), more, &bench.act(), &bench.rules()).expect("amended");
    assert_eq!(later.interactions, work.interactions, "the same contact, kept once");
}

#[test]
fn an_answer_goes_back_as_the_complaint_came_unless_the_customer_asked_otherwise() {
    let bench = Bench::new();
    let (act, rules, case) = (bench.act(), bench.rules(), bench.taken());
    let word = |channel, language: &str, as_asked| Word {
        text: "Se hará".into(),
        upheld: true,
        channel,
        language: Some(language.to_owned()),
        as_asked,
        adr: String::new(),
    };
    let by_mail = answer(&case, &word(Some(Channel::Mail), "es", false), &act, &rules);
    assert_eq!(field_refused(by_mail), "channel");
    let in_english = answer(&case, &word(None, "en", false), &act, &rules);
    assert_eq!(field_refused(in_english), "language");
    for fine in [word(None, "es-MX", false), word(Some(Channel::Mail), "en", true)] {
        let answered = case_of(&answer(&case, &fine, &act, &rules).expect("answered"));
        assert_eq!(answered.deadline.expect("a deadline").met_at, Some(bench.now));
        assert_eq!(answered.answer.expect("an answer").cure_until, None);
    }
}

#[test]
fn a_refusal_says_where_else_to_turn_and_gives_ten_working_days_to_mend() {
    let bench = Bench::new();
    let (act, rules, case) = (bench.act(), bench.rules(), bench.taken());
    let bare = Word { adr: String::new(), ..refusal() };
    assert_eq!(field_refused(reject(&case, &bare, &act, &rules)), "adr");
    let wordless = Word { text: String::new(), ..refusal() };
    assert_eq!(field_refused(reject(&case, &wordless, &act, &rules)), "text");
    let rejected = case_of(&reject(&case, &refusal(), &act, &rules).expect("rejected"));
    let cure = rejected.answer.expect("an answer").cure_until.expect("a cure period");
    // Friday; the tenth working day after it is a Friday a fortnight later.
    assert_eq!(cure + Duration::from_micros(1), at("2026-12-05T00:00", &bench.days));
}

#[test]
fn what_was_promised_is_done_before_it_is_confirmed() {
    let bench = Bench::new();
    let (act, rules) = (bench.act(), bench.rules());
    let task = |who| NewTask { what: "Enviar técnico".into(), who, by: bench.now };
    let tasks = [task(Party::Agent(ana())), task(Party::Customer)];
    let agreed = case_of(&agree(&bench.taken(), "Se repara", &tasks, &act).expect("agreed"));
    let (state, _) = state_refused(confirm(&agreed, true, "", &act, &rules));
    assert_eq!(state, "agreed");
    assert_eq!(field_refused(task_done(&agreed, 3, "", &act)), "task");
    assert_eq!(field_refused(task_done(&agreed, 0, "", &act)), "task");
    let done = case_of(&task_done(&agreed, 1, "", &act).expect("done"));
    assert_eq!(done.state, CaseState::Executing);
    state_refused(task_done(&done, 1, "", &act));
    let closed = case_of(&confirm(&done, true, "gracias", &act, &rules).expect("confirmed"));
    assert_eq!(closed.answer.expect("an answer").text, "Se repara", "what was agreed answers it");
}

#[test]
fn a_compliment_is_thanked_for_and_has_no_deadline() {
    let bench = Bench::new();
    let (act, rules) = (bench.act(), bench.rules());
    let praise = Taking { kind: CaseKind::Compliment, ..taking() };
    let case = case_of(&take(praise, &act, &rules).expect("taken"));
    assert_eq!(case.deadline, None);
    state_refused(investigate(&case, "", &act));
    let closed = case_of(&confirm(&case, true, "", &act, &rules).expect("confirmed"));
    assert_eq!((closed.state, closed.answer), (CaseState::Confirmed, None));
}

#[test]
fn a_hand_over_keeps_the_story_and_tells_from_whom() {
    let bench = Bench::new();
    let leo = AgentId::parse("leo").expect("an id");
    let work = assign(&bench.taken(), &leo, "vacaciones", &bench.act()).expect("assigned");
    let case = case_of(&work);
    assert_eq!(case.owner, Some(leo));
    let story: Vec<_> = case.story.iter().map(|it| (it.what.as_str(), it.text.as_str())).collect();
    assert_eq!(story, [("received", "No funciona"), ("assigned", "vacaciones")]);
    assert_eq!(work.events[0].data["from"], "ana");
    let id = work.events[0].id.as_str();
    assert_eq!(id, format!("case/{}/2/0", case.id), "a replay tells nothing twice");
}

#[test]
fn a_receipt_is_something_to_keep_in_the_customers_language() {
    let bench = Bench::new();
    let (act, rules, case) = (bench.act(), bench.rules(), bench.taken());
    assert_eq!(field_refused(receipt(&case, Channel::Phone, "", &act)), "channel");
    assert_eq!(field_refused(receipt(&case, Channel::Mail, "", &act)), "to");
    let letter = Letter::receipt(&case, "rosa@example.com", &rules);
    for part in ["482 193 057", "No funciona", "2026-11-20 12:00", "Estimado"] {
        assert!(letter.text.contains(part), "{part}: {}", letter.text);
    }
    let english = Case { language: "en-GB".into(), ..case };
    assert!(Letter::receipt(&english, "r@example.com", &rules).text.contains("Dear Rosa"));
}
