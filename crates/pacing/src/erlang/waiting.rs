//! Erlang C: calls that find all agents busy wait, however long it takes.

use timbre_model::FieldError;

use super::blocking::lost;
use super::{check_agents, check_load, check_time, check_within};

/// What callers meet where nobody hangs up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Waiting {
    /// Share of calls that wait at all; 1 if the load is too much for the agents.
    pub p_wait: f64,
    /// Share of calls answered within the time asked for.
    pub service_level: f64,
    /// Mean time to answer over all calls, in seconds. Infinite if the load is too much.
    pub asa_s: f64,
    /// Share of the agents' time that is spent on calls.
    pub occupancy: f64,
}

/// Erlang C for `agents`, a load in Erlangs, the mean handling time and the time to answer within.
pub fn without_abandonment(
    agents: u32,
    offered_load: f64,
    aht_s: f64,
    within_s: f64,
) -> Result<Waiting, FieldError> {
    check_agents(agents)?;
    check_load(offered_load)?;
    check_time("aht_s", aht_s)?;
    check_within(within_s)?;
    Ok(measures(agents, offered_load, aht_s, within_s))
}

pub(super) fn measures(agents: u32, load: f64, aht_s: f64, within_s: f64) -> Waiting {
    let n = f64::from(agents);
    if load >= n {
        let never = f64::INFINITY;
        return Waiting { p_wait: 1.0, service_level: 0.0, asa_s: never, occupancy: 1.0 };
    }
    let lost = lost(agents, load);
    let p_wait = n * lost / (n - load * (1.0 - lost));
    let spare = n - load;
    Waiting {
        p_wait,
        service_level: 1.0 - p_wait * (-spare * within_s / aht_s).exp(),
        asa_s: p_wait * aht_s / spare,
        occupancy: load / n,
    }
}
