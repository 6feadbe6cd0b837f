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
fn agrees(end: End, recorded: &Attempt) -> bool {
    let outcome = recorded.outcome.as_deref().unwrap_or_default();
    let same = Ending::of_end(end).is_some_and(|it| Ending::of_outcome(outcome) == Some(it));
    match end {
        // Answered, and over before an agent was there or had to be: the outcome says whose doing that was.
        End::Answered | End::Crossed if recorded.answered_at.is_some() => {
            same || ["rejected", "cancelled", "carrier_fault"].contains(&outcome)
        }
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
                Some(outcome) => found.extend(disagreement(recorded, end, outcome)),
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
                Some(end) if agrees(end, recorded) => Ending::of_end(end),
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

fn disagreement(recorded: &Attempt, end: Option<End>, outcome: &str) -> Option<Violation> {
    let (attempt, outcome) = (recorded.id.clone(), outcome.to_owned());
    match end {
        Some(carrier) if agrees(carrier, recorded) => None,
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
mod tests;
