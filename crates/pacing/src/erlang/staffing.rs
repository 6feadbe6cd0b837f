//! How many agents a promise needs.

use timbre_model::FieldError;

use super::abandoning::Rates;
use super::{
    AGENTS_MAX, abandoning, check, check_load, check_time, check_within, waiting, with_abandonment,
};

/// The calls that are expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Calls per hour.
    pub calls_per_hour: f64,
    /// Mean handling time, talk and wrap-up, in seconds.
    pub aht_s: f64,
    /// Mean patience of a caller in seconds; `None` for callers who never hang up (Erlang C).
    pub patience_s: Option<f64>,
}

/// What is promised to callers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Promise {
    /// This share of all calls is answered within so many seconds.
    ServiceLevel {
        /// Share, above 0 and below 1.
        share: f64,
        /// Seconds; 0 is at once.
        within_s: f64,
    },
    /// At most this share of calls hangs up. Needs a patience.
    Abandonment {
        /// Share, above 0 and below 1.
        at_most: f64,
    },
    /// Calls wait this long on average, all counted, at most.
    Asa {
        /// Seconds, above 0.
        at_most_s: f64,
    },
}

/// The fewest agents that keep a promise, and what callers then meet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Staffing {
    /// Agents at work at the same time. Breaks and absence come on top.
    pub agents: u32,
    /// Load in Erlangs.
    pub offered_load: f64,
    /// Share of calls answered within the promised time; within 20 s where none is promised.
    pub service_level: f64,
    /// Mean wait in seconds.
    pub asa_s: f64,
    /// Share of calls that hang up.
    pub abandoned: f64,
    /// Share of calls that wait at all.
    pub p_wait: f64,
    /// Share of the agents' time spent on calls.
    pub occupancy: f64,
}

/// Service level is reported over this many seconds where the promise names none.
const WITHIN_S: f64 = 20.0;

/// The fewest agents that keep `promise` under `load`: Erlang A if callers have a patience, else
/// Erlang C. Errors name the field that is out of range, or `agents` if 100000 are not enough.
pub fn staffing(load: &Load, promise: Promise) -> Result<Staffing, FieldError> {
    check(load.calls_per_hour > 0.0, "calls_per_hour", load.calls_per_hour, "above 0")?;
    check_time("aht_s", load.aht_s)?;
    let offered = load.calls_per_hour / 3_600.0 * load.aht_s;
    check_load(offered)?;
    check_promise(load, promise)?;
    if let Some(patience_s) = load.patience_s {
        // Finds what is wrong with the patience before the search starts.
        with_abandonment(AGENTS_MAX, offered, load.aht_s, patience_s, 0.0)?;
    }
    let search = Search { load, offered, promise };
    search.fewest().ok_or_else(|| {
        FieldError::new("agents", AGENTS_MAX, "a promise that 100000 agents can keep")
    })
}

fn check_promise(load: &Load, promise: Promise) -> Result<(), FieldError> {
    let share =
        |field, it: f64| check(it > 0.0 && it < 1.0, field, it, "a share above 0 and below 1");
    match promise {
        Promise::ServiceLevel { share: level, within_s } => {
            share("share", level)?;
            check_within(within_s)
        }
        Promise::Abandonment { at_most } => {
            share("at_most", at_most)?;
            let remedy = "a mean patience: without one nobody hangs up";
            check(load.patience_s.is_some(), "patience_s", "none", remedy)
        }
        Promise::Asa { at_most_s } => {
            check(at_most_s > 0.0, "at_most_s", at_most_s, "seconds, above 0")
        }
    }
}

struct Search<'l> {
    load: &'l Load,
    offered: f64,
    promise: Promise,
}

impl Search<'_> {
    /// Every measure gets better with every agent: doubling, then halving.
    fn fewest(&self) -> Option<Staffing> {
        let (mut few, mut enough) = (0, 1);
        while !self.kept(&self.with(enough)) {
            if enough == AGENTS_MAX {
                return None;
            }
            (few, enough) = (enough, enough.saturating_mul(2).min(AGENTS_MAX));
        }
        while enough - few > 1 {
            let middle = few + (enough - few) / 2;
            if self.kept(&self.with(middle)) { enough = middle } else { few = middle }
        }
        Some(self.with(enough))
    }

    fn kept(&self, with: &Staffing) -> bool {
        match self.promise {
            Promise::ServiceLevel { share, .. } => with.service_level >= share,
            Promise::Abandonment { at_most } => with.abandoned <= at_most,
            Promise::Asa { at_most_s } => with.asa_s <= at_most_s,
        }
    }

    fn with(&self, agents: u32) -> Staffing {
        let Self { load, offered, promise } = *self;
        let within_s = match promise {
            Promise::ServiceLevel { within_s, .. } => within_s,
            Promise::Abandonment { .. } | Promise::Asa { .. } => WITHIN_S,
        };
        let Some(patience_s) = load.patience_s else {
            let it = waiting::measures(agents, offered, load.aht_s, within_s);
            return Staffing {
                agents,
                offered_load: offered,
                service_level: it.service_level,
                asa_s: it.asa_s,
                abandoned: 0.0,
                p_wait: it.p_wait,
                occupancy: it.occupancy,
            };
        };
        let rates = Rates::new(agents, offered, load.aht_s, patience_s);
        let it = abandoning::measures(agents, &rates, within_s);
        Staffing {
            agents,
            offered_load: offered,
            service_level: it.service_level,
            asa_s: it.wait_s,
            abandoned: it.p_abandon,
            p_wait: it.p_wait,
            occupancy: it.occupancy,
        }
    }
}
