//! Agents' phones come and go.

use timbre_model::{AgentRef, LegId, StationMode};

use crate::agent::Line;
use crate::engine::Party;
use crate::port::SwitchAction;
use crate::turn::Turn;
use crate::{Rejection, Reply};

/// A phone registered, or its registration ended.
pub(crate) fn registered(
    turn: &mut Turn,
    who: &AgentRef,
    reachable: bool,
) -> Result<Reply, Rejection> {
    let agent = turn.floor.agent_at(who)?;
    turn.floor.agents[agent].station.registered = reachable;
    turn.look_at_hindrances(agent);
    Ok(Reply::Done)
}

/// A phone called in for the shift. The newest call counts, unless the agent is talking on the former one; a leg that
/// nobody can use is ended.
pub(crate) fn called_in(turn: &mut Turn, who: &AgentRef, leg: LegId) {
    if turn.floor.legs.contains_key(&leg) {
        return;
    }
    let agent = turn.floor.agent_at(who).ok();
    let agent = agent.filter(|&at| takes(turn, at));
    let Some(agent) = agent else { return turn.act(SwitchAction::HangUp { leg }) };
    if let Some(former) = turn.floor.agents[agent].station.leg.replace(leg) {
        turn.floor.legs.swap_remove(&former);
        turn.act(SwitchAction::HangUp { leg: former });
    }
    turn.floor.legs.insert(leg, Party::Agent(agent));
    turn.look_at_hindrances(agent);
}

fn takes(turn: &Turn, agent: usize) -> bool {
    let it = &turn.floor.agents[agent];
    let busy = matches!(it.state.line(), Some(Line::Persistent(_)));
    it.spec.station == StationMode::Persistent && !busy
}
