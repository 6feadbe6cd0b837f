//! The reports over the records against sums over the world's book.

use std::collections::BTreeMap;

use timbre_casework::report::{
    Attention, CaseCounts, Contact, Contacts, Evaluation, FollowUpCounts, Kept, Score, Scores,
};
use timbre_casework::{CaseKind, Record};
use timbre_model::{
    CallOutcome, CallRecord, CallerId, EndCause, HoldStats, PhoneNumber, QueueId, SurveyKind,
    TrunkId,
};

use super::Auditor;
use super::cases::{Round, Stand};
use crate::casework::book::{Book, CallEntry, CaseEntry};
use crate::casework::scene::{DAY, Scene, civil};
use crate::casework::surveys::KINDS;
use crate::floor::known;

impl Auditor {
    pub(super) fn close_reports(&mut self, scene: &Scene, book: &Book) {
        self.report_cases(book);
        self.report_follow_ups(book);
        self.report_surveys(scene, book);
        self.report_contacts(scene, book);
    }

    fn report_cases(&mut self, book: &Book) {
        let (mut cases, mut year) = (CaseCounts::default(), Evaluation::default());
        for it in self.last.values() {
            if let Record::Case(it) = it {
                cases.add(it, civil(self.end));
                year.add(it, civil(self.end));
            }
        }
        let mut own = CaseCounts::default();
        let (mut upheld, mut refused) = (0, 0);
        for entry in book.cases.values() {
            let stand = Stand::of(entry, self.place);
            count(&mut own, entry, &stand, self.end);
            if entry.kind == CaseKind::Complaint {
                upheld += u64::from(stand.upheld == Some(true));
                refused += u64::from(stand.upheld == Some(false));
            }
        }
        self.check(cases == own, || format!("report of cases: {cases:?}, not {own:?}"));
        let answers = (year.upheld, year.refused);
        self.check(answers == (upheld, refused), || {
            format!("evaluation: {answers:?} answers, not {upheld} and {refused}")
        });
    }

    fn report_follow_ups(&mut self, book: &Book) {
        let mut report = FollowUpCounts::default();
        for it in self.last.values() {
            match it {
                Record::FollowUp(it) => report.add(it),
                Record::Sale(it) => report.add_sale(it),
                _ => {}
            }
        }
        let mut own = FollowUpCounts::default();
        for it in book.follow_ups.values() {
            *own.states.entry(it.state).or_default() += 1;
            own.tries += it.tries;
        }
        own.sales = book.sales.len() as u64;
        for kept in book.sales.values().flat_map(|it| &it.promises) {
            own.kept += u64::from(*kept == Some(true));
            own.broken += u64::from(*kept == Some(false));
            own.unasked += u64::from(kept.is_none());
        }
        self.check(report == own, || format!("report of follow-ups: {report:?}, not {own:?}"));
    }

    fn report_surveys(&mut self, scene: &Scene, book: &Book) {
        let mut report = Scores::default();
        for it in self.last.values() {
            if let Record::Survey(it) = it {
                report.add(it);
            }
        }
        let mut own = Scores::default();
        for it in book.surveys.values() {
            let kind = KINDS[it.queue];
            let queue = scene.queues[it.queue].clone();
            score(own.queues.entry((queue, kind)).or_default(), kind, it.answer);
            score(own.agents.entry((it.agent.clone(), kind)).or_default(), kind, it.answer);
            score(own.causes.entry((None, kind)).or_default(), kind, it.answer);
        }
        self.check(report == own, || "report of surveys: not what was answered".to_owned());
    }

    fn report_contacts(&mut self, scene: &Scene, book: &Book) {
        // A week of calls after the period spoils conversations in it, and is not counted.
        let (to, now) = (self.end - 7 * DAY, self.end);
        let (mut report, mut attention) = (Contacts::default(), Attention::default());
        for it in self.last.values() {
            if let Record::Case(it) = it
                && it.reopened > 0
            {
                it.call.into_iter().for_each(|call| report.reopened(call));
            }
        }
        for it in book.calls.iter().rev() {
            report.add(contact(it, scene), civil(to), civil(now));
            attention.add(&record(it, scene));
        }
        let own = resolved(book, scene, to, now);
        let kept = (report.queues, report.withheld, report.open);
        self.check(kept == own, || format!("first contact: {kept:?}, not {own:?}"));
        let waits: Vec<i64> = book.calls.iter().filter_map(|it| it.waited).collect();
        let own = Attention {
            received: book.calls.len() as u64,
            attended: waits.len() as u64,
            in_time: waits.iter().filter(|it| **it < 180_000_000).count() as u64,
            waited: waits.iter().map(|it| (it / 1_000_000).cast_unsigned()).sum(),
            abandoned: (book.calls.len() - waits.len()) as u64,
            ..Attention::default()
        };
        self.check(attention == own, || format!("attention: {attention:?}, not {own:?}"));
    }
}

fn count(own: &mut CaseCounts, entry: &CaseEntry, stand: &Stand, end: i64) {
    *own.states.entry((entry.kind, stand.state)).or_default() += 1;
    own.reopened += u64::from(stand.reopened > 0);
    if !stand.state.is_closed() {
        let age = (end - entry.received) / DAY;
        let slot = match age {
            0 => 0,
            1..5 => 1,
            5..15 => 2,
            15..30 => 3,
            _ => 4,
        };
        own.ages[slot] += 1;
    }
    if entry.kind != CaseKind::Complaint {
        return;
    }
    for round in &stand.rounds {
        kept(own.rules.entry(round.rule.to_owned()).or_default(), round, end);
    }
    if let Some(last) = stand.rounds.last() {
        kept(own.causes.entry(entry.cause).or_default(), last, end);
        kept(own.departments.entry(entry.department.clone()).or_default(), last, end);
    }
}

fn kept(own: &mut Kept, round: &Round, end: i64) {
    match round.met {
        Some(met) if met <= round.due => own.kept += 1,
        Some(_) => own.late += 1,
        None if end > round.due => own.overdue += 1,
        None => own.running += 1,
    }
}

fn score(own: &mut Score, kind: SurveyKind, answer: Option<u8>) {
    own.asked += 1;
    let Some(key) = answer else { return };
    own.answered += 1;
    own.sum += u64::from(key);
    let (good, bad): (&[u8], &[u8]) = match kind {
        SurveyKind::Csat => (&[4, 5], &[1, 2]),
        SurveyKind::Nps => (&[9], &[0, 1, 2, 3, 4, 5, 6]),
        SurveyKind::Effort => (&[1, 2, 3], &[5, 6, 7]),
    };
    own.good += u64::from(good.contains(&key));
    own.bad += u64::from(bad.contains(&key));
}

type Resolved = (BTreeMap<QueueId, (u64, u64)>, u64, u64);

/// Who did not call again within a week, by looking at each number's calls.
fn resolved(book: &Book, scene: &Scene, to: i64, now: i64) -> Resolved {
    let mut of: BTreeMap<&PhoneNumber, Vec<i64>> = BTreeMap::new();
    for it in &book.calls {
        it.number.iter().for_each(|number| of.entry(number).or_default().push(it.at));
    }
    let again = |it: &&CaseEntry| {
        it.deeds.iter().any(|(_, deed)| {
            use crate::casework::book::Deed::{Disputed, Reopened};
            matches!(deed, Disputed | Reopened)
        })
    };
    let reopened: std::collections::BTreeSet<_> =
        book.cases.values().filter(again).filter_map(|it| it.call).collect();
    let (mut queues, mut withheld, mut open) = (BTreeMap::new(), 0, 0);
    for it in book.calls.iter().filter(|it| it.waited.is_some() && it.at < to) {
        let Some(number) = &it.number else {
            withheld += 1;
            continue;
        };
        if it.at + 7 * DAY > now {
            open += 1;
            continue;
        }
        let later = |at: &i64| *at > it.at && *at <= it.at + 7 * DAY;
        let again = of.get(number).is_some_and(|times| times.iter().any(later));
        let counts: &mut (u64, u64) = queues.entry(scene.queues[it.queue].clone()).or_default();
        counts.0 += 1;
        counts.1 += u64::from(!again && !reopened.contains(&it.id));
    }
    (queues, withheld, open)
}

fn contact(it: &CallEntry, scene: &Scene) -> Contact {
    Contact {
        call: it.id,
        client: scene.client.clone(),
        queue: scene.queues[it.queue].clone(),
        number: it.number.clone(),
        at: civil(it.at),
        connected: it.waited.is_some(),
    }
}

fn record(it: &CallEntry, scene: &Scene) -> CallRecord {
    let (outcome, cause) = match (it.waited, it.lost) {
        (Some(_), true) => (CallOutcome::Answered, EndCause::Failed),
        (Some(_), false) => (CallOutcome::Answered, EndCause::Completed),
        (None, _) => (CallOutcome::Abandoned, EndCause::Abandoned),
    };
    let end = civil(it.at + 5 * 60_000_000);
    CallRecord {
        id: it.id,
        tenant: scene.tenant.clone(),
        trunk: known(TrunkId::parse("trunk")),
        dialed: "+34910000000".to_owned(),
        caller: it.number.clone().map_or(CallerId::Withheld, CallerId::Number),
        queue: Some(scene.queues[it.queue].clone()),
        client: Some(scene.client.clone()),
        arrived_at: civil(it.at),
        answered_at: Some(civil(it.at)),
        answered_ring: None,
        connected_at: it.waited.map(|waited| civil(it.at + waited)),
        agent: None,
        outbound: None,
        hold: HoldStats::default(),
        ended_at: Some(end),
        outcome: Some(outcome),
        cause: Some(cause),
        released_by: None,
        disposition: None,
        wrapped_up_at: Some(end),
    }
}
