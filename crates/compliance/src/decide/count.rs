//! How often, and how long to rest: earlier calls, each of which counts until an instant of its own.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use timbre_model::Civil;

use super::{Block, Look, Question, midnight, stamp};
use crate::attempt::Attempt;
use crate::decision::{Looked, Reason};
use crate::history::Charge;
use crate::rule::{By, Cooldown, CountLimit, Counted, Period, Scope, Span, Subject, Trigger};

/// One day in microseconds.
const DAY_MICROS: i64 = 86_400_000_000;

pub(super) fn limit(question: &Question<'_>, limit: &CountLimit) -> Look {
    let counted = |charge: &&Charge| {
        limit.scope.holds(charge, question.attempt)
            && match limit.counts {
                Counted::Attempts => true,
                Counted::Answered => charge.answered,
                Counted::Conversations => charge.conversation,
            }
    };
    let charges: Vec<_> = question.history.charges.iter().filter(counted).collect();
    let max = usize::try_from(limit.max).unwrap_or(usize::MAX);
    let (mut most, mut block) = (0, None);
    for here in &question.zones {
        // `None` is a charge that counts for ever.
        let mut ends: Vec<Option<Civil>> = charges
            .iter()
            .map(|charge| limit.period.ends(charge.at, &here.zone.tz, question.attempt))
            .filter(|end| end.is_none_or(|end| end > question.now))
            .collect();
        most = most.max(ends.len());
        if ends.len() >= max {
            ends.sort_by_key(|end| end.map_or((true, Civil::default()), |end| (false, end)));
            let free = ends.get(ends.len() - max).copied().flatten();
            block = Some(later(block, free));
        }
    }
    let found = u32::try_from(most).unwrap_or(u32::MAX);
    let block = block.map(|until| Block { reason: Reason::CountReached, until });
    Look::judged(Looked::Count { found, max: limit.max }, block)
}

/// The later of two ends, `None` being never.
fn later(one: Option<Option<Civil>>, other: Option<Civil>) -> Option<Civil> {
    match one {
        None => other,
        Some(one) => one.zip(other).map(|(one, other)| one.max(other)),
    }
}

pub(super) fn cooldown(question: &Question<'_>, rest: &Cooldown) -> Look {
    let events = || {
        question
            .history
            .charges
            .iter()
            .filter(|it| rest.scope.holds(it, question.attempt) && rest.after.is(it))
    };
    let last = events().map(|it| it.at).max();
    let looked = Looked::Last { of: rest.after, at: last };
    let guaranteed = question.attempt.guaranteed_agent;
    let Some(last) = last.filter(|_| !(rest.unless_guaranteed_agent && guaranteed)) else {
        return Look::passes(looked);
    };
    let ends = question.zones.iter().map(|here| rest.lasts.after(last, question, &here.zone.tz));
    let Some(end) = ends.reduce(|one, other| later(Some(one), other)) else {
        return Look::passes(looked);
    };
    if rest.then_guaranteed_agent && !guaranteed && !made_up(question, rest.scope, last) {
        let reason = Reason::GuaranteedAgentNeeded { from: end };
        return Look::judged(looked, Some(Block::standing(reason)));
    }
    let over = end.is_some_and(|end| end <= question.now);
    let block = Block { reason: Reason::Cooldown(rest.after), until: end };
    Look::judged(looked, (!over).then_some(block))
}

/// Whether an agent has spoken with the callee since.
fn made_up(question: &Question<'_>, scope: Scope, since: Civil) -> bool {
    let charges = &question.history.charges;
    charges.iter().any(|it| scope.holds(it, question.attempt) && it.conversation && it.at > since)
}

impl Trigger {
    fn is(self, charge: &Charge) -> bool {
        match self {
            Self::Attempt => true,
            Self::Conversation => charge.conversation,
            Self::Abandoned => charge.abandoned,
            Self::Refusal => charge.refused.is_some(),
        }
    }
}

impl Scope {
    /// Whether a charge counts for the attempt. What is not known counts.
    fn holds(self, charge: &Charge, attempt: &Attempt) -> bool {
        let number = charge.number == attempt.number;
        let person = attempt.person.is_some() && charge.person == attempt.person;
        let to = match self.to {
            Subject::Number => number,
            Subject::Person => number || person,
        };
        to && match self.by {
            By::Tenant => true,
            By::Client => match (&charge.client, &attempt.client) {
                (Some(one), Some(other)) => one == other,
                (None, _) | (_, None) => true,
            },
            By::Campaign => charge.campaign == attempt.campaign,
        }
    }
}

impl Period {
    /// The instant from which an event at `at` no longer counts; `None`: it counts for ever.
    fn ends(self, at: Civil, zone: &TimeZone, attempt: &Attempt) -> Option<Civil> {
        let day = || Some(zone.to_datetime(stamp(at)?).date());
        let plus = |micros: i64| Civil::from_micros(at.as_micros().saturating_add(micros));
        match self {
            Self::RollingHours(hours) => Some(plus(i64::from(hours) * (DAY_MICROS / 24))),
            Self::CalendarDays(days) => midnight(after(day()?, days)?, zone),
            Self::CalendarWeek => {
                let day = day()?;
                let left = 7 - day.weekday().since(Weekday::Monday).unsigned_abs();
                midnight(after(day, left.into())?, zone)
            }
            Self::CalendarMonth => midnight(after(day()?.last_of_month(), 1)?, zone),
            Self::AnchoredDays(days) => {
                let length = i64::from(days).saturating_mul(DAY_MICROS);
                let Some(start) = attempt.campaign_started.filter(|start| *start <= at) else {
                    return Some(plus(length));
                };
                let within = (at.as_micros() - start.as_micros()).checked_rem(length)?;
                Some(plus(length - within))
            }
            Self::Campaign => None,
        }
    }
}

fn after(day: Date, days: u32) -> Option<Date> {
    day.checked_add(i64::from(days).days()).ok()
}

impl Span {
    /// The instant at which so much time after `at` is over; `None` beyond all calendars.
    pub(super) fn after(
        self,
        at: Civil,
        question: &Question<'_>,
        zone: &TimeZone,
    ) -> Option<Civil> {
        let day = || Some(zone.to_datetime(stamp(at)?).date());
        let plus = |count: u32, micros: i64| {
            Some(Civil::from_micros(at.as_micros().saturating_add(i64::from(count) * micros)))
        };
        match self {
            Self::Millis(n) => plus(n, 1_000),
            Self::Seconds(n) => plus(n, 1_000_000),
            Self::Minutes(n) => plus(n, 60_000_000),
            Self::Hours(n) => plus(n, DAY_MICROS / 24),
            Self::DaysCountingTheFirst(n) => midnight(after(day()?, n)?, zone),
            Self::Days(n) => midnight(after(day()?, n.saturating_add(1))?, zone),
            Self::BusinessDays(n) => midnight(question.business_days(day()?, n)?, zone),
            Self::Months(n) => {
                let day = day()?.checked_add(i64::from(n).months()).ok()?;
                midnight(after(day, 1)?, zone)
            }
        }
    }
}

impl Question<'_> {
    /// The day after the last of so many business days that follow `day`.
    fn business_days(&self, day: Date, count: u32) -> Option<Date> {
        let region = self.attempt.place.region.as_deref();
        let works = |day: Date| {
            !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
                && self.place.holiday(day, region).is_none()
        };
        let (mut day, mut left) = (day, count);
        while left > 0 {
            day = day.tomorrow().ok()?;
            left -= u32::from(works(day));
        }
        day.tomorrow().ok()
    }
}
