//! A leg was answered: an agent's phone was picked up, which takes the offer, or somebody who was called.

use timbre_model::LegId;

use crate::agent::{AgentState, Line, Offered};
use crate::engine::Party;
use crate::turn::Turn;

pub(crate) fn apply(turn: &mut Turn, leg: LegId) {
    let agent = match turn.floor.legs.get(&leg) {
        Some(&Party::Agent(agent)) => agent,
        Some(&Party::Attempt(attempt)) => return turn.far_end_answers(attempt),
        Some(Party::Customer(_) | Party::Survey(_)) | None => return,
    };
    match turn.floor.agents[agent].state {
        AgentState::Offered(Offered { line: Line::Placed(placed), .. }) if placed == leg => {
            turn.accept(agent);
        }
        _ => {}
    }
}
