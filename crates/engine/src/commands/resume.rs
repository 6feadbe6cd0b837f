//! An agent's control stream came back: everything is as it was left.

use timbre_model::{AgentRef, TimelineKind};

use crate::agent::{AgentState, Stream};
use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(turn: &mut Turn, who: &AgentRef) -> Result<Reply, Rejection> {
    let agent = turn.floor.agent_at(who)?;
    match turn.floor.agents[agent].stream {
        Stream::None => return Err(turn.wrong_state(agent)),
        Stream::Up { .. } => {}
        Stream::Lost { auto_accept, .. } => take_up(turn, agent, auto_accept),
    }
    Ok(Reply::Agent(turn.floor.view(agent)))
}

/// Continues the shift of an agent whose stream was lost.
pub(super) fn take_up(turn: &mut Turn, agent: usize, auto_accept: bool) {
    turn.floor.agents[agent].stream = Stream::Up { auto_accept };
    turn.rearm_agent(agent);
    if let AgentState::Talking { call, .. } = turn.floor.agents[agent].state {
        turn.timeline(call, TimelineKind::AgentStreamResumed);
    }
    turn.look_at_hindrances(agent);
}
