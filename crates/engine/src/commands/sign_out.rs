//! An agent's shift is over. During wrap-up: after it.

use timbre_model::AgentRef;

use crate::agent::{After, AgentState};
use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(turn: &mut Turn, who: &AgentRef) -> Result<Reply, Rejection> {
    let agent = turn.floor.agent_at(who)?;
    match turn.floor.agents[agent].state {
        AgentState::SignedOut
        | AgentState::Offered(_)
        | AgentState::Preview(_)
        | AgentState::Talking { .. } => Err(turn.wrong_state(agent)),
        AgentState::WrapUp(_) => {
            turn.floor.agents[agent].after = Some(After::SignedOut);
            Ok(Reply::Later)
        }
        AgentState::NotReady(_) | AgentState::Ready => {
            turn.sign_out(agent);
            Ok(Reply::Done)
        }
    }
}
