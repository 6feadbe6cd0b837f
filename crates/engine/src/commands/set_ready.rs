//! An agent may be offered calls. During a call or its wrap-up: afterwards, in place of a pause asked for before.

use timbre_model::{AgentRef, NotReadyReason};

use crate::agent::AgentState;
use crate::offering::Idleness;
use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(turn: &mut Turn, who: &AgentRef) -> Result<Reply, Rejection> {
    let agent = turn.floor.agent_at(who)?;
    match turn.floor.agents[agent].state {
        AgentState::SignedOut => Err(turn.wrong_state(agent)),
        AgentState::Ready => Ok(Reply::Done),
        AgentState::Offered(_)
        | AgentState::Preview(_)
        | AgentState::Talking { .. }
        | AgentState::WrapUp(_) => {
            turn.floor.agents[agent].after = None;
            Ok(Reply::Later)
        }
        AgentState::NotReady(_) => become_ready(turn, agent),
    }
}

fn become_ready(turn: &mut Turn, agent: usize) -> Result<Reply, Rejection> {
    let it = &turn.floor.agents[agent];
    match it.hindrance() {
        Some(NotReadyReason::StationLost) => {
            Err(Rejection::NoStation { agent: it.who.agent.clone() })
        }
        Some(_) => Err(turn.wrong_state(agent)),
        None => {
            turn.settle(agent, Idleness::New);
            Ok(Reply::Done)
        }
    }
}
