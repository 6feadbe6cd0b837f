//! Whether the host's civil clock may be believed. A pure type: it is shown pairs of clocks and says at which instants
//! a call must be permitted.

use std::time::Duration;

use timbre_model::{Civil, Mono, Now};

use crate::attempt::Attempt;
use crate::catalog::Catalog;
use crate::decide::{decide, refused};
use crate::decision::{Decision, Reason, Verdict};
use crate::history::{History, Lists};

/// How far the civil clock may drift from the monotonic one between two looks: slewing, not stepping.
const DRIFT_MAX: Duration = Duration::from_secs(2);

/// For so long after a step nothing is dialed at all: a clock that is being set is often set again.
const SETTLE: Duration = Duration::from_secs(10);

/// So long a permit holds: the call is placed a little after it was decided, and must be within the hours then, too. The
/// longest that it is held: two seconds in which the store must answer, and ten for an agent's phone to be picked up.
pub const PERMIT_HOLDS: Duration = Duration::from_secs(12);

/// Follows the host's clocks. The civil clock may be slewed; where it steps, either the old time line or the new one
/// is wrong, and nobody knows which. So a call must be permitted on both, and at the latest instant ever seen: no step
/// can open a window that was shut, nor open one again. [`Clockwatch::confirm`] ends the doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clockwatch {
    /// The last moment at which both clocks agreed with the time line that is believed.
    base: Now,
    /// The last moment that was shown.
    last: Now,
    /// The latest civil time ever shown.
    latest: Civil,
    /// When the civil clock last stepped.
    stepped: Option<Mono>,
}

/// What may be the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What the host claims, first; then what else it may be.
    pub instants: Vec<Civil>,
    /// Whether anything may be dialed at all: false for ten seconds after a step.
    pub settled: bool,
}

impl Clockwatch {
    /// Believes the clock as it is now.
    pub fn new(now: Now) -> Self {
        Self { base: now, last: now, latest: now.civil, stepped: None }
    }

    /// Believes the clock as it is now, unless it is behind `seen`, the latest civil time on record: then that holds
    /// until the clock has caught up. For a start after a stop.
    pub fn resume(now: Now, seen: Civil) -> Self {
        Self { latest: now.civil.max(seen), ..Self::new(now) }
    }

    /// Takes notice of the clocks and says what may be the time.
    pub fn observe(&mut self, now: Now) -> Reading {
        let expected = self.last.civil + now.mono.since(self.last.mono);
        if apart(expected, now.civil) > DRIFT_MAX {
            self.stepped = Some(now.mono);
        }
        let mut believed = self.base.civil + now.mono.since(self.base.mono);
        if apart(believed, now.civil) <= DRIFT_MAX {
            // Slewed a little, or back from a step that was undone.
            self.base = now;
            believed = now.civil;
        }
        self.last = now;
        self.latest = self.latest.max(now.civil);
        let mut instants = vec![now.civil];
        for other in [believed, self.latest] {
            if !instants.contains(&other) {
                instants.push(other);
            }
        }
        let settled = self.stepped.is_none_or(|at| now.mono.since(at) >= SETTLE);
        Reading { instants, settled }
    }

    /// Somebody who knows, the operator or a time service, says that the civil clock is right.
    pub fn confirm(&mut self, now: Now) {
        *self = Self::new(now);
    }

    /// Whether the clock has stepped and has neither come back nor been confirmed.
    pub fn in_doubt(&self) -> bool {
        let believed = self.base.civil + self.last.mono.since(self.base.mono);
        apart(believed, self.last.civil) > DRIFT_MAX || self.latest > self.last.civil
    }

    /// The latest civil time ever shown. Keep it, and give it to [`Clockwatch::resume`].
    pub fn latest(&self) -> Civil {
        self.latest
    }
}

fn apart(one: Civil, other: Civil) -> Duration {
    Duration::from_micros(one.as_micros().abs_diff(other.as_micros()))
}

impl Reading {
    /// A clock that nobody doubts.
    pub fn certain(now: Civil) -> Self {
        Self { instants: vec![now], settled: true }
    }
}

/// [`decide`] at every instant that may be now, and [`PERMIT_HOLDS`] on, when the call may leave at last: a permit only if all of them
/// permit, or else the refusal that blocks longest. [`Reason::ClockUntrusted`] while a step has not settled.
pub fn decide_reading(
    catalog: &Catalog,
    attempt: &Attempt,
    history: &History,
    lists: &Lists,
    reading: &Reading,
) -> Decision {
    if !reading.settled || reading.instants.is_empty() {
        return refused("clock", Reason::ClockUntrusted);
    }
    let instants = reading.instants.iter().flat_map(|at| [*at, *at + PERMIT_HOLDS]);
    let decisions = instants.map(|at| decide(catalog, attempt, history, lists, at));
    let weight = |decision: &Decision| match &decision.verdict {
        Verdict::Permit(_) => None,
        Verdict::Refuse { reason, earliest, .. } => {
            Some((reason.remedy(), earliest.is_none(), *earliest))
        }
    };
    // The first of the heaviest: among permits that of the claimed time.
    let heaviest =
        decisions.reduce(|one, other| if weight(&other) > weight(&one) { other } else { one });
    heaviest.unwrap_or_else(|| refused("clock", Reason::ClockUntrusted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: i64 = 3_600_000_000;

    fn at(seconds: u64, civil_hours: i64) -> Now {
        let civil = i64::try_from(seconds).expect("small") * 1_000_000 + civil_hours * HOUR;
        Now { mono: Mono::from_micros(seconds * 1_000_000), civil: Civil::from_micros(civil) }
    }

    #[test]
    fn a_slewed_clock_is_believed() {
        let mut watch = Clockwatch::new(at(0, 0));
        for second in 1..1000 {
            let mut now = at(second, 0);
            now.civil = now.civil + Duration::from_millis(second);
            let reading = watch.observe(now);
            assert_eq!((reading.instants, reading.settled), (vec![now.civil], true));
        }
        assert!(!watch.in_doubt());
    }

    #[test]
    fn a_step_forward_is_judged_on_both_lines_until_it_is_confirmed() {
        for hours in [1, 24] {
            let mut watch = Clockwatch::new(at(0, 0));
            assert!(!watch.observe(at(1, hours)).settled);
            let reading = watch.observe(at(60, hours));
            assert_eq!(reading.instants, [at(60, hours).civil, at(60, 0).civil]);
            assert!(reading.settled && watch.in_doubt());
            watch.confirm(at(61, hours));
            assert_eq!(watch.observe(at(62, hours)).instants, [at(62, hours).civil]);
        }
    }

    #[test]
    fn a_step_back_is_judged_on_both_lines_and_at_the_latest_instant_seen() {
        for hours in [1, 24] {
            let mut watch = Clockwatch::new(at(0, 0));
            watch.observe(at(100, 0));
            assert!(!watch.observe(at(101, -hours)).settled);
            let reading = watch.observe(at(200, -hours));
            let expected = [at(200, -hours).civil, at(200, 0).civil, at(100, 0).civil];
            assert_eq!(reading.instants, expected);
        }
    }

    #[test]
    fn a_step_that_is_undone_holds_the_latest_instant_until_the_clock_has_caught_up() {
        let mut watch = Clockwatch::new(at(0, 0));
        watch.observe(at(10, 1));
        watch.observe(at(20, 0));
        let reading = watch.observe(at(100, 0));
        assert_eq!(reading.instants, [at(100, 0).civil, at(10, 1).civil]);
        watch.observe(at(3_650, 0));
        assert_eq!(watch.observe(at(3_651, 0)).instants, [at(3_651, 0).civil]);
        assert!(!watch.in_doubt());
    }

    #[test]
    fn a_start_behind_the_record_waits_for_it() {
        let mut watch = Clockwatch::resume(at(0, 0), at(0, 2).civil);
        assert_eq!(watch.observe(at(1, 0)).instants, [at(1, 0).civil, at(0, 2).civil]);
    }

    proptest! {
        #[test]
        fn every_line_the_truth_may_be_on_is_judged_and_the_latest_never_goes_back(
            steps in prop::collection::vec((1u64..4_000, -30i64..30), 1..40),
        ) {
            let mut watch = Clockwatch::new(at(0, 0));
            let (mut seconds, mut offset, mut latest) = (0, 0, Civil::default());
            for (wait, step) in steps {
                seconds += wait;
                offset += step;
                let now = at(seconds, offset);
                let reading = watch.observe(now);
                latest = latest.max(now.civil);
                let highest = reading.instants.iter().max().expect("one");
                prop_assert!(reading.instants.contains(&now.civil));
                prop_assert!(*highest >= latest, "an instant after every one that was judged");
                let trusted = at(seconds, 0).civil;
                prop_assert!(reading.instants.contains(&trusted), "no step was confirmed");
            }
        }
    }
}
