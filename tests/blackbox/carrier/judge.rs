//! The judge of a dialer. It reads what the carrier saw, what the client was told, and what the database holds at the end;
//! it asks the dialer nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use timbre_phone::carrier::{Entry, Event, Kind};

/// An attempt, as the database has it at the end. Moments are microseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What the INVITE says in `X-Timbre-Call`.
    pub id: String,
    /// In E.164 form.
    pub number: String,
    /// When it was permitted.
    pub intent_at: i64,
    /// When the INVITE was asked for.
    pub dialed_at: Option<i64>,
    /// When it was answered.
    pub answered_at: Option<i64>,
    /// A word of `AttemptOutcome`; `None`: it is open.
    pub outcome: Option<String>,
}

/// "Do not call this number again", and when the client had it confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledged {
    /// In E.164 form.
    pub number: String,
    /// Microseconds since the epoch.
    pub at: i64,
}

/// How often a number may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    /// So often at most …
    pub most: usize,
    /// … in this.
    pub window: Window,
}

/// A time in which calls are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// Any span of this length.
    Any(Duration),
    /// From the first moment until before the second, such as a day.
    Between(i64, i64),
}

/// All that is known.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The carrier's log.
    pub carrier: &'a [Entry],
    /// The client's.
    pub acknowledged: &'a [Acknowledged],
    /// The database, at the end.
    pub attempts: &'a [Attempt],
    /// The rules.
    pub caps: &'a [Cap],
}

/// What must not be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Violation {
    /// An INVITE says of no attempt that it is its.
    Unnamed { call_id: String },
    /// More than one INVITE went out for an attempt.
    Twice { attempt: String, invites: usize },
    /// An INVITE of which the database knows nothing.
    Unrecorded { attempt: String },
    /// An INVITE went to another number than was permitted.
    OtherNumber { attempt: String, permitted: String, called: String },
    /// An INVITE came before its intent was written, so many microseconds.
    BeforeIntent { attempt: String, early: i64 },
    /// An INVITE went out for an attempt of which the database says that it never was dialed.
    Undialed { attempt: String },
    /// A number was called too often.
    AboveCap { number: String, most: usize, invites: usize },
    /// A number was called so many microseconds after the client was told that it would not be.
    AfterDoNotCall { attempt: String, number: String, late: i64 },
    /// The carrier saw an answer, the database has none.
    AnswerLost { attempt: String },
    /// The database has an answer that the carrier did not give.
    AnswerInvented { attempt: String },
    /// An attempt is still open.
    Open { attempt: String },
    /// The database tells another end than the carrier.
    Differs { attempt: String, carrier: End, outcome: String },
    /// The database has an end that only the carrier can have told, of a call that the carrier never saw.
    NeverSeen { attempt: String, outcome: String },
    /// So many calls ended so for the carrier, so many for the database. Attempts of which the node did not live to
    /// learn the end are left out.
    Counts { ending: Ending, carrier: usize, database: usize },
}

/// How a call ended for the carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// Answered.
    Answered,
    /// Answered while it was cancelled.
    Crossed,
    /// Cancelled; it had rung, or not.
    Cancelled { rang: bool },
    /// A final status.
    Refused(u16),
    /// It did not.
    Open,
}

/// Ends that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    Answered,
    Busy,
    Unanswered,
    Rejected,
    Unallocated,
    Congestion,
    Fault,
}

impl Ending {
    fn of_outcome(outcome: &str) -> Option<Self> {
        Some(match outcome {
            "connected" | "abandoned" | "machine" => Self::Answered,
            "busy" => Self::Busy,
            "no_answer" | "cancelled" | "unreachable" => Self::Unanswered,
            "rejected" => Self::Rejected,
            "unallocated" => Self::Unallocated,
            "congestion" => Self::Congestion,
            "carrier_fault" => Self::Fault,
            _ => return None,
        })
    }

    fn of_end(end: End) -> Option<Self> {
        Some(match end {
            End::Answered | End::Crossed => Self::Answered,
            End::Cancelled { .. } | End::Refused(408 | 480) => Self::Unanswered,
            End::Refused(486 | 600) => Self::Busy,
            End::Refused(403 | 603) => Self::Rejected,
            End::Refused(404 | 410 | 484 | 604) => Self::Unallocated,
            End::Refused(503) => Self::Congestion,
            End::Refused(_) => Self::Fault,
            End::Open => return None,
        })
    }
}

/// Whether the database may say so of a call that ended so.
fn agrees(end: End, outcome: &str) -> bool {
    let same = Ending::of_end(end).is_some_and(|it| Ending::of_outcome(outcome) == Some(it));
    match end {
        // Who hung up first, nobody can tell.
        End::Crossed => same || outcome == "no_answer" || outcome == "cancelled",
        // A network that never rang may be blamed.
        End::Cancelled { rang: false } => same || outcome == "carrier_fault",
        End::Answered | End::Cancelled { .. } | End::Refused(_) | End::Open => same,
    }
}

/// What the carrier saw of one attempt.
#[derive(Debug, Default)]
struct Seen<'a> {
    invites: Vec<&'a Entry>,
    events: Vec<&'a Event>,
}

impl Seen<'_> {
    fn end(&self) -> End {
        let any = |found: fn(&Event) -> bool| self.events.iter().any(|it| found(it));
        let refused = self.events.iter().find_map(|it| match it {
            Event::Final { status, .. } => Some(*status),
            _ => None,
        });
        let cancelled = any(|it| matches!(it, Event::Cancel));
        match refused {
            _ if any(|it| matches!(it, Event::Answered)) => {
                if cancelled {
                    End::Crossed
                } else {
                    End::Answered
                }
            }
            Some(487) => End::Cancelled { rang: any(|it| matches!(it, Event::Ringing { .. })) },
            Some(status) => End::Refused(status),
            None => End::Open,
        }
    }
}

/// The case, laid out.
struct Case<'a> {
    evidence: Evidence<'a>,
    seen: BTreeMap<&'a str, Seen<'a>>,
    recorded: BTreeMap<&'a str, &'a Attempt>,
}

/// Everything that must not be, in no particular order; empty where all is well.
pub fn judge(evidence: Evidence<'_>) -> Vec<Violation> {
    let case = Case::open(evidence);
    let mut found = case.unnamed();
    found.extend(case.once_and_recorded());
    found.extend(case.as_permitted());
    found.extend(case.within_caps());
    found.extend(case.not_called_again());
    found.extend(case.ends_agree());
    found.extend(case.counts_agree());
    found
}

impl<'a> Case<'a> {
    fn open(evidence: Evidence<'a>) -> Self {
        let mut seen = BTreeMap::<&str, Seen<'_>>::new();
        for entry in evidence.carrier.iter().filter(|it| !it.attempt.is_empty()) {
            let seen = seen.entry(&entry.attempt).or_default();
            seen.events.push(&entry.event);
            if matches!(entry.event, Event::Invite { .. }) {
                seen.invites.push(entry);
            }
        }
        let recorded = evidence.attempts.iter().map(|it| (it.id.as_str(), it)).collect();
        Self { evidence, seen, recorded }
    }

    fn invites(&self) -> impl Iterator<Item = &'a Entry> {
        let log = self.evidence.carrier.iter();
        log.filter(|it| matches!(it.event, Event::Invite { .. }))
    }

    /// The number that an INVITE is for, whatever prefix the trunk wants.
    fn number(&self, invite: &'a Entry) -> &'a str {
        match self.recorded.get(invite.attempt.as_str()) {
            Some(attempt) if fits(&invite.number, &attempt.number) => digits(&attempt.number),
            _ => digits(&invite.number),
        }
    }

    fn unnamed(&self) -> Vec<Violation> {
        let unnamed = self.invites().filter(|it| it.attempt.is_empty());
        unnamed.map(|it| Violation::Unnamed { call_id: it.call_id.clone() }).collect()
    }

    fn once_and_recorded(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        for (id, seen) in &self.seen {
            let (attempt, invites) = ((*id).to_owned(), seen.invites.len());
            if !self.recorded.contains_key(id) {
                found.push(Violation::Unrecorded { attempt: attempt.clone() });
            }
            if invites > 1 {
                found.push(Violation::Twice { attempt, invites });
            }
        }
        found
    }

    fn as_permitted(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        for invite in self.invites() {
            let Some(permitted) = self.recorded.get(invite.attempt.as_str()) else { continue };
            let attempt = permitted.id.clone();
            if !fits(&invite.number, &permitted.number) {
                found.push(Violation::OtherNumber {
                    attempt: attempt.clone(),
                    permitted: permitted.number.clone(),
                    called: invite.number.clone(),
                });
            }
            if permitted.dialed_at.is_none()
                && permitted.outcome.as_deref() != Some("indeterminate")
            {
                found.push(Violation::Undialed { attempt: attempt.clone() });
            }
            if invite.wall < permitted.intent_at {
                let early = permitted.intent_at - invite.wall;
                found.push(Violation::BeforeIntent { attempt, early });
            }
        }
        found
    }

    fn within_caps(&self) -> Vec<Violation> {
        let mut called = BTreeMap::<&str, Vec<i64>>::new();
        for invite in self.invites() {
            called.entry(self.number(invite)).or_default().push(invite.wall);
        }
        let mut found = Vec::new();
        for (number, times) in &mut called {
            times.sort_unstable();
            for cap in self.evidence.caps {
                let invites = most_in(times, cap.window);
                if invites > cap.most {
                    let number = (*number).to_owned();
                    found.push(Violation::AboveCap { number, most: cap.most, invites });
                }
            }
        }
        found
    }

    fn not_called_again(&self) -> Vec<Violation> {
        let mut binding = BTreeMap::<&str, i64>::new();
        for told in self.evidence.acknowledged {
            let first = binding.entry(digits(&told.number)).or_insert(told.at);
            *first = told.at.min(*first);
        }
        let late = |invite: &'a Entry| {
            let number = self.number(invite);
            let late = invite.wall - *binding.get(number)?;
            (late > 0).then(|| Violation::AfterDoNotCall {
                attempt: invite.attempt.clone(),
                number: number.to_owned(),
                late,
            })
        };
        self.invites().filter_map(late).collect()
    }

    fn ends_agree(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        for (id, recorded) in &self.recorded {
            let attempt = (*id).to_owned();
            let end = self.seen.get(id).map(Seen::end);
            let answered = matches!(end, Some(End::Answered | End::Crossed));
            match &recorded.outcome {
                None => found.push(Violation::Open { attempt: attempt.clone() }),
                // The node did not live to see the end.
                Some(outcome) if outcome == "indeterminate" => continue,
                Some(outcome) => found.extend(disagreement(&attempt, end, outcome)),
            }
            if recorded.answered_at.is_some() && !answered {
                found.push(Violation::AnswerInvented { attempt });
            } else if end == Some(End::Answered) && recorded.answered_at.is_none() {
                found.push(Violation::AnswerLost { attempt });
            }
        }
        found
    }

    fn counts_agree(&self) -> Vec<Violation> {
        let mut counts = BTreeMap::<Ending, (usize, usize)>::new();
        let unknown: BTreeSet<&str> = self
            .recorded
            .values()
            .filter(|it| it.outcome.as_deref() == Some("indeterminate"))
            .map(|it| it.id.as_str())
            .collect();
        for (_, seen) in self.seen.iter().filter(|(id, _)| !unknown.contains(*id)) {
            if let Some(ending) = Ending::of_end(seen.end()) {
                counts.entry(ending).or_default().0 += 1;
            }
        }
        for (id, recorded) in &self.recorded {
            // What never became an INVITE is none of the carrier's, and what crossed is an answer for both.
            let end = self.seen.get(id).map(Seen::end);
            let outcome = recorded.outcome.as_deref().unwrap_or_default();
            let ending = match end {
                None if !told_by_carrier(outcome) => None,
                Some(end) if agrees(end, outcome) => Ending::of_end(end),
                Some(_) | None => Ending::of_outcome(outcome),
            };
            if let Some(ending) = ending {
                counts.entry(ending).or_default().1 += 1;
            }
        }
        let differ = counts.into_iter().filter(|(_, (carrier, database))| carrier != database);
        differ
            .map(|(ending, (carrier, database))| Violation::Counts { ending, carrier, database })
            .collect()
    }
}

fn disagreement(attempt: &str, end: Option<End>, outcome: &str) -> Option<Violation> {
    let (attempt, outcome) = (attempt.to_owned(), outcome.to_owned());
    match end {
        Some(carrier) if agrees(carrier, &outcome) => None,
        Some(carrier) => Some(Violation::Differs { attempt, carrier, outcome }),
        None if told_by_carrier(&outcome) => Some(Violation::NeverSeen { attempt, outcome }),
        None => None,
    }
}

/// Whether only the carrier can have told an outcome. A trunk without a free channel, and an attempt that was taken back
/// before its INVITE left, are known at home.
fn told_by_carrier(outcome: &str) -> bool {
    let at_home = ["cancelled", "unreachable", "congestion", "carrier_fault", "our_fault"];
    Ending::of_outcome(outcome).is_some() && !at_home.contains(&outcome)
}

/// The most moments in any window of a kind. `times` are in order.
fn most_in(times: &[i64], window: Window) -> usize {
    match window {
        Window::Between(from, until) => {
            times.iter().filter(|it| (from..until).contains(*it)).count()
        }
        Window::Any(span) => {
            let span = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
            let ends = |from: usize| times.partition_point(|it| it - times[from] < span);
            (0..times.len()).map(|from| ends(from) - from).max().unwrap_or(0)
        }
    }
}

fn digits(number: &str) -> &str {
    number.trim_start_matches('+')
}

/// Whether what was called is this number, or ends in it after a trunk's prefix.
fn fits(called: &str, number: &str) -> bool {
    digits(called).ends_with(digits(number))
}

/// Calls by what became of them for the carrier, and by what it meant to do with them.
pub fn tally(carrier: &[Entry]) -> BTreeMap<Kind, usize> {
    let mut counts = BTreeMap::new();
    for entry in carrier {
        if let Event::Invite { fate, .. } = entry.event {
            *counts.entry(fate).or_default() += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
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
}
