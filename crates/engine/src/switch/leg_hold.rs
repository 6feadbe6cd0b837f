//! A far end put us on hold or took us off. An agent's phone that does so holds the customer.

use timbre_model::LegId;

use crate::agent::AgentState;
use crate::call::{Held, Stage};
use crate::engine::Party;
use crate::turn::Turn;

pub(crate) fn apply(turn: &mut Turn, leg: LegId, held: bool) {
    let Some(&Party::Agent(agent)) = turn.floor.legs.get(&leg) else { return };
    let AgentState::Talking { call, line } = turn.floor.agents[agent].state else { return };
    if line.leg() != leg {
        return;
    }
    match (&turn.floor.calls[call].stage, held) {
        (Stage::Talking { held: None, .. }, true) => turn.hold(call, true),
        (Stage::Talking { held: Some(Held { by_phone: true, .. }), .. }, false) => {
            turn.resume(call);
        }
        _ => {}
    }
}
