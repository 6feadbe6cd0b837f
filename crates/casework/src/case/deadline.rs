//! When a complaint must be answered, and when its warnings and escalations are due.

use std::time::Duration;

use timbre_model::{CaseworkSpec, Civil, EscalationRole};

use crate::{Case, CaseKind, Deadline, Matter, Term, TermSpan, Terms, WorkingDays, calendar};

/// By what a tenant's cases are worked: its settings, the terms of the customers' country, its working days.
#[derive(Clone, Copy)]
pub struct CaseRules<'a> {
    /// The tenant's settings.
    pub spec: &'a CaseworkSpec,
    /// The terms that are known.
    pub terms: &'a Terms,
    /// Where the customers' rights are looked up (ISO 3166-1 alpha-2); `None`: the house's term.
    pub country: Option<&'a str>,
    /// Its working days.
    pub days: &'a dyn WorkingDays,
}

/// Warnings where the tenant names none.
const WARNINGS: [Duration; 2] = [Duration::from_secs(24 * 3_600), Duration::from_secs(2 * 3_600)];

const MOMENT: Duration = Duration::from_micros(1);

impl CaseRules<'_> {
    /// The term for a complaint about `matter` received at `at`.
    pub fn term(&self, matter: Matter, at: Civil) -> &Term {
        let day = calendar::day_of(at, self.days.zone()).unwrap_or(jiff::civil::Date::MAX);
        self.terms.of(self.country, matter, day)
    }

    /// When an answer is due on a complaint about `matter` that is received, or reopened, at `since`. What should have
    /// been warned of before `now` counts as warned.
    pub(super) fn deadline(&self, matter: Matter, since: Civil, now: Civil) -> Deadline {
        let term = self.term(matter, since);
        let due_at = term.within.end(since, self.days);
        let mut deadline = Deadline {
            since,
            due_at,
            rule: term.rule.clone(),
            warned: 0,
            lapsed_at: None,
            met_at: None,
            escalated: Vec::new(),
            wake_at: None,
        };
        let past = deadline.warnings(self.spec).iter().filter(|at| **at <= now).count();
        deadline.warned = u32::try_from(past).unwrap_or(u32::MAX);
        deadline.wake_at = deadline.next(self.spec);
        deadline
    }

    /// Until when a complaint refused at `at` may be mended: never less than the term's cure period.
    pub(super) fn cure_until(&self, case: &Case, at: Civil) -> Civil {
        let rule = case.deadline.as_ref().and_then(|it| self.terms.rule(&it.rule));
        let cure = rule.map_or(TermSpan::WorkingDays(10), |it| it.cure);
        cure.end(at, self.days)
    }
}

impl Deadline {
    /// Whether it was kept; `None`: neither met nor lapsed at `now`.
    pub fn kept(&self, now: Civil) -> Option<bool> {
        match self.met_at {
            Some(met) => Some(met <= self.due_at),
            None => (now > self.due_at).then_some(false),
        }
    }

    /// When to warn, in order. A term too short for any of the tenant's warnings has one at its half.
    pub(super) fn warnings(&self, spec: &CaseworkSpec) -> Vec<Civil> {
        let spans = if spec.warnings.is_empty() { &WARNINGS[..] } else { &spec.warnings[..] };
        let before = spans.iter().map(|span| self.due_at.before(*span));
        let mut at: Vec<_> = before.filter(|at| *at > self.since && *at <= self.due_at).collect();
        at.sort();
        at.dedup();
        if at.is_empty() {
            let half = self.due_at.as_micros().saturating_sub(self.since.as_micros()) / 2;
            at.push(Civil::from_micros(self.since.as_micros().saturating_add(half)));
        }
        at
    }

    /// The first moment at which it has lapsed.
    pub(super) fn lapses_at(&self) -> Civil {
        self.due_at + MOMENT
    }

    /// The roles that it has not been escalated to, in order, and when each is due: never before the one that precedes it.
    pub(super) fn escalations<'a>(
        &self,
        spec: &'a CaseworkSpec,
    ) -> Vec<(Civil, &'a EscalationRole)> {
        let mut latest = self.lapses_at();
        let mut due = Vec::new();
        for role in &spec.escalation {
            latest = latest.max(self.lapses_at() + role.after);
            if self.escalated.iter().all(|(done, _)| *done != role.role) {
                due.push((latest, role));
            }
        }
        due
    }

    /// When a clock must look at it next.
    pub(super) fn next(&self, spec: &CaseworkSpec) -> Option<Civil> {
        if self.met_at.is_some() {
            return None;
        }
        let given = usize::try_from(self.warned).unwrap_or(usize::MAX);
        let warning = self.warnings(spec).get(given).copied();
        let lapse = self.lapsed_at.is_none().then(|| self.lapses_at());
        let escalation = self.escalations(spec).first().map(|(at, _)| *at);
        [warning, lapse, escalation].into_iter().flatten().min()
    }

    /// The answer was given.
    pub(super) fn meet(&mut self, at: Civil) {
        self.met_at.get_or_insert(at);
        self.wake_at = None;
    }
}

/// The deadline of a case, which only complaints have.
pub(super) fn of(
    kind: CaseKind,
    matter: Matter,
    since: Civil,
    now: Civil,
    rules: &CaseRules<'_>,
) -> Option<Deadline> {
    (kind == CaseKind::Complaint).then(|| rules.deadline(matter, since, now))
}
