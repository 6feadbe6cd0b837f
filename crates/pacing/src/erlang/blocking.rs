//! Erlang B: calls that find all lines busy are lost.

use timbre_model::FieldError;

use super::{LOAD_MAX, check, check_agents, check_load};

/// Share of calls lost when `offered_load` Erlangs meet `agents` lines without a queue.
pub fn blocking(agents: u32, offered_load: f64) -> Result<f64, FieldError> {
    check_agents(agents)?;
    check_load(offered_load)?;
    Ok(lost(agents, offered_load))
}

/// The load in Erlangs at which the share `blocking` of calls is lost: Erlang B, turned around.
pub fn offered_load_at(agents: u32, blocking: f64) -> Result<f64, FieldError> {
    check_agents(agents)?;
    check(blocking > 0.0 && blocking < 1.0, "blocking", blocking, "a share above 0 and below 1")?;
    let (mut low, mut high) = (0.0, f64::from(agents));
    while lost(agents, high) < blocking {
        if high > LOAD_MAX {
            let remedy = "a share that some load of at most 100000 Erlangs reaches";
            return Err(FieldError::new("blocking", blocking, remedy));
        }
        (low, high) = (high, 2.0 * high);
    }
    // Halving ends at neighbouring numbers; a hundred steps reach them from any start.
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if lost(agents, middle) < blocking { low = middle } else { high = middle }
    }
    Ok(high)
}

/// The recursion over the number of lines, which overflows nowhere.
pub(super) fn lost(agents: u32, load: f64) -> f64 {
    let mut lost = 1.0;
    for lines in 1..=agents {
        lost = load * lost / (f64::from(lines) + load * lost);
    }
    lost
}
