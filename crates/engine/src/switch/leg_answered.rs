//! A leg was answered: an agent's phone was picked up, which takes the offer.

use timbre_model::LegId;

use crate::agent::{AgentState, Line, Offered};
use crate::engine::Party;
use crate::turn::Turn;

pub(crate) fn apply(turn: &mut Turn, leg: LegId) {
    let Some(&Party::Agent(agent)) = turn.floor.legs.get(&leg) else { return };
    match turn.floor.agents[agent].state {
        AgentState::Offered(Offered { line: Line::Placed(placed), .. }) if placed == leg => {
            turn.accept(agent);
        }
        _ => {}
    }
}
