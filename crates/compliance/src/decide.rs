//! The decision: every rule that applies is looked at, the one that blocks longest is the answer.

mod basis;
mod caller_id;
mod count;
mod lists;
mod obligations;
mod window;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use timbre_model::Civil;

use crate::attempt::Attempt;
use crate::catalog::{Catalog, HOUSE, Indexed, Zone};
use crate::decision::{Decision, Looked, Reason, Remedy, RuleDecision, Verdict};
use crate::history::{History, Lists};
use crate::rule::{Rule, RuleKind};
use crate::selector::Case;

/// Permits or refuses one attempt at `now`. Takes microseconds; a refusal that is a matter of time costs more, for it
/// searches the first instant that would do.
///
/// `now` must come from a clock that is trusted; see [`crate::Clockwatch`] and [`crate::decide_reading`].
pub fn decide(
    catalog: &Catalog,
    attempt: &Attempt,
    history: &History,
    lists: &Lists,
    now: Civil,
) -> Decision {
    let Some(place) = catalog.indexed(&attempt.place.country) else {
        return refused("jurisdiction", Reason::UnknownJurisdiction);
    };
    let Some(stamp) = stamp(now) else {
        return refused("clock", Reason::ClockUntrusted);
    };
    let named = if attempt.zones.is_empty() { &place.spec.zones } else { &attempt.zones };
    let zones: Option<Vec<_>> =
        named.iter().map(|name| Some(Here::of(catalog.zone(name)?, stamp))).collect();
    let Some(zones) = zones else {
        return refused("zone", Reason::UnknownZone);
    };
    let house = catalog.indexed(HOUSE).map_or(&[][..], |it| &it.spec.rules);
    let question = Question { attempt, history, lists, place, zones, house, now };
    question.answer()
}

/// Everything a rule may look at.
struct Question<'a> {
    attempt: &'a Attempt,
    history: &'a History,
    lists: &'a Lists,
    place: &'a Indexed,
    zones: Vec<Here>,
    house: &'a [Rule],
    now: Civil,
}

/// What a clock shows in one of the callee's zones.
struct Here {
    zone: Zone,
    at: DateTime,
}

/// What one rule found.
struct Look {
    looked: Looked,
    block: Option<Block>,
}

/// Why a rule does not let the call pass.
struct Block {
    reason: Reason,
    /// When this rule alone would; `None`: no waiting helps.
    until: Option<Civil>,
}

impl Here {
    fn of(zone: Zone, stamp: Timestamp) -> Self {
        let at = zone.tz.to_datetime(stamp);
        Self { zone, at }
    }
}

impl Look {
    fn passes(looked: Looked) -> Self {
        Self { looked, block: None }
    }

    fn judged(looked: Looked, block: Option<Block>) -> Self {
        Self { looked, block }
    }
}

impl Block {
    /// A block that no waiting removes.
    fn standing(reason: Reason) -> Self {
        Self { reason, until: None }
    }
}

impl<'a> Question<'a> {
    fn answer(&self) -> Decision {
        let mut trace = Vec::with_capacity(16);
        if let Some(look) = lists::internal(self) {
            trace.push(self.entry("internal-list".into(), look));
        }
        if let Some(week) = &self.attempt.schedule {
            trace.push(self.entry("campaign-schedule".into(), window::schedule(self, week)));
        }
        for rule in self.rules() {
            if let Some(look) = self.look(rule) {
                trace.push(self.entry(Arc::clone(&rule.id), look));
            }
        }
        let verdict = match trace.iter().filter(|it| !it.passed).max_by_key(|it| rank(it)) {
            Some(RuleDecision { rule, reason: Some(reason), until, .. }) => {
                Verdict::Refuse { rule: Arc::clone(rule), reason: reason.clone(), earliest: *until }
            }
            _ => Verdict::Permit(obligations::of(self.rules())),
        };
        Decision { verdict, trace }
    }

    /// The rules that concern this attempt now.
    fn rules(&self) -> impl Iterator<Item = &'a Rule> + Clone {
        self.selected().filter(|rule| self.zones.iter().any(|here| rule.holds_on(here.at.date())))
    }

    /// The rules that concern this attempt at any time.
    fn selected(&self) -> impl Iterator<Item = &'a Rule> + Clone {
        let case = Case::from(self.attempt);
        let all = self.place.spec.rules.iter().chain(self.house);
        all.filter(move |rule| rule.selector.fits(&case))
    }

    fn look(&self, rule: &Rule) -> Option<Look> {
        match &rule.kind {
            RuleKind::Window(week) => Some(window::look(self, rule, week)),
            RuleKind::CountLimit(limit) => Some(count::limit(self, limit)),
            RuleKind::Cooldown(rest) => Some(count::cooldown(self, rest)),
            RuleKind::ListScrub(scrub) => lists::scrub(self, scrub),
            RuleKind::LegalBasis(basis) => Some(basis::look(self, basis)),
            RuleKind::CallerIdentity(identity) => Some(caller_id::look(self, identity)),
            RuleKind::Prohibition(it) => basis::prohibition(self, it),
            RuleKind::Disclosure(_) => Some(Look::passes(Looked::Duty)),
            RuleKind::Deadline(_)
            | RuleKind::RatioCap(_)
            | RuleKind::Evidence(_)
            | RuleKind::Availability(_) => None,
        }
    }

    fn entry(&self, rule: Arc<str>, look: Look) -> RuleDecision {
        let Look { looked, block } = look;
        let passed = block.is_none();
        let (reason, until) = match block {
            Some(Block { reason, until }) => {
                let until = until.and_then(|at| window::settle(self, at.max(self.now)));
                (Some(reason), until)
            }
            None => (None, None),
        };
        RuleDecision { rule, passed, looked, reason, until }
    }
}

/// How long a refusal blocks: what never passes most, then what the operator must mend, then the latest.
fn rank(entry: &RuleDecision) -> (Remedy, Option<Civil>) {
    let remedy = entry.reason.as_ref().map_or(Remedy::Wait, Reason::remedy);
    // A window that never opens is for the operator, whose schedule or rules shut it.
    let shut = remedy == Remedy::Wait && entry.until.is_none();
    (if shut { Remedy::Operator } else { remedy }, entry.until)
}

pub(crate) fn refused(rule: &str, reason: Reason) -> Decision {
    let rule: Arc<str> = rule.into();
    let entry = RuleDecision {
        rule: Arc::clone(&rule),
        passed: false,
        looked: Looked::Duty,
        reason: Some(reason.clone()),
        until: None,
    };
    Decision { verdict: Verdict::Refuse { rule, reason, earliest: None }, trace: vec![entry] }
}

fn stamp(at: Civil) -> Option<Timestamp> {
    Timestamp::from_microsecond(at.as_micros()).ok()
}

fn civil(at: Timestamp) -> Civil {
    Civil::from_micros(at.as_microsecond())
}

/// The first instant of a day.
pub(crate) fn midnight(day: Date, zone: &TimeZone) -> Option<Civil> {
    zone.to_ambiguous_timestamp(day.at(0, 0, 0, 0)).compatible().ok().map(civil)
}
