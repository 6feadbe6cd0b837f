//! Sound stories, spoiled in one way each.

use super::*;

const MINUTE: i64 = 60_000_000;
const DAY: Window = Window::Any(Duration::from_secs(86_400));

/// What was seen and written of calls that went well, for a test to spoil.
struct Story {
    log: Vec<Entry>,
    told: Vec<Acknowledged>,
    attempts: Vec<Attempt>,
    caps: Vec<Cap>,
}

impl Story {
    /// One attempt of each kind, each to a number of its own, a minute apart.
    fn sound() -> Self {
        let mut story = Self {
            log: Vec::new(),
            told: Vec::new(),
            attempts: Vec::new(),
            caps: vec![
                Cap { most: 1, window: DAY },
                Cap { most: 8, window: Window::Between(0, MINUTE) },
            ],
        };
        let refused = |status| vec![Event::Final { status, cause: None }, Event::Ack];
        let answered = vec![Event::Answered, Event::Ack, Event::ByeIn];
        let mut cancelled = vec![Event::Ringing { status: 180 }, Event::Cancel];
        cancelled.extend(refused(487));
        for (events, outcome) in [
            (answered.clone(), "connected"),
            (answered, "abandoned"),
            (refused(486), "busy"),
            (cancelled, "no_answer"),
            (refused(404), "unallocated"),
            (refused(603), "rejected"),
            (refused(503), "congestion"),
            (refused(500), "carrier_fault"),
        ] {
            story.add(events, outcome);
        }
        story
    }

    fn add(&mut self, events: Vec<Event>, outcome: &str) {
        let nth = self.attempts.len() as i64;
        let (id, number) = (format!("a{nth}"), format!("+3460000000{nth}"));
        let at = nth * MINUTE;
        let invite =
            Event::Invite { branch: String::new(), caller: String::new(), fate: Kind::Person };
        let all = [vec![invite, Event::Retransmission], events.clone()].concat();
        self.log.extend(all.into_iter().map(|event| Entry {
            wall: at + 1,
            mono: 0,
            call_id: id.clone(),
            attempt: id.clone(),
            number: number.clone(),
            event,
        }));
        let answered = events.contains(&Event::Answered);
        self.attempts.push(Attempt {
            id,
            number,
            intent_at: at,
            dialed_at: Some(at),
            answered_at: answered.then_some(at + 2),
            outcome: Some(outcome.to_owned()),
        });
    }

    /// The INVITE of an attempt.
    fn invite(&mut self, nth: usize) -> &mut Entry {
        let id = format!("a{nth}");
        let mut of_attempt = self.log.iter_mut().filter(|it| it.attempt == id);
        of_attempt.next().expect("it has one")
    }

    fn judged(&self) -> Vec<Violation> {
        let mut found = judge(Evidence {
            carrier: &self.log,
            acknowledged: &self.told,
            attempts: &self.attempts,
            caps: &self.caps,
        });
        found.sort();
        found
    }

    fn spoiled(spoil: impl FnOnce(&mut Self)) -> Vec<Violation> {
        let mut story = Self::sound();
        spoil(&mut story);
        story.judged()
    }

    fn told(&mut self, nth: usize, at: i64) {
        let number = self.attempts[nth].number.clone();
        self.told.push(Acknowledged { number, at });
    }
}

fn name(nth: usize) -> String {
    format!("a{nth}")
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    assert_eq!(Story::sound().judged(), []);
    // A number that was called before it was barred, and one with a trunk's prefix.
    let found = Story::spoiled(|it| {
        it.told(1, 2 * MINUTE);
        it.invite(2).number = "0034600000002".into();
    });
    assert_eq!(found, []);
    // The node died: before its INVITE left, while it rang, and after it was answered.
    let found = Story::spoiled(|it| {
        for (events, answered) in [(vec![], false), (vec![Event::Answered], true)] {
            it.add(events, "indeterminate");
            let last = it.attempts.last_mut().expect("one");
            last.dialed_at = None;
            last.answered_at = last.answered_at.filter(|_| answered);
        }
        it.add(Vec::new(), "indeterminate");
        let last = it.attempts.len() - 1;
        it.log.retain(|entry| entry.attempt != name(last));
    });
    assert_eq!(found, []);
    // CANCEL and 200 crossed, a trunk had no channel, an attempt was taken back.
    let found = Story::spoiled(|it| {
        it.add(vec![Event::Answered, Event::Cancel, Event::Ack, Event::ByeIn], "cancelled");
        it.attempts[8].answered_at = None;
        it.attempts[6].outcome = Some("cancelled".into());
        it.attempts[7].outcome = Some("congestion".into());
        it.log.retain(|entry| entry.attempt != name(6) && entry.attempt != name(7));
    });
    assert_eq!(found, []);
}

#[test]
fn two_invites_of_one_attempt_are_found_in_whatever_call_they_are() {
    for call_id in ["a2", "another"] {
        let found = Story::spoiled(|it| {
            let again = Entry { call_id: call_id.into(), ..it.invite(2).clone() };
            it.log.push(again);
            it.caps.clear();
        });
        assert_eq!(found, [Violation::Twice { attempt: name(2), invites: 2 }]);
    }
}

#[test]
fn an_invite_without_an_attempt_is_found() {
    let found = Story::spoiled(|it| {
        it.invite(7).attempt = String::new();
        it.attempts.remove(7);
        it.log.retain(|entry| entry.attempt != name(7));
    });
    assert_eq!(found, [Violation::Unnamed { call_id: name(7) }]);
    let found = Story::spoiled(|it| _ = it.attempts.remove(7));
    let counts = Violation::Counts { ending: Ending::Fault, carrier: 1, database: 0 };
    assert_eq!(found, [Violation::Unrecorded { attempt: name(7) }, counts]);
}

#[test]
fn an_invite_to_another_number_or_before_its_time_is_found() {
    let found = Story::spoiled(|it| it.invite(3).number = "+34600000099".into());
    let (permitted, called) = ("+34600000003".to_owned(), "+34600000099".to_owned());
    assert_eq!(found, [Violation::OtherNumber { attempt: name(3), permitted, called }]);
    let found = Story::spoiled(|it| it.attempts[3].intent_at += 4);
    assert_eq!(found, [Violation::BeforeIntent { attempt: name(3), early: 3 }]);
    let found = Story::spoiled(|it| it.attempts[3].dialed_at = None);
    assert_eq!(found, [Violation::Undialed { attempt: name(3) }]);
}

#[test]
fn a_number_that_is_called_too_often_is_found_and_one_at_its_cap_is_not() {
    let same = |story: &mut Story| {
        let number = story.attempts[2].number.clone();
        story.attempts[3].number.clone_from(&number);
        story
            .log
            .iter_mut()
            .filter(|it| it.attempt == "a3")
            .for_each(|it| it.number.clone_from(&number));
    };
    let above = |most| Violation::AboveCap { number: "34600000002".into(), most, invites: 2 };
    assert_eq!(Story::spoiled(same), [above(1)]);
    // A minute lies between them.
    for (window, found) in [
        (Window::Any(Duration::from_secs(61)), vec![above(1)]),
        (Window::Any(Duration::from_secs(60)), vec![]),
        (Window::Between(2 * MINUTE, 4 * MINUTE), vec![above(1)]),
        (Window::Between(2 * MINUTE, 3 * MINUTE + 1), vec![]),
    ] {
        let judged = Story::spoiled(|it| {
            same(it);
            it.caps = vec![Cap { most: 1, window }, Cap { most: 2, window }];
        });
        assert_eq!(judged, found, "{window:?}");
    }
}

#[test]
fn a_call_after_the_client_was_told_that_there_would_be_none_is_found() {
    let late = |late| {
        let (attempt, number) = (name(4), "34600000004".to_owned());
        Violation::AfterDoNotCall { attempt, number, late }
    };
    // The INVITE came a microsecond after the fourth minute.
    for (at, found) in
        [(4 * MINUTE, vec![late(1)]), (4 * MINUTE + 1, vec![]), (0, vec![late(4 * MINUTE + 1)])]
    {
        assert_eq!(Story::spoiled(|it| it.told(4, at)), found, "{at}");
    }
    // The first time binds.
    let found = Story::spoiled(|it| {
        it.told(4, 9 * MINUTE);
        it.told(4, MINUTE);
    });
    assert_eq!(found, [late(3 * MINUTE + 1)]);
}

#[test]
fn an_answer_that_is_lost_or_invented_is_found() {
    let found = Story::spoiled(|it| it.attempts[0].answered_at = None);
    assert_eq!(found, [Violation::AnswerLost { attempt: name(0) }]);
    let found = Story::spoiled(|it| it.attempts[2].answered_at = Some(1));
    assert_eq!(found, [Violation::AnswerInvented { attempt: name(2) }]);
}

#[test]
fn whoever_answered_and_left_before_an_agent_came_answered() {
    let left = |it: &mut Story| it.attempts[0].outcome = Some("rejected".into());
    assert_eq!(Story::spoiled(left), []);
    let found = Story::spoiled(|it| {
        left(it);
        it.attempts[0].answered_at = None;
    });
    assert!(found.contains(&Violation::AnswerLost { attempt: name(0) }), "{found:?}");
}

#[test]
fn ends_that_differ_are_found_one_by_one_and_in_the_counts() {
    let counts = |ending, carrier, database| Violation::Counts { ending, carrier, database };
    let found = Story::spoiled(|it| it.attempts[2].outcome = Some("no_answer".into()));
    let (carrier, outcome) = (End::Refused(486), "no_answer".to_owned());
    let busy = counts(Ending::Busy, 1, 0);
    let unanswered = counts(Ending::Unanswered, 1, 2);
    assert_eq!(
        found,
        [Violation::Differs { attempt: name(2), carrier, outcome }, busy.clone(), unanswered]
    );
    // Two that are exchanged do not show in the counts.
    let found = Story::spoiled(|it| {
        it.attempts[2].outcome = Some("rejected".into());
        it.attempts[5].outcome = Some("busy".into());
    });
    assert!(
        matches!(found[..], [Violation::Differs { .. }, Violation::Differs { .. }]),
        "{found:?}"
    );
    let found = Story::spoiled(|it| it.attempts[2].outcome = None);
    assert_eq!(found, [Violation::Open { attempt: name(2) }, busy.clone()]);
    // The carrier is still ringing, or never was called.
    let found = Story::spoiled(|it| {
        it.log.retain(|it| it.attempt != "a2" || matches!(it.event, Event::Invite { .. }))
    });
    assert!(
        matches!(
            &found[..],
            [Violation::Differs { carrier: End::Open, .. }, Violation::Counts { .. }]
        ),
        "{found:?}"
    );
    let found = Story::spoiled(|it| it.log.retain(|it| it.attempt != "a2"));
    let (attempt, outcome) = (name(2), "busy".to_owned());
    assert_eq!(found, [Violation::NeverSeen { attempt, outcome }, counts(Ending::Busy, 0, 1)]);
}

#[test]
fn calls_are_counted_by_what_the_carrier_meant() {
    assert_eq!(tally(&Story::sound().log), BTreeMap::from([(Kind::Person, 8)]));
}
