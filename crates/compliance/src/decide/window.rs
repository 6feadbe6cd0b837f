//! When one may call: the law's weeks, the campaign's own, and the first instant at which all of them are open.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use timbre_model::{Civil, DaySpan, WeeklyHours};

use super::{Block, Here, Look, Question, civil, midnight, stamp};
use crate::catalog::Zone;
use crate::decision::{Looked, Reason};
use crate::hours::{Hours, Week, Weekday};
use crate::rule::{Rule, RuleKind};

/// How far ahead an opening is sought, in days.
const HORIZON_DAYS: usize = 400;

/// Rounds of "this one opens, but then that one is shut" after which the search gives up.
const ROUNDS_MAX: usize = 2_000;

pub(super) fn look(question: &Question<'_>, rule: &Rule, week: &Week) -> Look {
    judge(question, &Gate::Law(rule, week))
}

pub(super) fn schedule(question: &Question<'_>, week: &WeeklyHours) -> Look {
    judge(question, &Gate::Campaign(week))
}

/// Something that is open or shut by the callee's clock.
enum Gate<'a> {
    Law(&'a Rule, &'a Week),
    Campaign(&'a WeeklyHours),
}

fn judge(question: &Question<'_>, gate: &Gate<'_>) -> Look {
    let shut = question.zones.iter().find_map(|here| {
        let reason = gate.shut(question, here.at)?;
        Some((here, reason))
    });
    let Some((here, reason)) = shut else {
        let looked =
            question.zones.first().map_or(Looked::Duty, |here| clock(question, gate, here));
        return Look::passes(looked);
    };
    Look::judged(clock(question, gate, here), Some(Block { reason, until: Some(question.now) }))
}

fn clock(question: &Question<'_>, gate: &Gate<'_>, here: &Here) -> Looked {
    let region = question.attempt.place.region.as_deref();
    Looked::Local {
        zone: Arc::clone(&here.zone.name),
        at: here.at,
        holiday: question.place.holiday(here.at.date(), region).cloned(),
        hours: gate.hours(here.at.date()),
    }
}

/// The first instant from `from` on at which every gate is open in every zone.
pub(super) fn settle(question: &Question<'_>, from: Civil) -> Option<Civil> {
    let mut gates: Vec<_> = question.attempt.schedule.iter().map(Gate::Campaign).collect();
    gates.extend(question.selected().filter_map(|rule| match &rule.kind {
        RuleKind::Window(week) => Some(Gate::Law(rule, week)),
        _ => None,
    }));
    let mut at = stamp(from)?;
    for _ in 0..ROUNDS_MAX {
        let shut = gates.iter().find_map(|gate| {
            let shut = |here: &&Here| gate.shut(question, here.zone.tz.to_datetime(at)).is_some();
            question.zones.iter().find(shut).map(|here| (gate, here))
        });
        let Some((gate, here)) = shut else {
            return Some(civil(at));
        };
        at = gate.opens(question, &here.zone, at)?;
    }
    None
}

impl Gate<'_> {
    /// Its hours on a day that is neither holiday nor eve.
    fn hours(&self, day: Date) -> Hours {
        match self {
            Self::Campaign(week) => Hours::of(spans(week, day)),
            Self::Law(_, week) => week.on(day.weekday().into()).clone(),
        }
    }

    /// Why it is shut while the clock shows `at`.
    fn shut(&self, question: &Question<'_>, at: DateTime) -> Option<Reason> {
        let minute =
            u16::from(at.hour().unsigned_abs()) * 60 + u16::from(at.minute().unsigned_abs());
        match self {
            Self::Campaign(week) => {
                let open = spans(week, at.date()).iter().any(|it| it.holds(minute));
                (!open).then_some(Reason::OutsideSchedule)
            }
            Self::Law(rule, week) => {
                if rule.holds_on(at.date()) {
                    shut(question, week, at.date(), minute)
                } else {
                    None
                }
            }
        }
    }

    /// The first instant after `from` at which it is open in the zone.
    fn opens(&self, question: &Question<'_>, zone: &Zone, from: Timestamp) -> Option<Timestamp> {
        let open = |at: &Timestamp| self.shut(question, zone.tz.to_datetime(*at)).is_none();
        let steps: Vec<_> = zone.tz.following(from).take(4).map(|it| it.timestamp()).collect();
        let first = zone.tz.to_datetime(from).date();
        for day in first.series(jiff::Span::new().days(1)).take(HORIZON_DAYS) {
            let mut instants = self.starts(day, zone);
            // Where a clock is put forward or back, a minute may be skipped or come again.
            let today = |at: &&Timestamp| zone.tz.to_datetime(**at).date() == day;
            instants.extend(steps.iter().filter(today));
            let next = instants.into_iter().filter(|at| *at > from).filter(open).min();
            if next.is_some() {
                return next;
            }
        }
        None
    }

    /// Every instant of the day at which it may open.
    fn starts(&self, day: Date, zone: &Zone) -> Vec<Timestamp> {
        let mut minutes: Vec<u16> = match self {
            Self::Campaign(week) => spans(week, day).iter().map(|it| it.from()).collect(),
            Self::Law(_, week) => {
                let hours = [Some(week.on(day.weekday().into())), week.holiday.as_ref()];
                let all = hours.into_iter().flatten().chain(week.eve.as_ref());
                all.flat_map(|it| it.spans().iter().map(|span| span.from())).collect()
            }
        };
        // A rule that is no longer in force opens at midnight.
        minutes.push(0);
        let at = |minute: u16| {
            let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
            let clock = zone.tz.to_ambiguous_timestamp(day.at(hour, minute, 0, 0));
            Some([clock.earlier().ok()?, clock.later().ok()?])
        };
        let mut instants: Vec<_> = minutes.into_iter().filter_map(at).flatten().collect();
        instants.extend(midnight(day, &zone.tz).and_then(stamp));
        instants
    }
}

fn spans(week: &WeeklyHours, day: Date) -> &[DaySpan] {
    week.of_weekday(Weekday::from(day.weekday()) as usize)
}

/// Why a week is shut at a minute of a day.
fn shut(question: &Question<'_>, week: &Week, day: Date, minute: u16) -> Option<Reason> {
    if !week.on(day.weekday().into()).holds(minute) {
        return Some(Reason::OutsideWindow);
    }
    if week.holiday.is_none() && week.eve.is_none() {
        return None;
    }
    let region = question.attempt.place.region.as_deref();
    let closed = |hours: &Option<Hours>| hours.as_ref().is_some_and(|hours| !hours.holds(minute));
    let kept = |day: Date| question.place.holiday(day, region).is_some();
    if !question.place.knows(day) || closed(&week.holiday) && kept(day) {
        return Some(Reason::Holiday);
    }
    let eve = closed(&week.eve) && day.tomorrow().is_ok_and(kept);
    eve.then_some(Reason::OutsideWindow)
}
