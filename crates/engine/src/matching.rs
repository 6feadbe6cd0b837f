//! Who takes which call: the oldest call and the longest-idle agent. Pure functions of the floor as it stands; the one
//! place to change for another rule.

use timbre_model::Mono;

use crate::bounds::LOOK_PAST_MAX;
use crate::engine::Engine;

/// The longest-idle agent who may take a call that waits.
pub(crate) fn agent_for(floor: &Engine, call: usize, now: Mono) -> Option<usize> {
    let it = &floor.calls[call];
    let idle = &floor.queues[it.queue].idle;
    let mut agents = idle.iter(&floor.agents);
    if it.placed.is_some() {
        return agents.find(|&agent| floor.takes_placed(agent, call, idle.len()));
    }
    agents.take(LOOK_PAST_MAX + 1).find(|&agent| !it.passes_over(agent, now))
}

/// The first call in line, of all the queues that the agent serves. A queue's priority outweighs age.
pub(crate) fn call_for(floor: &Engine, agent: usize, now: Mono) -> Option<usize> {
    let heads = floor.agents[agent].serves.iter().filter_map(|&queue| {
        let it = &floor.queues[queue];
        // Whoever becomes idle is not counted among the idle yet.
        let idle = it.idle.len() + usize::from(!floor.agents[agent].idle.joined);
        let mut line = it.line.free.iter().take(LOOK_PAST_MAX + 1);
        line.find(|&(_, &call)| {
            !floor.calls[call].passes_over(agent, now) && floor.takes_placed(agent, call, idle)
        })
    });
    heads.min_by_key(|(place, _)| **place).map(|(_, &call)| call)
}
